"""Asking a model end to end, against a fake endpoint at the wire."""

from contextlib import aclosing

from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import FakeEndpoint, answer, http_error
from rolecall.events import Attempt
from rolecall.llm.client import complete
from rolecall.llm.types import FinishChunk, TextChunk


async def said(runtime, connection, call, **options):
    """Everything ``complete`` says, in order, and the error it ends with."""
    items = []
    try:
        async with aclosing(
            complete(runtime, connection, call, sleep=runtime.clock.sleep, **options)
        ) as stream:
            async for item in stream:
                items.append(item)
    except Exception as error:
        return items, error
    return items, None


async def test_streams_the_answer_and_tells_what_it_cost():
    runtime = FakeRuntime()
    async with FakeEndpoint([answer("Hel", "lo")]) as endpoint:
        items, error = await said(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
        await runtime.pool.aclose()
    assert error is None
    assert items[0] == Attempt(1, 4)
    assert "".join(item.text for item in items if isinstance(item, TextChunk)) == "Hello"
    finish = items[-1]
    assert isinstance(finish, FinishChunk)
    assert (finish.reason, finish.usage.input_tokens, finish.usage.estimated) == ("stop", 11, False)


async def test_retries_a_failure_that_may_pass_and_says_so_before():
    runtime = FakeRuntime()
    async with FakeEndpoint([http_error(500), http_error(503), answer("ok")]) as endpoint:
        items, error = await said(
            runtime, FakeConnection({"retry": {"jitter": "none"}}), call_to(endpoint_at(endpoint.base_url))
        )
        await runtime.pool.aclose()
    assert error is None
    assert [item for item in items if isinstance(item, Attempt)] == [
        Attempt(1, 4),
        Attempt(2, 4, 1.0, "upstream_unavailable"),
        Attempt(3, 4, 2.0, "upstream_unavailable"),
    ]
    assert runtime.clock.slept == [1.0, 2.0]
