"""Against llmock, a server by others that also judges its client: no retry storm, no wait cut short, no
truncated answer taken for a whole one."""

from __future__ import annotations

import asyncio

import pytest

import rolecall
from rolecall.caller import Caller
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest

ANSWER = "The limit is raised, as you asked for. Nothing else was changed."


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


@pytest.fixture
def start(llmock, runtime, project, tmp_path):
    def start(instruction="Raise the limit.", *, stream=None, target=None, **settings):
        environment = {
            "HOME": str(tmp_path),
            "ROLECALL_LLM__BASE_URL": llmock.base_url(),
            "ROLECALL_LLM__API_KEY": "k",
            "ROLECALL_LLM__MODEL": "gpt-4o",
            "ROLECALL_RETRY__INITIAL_DELAY_S": "0.1",
            "ROLECALL_RETRY__JITTER": "none",
            "ROLECALL_RETRY__MAX_ATTEMPTS": "3",
            "ROLECALL_LLM__FIRST_TOKEN_TIMEOUT_S": "0.5",
            "ROLECALL_LLM__IDLE_TIMEOUT_S": "0.3",
            **settings,
        }
        request = TaskRequest("developer", instruction=instruction, stream=stream, target=target)
        return runtime.tasks.start(Session(Caller(environment, project)), request)[0]

    return start


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_an_answer_arrives_whole(llmock, start, stream):
    llmock.reply(ANSWER)
    result = await start(stream=stream).wait()
    assert (result.status, result.answer) == ("completed", ANSWER)
    assert result.usage.estimated is False
    assert llmock.verdict().findings == ()


MENDED = {
    "http-500": lambda llmock: llmock.fail(500),
    "http-503-twice": lambda llmock: llmock.fail(503, times=2),
    "rate-limit": lambda llmock: llmock.rate_limit(retry_after=0.2),
    "disconnect": lambda llmock: llmock.disconnect(after_chunks=3),
    "truncate": lambda llmock: llmock.truncate(after_chunks=3),
    "corrupt": lambda llmock: llmock.corrupt(after_chunks=2),
    "stall": lambda llmock: llmock.stall(after_chunks=2, seconds=5),
    "slow-first-token": lambda llmock: llmock.slow_first_token(5),
}


@pytest.mark.parametrize("fault", MENDED)
async def test_a_passing_fault_is_overcome_and_the_judge_has_no_complaint(llmock, start, fault):
    MENDED[fault](llmock)
    result = await start().wait()
    assert result.status == "completed", result.error
    assert result.attempts == len(llmock.requests) == (3 if fault == "http-503-twice" else 2)
    verdict = llmock.verdict()
    assert not verdict.findings, verdict.render()


FINAL = {
    "http-400": (lambda llmock: llmock.fail(400, times=None), "upstream_protocol_error"),
    "http-401": (lambda llmock: llmock.fail(401, times=None), "authentication_failed"),
    "http-404": (lambda llmock: llmock.fail(404, times=None, code="model_not_found"), "model_not_found"),
}


@pytest.mark.parametrize("fault", FINAL)
async def test_a_lasting_refusal_is_asked_once(llmock, start, fault):
    inject, code = FINAL[fault]
    inject(llmock)
    result = await start().wait()
    assert (result.status, result.error.code) == ("failed", code)
    assert len(llmock.requests) == 1
    llmock.assert_resilient()


async def test_an_outage_is_no_storm_and_opens_the_breaker(llmock, start):
    llmock.outage()
    codes = [(await start(f"Ask {number}.").wait()).error.code for number in range(4)]
    assert codes == ["upstream_unavailable", "breaker_open", "breaker_open", "breaker_open"]
    assert len(llmock.requests) == 5
    llmock.assert_resilient()


async def test_a_prompt_that_is_too_long_is_shortened(llmock, start, project):
    (project / "long.txt").write_text("one more line of many\n" * 1_000)
    llmock.context_overflow()
    # Known, so that the fault is not used up by the question for it.
    result = await start(target=FileRef("long.txt"), ROLECALL_LLM__CONTEXT_WINDOW="100000").wait()
    assert result.status == "completed", result.error
    first, second = llmock.requests
    assert len(str(second.body)) < len(str(first.body))
    assert "long.txt" in [omitted.path for omitted in result.omitted_context]
    llmock.assert_resilient()


async def test_real_quotas_are_waited_for(llmock, start):
    """A bucket that refills: each refusal names the true wait, and coming back earlier would be noted."""
    llmock.limits(rpm=120)
    tasks = [
        start(f"Ask {number}.", ROLECALL_RETRY__MAX_ATTEMPTS="10", ROLECALL_CONCURRENCY__MAX_TASKS="2")
        for number in range(3)
    ]
    results = await asyncio.gather(*(task.wait() for task in tasks))
    assert {result.status for result in results} == {"completed"}
    llmock.assert_resilient()


async def test_the_callback_sees_paced_text_before_the_end(llmock, project, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    llmock.reply(ANSWER).pace(10)
    pieces = []
    settings = {"llm.model": "gpt-4o"}
    result = await rolecall.run(
        "developer", "Go.", workspace=project, settings=settings, on_delta=pieces.append
    )
    assert "".join(pieces) == result.answer == ANSWER
    assert len(pieces) > 2
