"""Asking a model end to end, by what the endpoint at the other end saw."""

import asyncio
import dataclasses
import time
from contextlib import aclosing
from statistics import median

import pytest

from fakes.asking import ask, ask_once
from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import (
    DONE,
    Drop,
    FakeEndpoint,
    Hang,
    Repeat,
    Reset,
    Until,
    answer,
    chunk,
    http_error,
    json_answer,
    json_reply,
    stream,
)
from fakes.patience import PATIENCE_S
from rolecall.errors import (
    AuthenticationFailed,
    BreakerOpen,
    ModelNotFound,
    RateLimited,
    TimedOut,
    UpstreamUnavailable,
)
from rolecall.events import Attempt, Restart
from rolecall.llm.client import complete
from rolecall.llm.types import Prompt, TextChunk

NO_JITTER = {"retry": {"jitter": "none"}}


@pytest.fixture
async def runtime():
    runtime = FakeRuntime()
    yield runtime
    await runtime.pool.aclose()


async def test_streams_the_answer_and_tells_what_it_cost(runtime):
    async with FakeEndpoint([answer("Hel", "lo")]) as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
    assert said.text == "Hello"
    assert said.items[0] == Attempt(1, 4)
    assert (said.finish.reason, said.finish.model) == ("stop", "fake-model")
    assert (said.finish.usage.input_tokens, said.finish.usage.estimated) == (11, False)


async def test_sends_the_two_messages_and_the_options_and_nothing_else(runtime):
    call_options = {"prompt": Prompt("S ü", "U"), "temperature": 0.2, "max_output_tokens": 77}
    async with FakeEndpoint() as endpoint:
        target = endpoint_at(endpoint.base_url, api_key="sk-key", headers={"X-Title": "T"})
        await ask(runtime, FakeConnection(), call_to(target, **call_options))
    request = endpoint.completions[0]
    assert request.path == "/v1/chat/completions"
    assert request.json == {
        "model": "fake-model",
        "messages": [{"role": "system", "content": "S ü"}, {"role": "user", "content": "U"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.2,
        "max_tokens": 77,
    }
    assert request.headers["authorization"] == "Bearer sk-key"
    assert request.headers["x-title"] == "T"
    assert request.headers["user-agent"].startswith("rolecall/")


async def test_takes_no_header_from_the_environment_of_the_process(runtime, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "someone-elses")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: someone-elses")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with FakeEndpoint() as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
    assert said.text == "Hello world"
    assert "someone-elses" not in str(endpoint.completions[0].headers)


async def test_an_answer_that_is_not_streamed_comes_in_one_piece():
    said, endpoint = await ask_once(json_answer("whole"), stream=False)
    assert said.text == "whole"
    assert said.finish.usage.output_tokens == 7
    assert endpoint.completions[0].json["stream"] is False


async def test_a_server_that_ignores_streaming_is_understood():
    said, _ = await ask_once(json_answer("whole", finish="length"))
    assert (said.text, said.finish.reason) == ("whole", "length")


async def test_usage_is_estimated_where_the_endpoint_does_not_count():
    said, _ = await ask_once(answer("12345", usage=False))
    usage = said.finish.usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (6, 2, True)


async def test_a_failure_that_may_pass_is_retried_and_announced_before(runtime):
    async with FakeEndpoint([http_error(500), http_error(503), answer("ok")]) as endpoint:
        said = await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    assert said.attempts == [
        Attempt(1, 4),
        Attempt(2, 4, 1.0, "upstream_unavailable"),
        Attempt(3, 4, 2.0, "upstream_unavailable"),
    ]
    assert (said.text, runtime.clock.slept) == ("ok", [1.0, 2.0])


async def test_the_sdk_adds_no_retries_of_its_own(runtime):
    async with FakeEndpoint(default=http_error(500)) as endpoint:
        said = await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, UpstreamUnavailable)
    assert len(endpoint.completions) == 4


async def test_retry_after_is_waited_for_even_beyond_the_longest_wait(runtime):
    connection = FakeConnection({"retry": {"max_delay_s": 5}})
    async with FakeEndpoint([http_error(429, **{"retry-after": "42"}), answer("ok")]) as endpoint:
        said = await ask(runtime, connection, call_to(endpoint_at(endpoint.base_url)))
    assert (said.text, runtime.clock.slept) == ("ok", [42.0])
    assert said.attempts[1] == Attempt(2, 4, 42.0, "rate_limited")


async def test_a_wait_beyond_the_budget_is_not_begun_but_told(runtime):
    async with FakeEndpoint(default=http_error(429, **{"retry-after": "3600"})) as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, RateLimited)
    assert said.error.retry_after_s == 3600
    assert (len(endpoint.completions), runtime.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationFailed), (403, AuthenticationFailed), (404, ModelNotFound)]
)
async def test_a_failure_that_cannot_pass_is_not_retried(runtime, status, kind):
    async with FakeEndpoint(default=http_error(status, "no such model")) as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, kind)
    assert len(endpoint.completions) == 1


async def test_two_attempts_are_never_joined(runtime):
    broken = stream(chunk("first "), chunk("half"), Reset())
    async with FakeEndpoint([broken, answer("second")]) as endpoint:
        said = await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    kinds = [type(item) for item in said.items]
    assert kinds.index(Restart) < len(kinds) - 1 - kinds[::-1].index(Attempt)
    assert said.items[: kinds.index(Restart)][1:] == [TextChunk("first half")] or kinds.count(TextChunk) > 1
    assert said.text == "second"


async def test_no_restart_is_said_where_nothing_was_shown(runtime):
    async with FakeEndpoint([stream(chunk(""), Drop()), answer("ok")]) as endpoint:
        said = await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    assert Restart() not in said.items
    assert said.text == "ok"


async def test_what_came_before_the_last_failure_stays(runtime):
    connection = FakeConnection({"retry": {"max_attempts": 1}})
    async with FakeEndpoint([stream(chunk("kept"), Drop())]) as endpoint:
        said = await ask(runtime, connection, call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, UpstreamUnavailable)
    assert said.text == "kept"


async def test_fallback_models_are_asked_in_order_when_no_attempt_is_left(runtime):
    groups = {"llm": {"fallback_models": ["second", "third"]}, "retry": {"max_attempts": 2, "jitter": "none"}}

    def reply(request):
        return answer("third time") if request.json["model"] == "third" else http_error(503)

    async with FakeEndpoint(default=reply) as endpoint:
        said = await ask(runtime, FakeConnection(groups), call_to(endpoint_at(endpoint.base_url)))
    assert [r.json["model"] for r in endpoint.completions] == ["fake-model"] * 2 + ["second"] * 2 + ["third"]
    assert [attempt.n for attempt in said.attempts] == [1, 2, 3, 4, 5]
    assert {attempt.of for attempt in said.attempts} == {6}
    assert said.finish.model == "third"


async def test_an_unknown_model_goes_to_the_fallback_and_a_refused_key_does_not(runtime):
    connection = FakeConnection({"llm": {"fallback_models": ["second"]}})
    replies = [http_error(404, "model not found", code="model_not_found"), answer("ok"), http_error(401)]
    async with FakeEndpoint(replies) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        first, second = await ask(runtime, connection, call), await ask(runtime, connection, call)
    assert first.finish.model == "second"
    assert isinstance(second.error, AuthenticationFailed)
    assert len(endpoint.completions) == 3


async def test_closing_the_generator_hangs_up_at_once(runtime):
    async with FakeEndpoint([stream(chunk("begun"), Hang())]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        async with aclosing(complete(runtime, FakeConnection(), call)) as items:
            async for item in items:
                if isinstance(item, TextChunk):
                    break
        closed_at = asyncio.get_running_loop().time()
        request = await endpoint.received(1)
        async with asyncio.timeout(1):
            await request.disconnected.wait()
    assert request.disconnected_at - closed_at < 0.2
    assert runtime.pool.statistics()[0]["in_flight"] == 0


@pytest.mark.parametrize("reply", [stream(chunk("begun"), Hang()), stream(before_head=[Hang()])])
async def test_cancelling_the_reader_hangs_up_at_once(runtime, reply):
    async with FakeEndpoint([reply]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        task = asyncio.create_task(ask(runtime, FakeConnection(), call))
        request = await endpoint.received(1)
        task.cancel()
        cancelled_at = asyncio.get_running_loop().time()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            await request.disconnected.wait()
    assert request.disconnected_at - cancelled_at < 0.2
    assert runtime.counted("rolecall.llm.errors") == 0


async def test_cancelling_during_the_wait_sends_nothing_more(runtime):
    waiting = asyncio.Event()

    async def sleep(_seconds):
        waiting.set()
        await asyncio.Event().wait()

    async with FakeEndpoint(default=http_error(500)) as endpoint:
        items = complete(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)), sleep=sleep)

        async def read():
            async with aclosing(items):
                async for _ in items:
                    pass

        task = asyncio.create_task(read())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(endpoint.completions) == 1


async def test_the_breaker_opens_and_then_nothing_is_sent(runtime):
    connection = FakeConnection({"breaker": {"failure_threshold": 2}, **NO_JITTER})
    async with FakeEndpoint(default=http_error(500)) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        first, second = await ask(runtime, connection, call), await ask(runtime, connection, call)
    assert isinstance(first.error, BreakerOpen)
    assert isinstance(second.error, BreakerOpen)
    assert "last with HTTP 500; nothing was sent" in second.error.message
    assert second.error.retry_after_s == pytest.approx(59, abs=1)
    assert (len(first.attempts), len(second.attempts), len(endpoint.completions)) == (2, 0, 2)


@pytest.mark.parametrize(
    ("reply", "cause"),
    [(http_error(500, "out of memory"), "(HTTP 500). It said: out of memory."), (stream(before_head=[Reset()]), "broke the connection")],
)  # fmt: skip
async def test_a_breaker_that_opens_between_a_tasks_own_attempts_hides_not_why_they_failed(
    runtime, reply, cause
):
    connection = FakeConnection({"breaker": {"failure_threshold": 2, "open_s": 30}, **NO_JITTER})
    async with FakeEndpoint(default=reply) as endpoint:
        said = await ask(runtime, connection, call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, BreakerOpen)
    assert cause in said.error.message
    assert "nothing was sent" not in said.error.message
    assert "No further attempt was made: the breaker of" in said.error.message
    assert said.error.retry_after_s == pytest.approx(29, abs=1)


async def test_a_fallback_whose_breaker_is_open_hides_not_why_the_first_model_failed(runtime):
    groups = {"breaker": {"failure_threshold": 1}, "retry": {"max_attempts": 1}}
    async with FakeEndpoint(default=http_error(503, "going down")) as endpoint:
        await ask(runtime, FakeConnection(groups), call_to(endpoint_at(endpoint.base_url, model="second")))
        connection = FakeConnection({**groups, "llm": {"fallback_models": ["second"]}})
        said = await ask(runtime, connection, call_to(endpoint_at(endpoint.base_url)))
    assert isinstance(said.error, BreakerOpen)
    assert "fake-model (HTTP 503). It said: going down." in said.error.message
    assert "for second is open" in said.error.message


async def test_an_open_breaker_answers_within_50_ms(runtime):
    connection = FakeConnection({"breaker": {"failure_threshold": 1}, "retry": {"max_attempts": 1}})
    async with FakeEndpoint(default=http_error(500)) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        await ask(runtime, connection, call)
        spent = []
        for _ in range(20):
            began = time.perf_counter()
            said = await ask(runtime, connection, call)
            spent.append(time.perf_counter() - began)
            assert isinstance(said.error, BreakerOpen)
            assert said.error.retry_after_s > 0
    # The median, since a busy machine may stop any one of them.
    assert median(spent) < 0.05
    assert len(endpoint.completions) == 1


async def test_the_breaker_recovers_after_so_many_probes(runtime):
    connection = FakeConnection(
        {
            "breaker": {"failure_threshold": 1, "recovery_attempts": 2, "open_s": 30},
            "retry": {"max_attempts": 1},
        }
    )
    async with FakeEndpoint([http_error(500)]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        await ask(runtime, connection, call)
        runtime.clock.advance(30)
        states = []
        for _ in range(2):
            assert (await ask(runtime, connection, call)).text == "Hello world"
            states.append({one["state"] for one in runtime.breakers.snapshot()})
    assert states == [{"half_open"}, {"closed"}]


async def test_one_role_learns_of_an_outage_another_met(runtime):
    from rolecall.task import TaskRequest

    connection = FakeConnection({"breaker": {"failure_threshold": 1}, "retry": {"max_attempts": 1}})
    async with FakeEndpoint(default=http_error(500)) as endpoint:
        target = endpoint_at(endpoint.base_url)
        await ask(runtime, connection, call_to(target, request=TaskRequest("developer")))
        said = await ask(runtime, connection, call_to(target, request=TaskRequest("qa_engineer")))
    assert isinstance(said.error, BreakerOpen)
    assert len(endpoint.completions) == 1


async def test_a_cancelled_probe_gives_its_place_to_the_next():
    runtime = FakeRuntime()
    connection = FakeConnection({"breaker": {"failure_threshold": 1}, "retry": {"max_attempts": 1}})
    async with FakeEndpoint([http_error(500), stream(Hang()), answer("probe")]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        await ask(runtime, connection, call)
        runtime.clock.advance(60)
        task = asyncio.create_task(ask(runtime, connection, call))
        await endpoint.received(2)
        assert isinstance((await ask(runtime, connection, call)).error, BreakerOpen)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await ask(runtime, connection, call)).text == "probe"
        await runtime.pool.aclose()


async def test_requests_one_after_the_other_share_a_connection(runtime):
    async with FakeEndpoint() as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        for _ in range(3):
            await ask(runtime, FakeConnection(), call)
    assert (endpoint.connections, len(endpoint.completions)) == (1, 3)
    [pooled] = runtime.pool.statistics()
    assert (pooled["connections_opened"], pooled["connections_reused"], pooled["success_rate"]) == (1, 2, 1.0)
    assert runtime.counted("rolecall.pool.connections_opened") == 1
    assert runtime.counted("rolecall.pool.requests") == 3


async def test_an_error_answer_does_not_cost_the_connection(runtime):
    async with FakeEndpoint([http_error(500), answer("ok")]) as endpoint:
        await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    assert endpoint.connections == 1


async def test_a_redirect_is_not_followed_and_carries_no_prompt(runtime):
    async with FakeEndpoint() as elsewhere:
        reply = json_reply({}, 307, location=f"{elsewhere.base_url}/chat/completions?token=s3cret")
        async with FakeEndpoint([reply]) as endpoint:
            target = endpoint_at(endpoint.base_url, api_key="sk-secret-key")
            said = await ask(runtime, FakeConnection(), call_to(target))
    assert said.error.code == "upstream_protocol_error"
    assert str(elsewhere.port) in said.error.message
    assert "s3cret" not in said.error.message
    assert (elsewhere.connections, len(endpoint.completions)) == (0, 1)


@pytest.mark.parametrize(
    ("reply", "setting"),
    [
        (stream(before_head=[Hang()]), "first_token_timeout_s"),
        (stream(Hang()), "first_token_timeout_s"),
        (stream(Repeat(b": keep-alive\n\n", 0.005)), "first_token_timeout_s"),
        (stream(Repeat(chunk(""), 0.005)), "first_token_timeout_s"),
        (stream(chunk("begun"), Hang()), "idle_timeout_s"),
        (stream(chunk("begun"), Repeat(b": keep-alive\n\n", 0.005)), "idle_timeout_s"),
        (stream(Repeat(chunk("on and on "), 0.005)), "total_timeout_s"),
    ],
)
async def test_each_deadline_has_its_own_words(runtime, reply, setting):
    from rolecall.llm import wire as _imported_before_the_clock_starts  # noqa: F401

    groups = {"llm": {"first_token_timeout_s": 0.2, "idle_timeout_s": 0.2}, "retry": {"max_attempts": 1}}
    async with FakeEndpoint([reply]) as endpoint:
        total_s = 0.5 if setting == "total_timeout_s" else PATIENCE_S
        call = call_to(endpoint_at(endpoint.base_url), total_timeout_s=total_s)
        said = await ask(runtime, FakeConnection(groups), call)
        async with asyncio.timeout(PATIENCE_S):
            await (await endpoint.received(1)).disconnected.wait()
    assert isinstance(said.error, TimedOut)
    assert f"llm.{setting}" in said.error.message
    assert not asyncio.current_task().cancelling()  # or the next timeout of this task goes wrong
    assert runtime.counted("rolecall.llm.timeouts") == 1


async def test_reasoning_counts_as_a_sign_of_life(runtime):
    from fakes.endpoint import Pause, event

    thought = event({"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]})
    pieces = [item for _ in range(4) for item in (thought, Pause(0.04))]
    groups = {"llm": {"first_token_timeout_s": 0.1, "idle_timeout_s": 0.1}, "retry": {"max_attempts": 1}}
    async with FakeEndpoint([stream(*pieces, chunk("so"), chunk(finish="stop"), DONE)]) as endpoint:
        said = await ask(runtime, FakeConnection(groups), call_to(endpoint_at(endpoint.base_url)))
    assert (said.text, said.finish.reason) == ("so", "stop")


async def test_the_total_deadline_spans_all_attempts_and_ends_them(runtime):
    from rolecall.llm import transport, wire  # noqa: F401  # their import alone can take longer than that

    groups = {"llm": {"first_token_timeout_s": 0.1, "total_timeout_s": 2}, "retry": {"initial_delay_s": 0}}
    async with FakeEndpoint(default=stream(Hang())) as endpoint:
        left_s = 0.25
        call = call_to(endpoint_at(endpoint.base_url), total_timeout_s=left_s)
        said = await ask(runtime, FakeConnection(groups), call)
    assert "within 2 s (llm.total_timeout_s" in said.error.message  # as the user set it
    assert len(endpoint.completions) in {2, 3}  # the last one may be late on a busy machine


async def test_a_slow_reader_is_not_taken_for_a_silent_endpoint(runtime):
    groups = {"llm": {"idle_timeout_s": 0.1}, "retry": {"max_attempts": 1}}
    texts = []
    async with FakeEndpoint([answer("a", "b")]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        async with aclosing(complete(runtime, FakeConnection(groups), call)) as items:
            async for item in items:
                if isinstance(item, TextChunk):
                    texts.append(item.text)
                    await asyncio.sleep(0.15)
    assert "".join(texts) == "ab"


REFUSALS = {
    "openai, reasoning models": (
        {"message": "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) "
         "value is supported.", "param": "temperature", "code": "unsupported_value"},
        {"temperature"}, set(),
    ),
    "openai, the newer name": (
        {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead.", "param": "max_tokens", "code": "unsupported_parameter"},
        {"max_tokens"}, {"max_completion_tokens"},
    ),
    "an older gateway": (
        {"message": "Unrecognized request argument supplied: stream_options"}, {"stream_options"}, set(),
    ),
    "a strict one": (
        {"message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]"}, {"stream_options"}, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("refusal", "gone", "new"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_parameter_the_endpoint_refuses_is_left_out_and_that_is_remembered(
    runtime, refusal, gone, new
):
    async with FakeEndpoint([json_reply({"error": refusal}, 400)]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url), temperature=0.2, max_output_tokens=9)
        said = [await ask(runtime, FakeConnection(), call) for _ in range(2)]
    first, second, third = (set(request.json) for request in endpoint.completions)
    assert second == third == (first - gone) | new
    assert [len(one.attempts) for one in said] == [1, 1]
    assert runtime.counted("rolecall.llm.errors") == 0


async def test_a_refusal_that_does_not_end_is_an_error(runtime):
    reply = json_reply({"error": {"message": "Unknown parameter: stream_options"}}, 400)
    async with FakeEndpoint(default=reply) as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
    assert said.error.code == "upstream_protocol_error"
    assert len(endpoint.completions) == 2


async def test_an_endpoint_gets_no_more_requests_at_once_than_the_settings_allow(runtime):
    most, go_on = 0, asyncio.Event()

    def reply(_request):
        nonlocal most
        most = max(most, runtime.pool.statistics()[0]["in_flight"])
        return stream(chunk("ok"), Until(go_on), chunk(finish="stop"), DONE)

    connection = FakeConnection({"concurrency": {"per_endpoint": 2}})
    async with FakeEndpoint(default=reply) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        tasks = [asyncio.create_task(ask(runtime, connection, call)) for _ in range(6)]
        await endpoint.received(2)
        tasks[2].cancel()
        go_on.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2
    assert [type(one).__name__ for one in done].count("CancelledError") == 1
    assert all(one.text == "ok" for one in done if not isinstance(one, BaseException))
    assert len(endpoint.completions) == 5


async def test_waiting_for_a_place_counts_against_the_total_deadline(runtime):
    connection = FakeConnection({"concurrency": {"per_endpoint": 1}})
    async with FakeEndpoint(default=stream(Hang())) as endpoint:
        target = endpoint_at(endpoint.base_url)
        first = asyncio.create_task(ask(runtime, connection, call_to(target)))
        await endpoint.received(1)
        said = await ask(runtime, connection, call_to(target, total_timeout_s=0.1))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert isinstance(said.error, TimedOut)
    assert len(endpoint.completions) == 1


async def test_the_offline_provider_answers_through_the_same_stream(runtime):
    from rolecall.context.items import ContextItem, Gathered
    from rolecall.llm.endpoint import OFFLINE
    from rolecall.task import FileRef, TaskRequest

    item = ContextItem("a.py", "def add(a, b):\n    return a + b\n", "target")
    gathered = Gathered(items=(item,))
    request = TaskRequest("qa_engineer", "tests", target=FileRef("a.py"))
    call = dataclasses.replace(call_to(OFFLINE, request=request), gathered=gathered)
    said = await ask(runtime, FakeConnection(), call)
    assert said.attempts == [Attempt(1, 1)]
    assert "offline scaffold, no model was called" in said.text
    assert (said.finish.reason, said.finish.usage.estimated) == ("stop", True)
    assert runtime.breakers.snapshot() == []


async def test_what_happens_is_counted(runtime):
    async with FakeEndpoint([http_error(500), answer("ok")]) as endpoint:
        await ask(runtime, FakeConnection(NO_JITTER), call_to(endpoint_at(endpoint.base_url)))
    counted = {
        name: runtime.counted(f"rolecall.llm.{name}", role="developer", model="fake-model")
        for name in ("requests", "successes", "errors", "retries", "timeouts")
    }
    assert counted == {"requests": 2, "successes": 1, "errors": 1, "retries": 1, "timeouts": 0}
    snapshot = runtime.metrics.snapshot()
    assert snapshot["gen_ai.client.operation.time_to_first_chunk"]["series"][0]["count"] == 1
    tokens = snapshot["gen_ai.client.token.usage"]["series"]
    assert {one["attributes"]["gen_ai.token.type"]: one["sum"] for one in tokens} == {
        "input": 11,
        "output": 7,
    }


async def test_a_flood_of_small_pieces_leaves_everything_else_in_the_process_its_turn(runtime):
    flood = [chunk(f"word{number} ") for number in range(4_000)]
    read = longest = 0

    async def others() -> None:
        nonlocal read, longest
        while True:
            longest, read = max(longest, read), 0
            await asyncio.sleep(0)

    async with FakeEndpoint([stream(*flood, chunk(finish="stop"), DONE)]) as endpoint:
        turns = asyncio.create_task(others())
        target = call_to(endpoint_at(endpoint.base_url))
        async with aclosing(complete(runtime, FakeConnection(), target)) as said:
            async for item in said:
                read += isinstance(item, TextChunk)
        turns.cancel()
    assert 0 < longest < 50  # as many as were read at once, before anything else could happen
