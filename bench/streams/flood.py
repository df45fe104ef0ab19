"""An endpoint that streams an answer without end, as fast as its client reads. Runs as a process of its own.

Usage: ``python flood.py``. Prints its port, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from streams.server import HEAD, event

if TYPE_CHECKING:
    from collections.abc import Generator

AT_ONCE = 50
"""Chunks in one write: enough to keep a client busy, few enough to be fair to twenty."""

WORDS = b"".join(event(f"word{number} of the flood\n") for number in range(AT_ONCE))

NOTHING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        asks = (await reader.readuntil(b"\r\n\r\n")).startswith(b"POST")
        writer.write(HEAD if asks else NOTHING)
        while asks and not writer.is_closing():
            writer.write(WORDS)
            await writer.drain()
            await asyncio.sleep(0)
    writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def flooding() -> Generator[str]:
    """The base URL of an endpoint that floods each request."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
