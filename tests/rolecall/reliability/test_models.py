"""The retry budget and the pool under random histories, with a clock the test turns.

The breaker's model is in ``tests/rolecall/llm/test_circuit.py``, the queue's in ``test_turns.py``.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from fakes.connection import Clock, endpoint_at
from rolecall.errors import AuthenticationFailed, RateLimited, UpstreamUnavailable
from rolecall.llm.pool import HEALTH_MINIMUM, HEALTH_WINDOW, ClientPool
from rolecall.llm.retry import Schedule
from rolecall.settings.model import PoolSettings, RetrySettings
from rolecall.telemetry.metrics import Metrics

FAILURES = st.one_of(
    st.just(UpstreamUnavailable("down")),
    st.floats(0, 200).map(lambda seconds: RateLimited("slow down", retry_after_s=seconds)),
    st.just(AuthenticationFailed("no")),
)
POLICIES = st.builds(
    RetrySettings,
    max_attempts=st.integers(1, 8),
    initial_delay_s=st.floats(0.01, 10),
    multiplier=st.floats(1, 4),
    max_delay_s=st.floats(10, 60),
    jitter=st.sampled_from(["full", "equal", "none"]),
    max_total_delay_s=st.floats(0, 120),
)


@settings(deadline=None)
@given(
    policy=POLICIES,
    failures=st.lists(st.lists(FAILURES, min_size=8, max_size=8), min_size=1, max_size=3),
    dice=st.floats(0, 1),
    total_s=st.floats(1, 300),
)
def test_the_retry_budget_is_kept_over_all_models(policy, failures, dice, total_s):
    """Never too many attempts, never waited beyond the budget or the deadline, never less than asked."""
    clock = Clock(0)
    schedule = Schedule(policy, lambda: dice, lambda: total_s - clock.now)

    async def ask(errors):
        """The waits before the attempts at one model, each of which fails."""
        taken, made = [], iter(errors)
        try:
            async for turn in schedule.attempts():
                taken.append(schedule.wait_s)
                clock.advance(schedule.wait_s)
                error = next(made)
                turn.retry_state.set_exception((type(error), error, None))
        except (UpstreamUnavailable, RateLimited, AuthenticationFailed) as error:
            return taken, error
        raise AssertionError("it never gave up")

    waited = 0.0
    for errors in failures:
        taken, last = asyncio.run(ask(errors))
        waited += sum(taken)
        assert len(taken) <= policy.max_attempts
        assert last is errors[len(taken) - 1]
        assert taken[0] == 0
        for wait, error in zip(taken[1:], errors, strict=False):
            assert error.retriable
            asked = error.retry_after_s
            assert wait == asked if asked is not None else wait <= policy.max_delay_s
    assert waited <= policy.max_total_delay_s + 1e-6
    assert clock.now < total_s or waited == 0


class PoolModel(RuleBasedStateMachine):
    """Random leases, outcomes and waits: one client a key, replaced when worn, never under a stream."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.policy = PoolSettings(max_age_s=100, min_success_rate=0.5)
        self.pool = ClientPool(self.clock, Metrics(self.clock))
        self.pool._build = self.build
        self.born = {}
        self.outcomes = {}
        self.open = []

    async def build(self, endpoint, _settings):
        from rolecall.llm.pool import _Pooled

        pooled = _Pooled(endpoint.origin, created=self.clock.now, last_used=self.clock.now)
        pooled.http = SimpleNamespace(closed=False)

        async def aclose():
            pooled.http.closed = True

        pooled.http.aclose = aclose
        pooled.clients[endpoint.base_url, endpoint.query] = SimpleNamespace()
        self.born[id(pooled.http)], self.outcomes[id(pooled.http)] = self.clock.now, []
        return pooled

    def teardown(self):
        self.loop.run_until_complete(self.pool.aclose())
        self.loop.close()

    @rule(target=leases, key=st.sampled_from("ab"))
    def take(self, key):
        before = {id(lease.http): lease.http for _, lease, _ in self.open}
        context = self.pool.lease(endpoint_at(f"http://{key}:1/v1"), self.policy)
        lease = self.loop.run_until_complete(context.__aenter__())
        http = lease.http
        assert not http.closed
        assert self.clock.now - self.born[id(http)] < 100, "too old a client was handed out"
        latest = self.outcomes[id(http)][-HEALTH_WINDOW:]
        assert len(latest) < HEALTH_MINIMUM or sum(latest) / len(latest) >= 0.5, (
            "a failing client was handed out"
        )
        assert not any(other.closed for other in before.values()), "a stream was cut"
        self.open.append((context, lease, key))
        return (context, lease, key)

    @rule(taken=consumes(leases), outcome=st.sampled_from([True, False, False, None]))
    def give_back(self, taken, outcome):
        context, lease, _ = taken
        if outcome is not None:
            lease.record(succeeded=outcome)
            self.outcomes[id(lease.http)].append(outcome)
        self.loop.run_until_complete(context.__aexit__(None, None, None))
        self.open.remove(taken)
        self.loop.run_until_complete(asyncio.sleep(0))

    @rule(target=leases, key=st.sampled_from("ab"), count=st.integers(2, 12))
    def many_that_fail(self, key, count):
        for _ in range(count):
            self.give_back(self.take(key), outcome=False)
        return multiple()

    @rule(seconds=st.sampled_from([1, 40, 101]))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @invariant()
    def the_statistics_tell_what_is_there(self):
        told = self.pool.statistics()
        assert sum(one["in_flight"] for one in told) == len(self.open)
        current = [one["origin"] for one in told if not one["draining"]]
        assert len(current) == len(set(current)), "two clients for one key"
        assert all(one["in_flight"] for one in told if one["draining"]), "a drained client is kept"


PoolModel.TestCase.settings = settings(max_examples=60, deadline=None, stateful_step_count=30)
TestPoolModel = PoolModel.TestCase
