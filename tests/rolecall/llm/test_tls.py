"""Whom a connection trusts."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest

from fakes.asking import ask
from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.patience import PATIENCE_S
from rolecall.errors import ConfigurationInvalid, EndpointUnreachable, TimedOut

ANSWER = (
    b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n"
    b'data: {"choices":[{"delta":{"content":"hello"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


@asynccontextmanager
async def server(reply, **options):
    """Answers whatever it is sent with the same bytes; gives its port."""

    async def handle(reader, writer):
        await reader.read(1)
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0, **options) as listening:
        yield listening.sockets[0].getsockname()[1]


def tls_of(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def ask_at(port, **options):
    runtime = FakeRuntime()
    said = await ask(
        runtime, FakeConnection(), call_to(endpoint_at(f"https://127.0.0.1:{port}/v1", **options))
    )
    await runtime.pool.aclose()
    return said


async def test_a_certificate_nobody_vouches_for_is_refused(certificate):
    async with server(ANSWER, ssl=tls_of(certificate)) as port:
        said = await ask_at(port)
    assert isinstance(said.error, EndpointUnreachable)
    assert "certificate" in said.error.message
    assert "SSL_CERT_FILE" in said.error.hint
    assert len(said.attempts) == 1


async def test_the_certificates_the_client_names_are_trusted(certificate):
    async with server(ANSWER, ssl=tls_of(certificate)) as port:
        said = await ask_at(port, ca_file=str(certificate / "cert.pem"))
    assert said.text == "hello"


async def test_the_environment_of_the_process_does_not_decide(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    async with server(ANSWER, ssl=tls_of(certificate)) as port:
        said = await ask_at(port)
    assert isinstance(said.error, EndpointUnreachable)


@pytest.mark.parametrize("name", ["key.pem", "missing.pem"])
async def test_certificates_that_cannot_be_used_are_named(certificate, name):
    said = await ask_at(9, ca_file=str(certificate / name))
    assert isinstance(said.error, ConfigurationInvalid)
    assert name in said.error.message


async def test_a_server_without_tls_is_told_apart():
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        said = await ask_at(port)
    assert isinstance(said.error, EndpointUnreachable)
    assert "http://" in said.error.hint
    assert len(said.attempts) == 1


async def test_a_proxy_that_cannot_be_used_is_named():
    said = await ask_at(9, proxy="socks5://user:hunter22@127.0.0.1:1")
    assert isinstance(said.error, ConfigurationInvalid)
    assert "socks5://127.0.0.1:1" in said.error.message
    assert "hunter22" not in said.error.message


async def test_a_peer_that_never_shakes_hands_is_given_up_at_the_connect_deadline():
    gone = asyncio.Event()

    async def mute(reader, writer):
        while await reader.read(65_536):
            pass
        writer.close()
        gone.set()

    runtime = FakeRuntime()
    settings = FakeConnection({"llm": {"connect_timeout_s": 0.2}, "retry": {"max_attempts": 1}})
    async with asyncio.timeout(PATIENCE_S), await asyncio.start_server(mute, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        said = await ask(runtime, settings, call_to(endpoint_at(f"https://127.0.0.1:{port}/v1")))
        await gone.wait()
    await runtime.pool.aclose()
    assert isinstance(said.error, TimedOut)
    assert "llm.connect_timeout_s" in said.error.message
