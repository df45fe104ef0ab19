"""Who may ask over HTTP, and for what: names, origins, tokens, sizes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket

import pytest

from fakes.endpoint import FakeEndpoint, Until, chunk, stream
from fakes.patience import PATIENCE_S
from rolecall_server.mcp.http.requests import TimedRequests

TOKENS = ["plain-token", "ann=ann-token", "ben=sha256:" + hashlib.sha256(b"ben-token").hexdigest()]
HALF_A_BODY = (
    b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n"
    b"accept: application/json, text/event-stream\r\ncontent-length: 50\r\n\r\n{"
)


@pytest.fixture
def with_tokens(surroundings):
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = json.dumps(TOKENS)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_the_machines_own_names_are_served(serve, name):
    async with serve() as door:
        assert (await door.initialize(host=f"{name}:{door.port}")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.test:{port}",
        "evil.test",
        "127.0.0.1:1",
        "127.0.0.1",
        "127.0.0.1.evil.test:{port}",
        "x@127.0.0.1:{port}",
    ],
)
async def test_another_host_name_is_misdirected(serve, name):
    async with serve() as door:
        assert (await door.initialize(host=name.format(port=door.port))).status_code == 421


async def test_a_foreign_host_name_is_misdirected_with_a_token_too(serve, with_tokens):
    async with serve() as door:
        done = await door.initialize(host=f"evil.test:{door.port}", authorization="Bearer plain-token")
        assert done.status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test",
        "http://localhost:3000",
        "http://127.0.0.1",
        "null",
        "file://",
        "http://127.0.0.1:{port}.evil.test",
        "http://[::1",
        "http://127.0.0.1:{port}x",
    ],
)
async def test_a_web_page_from_elsewhere_is_refused(serve, origin):
    async with serve() as door:
        assert (await door.initialize(origin=origin.format(port=door.port))).status_code == 403


async def test_a_page_of_the_same_origin_is_served(serve):
    async with serve() as door:
        assert (await door.initialize(origin=f"http://127.0.0.1:{door.port}")).status_code == 200


@pytest.mark.parametrize("name", ["host", "origin", "authorization"])
async def test_a_header_that_decides_counts_only_if_it_comes_once(serve, with_tokens, name):
    async with serve() as door:
        headers = {
            "host": f"127.0.0.1:{door.port}",
            "origin": f"http://127.0.0.1:{door.port}",
            "authorization": "Bearer plain-token",
        }
        lines = [f"{header}: {value}\r\n" for header, value in headers.items()]
        assert await status(door, lines) != b"400"
        assert await status(door, [*lines, f"{name}: {headers[name]}\r\n"]) == b"400"


async def status(door, lines):
    """What a request for nothing that may be had is answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"PUT /mcp HTTP/1.1\r\n{''.join(lines)}connection: close\r\n\r\n".encode())
    said = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return said.split()[1]


@pytest.mark.parametrize("token", ["plain-token", "ann-token", "ben-token"])
async def test_each_form_of_token_opens_the_door(serve, with_tokens, token):
    async with serve() as door:
        assert (await door.initialize(authorization=f"Bearer {token}")).status_code == 200
        assert (await door.initialize(authorization=f"bearer  {token}")).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ann=ann-token",
        "Bearer sha256:" + hashlib.sha256(b"ben-token").hexdigest(),
        "Basic plain-token",
        "plain-token",
        "Bearer t\xe9ken",
    ],
)
async def test_anything_else_is_not_let_in_and_told_why(serve, with_tokens, given):
    async with serve() as door:
        done = await door.http.post(
            door.url, content=b"{}", headers={"authorization": given.encode("latin-1")}
        )
    assert done.status_code == 401
    assert done.headers["www-authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in done.headers["www-authenticate"]


async def test_without_a_token_the_challenge_names_no_error(serve, with_tokens):
    async with serve() as door:
        done = await door.initialize()
    assert done.status_code == 401
    assert done.headers["www-authenticate"] == 'Bearer realm="rolecall"'


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PUT"])
async def test_no_method_gets_around_the_token(serve, with_tokens, method):
    async with serve() as door:
        assert (await door.http.request(method, door.url)).status_code == 401


async def test_tokens_are_not_logged(serve, with_tokens, capfd):
    async with serve() as door:
        await door.initialize(authorization="Bearer ann-token")
        await door.initialize(authorization="Bearer nobodys-token")
    out, err = capfd.readouterr()
    assert "-token" not in out + err


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_four_mebibytes_is_too_large(serve, announced):
    body = b" " * (4 * 2**20 + 1)

    async def parts():
        for start in range(0, len(body), 2**16):
            yield body[start : start + 2**16]

    async with serve() as door:
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        done = await door.http.post(door.url, content=body if announced else parts(), headers=headers)
        assert done.status_code == 413
        assert (await door.initialize()).status_code == 200


async def test_a_body_of_just_under_four_mebibytes_is_read(serve):
    async with serve() as door:
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "ping",
            "params": {"_meta": {"x": "y" * (4 * 2**20 - 200)}},
        }
        done = await door.post(message)
    assert done.status_code == 200


async def test_headers_without_end_are_refused_and_not_kept(serve):
    async with serve() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"POST /mcp HTTP/1.1\r\nx-long: " + b"a" * 200_000)
        said = await asyncio.wait_for(reader.read(12), PATIENCE_S)
        writer.close()
    assert said == b"HTTP/1.1 400"


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /mcp HTTP/1.1\r\nhost: 127",
        HALF_A_BODY,
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_never_comes_to_its_end_is_hung_up_on(serve, monkeypatch, begun):
    monkeypatch.setattr(TimedRequests, "request_s", 0.2)
    async with serve() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(begun % door.port if b"%d" in begun else begun)
        await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        assert (await door.initialize()).status_code == 200


async def test_an_answer_may_take_longer_than_its_request(serve, monkeypatch, surroundings):
    monkeypatch.setattr(TimedRequests, "request_s", 0.2)
    late = asyncio.Event()
    async with FakeEndpoint([stream(Until(late), chunk("Late."), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            ask = {"name": "developer", "arguments": {"instruction": "Wait."}}
            asking = asyncio.create_task(door.post({"id": 1, "method": "tools/call", "params": ask}))
            await endpoint.received(1)
            asyncio.get_running_loop().call_later(0.5, late.set)
            assert "Late." in (await asking).text


@pytest.mark.parametrize(("path", "status"), [("/healthz", "alive"), ("/readyz", "ready")])
async def test_health_is_told_without_a_token(serve, with_tokens, path, status):
    async with serve() as door:
        done = await door.http.get(door.url.removesuffix("/mcp") + path)
    assert (done.status_code, done.json()["status"]) == (200, status)


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PUT"])
async def test_messages_come_by_post_and_no_stream_is_kept_over_which_nothing_comes(serve, method):
    async with serve() as door:
        done = await door.http.request(method, door.url, headers={"accept": "text/event-stream"})
    assert (done.status_code, done.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_fault(serve, caplog, version):
    async with serve() as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {version}\r\n"
            "Content-Length: 100\r\n\r\n{"
        )
        writer.write(head.encode())
        await writer.drain()
        assert (await door.initialize()).status_code == 200  # by then the other request is being read
        writer.close()
        await writer.wait_closed()
        assert (await door.initialize()).status_code == 200
    assert [record.message for record in caplog.records if record.exc_info] == []


async def test_there_is_nothing_else(serve):
    async with serve() as door:
        assert (await door.http.get(door.url.removesuffix("/mcp") + "/")).status_code == 404


async def test_while_settings_are_invalid_calls_say_so_and_mended_ones_bring_their_tokens(
    serve, surroundings
):
    file = surroundings.folder / "settings.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("llm: {temprature: 1}\n")
    surroundings.extra["ROLECALL_CONFIG"] = str(file)
    async with serve() as door:
        async with door.client() as client:
            result = await client.call_tool("status", {})
        assert result.structured_content["error"]["code"] == "configuration_invalid"
        file.write_text("mcp: {http_tokens: [secret-token]}\n")
        assert (await door.initialize()).status_code == 401
        assert (await door.initialize(authorization="Bearer secret-token")).status_code == 200


async def test_answers_do_not_wait_for_the_client_to_acknowledge_their_headers(serve, monkeypatch):
    at_once = []
    made = TimedRequests.connection_made

    def connection_made(self, transport):
        made(self, transport)
        accepted = transport.get_extra_info("socket")
        at_once.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)

    monkeypatch.setattr(TimedRequests, "connection_made", connection_made)
    async with serve() as door:
        await door.initialize()
    assert at_once == [True]
