"""The sockets below the pooled client, by what both ends see."""

import asyncio
import socket
import ssl
import threading
from contextlib import aclosing, asynccontextmanager, suppress

import httpcore2
import pytest

from fakes.patience import PATIENCE_S
from rolecall.llm.network import HIGH_WATER, Network


@asynccontextmanager
async def listening(serve=None):
    """A port, and a queue of the readers and writers of the connections that were made to it."""
    accepted = asyncio.Queue()
    writers = []

    async def accept(reader, writer):
        writers.append(writer)
        accepted.put_nowait((reader, writer))
        if serve:
            await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with asyncio.timeout(PATIENCE_S):
        try:
            yield server.sockets[0].getsockname()[1], accepted
        finally:
            server.close()
            for writer in writers:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@asynccontextmanager
async def connected(serve=None):
    """A stream, and the reader and writer at its other end."""
    opened = []
    async with listening(serve) as (port, accepted):
        stream = await Network(lambda: opened.append(port)).connect_tcp("127.0.0.1", port)
        async with aclosing(stream):
            assert opened == [port]
            yield stream, *(await accepted.get())


async def fill(stream, sent=None):
    """Write more than anybody takes; ``sent`` gets the length of each piece."""
    for _ in range(1_000):
        (sent if sent is not None else []).append(100_000)
        await stream.write(b"x" * 100_000, timeout=0.3)


async def test_what_was_sent_before_the_end_is_read_before_it():
    async with connected() as (stream, _, writer):
        writer.write(b"all of it")
        writer.close()
        assert await stream.read(4) == b"all "
        assert await stream.read(100) == b"of it"
        assert await stream.read(100) == b""


async def test_a_reset_is_a_read_error_after_what_came_before_it():
    async with connected() as (stream, _, writer):
        writer.write(b"some")
        assert await stream.read(100) == b"some"
        linger_zero = b"\x01\0\0\0\0\0\0\0"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        writer.transport.abort()
        with pytest.raises(httpcore2.ReadError):
            await stream.read(100)


async def test_a_sender_is_held_back_while_nobody_reads_and_nothing_is_lost():
    sent = bytes(range(256)) * (64 * HIGH_WATER // 256)

    taken = asyncio.Event()

    async def serve(_, writer):
        writer.write(sent)
        await writer.drain()
        taken.set()
        writer.close()

    async with connected(serve) as (stream, _, _):
        received = bytearray(await stream.read(1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(taken.wait(), 0.3)
        while piece := await stream.read(50_000):
            assert len(piece) <= 50_000
            received += piece
        assert received == sent


async def test_a_writer_waits_for_a_slow_peer_and_can_be_timed_out():
    async with connected() as (stream, reader, _):
        with pytest.raises(httpcore2.WriteTimeout):
            await fill(stream)
        assert await reader.read(10) == b"x" * 10


async def test_closing_hangs_up_and_drops_what_was_still_to_be_sent():
    sent, received = [], 0
    async with connected() as (stream, reader, _):
        with pytest.raises(httpcore2.WriteTimeout):
            await fill(stream, sent)
        await stream.aclose()
        with pytest.raises(httpcore2.WriteError):
            await stream.write(b"more")
        with suppress(ConnectionResetError):
            while piece := await reader.read(1_000_000):
                received += len(piece)
    assert received < sum(sent)


async def test_words_from_before_the_handshake_are_never_read_as_words_from_after_it():
    async with connected() as (stream, _, writer):
        writer.write(b"200, and a forged answer")
        assert await stream.read(3) == b"200"
        with pytest.raises(httpcore2.ConnectError):
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=0.2)


async def test_an_idle_connection_the_peer_has_closed_is_known_before_it_is_used():
    async with connected() as (stream, _, writer):
        assert not stream.get_extra_info("is_readable")
        writer.close()
        await writer.wait_closed()
        assert stream.get_extra_info("is_readable")


async def test_a_connection_is_kept_known_to_the_firewalls_on_its_way():
    async with connected() as (stream, _, _):
        assert stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle = socket.TCP_KEEPIDLE if hasattr(socket, "TCP_KEEPIDLE") else socket.TCP_KEEPALIVE
        # Common ones forget after 240 s (Azure's) and 350 s (AWS's).
        assert stream.socket.getsockopt(socket.IPPROTO_TCP, idle) < 240


async def test_a_read_can_be_timed_out_and_tried_again():
    async with connected() as (stream, _, writer):
        with pytest.raises(httpcore2.ReadTimeout):
            await stream.read(10, timeout=0.01)
        writer.write(b"late")
        assert await stream.read(10) == b"late"


async def test_a_name_with_several_addresses_is_reached_at_the_one_that_answers(monkeypatch):
    async with listening() as (port, accepted):
        hosts = ("127.0.0.2", "127.0.0.1")

        async def resolve(*_args, **_options):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

        monkeypatch.setattr("socket.getaddrinfo", lambda *_: [])
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        stream = await Network(lambda: None).connect_tcp("two.addresses", port, timeout=PATIENCE_S)
        async with aclosing(stream):
            assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
            await accepted.get()


async def test_a_name_service_that_does_not_answer_keeps_no_process_from_its_end(monkeypatch):
    threads, over = set(threading.enumerate()), threading.Event()

    def unanswered(*_, **__):
        over.wait(PATIENCE_S)
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", unanswered)
    try:
        with pytest.raises(httpcore2.ConnectTimeout):
            await Network(lambda: None).connect_tcp("model.example", 443, timeout=0.1)
        assert all(thread.daemon for thread in set(threading.enumerate()) - threads)
    finally:
        over.set()
