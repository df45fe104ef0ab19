"""A fake OpenAI-compatible endpoint at the wire: real HTTP on loopback, scripted answers and faults.

It records every request as its bytes came, over which connection, and when the client hung up, so that
a test proves a behaviour by what the other end saw. In-process::

    async with FakeEndpoint(replies=[http_error(500), answer("hello")]) as endpoint:
        ...  # use endpoint.base_url
        assert len(endpoint.completions) == 2

From tests that are not async, or that drive a subprocess: ``with endpoint_in_thread(...) as endpoint``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

LINGER_ZERO = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes of the body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds, or until the client hangs up."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Wait until the test sets this event, or until the client hangs up."""

    event: asyncio.Event


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more until the client hangs up."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Write these bytes every so many seconds until the client hangs up."""

    data: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection with a TCP reset."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection in the middle of the body, without ending the body."""


Step = Send | Pause | Until | Hang | Repeat | Reset | Drop


@dataclass(slots=True)
class Reply:
    """One scripted response.

    Attributes:
        chunked: false delimits the body by closing the connection.
        behind: bytes sent at once with the end of a chunked body, though nobody asked for them.
    """

    steps: Sequence[Step] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    chunked: bool = True
    before_head: Sequence[Step] = ()
    behind: bytes = b""


@dataclass(slots=True)
class Received:
    """One request as it came, and what became of it.

    Attributes:
        connection: number of the connection it came over, from 1.
        disconnected: set when the client closed the connection before the response had ended.
        disconnected_at: loop time of that moment.
        answered: set when the response was written completely.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    received_at: float
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected_at: float | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Script = Reply | Callable[[Received], Reply]


def event(data: object, *, name: str | None = None) -> bytes:
    """One server-sent event; ``data`` is text as it is, or made JSON."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    lines = [f"event: {name}"] if name else []
    lines += [f"data: {line}" for line in text.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def chunk(text: str | None = None, *, finish: str | None = None, **extra: Any) -> bytes:
    """One streamed chunk of a chat completion."""
    delta = {} if text is None else {"content": text}
    return event(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "fake-model",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **extra,
        }
    )


DONE = b"data: [DONE]\n\n"


def usage_event(prompt: int = 11, completion: int = 7, cached: int = 0) -> bytes:
    """The chunk that ends a stream asked for usage."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return event({"object": "chat.completion.chunk", "choices": [], "usage": usage})


def stream(*data: bytes | Step, **options: Any) -> Reply:
    """A streamed response of these bytes and steps."""
    return Reply([Send(item) if isinstance(item, bytes) else item for item in data], **options)


def answer(*texts: str, finish: str = "stop", usage: bool = True) -> Reply:
    """A complete streamed answer, one chunk for each text."""
    parts = [chunk(""), *(chunk(text) for text in texts), chunk(finish=finish)]
    if usage:
        parts.append(usage_event())
    return stream(*parts, DONE)


def json_reply(body: object, status: int = 200, **headers: str) -> Reply:
    """A plain JSON response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(
        [Send(data)],
        status,
        {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}},
    )


def json_answer(text: str, finish: str = "stop") -> Reply:
    """A complete answer that is not streamed."""
    return json_reply(
        {
            "object": "chat.completion",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
            ],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        }
    )


def http_error(status: int, message: str = "it failed", *, code: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's shape."""
    return json_reply({"error": {"message": message, "type": "error", "code": code}}, status, **headers)


class FakeEndpoint:
    """The server. Each completion request takes the next reply; when none is left, ``default``.

    Args:
        replies: scripts for POST requests, in order.
        default: the script afterwards.
        models: what ``GET …/models`` lists, or a script for it.
        port: 0 for any free one.
    """

    def __init__(
        self,
        replies: Iterable[Script] = (),
        *,
        default: Script | None = None,
        models: Sequence[str] | Script = ("fake-model",),
        port: int = 0,
    ) -> None:
        self.replies: deque[Script] = deque(replies)
        self.default: Script = default or answer("Hello", " world")
        self.models = models
        self.requests: list[Received] = []
        self.connections = 0
        self.open_connections = 0
        self._port = port
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    @property
    def port(self) -> int:
        """The port listened on, also after it was left."""
        return self._port

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What to configure as ``llm.base_url``."""
        return f"{self.origin}/v1"

    @property
    def completions(self) -> list[Received]:
        """The requests for an answer, in order."""
        return [request for request in self.requests if request.method == "POST"]

    async def received(self, n: int) -> Received:
        """Wait for the ``n``-th completion request (from 1)."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.completions) >= n)
        return self.completions[n - 1]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, limit=2**26)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Vanish: refuse new connections and cut the present ones."""
        await self.__aexit__()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open_connections += 1
        try:
            await self._connection(reader, writer, next(self._numbers))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        while (request := await self._read(reader, number)) is not None:
            async with self._changed:
                self.requests.append(request)
                self._changed.notify_all()
            reply = self._reply(request)
            if not await self._Exchange(request, reply, reader, writer).run():
                return

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Received | None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Received(method, path, headers, body, number, asyncio.get_running_loop().time())

    def _reply(self, request: Received) -> Reply:
        if request.method == "GET" and request.path.endswith("/models"):
            return self._listing(request)
        script = self.replies.popleft() if self.replies and request.method == "POST" else self.default
        return script(request) if callable(script) else script

    def _listing(self, request: Received) -> Reply:
        if isinstance(self.models, Reply):
            return self.models
        if callable(self.models):
            return self.models(request)
        return json_reply(
            {"object": "list", "data": [{"id": model, "object": "model"} for model in self.models]}
        )

    class _Exchange:
        """Writes one reply while watching for the client to hang up."""

        def __init__(
            self, request: Received, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            self.request, self.reply, self.writer = request, reply, writer
            self.watch = asyncio.create_task(self._watch(reader))

        async def run(self) -> bool:
            """Write the reply; true where the connection can take another request."""
            try:
                return await self._write()
            except ConnectionError:
                self._gone()
                return False
            finally:
                self.watch.cancel()
                await asyncio.gather(self.watch, return_exceptions=True)

        async def _watch(self, reader: asyncio.StreamReader) -> None:
            # Nothing is pipelined, so bytes never come while a reply is written: only the end can.
            while not reader.at_eof():
                if reader._buffer:  # type: ignore[attr-defined]
                    return
                await reader._wait_for_data("watch")  # type: ignore[attr-defined]
            self._gone()

        def _gone(self) -> None:
            if not self.request.answered.is_set() and not self.request.disconnected.is_set():
                self.request.disconnected_at = asyncio.get_running_loop().time()
                self.request.disconnected.set()

        async def _write(self) -> bool:
            for step in self.reply.before_head:
                if not await self._step(step):
                    return False
            self.writer.write(self._head())
            for step in self.reply.steps:
                if not await self._step(step):
                    return False
            if self.reply.chunked:
                self.writer.write(b"0\r\n\r\n" + self.reply.behind)
            self.request.answered.set()
            await self.writer.drain()
            return self.reply.chunked

        def _head(self) -> bytes:
            framing = "transfer-encoding: chunked" if self.reply.chunked else "connection: close"
            lines = [f"HTTP/1.1 {self.reply.status} Status", framing]
            lines += [f"{name}: {value}" for name, value in self.reply.headers.items()]
            return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

        async def _step(self, step: Step) -> bool:
            match step:
                case Send(data):
                    await self._send(data)
                case Pause(seconds):
                    return not await self._gone_within(asyncio.sleep(seconds))
                case Until(ready):
                    return not await self._gone_within(ready.wait())
                case Repeat(data, seconds):
                    while not await self._gone_within(asyncio.sleep(seconds)):
                        await self._send(data)
                    return False
                case Hang():
                    return not await self._gone_within(asyncio.Event().wait())
                case Reset() | Drop():
                    await self._break(reset=isinstance(step, Reset))
                    return False
            return True

        async def _break(self, *, reset: bool) -> None:
            await self.writer.drain()
            if reset:
                self.writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO
                )
                self.writer.transport.abort()

        async def _send(self, data: bytes) -> None:
            if data:
                framed = b"%x\r\n%b\r\n" % (len(data), data) if self.reply.chunked else data
                self.writer.write(framed)
                await self.writer.drain()

        async def _gone_within(self, waiting: Any) -> bool:
            wait = asyncio.ensure_future(waiting)
            gone = asyncio.ensure_future(self.request.disconnected.wait())
            try:
                await asyncio.wait({wait, gone}, return_when=asyncio.FIRST_COMPLETED)
                return gone.done()
            finally:
                wait.cancel()
                gone.cancel()


@contextmanager
def endpoint_in_thread(replies: Iterable[Script] = (), **options: Any) -> Iterator[FakeEndpoint]:
    """A fake endpoint on a loop of its own, for tests that are not async. Read its records after the fact."""
    started = threading.Event()
    box: dict[str, Any] = {}

    async def serve() -> None:
        async with FakeEndpoint(replies, **options) as endpoint:
            box.update(endpoint=endpoint, loop=asyncio.get_running_loop(), stop=asyncio.Event())
            started.set()
            await box["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    if not started.wait(10):
        raise TimeoutError("the fake endpoint did not start")
    try:
        yield box["endpoint"]
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(10)
