"""What is kept of tasks that have ended: enough for every later use, within a number of bytes."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.endpoint import FakeEndpoint, Hang, answer, chunk, stream
from rolecall.answer import Change
from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid, EditConflict
from rolecall.proposal import Proposal
from rolecall.reverting import revert
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import TaskRequest
from rolecall.tasks import KEPT_TASKS, Task, TaskRegistry
from rolecall.workspace.disk import DiskApplier

ASK = TaskRequest("developer", instruction="do it")
QUICK = TaskRequest("nobody", instruction="fails at once")

BUDGET = 400_000
"""Bytes for all tasks together, in these tests: an equal share is 2,000."""

LINE = "a line of some file\n"
LARGE = LINE * 6_000
"""Its answer, with the text of its file, takes 240,000 bytes: two of them are over the budget."""


@pytest.fixture
async def runtime():
    runtime = Runtime()
    runtime.tasks = TaskRegistry(runtime, kept_bytes=BUDGET)
    yield runtime
    await runtime.aclose()


@pytest.fixture
async def endpoint():
    async with FakeEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def session(tmp_path: Path, project: Path, endpoint: FakeEndpoint) -> Session:
    environment = {
        "HOME": str(tmp_path),
        "ROLECALL_LLM__PROVIDER": "openai",
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
    }
    return Session(Caller(environment, project))


def creating(path: str, text: str) -> str:
    return f'<file path="{path}">\n{text}</file>\n<done files="1"/>\n'


@pytest.fixture
def run(runtime: Runtime, session: Session, endpoint: FakeEndpoint):
    """Run a task to its end, for which the model answers so."""

    async def ended(text: str, request: TaskRequest = ASK) -> Task:
        endpoint.replies.append(answer(text))
        task, _ = runtime.tasks.start(session, request)
        assert (await task.wait()).status == "completed"
        return task

    return ended


async def write(session: Session, task: Task) -> bool:
    return await task.run.apply(DiskApplier(session, confirmed=True), explicit=True)


def is_kept(runtime: Runtime, session: Session, task: Task) -> bool:
    try:
        return runtime.tasks.get(task.id, session) is task
    except ConfigurationInvalid:
        return False


async def test_the_oldest_large_tasks_give_way_and_are_as_unknown_as_any_that_expired(runtime, session, run):
    tasks = [await run(creating(f"{n}.txt", LARGE)) for n in range(4)]

    assert [is_kept(runtime, session, task) for task in tasks] == [False, False, False, True]
    assert runtime.tasks.visible(session) == [tasks[-1]]
    with pytest.raises(ConfigurationInvalid) as raised:
        runtime.tasks.get(tasks[0].id, session)
    assert raised.value.message == f"There is no task {tasks[0].id!r} in this workspace."
    assert "run the role again" in raised.value.hint


async def test_what_fits_is_kept_whole(runtime, session, run, project):
    tasks = [await run(creating(f"{n}.txt", LINE * 100)) for n in range(5)]

    assert runtime.tasks.visible(session) == tasks
    for n, task in enumerate(tasks):
        assert task.result.answer == creating(f"{n}.txt", LINE * 100)
        assert await write(session, task)
        assert (project / f"{n}.txt").read_text() == LINE * 100


async def test_no_small_task_is_forgotten_for_a_large_one(runtime, session, run):
    small = await run("Nothing to do.")
    large = [await run(creating(f"{n}.txt", LARGE)) for n in range(2)]
    last = await run("Nothing to do.")

    assert is_kept(runtime, session, small)
    assert [is_kept(runtime, session, task) for task in large] == [False, True]
    assert is_kept(runtime, session, last)


async def test_the_task_that_ended_last_can_be_applied_however_large_it_is(runtime, session, run, project):
    task = await run(creating("new.txt", LARGE * 4))

    assert is_kept(runtime, session, task)
    assert await write(session, task)
    assert (project / "new.txt").read_text() == LARGE * 4


EDIT = '<edit path="large.txt">\n<<<<<<< SEARCH\nthe first\n=======\nthe only\n>>>>>>> REPLACE\n</edit>\n'


@pytest.fixture
def large_file(project: Path) -> Path:
    file = project / "large.txt"
    file.write_text("the first\n" + LARGE)
    return file


async def test_what_was_applied_still_tells_its_diff_and_can_be_taken_back(
    runtime, session, run, large_file, project
):
    applied = await run(EDIT)
    assert await write(session, applied)
    told = applied.result
    proposed = [await run(creating(f"{n}.txt", LINE * 4_000)) for n in range(2)]

    assert [is_kept(runtime, session, task) for task in (applied, *proposed)] == [True] * 3
    assert applied.result == told
    assert "+the only\n" in told.files[0].diff
    assert (await revert(session, applied.id, DiskApplier(session))).changes[0].state == "applied"
    assert large_file.read_text().startswith("the first\n")


async def test_a_taken_back_edit_whose_text_is_gone_says_so_and_writes_nothing(
    session, run, large_file, project
):
    applied = await run(EDIT)
    assert await write(session, applied)
    for n in range(2):
        await run(creating(f"{n}.txt", LINE * 4_000))
    await revert(session, applied.id, DiskApplier(session))
    applied.run.proposal.changes.taken_back()

    with pytest.raises(EditConflict, match="not kept any more"):
        await write(session, applied)
    assert applied.result.files[0].state == "conflict"
    assert large_file.read_text() == "the first\n" + LARGE


async def test_a_taken_back_edit_is_a_proposal_again_where_there_was_room_for_it(session, run, large_file):
    applied = await run(EDIT)
    assert await write(session, applied)
    await revert(session, applied.id, DiskApplier(session))
    applied.run.proposal.changes.taken_back()

    assert await write(session, applied)
    assert large_file.read_text().startswith("the only\n")


async def test_a_task_is_as_old_as_its_end(runtime, session, endpoint):
    endpoint.replies.append(stream(chunk("a"), Hang()))
    slow, _ = runtime.tasks.start(session, ASK)
    await endpoint.received(1)
    quick = [runtime.tasks.start(session, QUICK)[0] for _ in range(KEPT_TASKS)]
    await asyncio.gather(*(task.wait() for task in quick))
    assert is_kept(runtime, session, quick[0])
    await slow.cancel()

    assert is_kept(runtime, session, slow)
    assert [is_kept(runtime, session, task) for task in quick[:2]] == [False, True]
    assert len(runtime.tasks.visible(session)) == KEPT_TASKS


async def test_what_only_the_model_had_to_see_is_not_kept(run, endpoint):
    before = await run("Fine.")  # what is made once for all tasks is there
    tracemalloc.start()
    try:
        task = await run("Fine.", replace(ASK, context="x" * 60_000))
        assert b"x" * 60_000 in endpoint.requests.pop().body
        await run("Fine.")  # the connection to the endpoint holds the last request
        gc.collect()
        kept = tracemalloc.take_snapshot().traces
    finally:
        tracemalloc.stop()

    assert task.result.answer == before.result.answer
    assert max(one.size for one in kept) < 60_000


def test_an_answer_that_came_in_small_pieces_is_kept_as_one(session):
    pieces = [f"{number}\n" for number in range(50_000)]
    tracemalloc.start()
    try:
        proposal = Proposal(session)
        for piece in pieces:
            proposal.feed("<" + piece)
        proposal.close()
        whole, _ = tracemalloc.get_traced_memory()
        proposal.forget()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert proposal.text == "".join("<" + piece for piece in pieces)
    assert kept < whole / 4


def test_of_the_hunks_of_an_edit_only_the_new_text_is_kept(session, project):
    lines = [f"the line of number {number}\n" for number in range(5_000)]
    (project / "large.txt").write_text("".join(lines))
    tracemalloc.start()
    try:
        proposal = Proposal(session)
        shown = "".join(lines)
        changed = shown.replace("line of", "text of")
        proposal.feed(
            f'<edit path="large.txt">\n<<<<<<< SEARCH\n{shown}=======\n{changed}>>>>>>> REPLACE\n</edit>\n'
        )
        proposal.close()
        whole, _ = tracemalloc.get_traced_memory()
        proposal.forget()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert proposal.changes.changes[0].after == changed
    assert kept < whole / 2


def test_a_change_that_is_gone_leaves_none_of_its_texts_behind():
    tracemalloc.start()
    try:
        change = Change("a.txt", "create", after=f"some{LARGE}")
        assert change.diff()
        assert change.counts() == (6_000, 0)
        del change
        gc.collect()
        kept = tracemalloc.take_snapshot().traces
    finally:
        tracemalloc.stop()
    assert not [one for one in kept if one.size >= len(LARGE)]
