"""MCP over a byte stream of the loop, one JSON message a line: what a relay's connection carries."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import anyio
from mcp.shared.message import SessionMessage

from rolecall_server.mcp.lines import Lines, MalformedLine, parse
from rolecall_server.mcp.server import serve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from rolecall.caller import Caller
    from rolecall_server.host import Host

CHUNK_BYTES = 2**16


class Readable(Protocol):
    """Where bytes come from; ``asyncio.StreamReader`` is one."""

    async def read(self, n: int = -1, /) -> bytes:
        """At most ``n`` bytes; empty at the end."""
        ...


class Writable(Protocol):
    """Where bytes go; ``asyncio.StreamWriter`` is one."""

    def write(self, data: bytes, /) -> None:
        """Take bytes, without waiting."""
        ...

    async def drain(self) -> None:
        """Wait until the peer has read enough."""
        ...


async def serve_stream(
    reader: Readable, writer: Writable, host: Host, caller: Caller, roots: Sequence[Path] = ()
) -> None:
    """Serve one client until its bytes end.

    Args:
        reader: its bytes.
        writer: where the answers go.
        host: the process's shared state.
        caller: the client's surroundings.
        roots: its workspace folders; empty for its current folder.
    """
    received, reading = anyio.create_memory_object_stream[SessionMessage | Exception]()
    writing, to_send = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as group:
        group.start_soon(_receive, reader, received, writing.clone())
        group.start_soon(_send, writer, to_send, group.cancel_scope)
        await serve(reading, writing, host, caller, roots)


async def _receive(
    reader: Readable,
    received: MemoryObjectSendStream[SessionMessage | Exception],
    errors: MemoryObjectSendStream[SessionMessage],
) -> None:
    lines = Lines()
    async with received, errors:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                for line in lines.feed(data):
                    await take(line, received, errors)
            await take(lines.finish(), received, errors)


async def take(
    line: bytes | None,
    received: MemoryObjectSendStream[SessionMessage | Exception],
    errors: MemoryObjectSendStream[SessionMessage],
) -> None:
    """Hand on the message of a line; what is no message is answered with an error."""
    try:
        message = parse(line)
    except MalformedLine as malformed:
        await errors.send(SessionMessage(malformed.reply))
    else:
        if message is not None:
            await received.send(SessionMessage(message))


async def _send(
    writer: Writable, to_send: MemoryObjectReceiveStream[SessionMessage], scope: anyio.CancelScope
) -> None:
    async with to_send:
        async for item in to_send:
            try:
                writer.write(encode(item))
                await writer.drain()
            except ConnectionError:
                scope.cancel()
                return


def encode(item: SessionMessage) -> bytes:
    """The line of a message."""
    return (item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n").encode()
