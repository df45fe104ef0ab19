"""Standard input and output as asynchronous streams, kept clear of everything else in the process."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from contextlib import asynccontextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

READ_BYTES: Final = 256 * 1024
LAST_WORDS_S: Final = 0.5
"""Seconds a client gets to read what was still written to it."""


def claim() -> tuple[IO[bytes], IO[bytes]]:
    """Take over the process's standard input and output.

    From here on descriptor 1 leads to standard error and descriptor 0 to nothing, so that no stray ``print``
    gets into the protocol and no child process eats from it.
    """
    sys.stdout.flush()
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(source, "rb", buffering=0), os.fdopen(sink, "wb", buffering=0)


@asynccontextmanager
async def streams(
    source: IO[bytes], sink: IO[bytes]
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter | FileWriter], None]:
    """Streams over two files: pipes and sockets through the event loop, anything else through threads."""
    reader, closing = await _open_reader(source)
    writer = await _open_writer(sink, reader)
    try:
        yield reader, writer
    finally:
        closing()
        writer.close()
        # Closing only begins to send what a slow reader has not taken yet.
        with suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(writer.wait_closed(), LAST_WORDS_S)


async def _open_reader(source: IO[bytes]) -> tuple[asyncio.StreamReader, Callable[[], None]]:
    """The reader, and how to close what it reads from."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_BYTES)
    if _is_pipe(source):
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
        return reader, transport.close
    thread = threading.Thread(target=_pump, args=(source, reader, loop), name="rolecall-stdin", daemon=True)
    thread.start()
    return reader, lambda: None


async def _open_writer(sink: IO[bytes], reader: asyncio.StreamReader) -> asyncio.StreamWriter | FileWriter:
    loop = asyncio.get_running_loop()
    if _is_pipe(sink):
        protocol = _Outgoing(reader)
        transport, _ = await loop.connect_write_pipe(lambda: protocol, sink)
        return asyncio.StreamWriter(transport, protocol, None, loop)
    return FileWriter(sink)


class _Outgoing(asyncio.StreamReaderProtocol):
    """The flow control of what is written. A client that reads no more is not listened to either."""

    def __init__(self, incoming: asyncio.StreamReader) -> None:
        super().__init__(asyncio.StreamReader())
        self._incoming = incoming

    def connection_lost(self, exc: Exception | None) -> None:
        """The client closed its end, or we did."""
        super().connection_lost(exc)
        self._incoming.feed_eof()


class FileWriter:
    """Writes to a regular file or a terminal, which the event loop cannot wait for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._broken = False

    def write(self, data: bytes) -> None:
        """Write all of it."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError:
            self._broken = True

    async def drain(self) -> None:
        """Nothing is held back."""

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._broken or self._file.closed

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    async def wait_closed(self) -> None:
        """Nothing is held back."""


def _is_pipe(file: IO[bytes]) -> bool:
    mode = os.fstat(file.fileno()).st_mode
    return os.name != "nt" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _pump(source: IO[bytes], reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # the loop was closed: nobody listens any more
        while True:
            try:
                data = os.read(source.fileno(), READ_BYTES)
            except OSError:
                data = b""
            if not data:
                loop.call_soon_threadsafe(reader.feed_eof)
                return
            loop.call_soon_threadsafe(reader.feed_data, data)
