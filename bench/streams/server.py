"""A streaming endpoint that costs next to nothing: chunks made beforehand, one write each, paced or not.

Runs as a process of its own, so that only the client's CPU is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

STAMP = b"0" * 16
"""What each written word carries: the microsecond of the monotonic clock, which all processes share."""

WORD = f"word{{:06d}}@{STAMP.decode()} "
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def words(count: int) -> list[str]:
    """The text of each chunk; each is another one, so that lost or swapped ones are noticed."""
    return [WORD.format(number) for number in range(count)]


def written(text: str) -> list[tuple[int, float]]:
    """The words of an answer: the number of each, and the second at which it was written."""
    parts = (word.partition("@") for word in text.split())
    return [(int(name.removeprefix("word")), int(stamp) / 1e6) for name, _, stamp in parts]


def event(text: str | None, finish: str | None = None) -> bytes:
    """One chunk as OpenAI sends it, framed for HTTP."""
    delta = {} if text is None else {"content": text}
    data = json.dumps(
        {
            "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
            "object": "chat.completion.chunk",
            "created": 1741570283,
            "model": "gpt-4o-2024-08-06",
            "service_tier": "default",
            "system_fingerprint": "fp_fc9f1d7035",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
            "usage": None,
            "obfuscation": "a1B2c3D4",
        }
    )
    body = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(body), body)


class Connection(asyncio.Protocol):
    """Answers each request with as many chunks as its last message asks for: ``COUNT SECONDS``."""

    connections = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        type(self).connections += 1
        self.transport = transport
        self.received = b""
        self.task: asyncio.Task[None] | None = None

    def connection_lost(self, _error: Exception | None) -> None:
        """Stop writing."""
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is whole."""
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET /connections"):
            self._tell()
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        if len(body) >= length:
            self.received = b""
            self.task = asyncio.ensure_future(self._answer(*_asked(json.loads(body))))

    def _tell(self) -> None:
        self.received = b""
        body = str(type(self).connections - 1).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async def _answer(self, count: int, seconds: float) -> None:
        events = _events(count)
        self.transport.write(HEAD)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, one in enumerate(events):
            # To the clock rather than one pause each: pauses add up their lateness.
            due = began + number * seconds
            if seconds and due > loop.time():
                await asyncio.sleep(due - loop.time())
            elif not seconds:
                await asyncio.sleep(0)
            self.transport.write(one.replace(STAMP, b"%016d" % (time.monotonic_ns() // 1000)))
        self.transport.write(b"0\r\n\r\n")


def _asked(body: Any) -> tuple[int, float]:
    try:
        count, seconds = body["messages"][-1]["content"].split()
        return int(count), float(seconds)
    except ValueError:
        return 5, 0.0  # a prompt of the real road


_MADE: dict[int, list[bytes]] = {}


def _events(count: int) -> list[bytes]:
    if count not in _MADE:
        done = b"data: [DONE]\n\n"
        ending = [event(None, "stop"), b"%x\r\n%b\r\n" % (len(done), done)]
        _MADE[count] = [*(event(word) for word in words(count)), *ending]
    return _MADE[count]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def serving() -> Iterator[str]:
    """The base URL of a server in a process of its own."""
    command = [sys.executable, str(Path(__file__))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
