"""The registry: which requests share a breaker, and what the breakers learn from."""

import pytest

from fakes.connection import FakeRuntime, endpoint_at
from rolecall.errors import (
    AnswerTooLarge,
    AuthenticationFailed,
    BreakerOpen,
    ContextTooLarge,
    EndpointUnreachable,
    ModelNotFound,
    RateLimited,
    TimedOut,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.llm.breaker import counts
from rolecall.settings.model import BreakerSettings

POLICY = BreakerSettings(failure_threshold=2, open_s=30, recovery_attempts=1)
HERE = endpoint_at("http://127.0.0.1:1/v1", api_key="sk-secret-key")


async def fail(runtime, role="developer", endpoint=HERE, times=1):
    for _ in range(times):
        with pytest.raises(UpstreamUnavailable):
            async with runtime.breakers.guard(role, endpoint, POLICY):
                raise UpstreamUnavailable("down")


def is_open(runtime, role="developer", endpoint=HERE):
    try:
        runtime.breakers.check(role, endpoint, POLICY)
    except BreakerOpen:
        return True
    return False


async def test_failures_of_several_roles_add_up_to_one_outage():
    runtime = FakeRuntime()
    await fail(runtime, "developer")
    await fail(runtime, "qa_engineer")
    assert is_open(runtime, "technical_writer")


async def test_a_role_that_fails_alone_is_stopped_alone():
    runtime = FakeRuntime()
    for _ in range(2):
        await fail(runtime, "developer")
        async with runtime.breakers.guard("qa_engineer", HERE, POLICY):
            pass
    assert is_open(runtime, "developer")
    assert not is_open(runtime, "qa_engineer")


@pytest.mark.parametrize(
    "other",
    [
        endpoint_at("http://127.0.0.1:2/v1", api_key="sk-secret-key"),
        endpoint_at("http://127.0.0.1:1/v1", api_key="sk-another"),
        endpoint_at("http://127.0.0.1:1/v1", api_key="sk-secret-key", model="other"),
    ],
)
async def test_another_origin_key_or_model_is_another_breaker(other):
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    assert is_open(runtime)
    assert not is_open(runtime, endpoint=other)


async def test_another_path_at_the_same_origin_is_the_same_breaker():
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    assert is_open(runtime, endpoint=endpoint_at("http://127.0.0.1:1/other", api_key="sk-secret-key"))


async def test_the_refusal_says_who_and_how_long():
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    runtime.clock.advance(12)
    with pytest.raises(BreakerOpen) as refused:
        async with runtime.breakers.guard("developer", HERE, POLICY):
            pytest.fail("a request was admitted")
    assert refused.value.retry_after_s == 18
    assert "127.0.0.1:1" in refused.value.message
    assert "18 s" in refused.value.hint


async def test_a_refusal_by_one_breaker_keeps_no_place_in_the_other():
    runtime = FakeRuntime()
    await fail(runtime, "developer", times=2)
    runtime.clock.advance(30)
    async with runtime.breakers.guard("qa_engineer", HERE, POLICY):
        assert is_open(runtime, "developer")
    async with runtime.breakers.guard("developer", HERE, POLICY):
        pass
    assert not is_open(runtime, "developer")


async def test_a_check_ahead_sees_the_time_to_come():
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    with pytest.raises(BreakerOpen):
        runtime.breakers.check("developer", HERE, POLICY, after_s=29)
    runtime.breakers.check("developer", HERE, POLICY, after_s=31)


async def test_states_and_changes_are_counted_and_shown_without_the_key():
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    assert runtime.counted("rolecall.breaker.transitions", **{"from": "closed", "to": "open"}) == 2
    assert runtime.counted("rolecall.breaker.state", role="developer") == 2
    shown = str(runtime.breakers.snapshot()) + str(runtime.metrics.snapshot())
    assert "open" in shown
    assert "sk-secret-key" not in shown


async def test_the_number_of_breakers_is_bounded(monkeypatch):
    monkeypatch.setattr("rolecall.llm.breaker.MAX_CIRCUITS", 20)
    runtime = FakeRuntime()
    await fail(runtime, times=2)
    for number in range(100):
        runtime.breakers.check("developer", endpoint_at("http://127.0.0.1:1/v1", model=f"m{number}"), POLICY)
    assert len(runtime.breakers.snapshot()) <= 20
    assert is_open(runtime), "an open breaker is not forgotten while closed ones are there"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UpstreamUnavailable("x"), True),
        (EndpointUnreachable("x"), True),
        (UpstreamProtocolError("x"), True),
        (TimedOut("idle"), True),
        (RateLimited("x"), True),
        (RateLimited("quota", retriable=False), False),
        (TimedOut("total", retriable=False), False),
        (AuthenticationFailed("x"), False),
        (ModelNotFound("x"), False),
        (ContextTooLarge("x"), False),
        (AnswerTooLarge("x"), False),
        (ValueError("x"), False),
        (GeneratorExit(), False),
    ],
)
def test_only_what_tells_of_a_sick_endpoint_counts(error, expected):
    assert counts(error) is expected
