"""A context that turns out too large is shortened by priority, at most twice, and the user is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.endpoint import DONE, FakeEndpoint, answer, chunk, http_error, json_reply, stream, usage_event
from rolecall.caller import Caller
from rolecall.events import Attempt
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest

ASK = TaskRequest(
    "developer",
    instruction="tidy up, but keep this very instruction",
    target=FileRef("src/pricing.py"),
    files=(FileRef("big.txt"),),
)
OVERFLOW = http_error(400, "too long", code="context_length_exceeded")


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


def session_for(endpoint: FakeEndpoint, project: Path, tmp_path: Path, **settings: str) -> Session:
    (project / "big.txt").write_text("".join(f"line {number} of a long file\n" for number in range(2_000)))
    environment = {
        "HOME": str(tmp_path),
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
        **settings,
    }
    return Session(Caller(environment, project))


async def test_the_second_request_is_shorter_and_keeps_the_instruction(runtime, project, tmp_path):
    async with FakeEndpoint([OVERFLOW, answer("done")]) as endpoint:
        task, events = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        attempts = [item.event async for item in events if isinstance(item.event, Attempt)]
        result = await task.wait()
        first, second = (request.json["messages"][-1]["content"] for request in endpoint.completions)
    assert result.status == "completed"
    assert len(second) < len(first)
    assert ASK.instruction in second
    assert "def discounted" in second
    assert any(omitted.path == "big.txt" for omitted in result.omitted_context)
    assert [(attempt.n, attempt.reason) for attempt in attempts] == [(1, None), (2, "context_too_large")]


async def test_a_limit_that_the_endpoint_names_is_kept(runtime, project, tmp_path):
    message = "This model's maximum context length is 4096 tokens. However, you requested 20000 tokens."
    overflow = http_error(400, message, code="context_length_exceeded")
    async with FakeEndpoint([overflow, answer("done")]) as endpoint:
        task, _ = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        assert (await task.wait()).status == "completed"
        messages = endpoint.completions[1].json["messages"]
    assert sum(len(message["content"]) for message in messages) / 4 < 4096


async def test_after_two_shorter_requests_the_error_is_the_result(runtime, project, tmp_path):
    async with FakeEndpoint([OVERFLOW] * 5) as endpoint:
        task, _ = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        result = await task.wait()
        assert len(endpoint.completions) == 3
    assert (result.status, result.error.code) == ("failed", "context_too_large")
    assert runtime.metrics.snapshot()


async def test_what_the_endpoint_counted_makes_the_second_request_fit_by_its_own_count(
    runtime, project, tmp_path
):
    """A tokeniser of one token a character: halving twice would not be enough."""
    limit = 20_000

    def one_token_a_character(request):
        if request.method == "GET":
            return http_error(404, "Not Found")
        counted = sum(len(message["content"]) for message in request.json["messages"])
        if counted <= limit:
            return answer("done")
        message = f"request ({counted} tokens) exceeds the available context size ({limit} tokens)"
        return json_reply(
            {
                "error": {
                    "code": 400,
                    "message": message,
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": counted,
                    "n_ctx": limit,
                }
            },
            400,
        )

    async with FakeEndpoint(default=one_token_a_character) as endpoint:
        session = session_for(endpoint, project, tmp_path)
        first, _ = runtime.tasks.start(session, ASK)
        assert (await first.wait()).status == "completed"
        assert len(endpoint.completions) == 2
        second, _ = runtime.tasks.start(session, ASK)
        assert (await second.wait()).status == "completed"
        assert len(endpoint.completions) == 3, "the second task had to overflow again"


async def test_the_counts_of_answers_correct_the_next_budget(runtime, project, tmp_path):
    def three_tokens_for_one(request):
        if request.method == "GET":
            return http_error(404, "Not Found")
        characters = sum(len(message["content"]) for message in request.json["messages"])
        usage = usage_event(prompt=3 * characters // 4)
        return stream(chunk("done"), chunk(finish="stop"), usage, DONE)

    async with FakeEndpoint(default=three_tokens_for_one) as endpoint:
        session = session_for(endpoint, project, tmp_path)
        sizes = []
        for _ in range(2):
            task, _ = runtime.tasks.start(session, ASK)
            await task.wait()
            sizes.append(len(endpoint.completions[-1].body))
    assert sizes[1] < sizes[0]
    assert 3 * sizes[1] / 4 < 24_000 * 1.05


async def test_an_answer_limit_that_does_not_fit_the_window_is_lowered(runtime, project, tmp_path):
    message = (
        "'max_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your "
        "request has 1200 input tokens (4000 > 4096 - 1200)."
    )
    request = TaskRequest("developer", instruction="tidy up", target=FileRef("src/pricing.py"))
    async with FakeEndpoint([http_error(400, message), answer("done")]) as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_LLM__MAX_OUTPUT_TOKENS="4000")
        task, _ = runtime.tasks.start(session, request)
        assert (await task.wait()).status == "completed"
        first, second = (one.json["max_tokens"] for one in endpoint.completions)
    assert first == 4_000
    assert second <= 4_096 - 1_200


async def test_a_window_too_small_for_the_instruction_is_told_before_anything_is_sent(
    runtime, project, tmp_path
):
    async with FakeEndpoint() as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_LLM__CONTEXT_WINDOW="1024")
        task, _ = runtime.tasks.start(session, ASK)
        result = await task.wait()
        assert not endpoint.completions
    assert (result.status, result.error.code) == ("failed", "context_too_large")
    assert "instruction alone" in result.error.message
