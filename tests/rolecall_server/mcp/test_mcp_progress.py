from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from rolecall.events import Attempt, Delta, FileClosed, Numbered, Restart, Started
from rolecall_server.mcp import progress as progress_module
from rolecall_server.mcp.progress import Progress


class Told:
    """Collects reports; lets a test wait for the next one."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.messages: list[str] = []
        self.send, self.next = anyio.create_memory_object_stream[str](100)

    async def __call__(self, value: float, total: float | None, message: str | None) -> None:
        assert total is None
        self.values.append(value)
        self.messages.append(message or "")
        await self.send.send(message or "")

    def close(self) -> None:
        self.send.close()
        self.next.close()


@pytest.fixture
def told():
    told = Told()
    yield told
    told.close()


async def events(*items):
    for seq, item in enumerate(items, 1):
        if isinstance(item, anyio.Event):
            await item.wait()
        else:
            yield Numbered("t", seq, item)


async def test_the_first_report_comes_before_any_event(told):
    stop = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(Progress("QA Engineer", told, 60).follow, events(stop))
        assert await told.next.receive() == "QA Engineer: preparing"
        stop.set()


async def test_reports_name_role_tokens_and_the_tail(told):
    progress = Progress("QA Engineer", told, 60)
    await progress.follow(events(Started("qa_engineer", None), Delta("x" * 400), Delta(" the\n end")))
    assert progress.message() == "QA Engineer: writing, about 102 tokens: …" + ("x" * 72 + " the end")[-80:]


async def test_silence_is_broken_by_heartbeats_with_rising_values(told, monkeypatch):
    monkeypatch.setattr(progress_module, "MIN_INTERVAL_S", 0.001)
    stop = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(Progress("R", told, 0.01).follow, events(stop))
        for _ in range(4):
            assert await told.next.receive() == "R: preparing"
        stop.set()
    assert told.values == sorted(set(told.values))


async def test_a_busy_task_is_reported_five_times_a_second_at_most():
    at: list[float] = []

    async def send(value, total, message):
        at.append(anyio.current_time())

    async def busy():
        while len(at) < 7:
            yield Numbered("t", 1, Delta("word "))
            await anyio.lowlevel.checkpoint()

    await Progress("R", send, 60).follow(busy())
    assert all(later - first >= 0.99 for first, later in zip(at, at[5:], strict=False))


async def test_a_quick_task_is_reported_at_its_beginning_and_at_its_end(told):
    deltas = [Delta("word ")] * 1000
    await Progress("R", told, 60).follow(events(*deltas))
    assert len(told.values) == 2
    assert await told.next.receive() == "R: preparing"
    assert "about 1250 tokens" in await told.next.receive()


async def test_a_restart_takes_the_text_back(told):
    progress = Progress("R", told, 60)
    await progress.follow(events(Delta("abc"), Restart()))
    assert "abc" not in progress.message()


async def test_an_attempt_that_waits_says_how_long_and_why(told):
    progress = Progress("R", told, 60)
    await progress.follow(events(Attempt(2, 4, 1.5, "rate_limited")))
    assert progress.message() == "R: attempt 2 of 4 in 1.5 s (rate_limited)"


async def test_a_finished_file_is_named(told):
    progress = Progress("R", told, 60)
    await progress.follow(events(Delta("abcd"), FileClosed("src/a.py", "create")))
    assert "create src/a.py" in progress.message()


def test_who_joins_late_begins_with_what_was_written(told):
    assert "about 25 tokens" in Progress("R", told, 60, "word " * 20).message()
