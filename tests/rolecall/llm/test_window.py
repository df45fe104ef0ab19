"""The window, asked of the servers that tell it."""

import asyncio

import pytest

from fakes.connection import FakeConnection, FakeRuntime, endpoint_at
from fakes.endpoint import (
    FakeEndpoint,
    Hang,
    Repeat,
    Reply,
    endpoint_in_thread,
    http_error,
    json_reply,
    stream,
)
from fakes.patience import PATIENCE_S
from fakes.turns import turns
from rolecall.llm import window
from rolecall.llm.endpoint import OFFLINE
from rolecall.llm.window import window_of

ANSWERS = {
    "llama.cpp": ({"/props": {"default_generation_settings": {"n_ctx": 4096}}}, 4096),
    "lm studio": ({"/api/v0/models": {"data": [{"id": "m", "loaded_context_length": 8192}]}}, 8192),
    "lm studio, not loaded": ({"/api/v0/models": {"data": [{"id": "m", "max_context_length": 8192}]}}, None),
    "ollama": ({"/api/ps": {"models": [{"model": "m:latest", "context_length": 2048}]}}, 2048),
    "ollama, another loaded": ({"/api/ps": {"models": [{"model": "x", "context_length": 2048}]}}, None),
    "vllm": ({"/v1/models": {"data": [{"id": "x"}, {"id": "m", "max_model_len": 32768}]}}, 32768),
    "openrouter": ({"/v1/models": {"data": [{"id": "m", "context_length": 131072}]}}, 131072),
    "what is loaded counts": (
        {"/props": {"default_generation_settings": {"n_ctx": 512}}, "/v1/models": {"data": [{"id": "m", "max_model_len": 9999}]}},
        512,
    ),
    "nobody": ({}, None),
    "no number": ({"/props": {"default_generation_settings": {"n_ctx": "big"}}}, None),
    "no window": ({"/props": {"default_generation_settings": {"n_ctx": 0}}}, None),
    "no object": ({"/props": [], "/api/ps": 7, "/v1/models": {"data": "x"}}, None),
}  # fmt: skip


def serving(answers):
    """An endpoint that answers GET requests by path, and 404 elsewhere."""

    def reply(request):
        return json_reply(answers[request.path]) if request.path in answers else http_error(404)

    return FakeEndpoint(models=reply, default=reply)


async def asked(endpoint, runtime=None, **members):
    runtime = runtime or FakeRuntime()
    found = await window_of(FakeConnection(), runtime, endpoint_at(endpoint.base_url, model="m", **members))
    await runtime.pool.aclose()
    return found


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """A busy machine may take longer than the second that a user would wait."""
    monkeypatch.setattr(window, "ASKED_S", PATIENCE_S)


@pytest.mark.parametrize(("answers", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_the_window_is_found_where_it_is_told(answers, expected):
    async with serving(answers) as endpoint:
        assert await asked(endpoint, api_key="k") == expected
    assert {request.headers["authorization"] for request in endpoint.requests} == {"Bearer k"}


async def test_it_is_remembered_and_so_is_not_knowing():
    runtime = FakeRuntime()
    async with serving({}) as endpoint:
        target = endpoint_at(endpoint.base_url)
        for _ in range(2):
            assert await window_of(FakeConnection(), runtime, target) is None
        assert len(endpoint.requests) == 4
        runtime.clock.advance(30)
        await window_of(FakeConnection(), runtime, target)
        await runtime.pool.aclose()
    assert len(endpoint.requests) == 8


async def test_a_silent_server_is_taken_not_to_know(monkeypatch):
    monkeypatch.setattr(window, "ASKED_S", 0.05)
    silent = stream(before_head=[Hang()])
    async with FakeEndpoint(models=silent, default=silent) as endpoint:
        assert await asked(endpoint) is None


FLOODS = {
    "tiny chunks": Reply(
        [Repeat(b"1\r\n \r\n" * 20_000, 0)], headers={"transfer-encoding": "chunked"}, chunked=False
    ),
    "an error in tiny chunks": Reply(
        [Repeat(b"1\r\n \r\n" * 20_000, 0)], 500, {"transfer-encoding": "chunked"}, chunked=False
    ),
    "heads": Reply(before_head=[Repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000, 0)], chunked=False),
    "one large body": Reply([Repeat(b" " * 1_000_000, 0)], chunked=False),
    "one large head": Reply([], headers={"x": "y" * 1_000_000}),
    "drops": Reply([Repeat(b" ", 0.01)], chunked=False),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_a_server_that_floods_or_drips_neither_keeps_the_loop_nor_the_task(monkeypatch, flood):
    monkeypatch.setattr(window, "ASKED_S", 0.5)
    runtime = FakeRuntime()
    with endpoint_in_thread(models=flood, default=flood) as endpoint:
        target = endpoint_at(endpoint.base_url, model="m")
        async with runtime.pool.lease(target, FakeConnection().settings.pool):
            pass  # the imports are no turn of the question's
        async with turns() as found:
            began = asyncio.get_running_loop().time()
            assert await window_of(FakeConnection(), runtime, target) is None
            assert asyncio.get_running_loop().time() - began < PATIENCE_S
        await runtime.pool.aclose()
    assert found.longest < 0.1


async def test_nobody_is_asked_about_the_offline_provider_or_where_nothing_listens():
    runtime = FakeRuntime()
    assert await window_of(FakeConnection(), runtime, OFFLINE) is None
    assert await window_of(FakeConnection(), runtime, endpoint_at("http://127.0.0.1:9/v1")) is None
    await runtime.pool.aclose()


async def test_a_server_that_is_not_ones_own_is_asked_for_its_list_only():
    listing = {"data": [{"id": "m", "context_length": 4242}]}
    async with FakeEndpoint(models=json_reply(listing), default=json_reply(listing)) as proxy:
        runtime = FakeRuntime()
        target = endpoint_at("http://api.example.com/v1", model="m", proxy=proxy.origin)
        assert await window_of(FakeConnection(), runtime, target) == 4242
        await runtime.pool.aclose()
    assert [request.path for request in proxy.requests] == ["http://api.example.com/v1/models"]
