"""Tasks: one result each, events in order, cancelled with their client, invisible to other workspaces."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fakes.endpoint import FakeEndpoint, Hang, answer, chunk, stream
from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.events import Delta, Failed, Finished, Numbered, Restart
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest
from rolecall.tasks import KEPT_TASKS, Subscription

OFFLINE = {"ROLECALL_LLM__PROVIDER": "offline"}
TESTS = TaskRequest("qa_engineer", "tests", target=FileRef("src/pricing.py"))
ASK = TaskRequest("developer", instruction="do it")


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


@pytest.fixture
def open_session(tmp_path: Path, project: Path):
    def make(folder: Path = project, **environment: str) -> Session:
        return Session(Caller({"HOME": str(tmp_path), **OFFLINE, **environment}, folder))

    return make


def asking(endpoint: FakeEndpoint) -> dict[str, str]:
    return {
        "ROLECALL_LLM__PROVIDER": "openai",
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
    }


async def events_of(subscription: Subscription) -> list[Numbered]:
    return [numbered async for numbered in subscription]


class SlowDisk:
    """An applier whose write waits until the test lets it go on."""

    by = "disk"
    explicit = True
    interruptible = False

    def __init__(self) -> None:
        self.writing, self.go_on = asyncio.Event(), asyncio.Event()
        self.written: list[str] = []

    async def confirm(self, changes, asking) -> bool:
        return True

    async def write(self, changes, task_id) -> None:
        self.writing.set()
        await self.go_on.wait()
        self.written += [change.path for change in changes]


async def test_a_slow_reader_gets_joined_deltas_in_order_and_loses_nothing():
    subscription = Subscription()
    events = [Delta("a"), Delta("b"), Restart(), Delta("c"), Delta("d"), Delta("e")]
    for seq, event in enumerate(events, 1):
        subscription.push(Numbered("t", seq, event))
    subscription.close()
    got = await events_of(subscription)
    assert [numbered.event for numbered in got] == [Delta("ab"), Restart(), Delta("cde")]
    assert [numbered.seq for numbered in got] == [2, 3, 6]


async def test_a_reader_that_keeps_up_gets_every_delta_by_itself():
    subscription = Subscription()
    reader = aiter(subscription)
    for seq, text in enumerate("xyz", 1):
        subscription.push(Numbered("t", seq, Delta(text)))
        assert (await anext(reader)).event == Delta(text)


async def test_a_task_ends_with_exactly_one_result(runtime, open_session):
    task, subscription = runtime.tasks.start(open_session(), TESTS)
    events = [numbered.event for numbered in await events_of(subscription)]
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)
    assert (await task.wait()).status == "completed"


async def test_a_failure_gives_a_result_and_then_the_error(runtime, open_session):
    _, subscription = runtime.tasks.start(open_session(), TaskRequest("nobody", instruction="x"))
    *_, finished, failed = [numbered.event for numbered in await events_of(subscription)]
    assert isinstance(finished, Finished)
    assert isinstance(failed, Failed)
    assert finished.result.status == "failed"
    assert finished.result.error == failed.error


async def test_a_fault_of_our_own_says_nothing_of_its_inside(runtime, open_session, monkeypatch):
    session = open_session()
    monkeypatch.setattr(session.roles, "refresh", lambda: 1 / 0)
    task, _ = runtime.tasks.start(session, TESTS)
    error = (await task.wait()).error
    assert error.code == "internal_error"
    assert error.correlation_id in error.hint
    assert "division" not in error.message + error.hint


async def test_cancel_hangs_up_on_the_endpoint_and_keeps_what_was_closed(runtime, open_session):
    file = '<file path="a.py">\nx = 1\n</file>\n'
    async with FakeEndpoint([stream(chunk(file), Hang())]) as endpoint:
        task, subscription = runtime.tasks.start(open_session(**asking(endpoint)), ASK)
        async for numbered in subscription:
            if isinstance(numbered.event, Delta):
                break
        result = await task.cancel()
        await asyncio.wait_for(endpoint.completions[0].disconnected.wait(), 5)
    assert (result.status, result.error.code) == ("cancelled", "cancelled")
    assert [(file.path, file.state) for file in result.files] == [("a.py", "proposed")]
    assert not result.applied


async def test_cancel_before_the_first_step_still_gives_one_result(runtime, open_session):
    task, subscription = runtime.tasks.start(open_session(), TESTS)
    first, second = await asyncio.gather(task.cancel(), task.cancel())
    assert first.status == second.status == "cancelled"
    events = [numbered.event for numbered in await events_of(subscription)]
    assert [type(event) for event in events].count(Finished) == 1


async def test_cancel_in_the_very_moment_of_starting_gives_one_result_too(runtime, open_session):
    task, subscription = runtime.tasks.start(open_session(), TESTS)
    async with asyncio.timeout(5):
        result = await task.cancel()  # awaited in this very step, before the driver's first
    assert result.status == "cancelled"
    assert [numbered.event.type for numbered in await events_of(subscription)] == ["result", "error"]


async def test_cancel_after_the_end_changes_nothing(runtime, open_session):
    task, _ = runtime.tasks.start(open_session(), TESTS)
    done = await task.wait()
    assert await task.cancel() == done


async def test_while_edits_are_written_it_is_too_late_to_cancel(runtime, open_session):
    disk = SlowDisk()
    request = TaskRequest("qa_engineer", "tests", target=FileRef("src/pricing.py"), apply="ask")
    task, _ = runtime.tasks.start(open_session(), request, disk)
    await asyncio.wait_for(disk.writing.wait(), 10)
    cancelling = asyncio.ensure_future(task.cancel())
    disk.go_on.set()
    result = await cancelling
    assert (result.status, result.applied) == ("completed", True)
    assert disk.written


async def test_a_broken_stream_fails_and_keeps_its_closed_blocks(runtime, open_session):
    file = '<file path="a.py">\nx = 1\n</file>\n<file path="b.py">\n'
    async with FakeEndpoint([stream(chunk(file))]) as endpoint:
        task, _ = runtime.tasks.start(open_session(**asking(endpoint)), ASK)
        result = await task.wait()
    assert result.status == "failed"
    assert result.error.code.startswith("upstream")
    assert [(file.path, file.state) for file in result.files] == [
        ("a.py", "proposed"),
        ("b.py", "incomplete"),
    ]


async def test_a_client_that_goes_takes_its_own_tasks_with_it_and_no_others(runtime, open_session):
    async with FakeEndpoint([stream(chunk("a"), Hang()), stream(chunk("b"), Hang())]) as endpoint:
        going, staying = (open_session(**asking(endpoint)) for _ in range(2))
        gone, _ = runtime.tasks.start(going, ASK)
        stays, _ = runtime.tasks.start(staying, ASK)
        await endpoint.received(2)
        await runtime.tasks.end_session(going)
        assert gone.result.status == "cancelled"
        assert stays.result.status == "running"


async def test_tasks_of_another_workspace_are_invisible(runtime, open_session, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    task, _ = runtime.tasks.start(open_session(), TESTS)
    assert runtime.tasks.get(task.id, open_session()) is task
    with pytest.raises(ConfigurationInvalid):
        runtime.tasks.get(task.id, open_session(other))
    assert runtime.tasks.visible(open_session(other)) == []
    await task.wait()


async def test_the_last_finished_tasks_are_kept(runtime, open_session):
    session = open_session()
    bad = TaskRequest("nobody", instruction="x")
    started = [runtime.tasks.start(session, bad)[0] for _ in range(KEPT_TASKS + 5)]
    for task in started:
        await task.wait()
    last, _ = runtime.tasks.start(session, bad)
    await last.wait()
    kept = runtime.tasks.visible(session)
    assert len(kept) <= KEPT_TASKS + 1
    assert kept[-1] is last
    assert started[0] not in kept


async def test_invalid_settings_answer_each_task_until_they_are_mended(runtime, tmp_path, project):
    config = tmp_path / "config.yaml"
    config.write_text("llm: {provder: offline}\n")
    session = Session(Caller({"HOME": str(tmp_path)}, project, config_file=config))
    task, _ = runtime.tasks.start(session, TESTS)
    assert (await task.wait()).error.code == "configuration_invalid"
    config.write_text("llm: {provider: offline}\n")
    task, _ = runtime.tasks.start(session, TESTS)
    assert (await task.wait()).status == "completed"


async def test_attempts_and_usage_come_from_the_wire(runtime, open_session):
    async with FakeEndpoint([answer("fine")]) as endpoint:
        task, _ = runtime.tasks.start(open_session(**asking(endpoint)), ASK)
        result = await task.wait()
    assert (result.attempts, result.usage.input_tokens, result.usage.estimated) == (1, 11, False)
    assert result.time_to_first_token_ms is not None
    assert result.summary == "fine"
