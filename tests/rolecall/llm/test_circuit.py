"""One breaker: what is mended of aiobreaker, in the words of the module's docstring, and a model of it."""

import asyncio
import warnings
from contextlib import suppress

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from fakes.connection import Clock
from rolecall.llm.circuit import Circuit, Refused
from rolecall.settings.model import BreakerSettings


class Failure(Exception):
    """What counts."""


def circuit(clock=None, **policy):
    return Circuit(
        clock or Clock(), BreakerSettings(**policy), counts=lambda error: isinstance(error, Failure)
    )


async def request(breaker, error=None):
    async with breaker.guard():
        if error is not None:
            raise error


async def fail(breaker, times=1):
    for _ in range(times):
        with pytest.raises(Failure):
            await request(breaker, Failure())


async def test_half_open_lets_one_caller_through_at_a_time():
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=10, recovery_attempts=5)
    await fail(breaker)
    clock.advance(10)
    ready, admitted = asyncio.Event(), 0

    async def call():
        nonlocal admitted
        with suppress(Refused):
            async with breaker.guard():
                admitted += 1
                await ready.wait()

    tasks = [asyncio.create_task(call()) for _ in range(20)]
    await asyncio.sleep(0)
    assert admitted == 1
    ready.set()
    await asyncio.gather(*tasks)


async def test_so_many_probes_in_a_row_must_succeed_before_it_closes():
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=10, recovery_attempts=3)
    await fail(breaker)
    clock.advance(10)
    for _ in range(2):
        await request(breaker)
        assert breaker.present.name == "half_open"
    await request(breaker)
    assert breaker.present.name == "closed"


async def test_a_failed_probe_opens_it_again_for_the_whole_time():
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=10, recovery_attempts=2)
    await fail(breaker)
    clock.advance(10)
    await request(breaker)
    await fail(breaker)
    clock.advance(9.9)
    with pytest.raises(Refused) as refused:
        await request(breaker)
    assert refused.value.retry_after_s == pytest.approx(0.1)


async def test_time_is_the_injected_clocks_and_nothing_warns(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await fail(breaker)
        with pytest.raises(Refused) as refused:
            await request(breaker)
    assert refused.value.retry_after_s == 60


async def test_a_failure_in_the_middle_of_a_stream_is_counted():
    breaker = circuit(failure_threshold=1)

    async def stream():
        async with breaker.guard():
            yield "text"
            raise Failure

    async def read():
        async for _ in stream():
            assert breaker.present.name == "closed"

    with pytest.raises(Failure):
        await read()
    assert breaker.present.name == "open"


async def test_an_exception_that_does_not_count_is_no_success():
    breaker = circuit(failure_threshold=2)
    await fail(breaker)
    with pytest.raises(ValueError, match="refused key"):
        await request(breaker, ValueError("refused key"))
    await fail(breaker)
    assert breaker.present.name == "open"


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ValueError(), GeneratorExit()])
async def test_a_probe_that_tells_nothing_gives_its_place_to_the_next(error):
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=10, recovery_attempts=1)
    await fail(breaker)
    clock.advance(10)
    with pytest.raises(type(error)):
        await request(breaker, error)
    assert breaker.present.name == "half_open"
    await request(breaker)
    assert breaker.present.name == "closed"


async def test_the_tripping_call_raises_its_own_error():
    breaker = circuit(failure_threshold=1)
    original = Failure("disk on fire")
    with pytest.raises(Failure) as raised:
        await request(breaker, original)
    assert raised.value is original


async def test_a_short_open_time_is_taken_as_it_is():
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=0.001, recovery_attempts=1)
    await fail(breaker)
    clock.advance(0.001)
    await request(breaker)
    assert breaker.present.name == "closed"


async def test_the_rate_of_failures_over_a_full_window_opens_it():
    breaker = circuit(failure_threshold=100, failure_rate=0.5, window=4)
    for error in (Failure(), None, None):
        with suppress(Failure):
            await request(breaker, error)
    assert breaker.present.name == "closed"
    await fail(breaker)
    assert breaker.present.name == "open"


async def test_a_success_does_not_open_it_though_the_window_is_full_of_failures():
    breaker = circuit(failure_threshold=100, failure_rate=0.5, window=3)
    await fail(breaker, 2)
    await request(breaker)
    assert breaker.present.name == "closed"


async def test_a_late_failure_from_before_does_not_fail_the_probe():
    clock = Clock()
    breaker = circuit(clock, failure_threshold=1, open_s=10, recovery_attempts=2)
    early = breaker.present.admit()
    await fail(breaker)
    clock.advance(10)
    await request(breaker)
    breaker.settle(early, "failure")
    assert breaker.present.name == "half_open"
    breaker.settle(early, "success")
    assert breaker.present.name == "half_open"


async def test_it_is_still_an_aiobreaker_that_guards_a_coroutine_function():
    breaker = circuit(failure_threshold=1)

    async def double(number):
        return number * 2

    assert await breaker.call_async(double, 4) == 8
    await fail(breaker)
    with pytest.raises(Refused):
        await breaker.call_async(double, 4)


class BreakerModel(RuleBasedStateMachine):
    """Random requests, outcomes and waits, against the plainest description of what must hold."""

    running = Bundle("running")

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.policy = BreakerSettings(
            failure_threshold=3, failure_rate=0.75, window=8, open_s=10, recovery_attempts=2
        )
        self.changes = []
        self.breaker = Circuit(self.clock, self.policy, lambda old, new: self.changes.append((old, new)))
        self.probes = set()
        self.in_a_row = 0
        self.outcomes = []
        self.opened_at = None
        self.recovered = 0

    @rule(target=running)
    def ask(self):
        name = self.breaker.present.name
        rest = self.breaker.present.refusal()
        if rest is not None:
            with pytest.raises(Refused):
                self.breaker.present.admit()
            if name == "open":
                assert rest == pytest.approx(self.opened_at + 10 - self.clock.now)
            else:
                assert (name, bool(self.probes)) == ("half_open", True)
            return None
        permit = self.breaker.present.admit()
        if name == "open":
            assert self.clock.now >= self.opened_at + 10
            self.recovered, self.probes = 0, set()
        if self.breaker.present.name == "half_open":
            assert not self.probes, "two probes at once"
            self.probes = {permit}
        return permit

    @rule(permit=consumes(running), outcome=st.sampled_from(["success", "failure", "neutral"]))
    def end(self, permit, outcome):
        if permit is None:
            return
        current = permit.state is self.breaker.present
        before = self.breaker.present.name
        self.breaker.settle(permit, outcome)
        if not current:
            assert self.breaker.present.name == before
        elif before == "closed":
            self._end_closed(outcome)
        else:
            self._end_probe(outcome)
        self.probes.discard(permit)

    def _end_closed(self, outcome):
        if outcome == "neutral":
            return
        self.in_a_row = self.in_a_row + 1 if outcome == "failure" else 0
        self.outcomes = [*self.outcomes, outcome][-8:]
        full = len(self.outcomes) == 8 and self.outcomes.count("failure") >= 6
        opens = outcome == "failure" and (self.in_a_row >= 3 or full)
        assert self.breaker.present.name == ("open" if opens else "closed")
        if opens:
            self.opened_at = self.clock.now

    def _end_probe(self, outcome):
        self.recovered += outcome == "success"
        if outcome == "failure":
            assert self.breaker.present.name == "open"
            self.opened_at = self.clock.now
        elif self.recovered == 2:
            assert self.breaker.present.name == "closed"
            self.in_a_row, self.outcomes = 0, []
        else:
            assert self.breaker.present.name == "half_open"

    @rule(seconds=st.sampled_from([0.5, 3, 10]))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @precondition(lambda self: self.breaker.present.name == "open")
    @rule()
    def wait_it_out(self):
        self.clock.advance(10)

    @invariant()
    def changes_follow_each_other(self):
        assert all(new == then for (_, new), (then, _) in zip(self.changes, self.changes[1:], strict=False))
        assert {("closed", "half_open"), ("open", "closed")}.isdisjoint(self.changes)


TestBreakerModel = BreakerModel.TestCase
