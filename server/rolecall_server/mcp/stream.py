"""A connection over bytes: one JSON message a line, whatever carries them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

import anyio
from mcp.shared.message import SessionMessage
from mcp_types.jsonrpc import (
    CONNECTION_CLOSED,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

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

ANSWER_S = 1.3
"""Longest wait for the answers to what a client asked before it sent its last byte; it may still read them.

A connection is to end within 2 s of that byte (contract section 9), its clean-up included.
"""

LOOK_S = 0.05
"""Seconds between two looks whether such a client still listens."""

FLUSH_S = 0.3
"""Longest wait for a client to take the last answers when the connection ends."""

ENDLESS = "subscriptions/listen"
"""The one request that is answered only when its connection ends."""


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

    def is_closing(self) -> bool:
        """Whether the other side takes no more, as far as that shows without writing."""
        ...


class Writer(Protocol):
    """The part of ``asyncio.StreamWriter`` that a connection uses."""

    def write(self, data: bytes, /) -> None:
        """Buffer bytes."""
        ...

    async def drain(self) -> None:
        """Wait until the other side can take more."""
        ...

    def is_closing(self) -> bool:
        """Whether the other side takes no more."""
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
    """Serve one client until it leaves; what it asked before is answered, if it listens and that is quick.

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
    exchange = _Exchange(received)

    def stop() -> None:
        left()
        scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(_receive, source, exchange, writing.clone(), left, sink.is_closing)
        group.start_soon(_send, sink, to_send, exchange, stop, flushed)
        with scope:
            await door(reading, writing)
        with anyio.move_on_after(FLUSH_S):
            await flushed.wait()
        group.cancel_scope.cancel()


class _Exchange:
    """The messages of a connection as they pass, and which requests wait for an answer.

    Args:
        received: takes the client's messages to the door.
    """

    def __init__(self, received: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        self.received = received
        self._theirs: set[str] = set()
        self._ours: set[str | int] = set()
        self._settled = anyio.Event()

    async def take(self, message: JSONRPCMessage) -> None:
        """Hand on a message of the client's."""
        if isinstance(message, JSONRPCRequest) and message.method != ENDLESS:
            self._theirs.add(str(message.id))
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._theirs.discard(str((message.params or {}).get("requestId")))  # is not answered any more
        elif isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None:
            self._ours.discard(message.id)
        await self.received.send(SessionMessage(message))

    def sent(self, message: JSONRPCMessage) -> None:
        """A message has been written for the client."""
        if isinstance(message, JSONRPCRequest):
            self._ours.add(message.id)
        elif isinstance(message, JSONRPCResponse | JSONRPCError):
            self._theirs.discard(str(message.id))
            if not self._theirs:
                self._settled.set()

    async def settle(self, is_gone: Callable[[], bool]) -> None:
        """The client has sent its last byte: wait for its answers, unless it is gone or they take long."""
        with anyio.move_on_after(ANSWER_S):
            while self._theirs and not is_gone():
                await self._refuse_ours()
                with anyio.move_on_after(LOOK_S):
                    await self._settled.wait()

    async def _refuse_ours(self) -> None:
        """Nobody will answer what the door has asked."""
        while self._ours:
            error = ErrorData(code=CONNECTION_CLOSED, message="The client has hung up")
            reply = JSONRPCError(jsonrpc="2.0", id=self._ours.pop(), error=error)
            await self.received.send(SessionMessage(reply))


async def _receive(
    source: Source,
    exchange: _Exchange,
    errors: MemoryObjectSendStream[SessionMessage],
    left: Callable[[], None],
    is_gone: Callable[[], bool],
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
                await exchange.take(message)

    async with exchange.received, errors:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            with suppress(OSError):
                while data := await source.read(CHUNK_BYTES):
                    for line in lines.feed(data):
                        await take(line)
            await take(lines.finish())
            left()
            await exchange.settle(is_gone)
        left()


async def _send(
    sink: Sink,
    to_send: MemoryObjectReceiveStream[SessionMessage],
    exchange: _Exchange,
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
            exchange.sent(item.message)
    flushed.set()


class _Drained:
    """A sink over a buffering writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def write(self, data: bytes, /) -> None:
        """Write, and wait while the other side is slow."""
        self._writer.write(data)
        await self._writer.drain()

    def is_closing(self) -> bool:
        """Whether the client is gone."""
        return self._writer.is_closing()
