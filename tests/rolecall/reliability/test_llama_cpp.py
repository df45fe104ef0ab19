"""Against a real llama.cpp: true streaming, true overflow and recovery, true cancel with the slot freed.

It comes with the development tools (``requirements/dev.txt``, a wheel); where it is missing, these tests fail.
"""

from __future__ import annotations

import asyncio

import pytest

import rolecall
from fakes.house import eventually
from fakes.llama import WINDOW, serving
from rolecall.caller import Caller
from rolecall.events import Attempt, Delta
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest

SHORT_ROLE = """---
id: tester
title: Tester
description: Says little, so that it fits a tiny window.
tasks: []
---
Answer.
"""


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    # Room for the rules every prompt has, one token a character, and for some of a file.
    with serving(tmp_path_factory.mktemp("llama"), window=4 * WINDOW) as llama:
        yield llama


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


@pytest.fixture
def session(llama, project, tmp_path):
    roles = tmp_path / ".config/rolecall/roles"
    roles.mkdir(parents=True)
    (roles / "tester.md").write_text(SHORT_ROLE)
    environment = {
        "HOME": str(tmp_path),
        "ROLECALL_LLM__BASE_URL": llama.base_url,
        "ROLECALL_LLM__MAX_OUTPUT_TOKENS": "200",
        "ROLECALL_APPLY__REPAIR_ROUNDS": "0",
    }
    return Session(Caller(environment, project))


def ask(**members):
    return TaskRequest("tester", instruction="Write.", **members)


async def test_text_streams_as_it_is_made_and_is_counted_by_the_server(runtime, session):
    task, events = runtime.tasks.start(session, ask())
    deltas = [item.event.text async for item in events if isinstance(item.event, Delta)]
    result = await task.wait()
    assert "".join(deltas) == result.answer
    assert len(deltas) > 1
    assert result.model == "tiny"
    assert result.usage.estimated is False
    assert 0 < result.usage.output_tokens <= 200
    assert result.usage.input_tokens > 1_000
    assert result.time_to_first_token_ms < result.duration_ms


async def test_a_whole_answer_comes_where_streaming_is_off(runtime, session):
    task, _ = runtime.tasks.start(session, ask(stream=False))
    result = await task.wait()
    assert result.answer
    assert result.usage.estimated is False


async def test_a_prompt_beyond_the_window_is_refused_by_the_server_and_fits_the_second_time(
    runtime, session, project
):
    """Its tokens are characters, four to each of our estimate, so that what seems to fit does not."""
    (project / "notes.txt").write_text("".join(f"note {number} of many\n" for number in range(400)))
    task, events = runtime.tasks.start(session, ask(target=FileRef("notes.txt")))
    attempts = [item.event async for item in events if isinstance(item.event, Attempt)]
    result = await task.wait()
    assert result.answer, result.error
    assert [attempt.reason for attempt in attempts] == [None, "context_too_large"]
    assert "notes.txt" in [omitted.path for omitted in result.omitted_context]
    assert result.usage.input_tokens + 200 <= 4 * WINDOW
    again, events = runtime.tasks.start(session, ask(target=FileRef("notes.txt")))
    attempts = [item.event async for item in events if isinstance(item.event, Attempt)]
    assert (await again.wait()).answer
    assert len(attempts) == 1, "what the server counted was not remembered"


async def test_cancelling_frees_the_slot(runtime, session, llama):
    session.caller.environment["ROLECALL_LLM__MAX_OUTPUT_TOKENS"] = "7000"
    session.configure()
    task, events = runtime.tasks.start(session, ask())
    async for item in events:
        if isinstance(item.event, Delta):
            break
    assert llama.busy() == 1
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await task.cancel()).status == "cancelled"
    assert loop.time() - began < 0.2
    eventually(lambda: llama.busy() == 0, seconds=2)
    assert (await runtime.tasks.start(session, ask(stream=False))[0].wait()).answer


async def test_an_early_stop_frees_the_slot(llama, project, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def enough(_text):
        raise rolecall.StopEarly

    settings = {"llm.base_url": llama.base_url, "llm.max_output_tokens": 4_000}
    result = await rolecall.run("developer", "Go.", workspace=project, settings=settings, on_delta=enough)
    assert result.status == "cancelled"
    assert result.answer
    eventually(lambda: llama.busy() == 0, seconds=2)


async def test_more_tasks_than_slots_all_get_their_answer(runtime, session):
    started = [runtime.tasks.start(session, ask())[0] for _ in range(6)]
    results = [await task.wait() for task in started]
    assert all(result.answer for result in results)
    assert {result.attempts for result in results} == {1}
