"""The daemon's side of a relay's connection: plain bytes in, frames out."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from rolecall_server.daemon.handshake import BEAT, DATA, EXIT, HEADER
from rolecall_server.hangup import is_hung_up

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

BACKLOG_BYTES: Final = 64 << 20
"""What may wait for a client that does not read; beyond it the client is given up."""

FRAME_BYTES: Final = 1 << 30
"""The longest payload; four bytes of length take no more than four times that."""


class FrameWriter:
    """Writes a session's output to its relay. Has the shape of ``asyncio.StreamWriter`` that doors use.

    Args:
        writer: the connection.
        wrote: called whenever something was written.
    """

    def __init__(self, writer: asyncio.StreamWriter, wrote: Callable[[], None] = lambda: None) -> None:
        self._writer = writer
        self._wrote = wrote

    def write(self, data: bytes) -> None:
        """Send bytes for the client's standard input. Raises BrokenPipeError once the client is gone."""
        if self._writer.is_closing():
            raise BrokenPipeError
        if self._writer.transport.get_write_buffer_size() > BACKLOG_BYTES:
            self._writer.transport.abort()
            raise BrokenPipeError
        for start in range(0, len(data), FRAME_BYTES):
            piece = data[start : start + FRAME_BYTES]
            self._writer.write(HEADER.pack(DATA, len(piece)) + piece)
        self._wrote()

    def is_closing(self) -> bool:
        """Whether the relay is gone. One whose client has merely sent its last byte is not."""
        return self._writer.is_closing() or is_hung_up(self._writer.get_extra_info("socket").fileno())

    async def drain(self) -> None:
        """Wait until the client has read most of what was sent."""
        await self._writer.drain()

    def close(self) -> None:
        """The door has nothing more to say; :meth:`end` says how it ended."""

    def beat(self) -> None:
        """Give a sign of life, where nothing else waits to be read."""
        if not self._writer.is_closing() and not self._writer.transport.get_write_buffer_size():
            self._writer.write(HEADER.pack(BEAT, 0))

    async def end(self, code: int, reason: str = "") -> None:
        """Tell the relay to exit with this code, and close the connection."""
        payload = bytes([code]) + reason.encode()
        with suppress(OSError):
            self._writer.write(HEADER.pack(EXIT, len(payload)) + payload)
            await self._writer.drain()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
