"""The daemon's side of a relay's connection: plain bytes in, frames out."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from rolecall_server.daemon.handshake import DATA, EXIT, HEADER

if TYPE_CHECKING:
    import asyncio

BACKLOG_BYTES = 64 << 20
"""What may wait for a client that does not read; beyond it the client is given up."""


class FrameWriter:
    """Writes a session's output to its relay. Has the shape of ``asyncio.StreamWriter`` that doors use."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Send bytes for the client's standard input."""
        if self._writer.is_closing():
            raise BrokenPipeError
        if self._writer.transport.get_write_buffer_size() > BACKLOG_BYTES:
            self._writer.transport.abort()
            raise BrokenPipeError
        self._writer.write(HEADER.pack(DATA, len(data)))
        self._writer.write(data)

    def is_closing(self) -> bool:
        """Whether the relay is gone."""
        return self._writer.is_closing()

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        await self._writer.drain()

    def close(self) -> None:
        """The door has nothing more to say; :meth:`end` says how it ended."""

    async def end(self, code: int) -> None:
        """Tell the relay to exit with this code, and close the connection."""
        with suppress(OSError):
            self._writer.write(HEADER.pack(EXIT, 1) + bytes([code]))
            await self._writer.drain()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
