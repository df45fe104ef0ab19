"""``concurrency.max_tasks``: how many tasks run at once, who is next, and that the user sees it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fakes.endpoint import FakeEndpoint, Until, answer, chunk, stream
from rolecall.caller import Caller
from rolecall.events import Attempt, Queued
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import TaskRequest
from rolecall.turns import Turns

ASK = TaskRequest("developer", instruction="say hello")


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


def session_for(endpoint, project, tmp_path, **settings):
    environment = {
        "HOME": str(tmp_path),
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
        **settings,
    }
    return Session(Caller(environment, project))


def places(turns):
    return [turn.place for turn in turns]


def test_a_full_house_makes_the_others_wait_in_order():
    turns = Turns()
    asked = [turns.ask("a", 2) for _ in range(4)]
    assert places(asked) == [0, 0, 1, 2]
    asked[0].end()
    assert places(asked[1:]) == [0, 0, 1]


def test_one_clients_many_tasks_do_not_stand_before_anothers_first():
    turns = Turns()
    many = [turns.ask("many", 2) for _ in range(5)]
    few = turns.ask("few", 2)
    assert places(many) == [0, 0, 2, 3, 4]
    assert few.place == 1
    many[0].end()
    assert (few.place, places(many[1:])) == (0, [0, 1, 2, 3])


def test_a_client_with_a_small_limit_of_its_own_is_not_starved_by_a_generous_one():
    turns = Turns()
    generous = [turns.ask("generous", 3) for _ in range(6)]
    modest = [turns.ask("modest", 1) for _ in range(2)]
    generous[0].end()
    assert places(modest) == [0, 1]
    assert turns.running == 3


def test_who_gives_up_waiting_moves_the_others_up():
    turns = Turns()
    asked = [turns.ask("a", 1) for _ in range(4)]
    asked[1].end()
    asked[1].end()
    assert places([asked[0], *asked[2:]]) == [0, 1, 2]


class TurnsModel(RuleBasedStateMachine):
    """Random clients coming and going: never too many at once, never anybody forgotten."""

    turns_in = Bundle("turns_in")

    def __init__(self):
        super().__init__()
        self.turns = Turns()
        self.present = []

    @rule(target=turns_in, client=st.sampled_from("abc"), limit=st.integers(1, 4))
    def come(self, client, limit):
        turn = self.turns.ask(client, limit)
        self.present.append(turn)
        return turn

    @rule(turn=consumes(turns_in))
    def go(self, turn):
        turn.end()
        self.present.remove(turn)

    @invariant()
    def limits_hold_and_no_room_is_left_unused(self):
        running = [turn for turn in self.present if turn.place == 0]
        waiting = sorted((turn for turn in self.present if turn.place), key=lambda turn: turn.place)
        assert places(waiting) == list(range(1, len(waiting) + 1))
        if not self.present:
            return
        most = max(turn.limit for turn in self.present)
        assert len(running) <= max([most, *(self.high_water or [])])
        for turn in waiting:
            own = sum(one.client == turn.client for one in running)
            assert len(running) >= most or own >= turn.limit, "there was room"

    @property
    def high_water(self):
        # Who runs is never stopped because a generous client left.
        return [len([turn for turn in self.present if turn.place == 0])]


TestTurnsModel = TurnsModel.TestCase


async def test_no_more_tasks_than_allowed_reach_the_endpoint_at_once(runtime, project, tmp_path):
    go_on = asyncio.Event()
    slow = stream(chunk("slow"), Until(go_on), chunk(finish="stop"))
    async with FakeEndpoint(default=slow) as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_CONCURRENCY__MAX_TASKS="2")
        started = [runtime.tasks.start(session, ASK) for _ in range(5)]
        await endpoint.received(2)
        assert (runtime.turns.running, runtime.turns.waiting) == (2, 3)
        assert len(endpoint.completions) == 2
        go_on.set()
        results = [await task.wait() for task, _ in started]
        assert len(endpoint.completions) == 5
    assert {result.status for result in results} == {"completed"}
    assert (runtime.turns.running, runtime.turns.waiting) == (0, 0)


async def test_the_place_in_the_queue_is_told_and_kept_out_of_the_public_events(runtime, project, tmp_path):
    go_on = asyncio.Event()
    slow = stream(chunk("slow"), Until(go_on), chunk(finish="stop"))
    async with FakeEndpoint([slow, slow], default=answer("quick")) as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_CONCURRENCY__MAX_TASKS="1")
        _, second, (_, events) = (runtime.tasks.start(session, ASK) for _ in range(3))
        await endpoint.received(1)
        go_on.set()
        told = [numbered.event async for numbered in events]
        await second[0].wait()
    queued = [event for event in told if isinstance(event, Queued)]
    assert [(event.place, event.waiting) for event in queued] == [(2, 2), (1, 1)]
    assert not any(event.public for event in queued)
    assert any(isinstance(event, Attempt) for event in told)


async def test_a_task_cancelled_in_the_queue_sends_nothing_and_frees_its_place(runtime, project, tmp_path):
    async with FakeEndpoint(default=stream(chunk("slow"), Until(asyncio.Event()))) as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_CONCURRENCY__MAX_TASKS="1")
        first, _ = runtime.tasks.start(session, ASK)
        waiting, _ = runtime.tasks.start(session, ASK)
        await endpoint.received(1)
        assert (await waiting.cancel()).status == "cancelled"
        assert (runtime.turns.waiting, len(endpoint.completions)) == (0, 1)
        await first.cancel()
    assert runtime.turns.running == 0


async def test_an_explicit_timeout_holds_in_the_queue_too(runtime, project, tmp_path):
    async with FakeEndpoint(default=stream(chunk("slow"), Until(asyncio.Event()))) as endpoint:
        session = session_for(endpoint, project, tmp_path, ROLECALL_CONCURRENCY__MAX_TASKS="1")
        first, _ = runtime.tasks.start(session, ASK)
        await endpoint.received(1)
        hurried, _ = runtime.tasks.start(
            session, TaskRequest("developer", instruction="hurry", timeout_s=0.05)
        )
        result = await hurried.wait()
        assert (result.status, result.error.code) == ("failed", "timed_out")
        assert len(endpoint.completions) == 1
        with suppress(asyncio.CancelledError):
            await first.cancel()


async def test_a_client_without_metrics_is_not_counted_and_others_are(runtime, project, tmp_path):
    async with FakeEndpoint() as endpoint:
        quiet = session_for(endpoint, project, tmp_path, ROLECALL_METRICS__ENABLED="false")
        task, _ = runtime.tasks.start(quiet, ASK)
        assert (await task.wait()).status == "completed"
        assert runtime.metrics.snapshot() == {}
        counted = session_for(endpoint, project, tmp_path)
        task, _ = runtime.tasks.start(counted, ASK)
        await task.wait()
    snapshot = runtime.metrics.snapshot()
    assert [series["value"] for series in snapshot["rolecall.task.completed"]["series"]] == [1]
