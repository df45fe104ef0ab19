"""A connection over bytes: one JSON message a line, whatever carries them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

import anyio
from mcp.shared.message import SessionMessage

from rolecall_server.mcp.lines import Lines, MalformedLine, parse
from rolecall_server.mcp.server import serve

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall_server.host import Host

    Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
    Outgoing = MemoryObjectSendStream[SessionMessage]

CHUNK_BYTES = 2**16

FLUSH_S = 0.3
"""Longest wait for a client to take the last answers when the connection ends."""


class Source(Protocol):
    """Where bytes come from."""

    async def read(self, size: int, /) -> bytes:
        """At most so many bytes as soon as there are some; none at the end. Raises OSError."""
        ...


class Sink(Protocol):
    """Where bytes go."""

    async def write(self, data: bytes, /) -> None:
        """Write all of them; returns when the other side can take more. Raises OSError."""
        ...


class Writer(Protocol):
    """The part of ``asyncio.StreamWriter`` that a connection uses."""

    def write(self, data: bytes, /) -> None:
        """Buffer bytes."""
        ...

    async def drain(self) -> None:
        """Wait until the other side can take more."""
        ...


async def serve_stream(
    reader: asyncio.StreamReader,
    writer: Writer,
    host: Host,
    caller: Caller,
    roots: Sequence[Path] = (),
    *,
    opened: Callable[[Session], None] = lambda _: None,
) -> None:
    """Serve the client at a socket until it leaves, or this coroutine is cancelled.

    ``opened`` is called with its session once that is open.
    """
    door = partial(serve, host=host, caller=caller, roots=roots, opened=opened)
    await serve_bytes(reader, _Drained(writer), door)


async def serve_bytes(
    source: Source,
    sink: Sink,
    door: Callable[[Incoming, Outgoing], Awaitable[None]],
    *,
    scope: anyio.CancelScope | None = None,
    left: Callable[[], None] = lambda: None,
) -> None:
    """Serve one client until it leaves.

    Args:
        source: the client's messages.
        sink: where its answers go.
        door: serves a connection over streams of messages.
        scope: cancelled to end the connection from outside; what was answered is still written.
        left: called when the client has sent its last byte, or takes no more.
    """
    scope = scope or anyio.CancelScope()
    received, reading = anyio.create_memory_object_stream[SessionMessage | Exception]()
    writing, to_send = anyio.create_memory_object_stream[SessionMessage]()
    flushed = anyio.Event()

    def stop() -> None:
        left()
        scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(_receive, source, received, writing.clone(), left)
        group.start_soon(_send, sink, to_send, stop, flushed)
        with scope:
            await door(reading, writing)
        with anyio.move_on_after(FLUSH_S):
            await flushed.wait()
        group.cancel_scope.cancel()


async def _receive(
    source: Source,
    received: MemoryObjectSendStream[SessionMessage | Exception],
    errors: MemoryObjectSendStream[SessionMessage],
    left: Callable[[], None],
) -> None:
    """Read messages until the end of the input; what is no message is answered with an error."""
    lines = Lines()

    async def take(line: bytes | None) -> None:
        try:
            message = parse(line)
        except MalformedLine as malformed:
            await errors.send(SessionMessage(malformed.reply))
        else:
            if message is not None:
                await received.send(SessionMessage(message))

    async with received, errors:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            while data := await source.read(CHUNK_BYTES):
                for line in lines.feed(data):
                    await take(line)
            await take(lines.finish())
        left()


async def _send(
    sink: Sink,
    to_send: MemoryObjectReceiveStream[SessionMessage],
    stop: Callable[[], None],
    flushed: anyio.Event,
) -> None:
    """Write messages until there are no more, or the client no longer takes any."""
    async with to_send:
        async for item in to_send:
            line = item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            try:
                await sink.write(line.encode())
            except OSError:
                stop()
                break
    flushed.set()


class _Drained:
    """A sink over a buffering writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def write(self, data: bytes, /) -> None:
        """Write, and wait while the other side is slow."""
        self._writer.write(data)
        await self._writer.drain()
