"""The waits between attempts."""

import math

import pytest

from rolecall.errors import AuthenticationFailed, RateLimited, UpstreamUnavailable
from rolecall.llm.retry import Schedule
from rolecall.settings.model import RetrySettings


async def waits(error=None, *, random=lambda: 0.5, time_left=math.inf, models=1, **settings):
    """The waits of a request that always fails with ``error``."""
    schedule = Schedule(RetrySettings(**settings), random, lambda: time_left)
    taken = []
    for _ in range(models):
        with pytest.raises(type(error or UpstreamUnavailable(""))):
            await fail_always(schedule, taken, error or UpstreamUnavailable("down"))
    return taken


async def fail_always(schedule, taken, error):
    async for turn in schedule.attempts():
        taken.append(schedule.wait_s)
        turn.retry_state.set_exception((type(error), error, None))


async def test_waits_grow_up_to_the_longest():
    assert await waits(jitter="none", max_attempts=6, max_delay_s=5) == [0, 1, 2, 4, 5, 5]


async def test_full_jitter_is_from_zero_to_the_wait_and_equal_its_upper_half():
    assert await waits(jitter="full", random=lambda: 0.0) == [0, 0, 0, 0]
    assert await waits(jitter="full", random=lambda: 1.0) == [0, 1, 2, 4]
    assert await waits(jitter="equal", random=lambda: 0.0) == [0, 0.5, 1, 2]
    assert await waits(jitter="equal", random=lambda: 1.0) == [0, 1, 2, 4]


async def test_what_the_endpoint_asks_for_is_taken_without_jitter():
    assert await waits(RateLimited("x", retry_after_s=7), max_delay_s=2) == [0, 7, 7, 7]


async def test_the_budget_for_waiting_is_never_exceeded():
    assert await waits(jitter="none", max_total_delay_s=4, max_attempts=9) == [0, 1, 2]
    assert await waits(RateLimited("x", retry_after_s=7), max_total_delay_s=20) == [0, 7, 7]


async def test_all_models_share_the_budget():
    assert await waits(jitter="none", max_total_delay_s=8, models=2) == [0, 1, 2, 4, 0, 1]


async def test_a_wait_beyond_the_deadline_is_not_begun():
    assert await waits(jitter="none", time_left=1.5) == [0, 1]


async def test_one_attempt_is_no_retry():
    assert await waits(max_attempts=1) == [0]


async def test_what_cannot_pass_is_not_retried():
    assert await waits(AuthenticationFailed("x")) == [0]


async def test_huge_numbers_of_attempts_do_not_overflow():
    taken = await waits(
        jitter="none", max_attempts=100, multiplier=100.0, max_delay_s=1.0, max_total_delay_s=86_400.0
    )
    assert len(taken) == 100
    assert max(taken) == 1
