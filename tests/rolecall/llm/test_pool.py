"""The one pool: who shares a client, and when one is replaced."""

import asyncio
import dataclasses

import pytest

from fakes.asking import ask
from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import FakeEndpoint, Until, answer, chunk, http_error, stream
from fakes.faults import FORGED

ONE_ATTEMPT = {"retry": {"max_attempts": 1}, "breaker": {"failure_threshold": 10_000, "window": 10_000}}


@pytest.fixture
async def runtime():
    runtime = FakeRuntime()
    yield runtime
    await runtime.pool.aclose()


async def leased(runtime, endpoint, **pool):
    async with runtime.pool.lease(endpoint, FakeConnection({"pool": pool}).settings.pool) as lease:
        return lease.client


HERE = endpoint_at("http://127.0.0.1:1/v1", api_key="k")


async def test_the_same_origin_key_proxy_and_ca_share_one_client(runtime):
    first = await leased(runtime, HERE)
    assert await leased(runtime, endpoint_at("http://127.0.0.1:1/v1", api_key="k", model="other")) is first
    assert len(runtime.pool.statistics()) == 1


async def test_another_path_of_the_same_origin_shares_the_connections(runtime):
    first = await leased(runtime, HERE)
    second = await leased(runtime, endpoint_at("http://127.0.0.1:1/other/v1", api_key="k"))
    assert first is not second
    assert first._client is second._client


@pytest.mark.parametrize(
    "other",
    [
        endpoint_at("http://127.0.0.1:2/v1", api_key="k"),
        endpoint_at("http://127.0.0.1:1/v1", api_key="other"),
        endpoint_at("http://127.0.0.1:1/v1", api_key="k", proxy="http://127.0.0.1:3"),
        endpoint_at("http://127.0.0.1:1/v1", api_key="k", ca_file="/ca.pem"),
    ],
)
async def test_another_origin_key_proxy_or_ca_has_a_client_of_its_own(runtime, other):
    first = await leased(runtime, HERE)
    assert (await leased(runtime, other))._client is not first._client


async def test_one_users_limits_are_not_anothers(runtime):
    first = await leased(runtime, HERE)
    assert (await leased(runtime, HERE, max_connections=1))._client is not first._client


async def test_a_client_is_replaced_at_its_age(runtime):
    first = await leased(runtime, HERE, max_age_s=100)
    runtime.clock.advance(99)
    assert await leased(runtime, HERE, max_age_s=100) is first
    runtime.clock.advance(1)
    assert await leased(runtime, HERE, max_age_s=100) is not first
    await asyncio.sleep(0)
    assert first.is_closed()
    assert runtime.pool.recycled == 1
    assert runtime.counted("rolecall.pool.recycled", reason="age") == 1


async def test_a_client_that_fails_too_often_is_replaced(runtime):
    async with FakeEndpoint(default=http_error(500)) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        for _ in range(11):
            await ask(runtime, FakeConnection(ONE_ATTEMPT), call)
    assert runtime.counted("rolecall.pool.recycled", reason="health") == 1
    assert endpoint.connections == 2


async def test_refused_keys_say_nothing_about_the_client(runtime):
    async with FakeEndpoint(default=http_error(401)) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        for _ in range(12):
            await ask(runtime, FakeConnection(ONE_ATTEMPT), call)
    assert endpoint.connections == 1
    assert runtime.pool.statistics()[0]["success_rate"] is None


async def test_a_running_stream_outlives_the_replacement_of_its_client(runtime):
    go_on = asyncio.Event()
    connection = FakeConnection({"pool": {"max_age_s": 100}})
    slow = stream(chunk("slow"), Until(go_on), chunk(finish="stop"))
    async with FakeEndpoint([slow, answer("quick")]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        task = asyncio.create_task(ask(runtime, connection, call))
        await endpoint.received(1)
        runtime.clock.advance(100)
        assert (await ask(runtime, connection, call)).text == "quick"
        assert [one["draining"] for one in runtime.pool.statistics()] == [False, True]
        go_on.set()
        assert (await task).text == "slow"
    assert [one["draining"] for one in runtime.pool.statistics()] == [False]


async def test_clients_nobody_asks_for_any_more_are_closed(runtime):
    old = await leased(runtime, HERE, max_age_s=100)
    runtime.clock.advance(101)
    await leased(runtime, endpoint_at("http://127.0.0.1:1/v1", api_key="new"), max_age_s=100)
    await asyncio.sleep(0)
    assert old.is_closed()
    assert len(runtime.pool.statistics()) == 1


async def test_connections_at_once_stay_within_the_limit(runtime):
    connection = FakeConnection({"pool": {"max_connections": 2}})
    async with FakeEndpoint() as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        answers = await asyncio.gather(*(ask(runtime, connection, call) for _ in range(6)))
    assert [said.text for said in answers] == ["Hello world"] * 6
    assert endpoint.connections <= 2


async def test_closing_the_pool_ends_what_runs():
    runtime = FakeRuntime()
    async with FakeEndpoint([stream(chunk("begun"), Until(asyncio.Event()))]) as endpoint:
        task = asyncio.create_task(
            ask(runtime, FakeConnection(ONE_ATTEMPT), call_to(endpoint_at(endpoint.base_url)))
        )
        request = await endpoint.received(1)
        await runtime.pool.aclose()
        async with asyncio.timeout(1):
            await request.disconnected.wait()
        said = await task
    assert said.error is not None
    assert runtime.pool.statistics() == []


@pytest.mark.parametrize("behind", [FORGED, FORGED[:20], b"\r\n"], ids=["an answer", "half of one", "a line"])
@pytest.mark.parametrize("way", ["straight", "proxy"])
async def test_what_comes_behind_an_answer_is_never_read_as_the_next(runtime, way, behind):
    connection = FakeConnection(ONE_ATTEMPT)
    replies = [dataclasses.replace(answer("first"), behind=behind), answer("second"), answer("third")]
    async with FakeEndpoint(replies) as endpoint:
        target = endpoint_at(endpoint.base_url)
        if way == "proxy":
            target = endpoint_at("http://api.example.com/v1", proxy=endpoint.origin)
        texts = [(await ask(runtime, connection, call_to(target))).text for _ in range(3)]
    assert texts == ["first", "second", "third"]
    assert [request.connection for request in endpoint.completions] == [1, 2, 2]
