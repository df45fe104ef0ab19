"""Who answers: contract section 3, "Provider auto"."""

import pytest

from fakes.asking import ask
from fakes.connection import FakeConnection, FakeRuntime, call_to
from fakes.endpoint import FakeEndpoint, Hang, answer, http_error, json_reply, stream
from rolecall.errors import (
    AuthenticationFailed,
    ConfigurationInvalid,
    EndpointUnreachable,
    ModelNotFound,
    TimedOut,
    UpstreamProtocolError,
)
from rolecall.llm.endpoint import resolve
from rolecall.llm.local import Port

NOTHING = Port(9, trusted=True)


@pytest.fixture
async def runtime():
    runtime = FakeRuntime(ports=(NOTHING,))
    yield runtime
    await runtime.pool.aclose()


def local_runtime(*endpoints, trusted=True):
    return FakeRuntime(ports=tuple(Port(endpoint.port, trusted=trusted) for endpoint in endpoints))


def connection(provider="auto", model=None, base_url=None, api_key=None, environment=None, **llm):
    groups = {"llm": {"provider": provider, **llm, **({"model": model} if model else {})}}
    return FakeConnection(groups, base_url, api_key, environment or {})


async def test_nothing_configured_and_nothing_found_is_offline(runtime):
    assert (await resolve(connection(), runtime)).provider == "offline"


async def test_a_base_url_alone_is_an_endpoint(runtime):
    found = await resolve(connection(base_url="http://127.0.0.1:1/v1/", model="m"), runtime)
    assert (found.provider, found.base_url, found.origin) == (
        "openai",
        "http://127.0.0.1:1/v1",
        "http://127.0.0.1:1",
    )
    assert (found.model, found.api_key) == ("m", None)


async def test_a_key_alone_goes_to_openai(runtime):
    found = await resolve(connection(api_key="k", model="m"), runtime)
    assert (found.base_url, found.api_key) == ("https://api.openai.com/v1", "k")


async def test_the_whole_address_of_the_completions_is_understood(runtime):
    found = await resolve(connection(base_url="http://h/v1/chat/completions", model="m"), runtime)
    assert found.base_url == "http://h/v1"


async def test_a_query_of_the_base_url_goes_with_every_request(runtime):
    async with FakeEndpoint() as endpoint:
        session = connection(base_url=f"{endpoint.base_url}/chat/completions?api-version=2024-10-21")
        endpoint.default = lambda r: (
            json_reply({"data": [{"id": "m"}]}) if r.method == "GET" else answer("ok")
        )
        found = await resolve(session, runtime)
        said = await ask(runtime, session, call_to(found))
    assert said.text == "ok"
    assert [request.path for request in endpoint.requests] == [
        "/v1/models?api-version=2024-10-21",
        "/v1/chat/completions?api-version=2024-10-21",
    ]


async def test_openai_without_address_and_key_is_a_matter_of_configuration(runtime):
    with pytest.raises(ConfigurationInvalid, match=r"llm\.provider is openai"):
        await resolve(connection("openai", model="m"), runtime)


async def test_offline_is_offline_whatever_else_is_configured(runtime):
    found = await resolve(connection("offline", base_url="http://h/v1", api_key="k"), runtime)
    assert found.provider == "offline"
    assert found.api_key is None


async def test_the_tasks_own_model_comes_first(runtime):
    session = connection(base_url="http://h/v1", model="m")
    assert (await resolve(session, runtime, model="mine")).model == "mine"
    assert (await resolve(session, runtime)).model == "m"


async def test_the_only_chat_model_listed_is_taken(runtime):
    async with FakeEndpoint(
        models=["nomic-embed-text", "whisper-1", "qwen3-coder", "qwen3-coder"]
    ) as endpoint:
        found = await resolve(connection(base_url=endpoint.base_url, api_key="k"), runtime)
    assert found.model == "qwen3-coder"
    assert endpoint.requests[0].headers["authorization"] == "Bearer k"


async def test_several_models_are_listed_in_the_error(runtime):
    async with FakeEndpoint(models=["a", "b"]) as endpoint:
        with pytest.raises(ModelNotFound, match="a, b") as raised:
            await resolve(connection(base_url=endpoint.base_url), runtime)
    assert "llm.model" in raised.value.hint


@pytest.mark.parametrize(
    ("listing", "kind"),
    [
        (json_reply({"data": []}), ModelNotFound),
        (json_reply({"data": None}), ModelNotFound),
        (json_reply({"detail": "Not Found"}, 404), ModelNotFound),
        (http_error(401), AuthenticationFailed),
        (stream(b"<html>"), UpstreamProtocolError),
    ],
)
async def test_an_endpoint_that_cannot_list_is_told_as_what_it_is(runtime, listing, kind):
    async with FakeEndpoint(models=listing) as endpoint:
        with pytest.raises(kind) as raised:
            await resolve(connection(base_url=endpoint.base_url), runtime)
    assert "127.0.0.1" in raised.value.message


async def test_a_listing_that_fails_once_is_asked_for_again(runtime):
    replies = [http_error(503), json_reply({"data": [{"id": "m"}]})]
    session = connection(base_url="x")
    session.groups["retry"] = {"initial_delay_s": 0}
    async with FakeEndpoint(models=lambda _: replies.pop(0)) as endpoint:
        session.base_url = endpoint.base_url
        assert (await resolve(session, runtime)).model == "m"


async def test_an_endpoint_that_hangs_on_its_listing_is_asked_once(runtime, monkeypatch):
    monkeypatch.setattr("rolecall.llm.listing.LISTING_S", 0.05)
    async with FakeEndpoint(models=stream(before_head=[Hang()])) as endpoint:
        session = connection(base_url=endpoint.base_url, connect_timeout_s=0.2)
        with pytest.raises(TimedOut, match="did not list its models"):
            await resolve(session, runtime)
        assert len(endpoint.requests) == 1


async def test_what_was_found_counts_for_30_seconds(runtime):
    async with FakeEndpoint() as endpoint:
        session = connection(base_url=endpoint.base_url)
        await resolve(session, runtime)
        runtime.clock.advance(29.9)
        await resolve(session, runtime)
        assert len(endpoint.requests) == 1
        runtime.clock.advance(0.1)
        await resolve(session, runtime)
    assert len(endpoint.requests) == 2


async def test_what_was_found_counts_for_the_same_settings_only(runtime):
    async with FakeEndpoint() as endpoint:
        first = await resolve(connection(base_url=endpoint.base_url, api_key="one"), runtime)
        second = await resolve(connection(base_url=endpoint.base_url, api_key="two"), runtime)
    assert (first.api_key, second.api_key) == ("one", "two")


async def test_a_local_server_is_found_and_gets_no_key_and_no_headers():
    async with FakeEndpoint(models=["llama", "nomic-embed-text"]) as endpoint:
        runtime = local_runtime(endpoint)
        session = connection(extra_headers={"X-Token": "s"}, environment={"HTTP_PROXY": "http://127.0.0.1:9"})
        found = await resolve(session, runtime)
        said = await ask(runtime, session, call_to(found))
        await runtime.pool.aclose()
    assert (found.provider, found.base_url, found.model) == ("openai", endpoint.base_url, "llama")
    assert (found.api_key, dict(found.headers), found.proxy) == (None, {}, None)
    assert said.text == "Hello world"


async def test_ports_are_taken_in_their_order_and_the_wanted_model_decides():
    async with FakeEndpoint(models=["a"]) as first, FakeEndpoint(models=["b"]) as second:
        runtime = local_runtime(first, second)
        assert (await resolve(connection(), runtime)).base_url == first.base_url
        assert (await resolve(connection(model="b"), runtime)).base_url == second.base_url
        assert (await resolve(connection(model="c"), runtime)).base_url == first.base_url


@pytest.mark.parametrize(
    "listing",
    [
        json_reply({"hello": "world"}),
        json_reply({"data": [{"id": "nomic-embed-text"}]}),
        http_error(404),
        stream(b"<html>A web site"),
        json_reply(b"{oops"),
    ],
)
async def test_a_server_that_lists_no_chat_models_is_not_taken(listing):
    async with FakeEndpoint(models=listing) as endpoint:
        assert (await resolve(connection(), local_runtime(endpoint))).provider == "offline"


async def test_a_server_that_says_nothing_costs_half_a_second_at_most(monkeypatch):
    monkeypatch.setattr("rolecall.llm.local.PROBE_S", 0.05)
    async with (
        FakeEndpoint(models=stream(before_head=[Hang()])) as silent,
        FakeEndpoint(models=["m"]) as good,
    ):
        assert (await resolve(connection(), local_runtime(silent, good))).base_url == good.base_url


async def test_a_local_server_that_vanishes_is_unreachable_and_never_offline():
    endpoint = FakeEndpoint(models=["m"])
    async with endpoint:
        runtime = local_runtime(endpoint)
        await resolve(connection(), runtime)
    runtime.clock.advance(31)
    with pytest.raises(EndpointUnreachable, match=str(endpoint.port)) as raised:
        await resolve(connection(), runtime)
    assert "offline" in raised.value.hint
    async with FakeEndpoint(models=["m"], port=endpoint.port):
        assert (await resolve(connection(), runtime)).provider == "openai"


async def test_a_local_server_that_vanishes_within_30_seconds_is_unreachable_too():
    async with FakeEndpoint(models=["m"]) as endpoint:
        runtime = local_runtime(endpoint)
        found = await resolve(connection(), runtime)
    session = connection()
    session.groups["retry"] = {"max_attempts": 1}
    said = await ask(runtime, session, call_to(await resolve(session, runtime)))
    assert found.provider == "openai"
    assert isinstance(said.error, EndpointUnreachable)


async def test_the_clients_own_proxy_and_certificates_are_used(runtime, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://the-process:1")
    environment = {"HTTPS_PROXY": "http://the-client:1", "SSL_CERT_FILE": "/the/client.pem"}
    found = await resolve(connection(api_key="k", model="m", environment=environment), runtime)
    assert (found.proxy, found.ca_file) == ("http://the-client:1", "/the/client.pem")


async def test_a_request_goes_through_the_clients_proxy(runtime):
    async with FakeEndpoint() as proxy:
        session = connection(
            base_url="http://model.invalid/v1", model="m", environment={"http_proxy": proxy.origin}
        )
        said = await ask(runtime, session, call_to(await resolve(session, runtime)))
    assert said.text == "Hello world"
    assert proxy.completions[0].path == "http://model.invalid/v1/chat/completions"


async def test_a_key_is_sent_to_its_own_origin_only():
    async with FakeEndpoint() as local, FakeEndpoint() as configured:
        runtime = local_runtime(local)
        session = connection(base_url=configured.base_url, api_key="sk-secret-key")
        await ask(runtime, session, call_to(await resolve(session, runtime)))
        await runtime.pool.aclose()
    assert local.connections == 0
    assert configured.completions[0].headers["authorization"] == "Bearer sk-secret-key"
