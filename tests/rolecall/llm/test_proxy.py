"""Through a proxy, by what the proxy and the endpoint behind it saw."""

import asyncio
import base64
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest

from fakes.asking import ask
from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import DONE, LINGER_ZERO, chunk
from fakes.faults import FORGED
from fakes.patience import PATIENCE_S
from rolecall.errors import EndpointUnreachable, TimedOut

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
ANSWER = HEAD + chunk("hello") + chunk(finish="stop") + DONE


class Tunnel:
    """An HTTP proxy that grants, or refuses, the way to wherever it is asked for."""

    def __init__(self, refusal=b""):
        self.heads = []
        self.refusal = refusal

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        if self.refusal:
            writer.write(self.refusal)
        else:
            host, _, port = head.split()[1].decode().rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(carry(reader, back), carry(there, writer), return_exceptions=True)
            with suppress(ConnectionError):
                await back.wait_closed()


async def carry(reader, writer):
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


class Endpoint:
    """An endpoint that answers once, with these bytes, and notes when its client has gone."""

    def __init__(self, reply, *, ends=True):
        self.reply, self.ends = reply, ends
        self.answered, self.gone = asyncio.Event(), asyncio.Event()
        self.gone_at = 0.0

    async def serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.reply)
        await writer.drain()
        self.answered.set()
        try:
            while not self.ends and await reader.read(65_536):
                pass
        except ConnectionError:
            pass
        self.gone_at = asyncio.get_running_loop().time()
        self.gone.set()


@asynccontextmanager
async def listening(serve, folder=None):
    context = None
    if folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    served = set()

    def accept(reader, writer):
        served.add(asyncio.create_task(finish(serve, reader, writer)))

    async with asyncio.timeout(PATIENCE_S):
        async with await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context) as server:
            yield server.sockets[0].getsockname()[1]
        # They end by themselves, since their clients have hung up.
        await asyncio.gather(*served)


async def finish(serve, reader, writer):
    try:
        await serve(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def ask_through(proxy, port, folder, **llm):
    runtime = FakeRuntime()
    endpoint = endpoint_at(
        f"https://127.0.0.1:{port}/v1", api_key="sk-key", proxy=proxy, ca_file=str(folder / "cert.pem")
    )
    settings = FakeConnection({"retry": {"max_attempts": 1}, "llm": llm})
    said = await ask(runtime, settings, call_to(endpoint))
    await runtime.pool.aclose()
    return said


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_encrypted_request_goes_through_a_tunnel_that_learns_neither_key_nor_prompt(
    certificate, scheme
):
    tunnel = Tunnel()
    async with (
        listening(Endpoint(ANSWER).serve, certificate) as port,
        listening(tunnel.serve, certificate if scheme == "https" else None) as proxy,
    ):
        said = await ask_through(f"{scheme}://ann:hunter22@127.0.0.1:{proxy}", port, certificate)
    assert said.error is None
    assert said.text == "hello"
    [head] = tunnel.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{port} ")
    assert base64.b64encode(b"ann:hunter22").decode() in head
    assert "sk-key" not in head


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "(403 Forbidden)"),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "(407 Proxy Authentication Required)",
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "(502 Bad Gateway)"),
    ],
)
async def test_a_proxy_that_refuses_is_told_apart_from_the_endpoint(certificate, refusal, says):
    async with listening(Tunnel(refusal).serve) as proxy:
        said = await ask_through(f"http://ann:hunter22@127.0.0.1:{proxy}", 9, certificate)
    assert isinstance(said.error, EndpointUnreachable)
    assert f"127.0.0.1:{proxy} refused the way" in said.error.message
    assert says in said.error.message
    assert "hunter22" not in str(said.error.__dict__)


async def refusing(reader, writer, reply, *, reset=False):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(reply)
    await writer.drain()
    if reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        writer.transport.abort()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "reply", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 Conn"], ids=["nothing", "no http", "half"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_hangs_up_on_the_way_is_told_and_not_the_endpoint_blamed(
    certificate, scheme, reply, reset
):
    serve = partial(refusing, reply=reply, reset=reset)
    async with listening(serve, certificate if scheme == "https" else None) as proxy:
        said = await ask_through(f"{scheme}://ann:hunter22@127.0.0.1:{proxy}", 9, certificate)
    assert isinstance(said.error, EndpointUnreachable)
    assert said.error.message == (
        f"The proxy {scheme}://127.0.0.1:{proxy} hung up when it was asked for the way to 127.0.0.1:9."
    )
    assert "HTTPS_PROXY" in said.error.hint
    assert "hunter22" not in str(said.error.__dict__)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_tunnel_that_ends_during_the_handshake_is_told_with_its_proxy(certificate, reset):
    serve = partial(refusing, reply=b"HTTP/1.1 200 OK\r\n\r\n", reset=reset)
    async with listening(serve) as proxy:
        said = await ask_through(f"http://ann:hunter22@127.0.0.1:{proxy}", 9, certificate)
    assert isinstance(said.error, EndpointUnreachable)
    assert said.error.retriable
    assert f"to 127.0.0.1:9 through the proxy http://127.0.0.1:{proxy} was closed" in said.error.message
    assert "HTTPS_PROXY" in said.error.hint


async def test_the_certificate_of_a_proxy_is_told_apart_from_that_of_the_endpoint(certificate):
    async with listening(Tunnel().serve, certificate) as proxy:
        runtime = FakeRuntime()
        target = endpoint_at("https://127.0.0.1:9/v1", proxy=f"https://127.0.0.1:{proxy}")
        said = await ask(runtime, FakeConnection({"retry": {"max_attempts": 1}}), call_to(target))
        await runtime.pool.aclose()
    assert said.error.message == f"The certificate of the proxy https://127.0.0.1:{proxy} is not trusted."


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"", "The proxy {proxy} broke the connection in the middle of the request to fake-model at api"),
        (b"HTTP/1.1 407 Login\r\ncontent-length: 0\r\n\r\n", "The proxy {proxy} in front of api.example.com asks"),
        (b"HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n", "api.example.com, or the proxy {proxy} before it, failed"),
    ],
    ids=["hangs up", "407", "502"],
)  # fmt: skip
async def test_a_proxy_that_reads_what_it_passes_on_is_told_where_it_may_have_answered_itself(reply, says):
    async with listening(partial(refusing, reply=reply)) as proxy:
        runtime = FakeRuntime()
        address = f"http://ann:hunter22@127.0.0.1:{proxy}"
        target = endpoint_at("http://api.example.com/v1", proxy=address)
        said = await ask(runtime, FakeConnection({"retry": {"max_attempts": 1}}), call_to(target))
        await runtime.pool.aclose()
    assert says.format(proxy=f"http://127.0.0.1:{proxy}") in said.error.message
    assert "hunter22" not in str(said.error.__dict__)


@pytest.mark.parametrize(("status", "requests"), [(407, 1), (403, 1), (503, 2)])
async def test_what_a_proxy_forbids_is_asked_once(certificate, status, requests):
    tunnel = Tunnel(b"HTTP/1.1 %d Words\r\ncontent-length: 0\r\n\r\n" % status)
    async with listening(tunnel.serve) as proxy:
        runtime = FakeRuntime()
        target = endpoint_at("https://127.0.0.1:9/v1", proxy=f"http://127.0.0.1:{proxy}")
        said = await ask(runtime, FakeConnection({"retry": {"max_attempts": 2}}), call_to(target))
        await runtime.pool.aclose()
    assert f"({status} Words)" in said.error.message
    assert len(tunnel.heads) == requests


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-proxy.invalid"])
async def test_a_proxy_that_is_not_there_is_named_and_not_the_endpoint_blamed(certificate, host):
    said = await ask_through(f"http://ann:hunter22@{host}:9", 9, certificate)
    assert isinstance(said.error, EndpointUnreachable)
    assert f"{host}:9 on the way to 127.0.0.1:9 does not answer" in said.error.message
    assert "HTTPS_PROXY" in said.error.hint
    assert "hunter22" not in str(said.error.__dict__)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_never_answers_is_given_up_at_the_connect_deadline(certificate, scheme):
    proxying = Endpoint(b"", ends=False)
    async with listening(proxying.serve, certificate if scheme == "https" else None) as proxy:
        said = await ask_through(f"{scheme}://127.0.0.1:{proxy}", 9, certificate, connect_timeout_s=0.3)
    assert proxying.answered.is_set()
    assert isinstance(said.error, TimedOut)
    assert f"through the proxy {scheme}://127.0.0.1:{proxy} within" in said.error.message
    assert "llm.connect_timeout_s" in said.error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_answer_through_a_tunnel_may_take_longer_than_connecting(certificate, scheme):
    never = asyncio.Event()

    async def slow(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        with suppress(TimeoutError):
            await asyncio.wait_for(never.wait(), 0.6)
        writer.write(ANSWER)
        await writer.drain()

    tunnel = Tunnel()
    async with (
        listening(slow, certificate) as port,
        listening(tunnel.serve, certificate if scheme == "https" else None) as proxy,
    ):
        said = await ask_through(f"{scheme}://127.0.0.1:{proxy}", port, certificate, connect_timeout_s=0.5)
    assert said.error is None
    assert said.text == "hello"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_comes_behind_an_answer_in_a_tunnel_is_never_read_as_the_next(certificate, scheme):
    texts = iter(["first", "second"])

    async def serve(reader, writer):
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b'"stream":true'):
                await reader.readuntil(b"}}")
                body = chunk(next(texts)) + chunk(finish="stop") + DONE
                head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
                writer.write(head + body + FORGED)
                await writer.drain()

    tunnel = Tunnel()
    async with (
        listening(serve, certificate) as port,
        listening(tunnel.serve, certificate if scheme == "https" else None) as proxy,
    ):
        runtime = FakeRuntime()
        target = endpoint_at(
            f"https://127.0.0.1:{port}/v1",
            proxy=f"{scheme}://127.0.0.1:{proxy}",
            ca_file=str(certificate / "cert.pem"),
        )
        said = [await ask(runtime, FakeConnection(), call_to(target)) for _ in range(2)]
        await runtime.pool.aclose()
    assert [one.text for one in said] == ["first", "second"]
    assert len(tunnel.heads) == 2


async def test_a_cancel_hangs_up_an_encrypted_connection_though_its_peer_says_no_goodbye(certificate):
    endpoint = Endpoint(HEAD + chunk("begun"), ends=False)
    async with listening(endpoint.serve, certificate) as port:
        runtime = FakeRuntime()
        target = endpoint_at(f"https://127.0.0.1:{port}/v1", ca_file=str(certificate / "cert.pem"))
        task = asyncio.create_task(ask(runtime, FakeConnection(), call_to(target)))
        await endpoint.answered.wait()
        cancelled_at = asyncio.get_running_loop().time()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await endpoint.gone.wait()
        await runtime.pool.aclose()
    assert endpoint.gone_at - cancelled_at < 0.2
