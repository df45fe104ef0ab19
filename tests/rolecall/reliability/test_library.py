"""Rolecall called from a program: callbacks, early stop, and what the endpoint saw of it."""

from __future__ import annotations

import asyncio

import pytest

import rolecall
from fakes.endpoint import FakeEndpoint, Hang, Reset, answer, chunk, http_error, stream
from rolecall.events import Delta, Finished, Restart

FILE = 'Here.\n\n<file path="notes.md">\nHi\n</file>\n'


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def asked(endpoint, project, **options):
    settings = {
        "llm.base_url": endpoint.base_url,
        "llm.model": "fake-model",
        "retry.initial_delay_s": 0.01,
        "retry.max_attempts": 2,
    }
    return rolecall.run("developer", "do it", workspace=project, settings=settings, **options)


async def test_the_pieces_come_in_order_and_the_result_is_that_of_every_door(project):
    pieces = []
    async with FakeEndpoint([answer("one ", "two ", "three")]) as endpoint:
        result = await asked(endpoint, project, on_delta=pieces.append)
    assert "".join(pieces) == result.answer == "one two three"
    assert (result.status, result.model, result.usage.output_tokens) == ("completed", "fake-model", 7)


async def test_coroutine_functions_are_awaited_and_events_are_typed(project):
    events, pieces = [], []

    async def on_event(event):
        await asyncio.sleep(0)
        events.append(event)

    async def on_delta(text):
        await asyncio.sleep(0)
        pieces.append(text)

    broken = stream(chunk("void"), Reset())
    async with FakeEndpoint([broken, answer("kept")]) as endpoint:
        result = await asked(endpoint, project, on_delta=on_delta, on_event=on_event)
    assert result.answer == "kept"
    assert pieces[-1] == "kept"
    assert [type(event) for event in events if isinstance(event, Delta | Restart)][-2:] == [Restart, Delta]
    assert isinstance(events[-1], Finished)


async def test_raising_stop_early_closes_the_request_and_keeps_what_has_come(project):
    seen = asyncio.Event()

    def enough(text):
        if "</file>" in text:
            seen.set()
            raise rolecall.StopEarly

    async with FakeEndpoint([stream(chunk(FILE), Hang())]) as endpoint:
        result = await asked(endpoint, project, on_delta=enough)
        stopped_at = asyncio.get_running_loop().time()
        request = await endpoint.received(1)
        async with asyncio.timeout(1):
            await request.disconnected.wait()
    assert seen.is_set()
    assert request.disconnected_at - stopped_at < 0.2
    assert result.status == "cancelled"
    assert result.answer == FILE
    assert [(file.path, file.state) for file in result.files] == [("notes.md", "proposed")]
    assert not (project / "notes.md").exists()


async def test_another_exception_closes_the_request_and_is_raised(project):
    def broken(_text):
        raise ZeroDivisionError

    async with FakeEndpoint([stream(chunk("begun"), Hang())]) as endpoint:
        with pytest.raises(ZeroDivisionError):
            await asked(endpoint, project, on_delta=broken)
        async with asyncio.timeout(1):
            await endpoint.completions[0].disconnected.wait()


async def test_cancelling_the_call_closes_the_request(project):
    async with FakeEndpoint([stream(chunk("begun"), Hang())]) as endpoint:
        call = asyncio.create_task(asked(endpoint, project))
        request = await endpoint.received(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(1):
            await request.disconnected.wait()


async def test_an_early_stop_counts_for_nothing(project):
    def stop(_text):
        raise rolecall.StopEarly

    runtime = rolecall.Runtime()
    async with FakeEndpoint(default=stream(chunk("begun"), Hang())) as endpoint:
        for _ in range(8):
            await asked(endpoint, project, on_delta=stop, runtime=runtime)
    snapshot = runtime.metrics.snapshot()
    assert {one["state"] for one in runtime.breakers.snapshot()} == {"closed"}
    assert "rolecall.llm.errors" not in snapshot
    assert runtime.pool.statistics()[0]["success_rate"] is None
    assert runtime.turns.running == 0
    await runtime.aclose()


async def test_edits_are_written_where_that_is_asked_for(project):
    whole = f'{FILE}<done files="1"/>\n'
    async with FakeEndpoint([answer(whole)]) as endpoint:
        result = await asked(endpoint, project, apply=True)
    assert (result.applied, result.applied_by) == (True, "disk")
    assert (project / "notes.md").read_text() == "Hi\n"


async def test_failures_are_told_by_the_result(project):
    async with FakeEndpoint(default=http_error(401)) as endpoint:
        result = await asked(endpoint, project)
    assert (result.status, result.error.code) == ("failed", "authentication_failed")


async def test_a_file_outside_the_workspace_is_told_by_the_result_and_nothing_is_sent(project):
    async with FakeEndpoint() as endpoint:
        result = await asked(endpoint, project, files=["../outside.py"])
        assert not endpoint.requests
    assert (result.status, result.error.code) == ("failed", "path_refused")
