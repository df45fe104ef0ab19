"""Serving one connection, wherever its bytes come from."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from rolecall_server.lsp.attaching import Attachment
from rolecall_server.lsp.framing import MessageReader
from rolecall_server.lsp.parent import gone
from rolecall_server.lsp.server import create_server
from rolecall_server.lsp.shapes import is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall_server.host import Host
    from rolecall_server.lsp.framing import Readable
    from rolecall_server.lsp.protocol import Protocol, Writable
    from rolecall_server.lsp.server import RolecallServer

ANSWER_S = 1.3
"""Longest wait for the answers to what a client asked before its last byte; 2 s after that all has ended."""


async def serve(  # noqa: PLR0913 - a connection has these parts
    reader: Readable,
    writer: Writable,
    host: Host,
    caller: Caller,
    *,
    roots: Sequence[Path] = (),
    opened: Callable[[Session], None] | None = None,
    left: Callable[[], None] = lambda: None,
    watch_parent: bool = False,
) -> int:
    """Serve one client until it says ``exit``, hangs up, or this coroutine is cancelled.

    What it asked before its last byte is answered, if it still listens and the answer is quick.

    Args:
        reader: its bytes; ``asyncio.StreamReader`` is one.
        writer: where the answers go; ``asyncio.StreamWriter`` is one.
        host: the process's shared state.
        caller: the client's surroundings.
        roots: workspace folders for a client that names none.
        opened: called with the session once it is open.
        left: called when the client has sent its last byte.
        watch_parent: end when the process that ``initialize`` names dies.

    Returns:
        The exit code: 1 for an ``exit`` without ``shutdown``, else 0.
    """

    def joined(session: Session) -> None:
        attachment.join(session)
        if opened is not None:
            opened(session)

    server = create_server(host, caller, roots=roots, opened=joined)
    attachment = Attachment(server.connection)
    server.protocol.set_writer(writer)
    reading = asyncio.create_task(
        _read(reader, server, attachment, watch_parent=watch_parent), name="rolecall-lsp-read"
    )
    ended = asyncio.create_task(server.protocol.ended.wait(), name="rolecall-lsp-ended")
    try:
        await asyncio.wait([reading, ended], return_when=asyncio.FIRST_COMPLETED)
        if not server.protocol.ended.is_set():
            await _finish(server, left)
    finally:
        reading.cancel()
        ended.cancel()
        await server.connection.close()
        attachment.close()
    return server.protocol.exit_code


async def _finish(server: RolecallServer, left: Callable[[], None]) -> None:
    """The client has sent its last byte, and perhaps waits for answers."""
    server.protocol.deafen()
    # A process that has only just started imports what they need.
    await server.protocol.finish(lambda: server.connection.is_opening)
    left()
    deadline = time.monotonic() + ANSWER_S
    await server.protocol.finish(lambda: time.monotonic() < deadline)


async def serve_tcp(
    host: Host,
    caller: Caller,
    address: str,
    port: int,
    *,
    roots: Sequence[Path] = (),
    listening: Callable[[str, int], None] | None = None,
) -> None:
    """Serve clients over TCP until cancelled; any number, each with a server object of its own.

    ``listening`` is told the address and the port, which is useful for port 0.
    """

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer, host, caller, roots=roots)
        finally:
            writer.close()

    server = await asyncio.start_server(client, address, port)
    if listening is not None:
        listening(*server.sockets[0].getsockname()[:2])
    async with server:
        await server.serve_forever()


async def _read(
    reader: Readable, server: RolecallServer, attachment: Attachment, *, watch_parent: bool
) -> None:
    protocol: Protocol = server.protocol
    messages = MessageReader(reader)
    watched = False
    while not protocol.ended.is_set():
        try:
            message = await messages.read()
        except ConnectionError:
            return
        if message is None:
            return
        protocol.receive(message)
        if is_object(message) and "method" in message:
            attachment.touch()  # not by answers to what we asked
        process_id = server.connection.process_id
        if watch_parent and not watched and process_id is not None:
            watched = True
            server.connection.spawn(_end_with(process_id, protocol), "parent")
        # Many buffered messages are read without a pause; the work they started needs its turn.
        await asyncio.sleep(0)


async def _end_with(process_id: int, protocol: Protocol) -> None:
    await gone(process_id)
    protocol.ended.set()
