"""MCP over this process's standard streams: one JSON message a line.

The streams are moved away from descriptors 0 and 1, so that a stray ``print`` or a child process can neither
write into the protocol nor eat of it. They are read and written by daemon threads of our own: threads of a
pool are joined when the process ends, and one that waits for a client's next line would keep it alive.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import anyio
from mcp.shared.message import SessionMessage

from rolecall_server.mcp.lines import Lines, MalformedLine, parse
from rolecall_server.mcp.server import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from rolecall.caller import Caller
    from rolecall_server.host import Host

P = ParamSpec("P")
R = TypeVar("R")

CHUNK_BYTES = 2**16

FLUSH_S = 0.3
"""Longest wait for a client to take the last answers when the connection ends."""

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes (contract section 1)."""


async def serve_stdio(
    host: Host, caller: Caller, roots: Sequence[Path] = (), *, on_end: Callable[[int], None] = lambda _: None
) -> int:
    """Serve the client at standard input and output until it leaves or a signal comes.

    Args:
        host: the process's shared state; ended here.
        caller: the client's surroundings.
        roots: its workspace folders; empty for the current folder.
        on_end: called with the exit code at the moment the end begins.

    Returns:
        The exit code: 0 when the client left, 130 and 143 for SIGINT and SIGTERM.
    """
    source, sink = claim_streams()
    end = _End(on_end)
    with suppress(NotImplementedError):  # Windows has no signal handlers on the loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.begin, TERMINATED)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, end.begin, INTERRUPTED)
    received, reading = anyio.create_memory_object_stream[SessionMessage | Exception]()
    writing, to_send = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as group:
        group.start_soon(_read, source, received, writing.clone(), end)
        group.start_soon(_write, sink, to_send, end)
        with end.scope:
            await serve(reading, writing, host, caller, roots)
        end.begin(0)
        with anyio.move_on_after(FLUSH_S):
            await end.flushed.wait()
        group.cancel_scope.cancel()
    await host.aclose()
    return end.code or 0


def claim_streams() -> tuple[int, int]:
    """Move the protocol off descriptors 0 and 1.

    Returns:
        Private descriptors to read from and to write to. What is printed goes to standard error from now on.
    """
    source, sink = _private(0), _private(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2 if _is_open(2) else nothing, 1)
    os.close(nothing)
    return source, sink


def _private(descriptor: int) -> int:
    if sys.platform == "win32":
        return os.dup(descriptor)
    import fcntl  # noqa: PLC0415 - POSIX only

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


class _End:
    """The one end of a connection, whoever begins it.

    Attributes:
        scope: what serving runs in.
        flushed: set when everything was written, or nothing can be any more.
        code: the exit code; None while serving.
    """

    def __init__(self, on_end: Callable[[int], None]) -> None:
        self.scope = anyio.CancelScope()
        self.flushed = anyio.Event()
        self.code: int | None = None
        self._on_end = on_end

    def begin(self, code: int, *, stop: bool = True) -> None:
        """End with this code; a client that left ends by itself once its input is read (``stop`` false)."""
        if self.code is None:
            self.code = code
            self._on_end(code)
        if stop:
            self.scope.cancel()


async def _read(
    source: int,
    received: MemoryObjectSendStream[SessionMessage | Exception],
    errors: MemoryObjectSendStream[SessionMessage],
    end: _End,
) -> None:
    """Read messages until the end of the input; what is no message is answered with an error."""
    worker, lines = _Worker("rolecall-stdin"), Lines()

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
            while data := await worker.call(os.read, source, CHUNK_BYTES):
                for line in lines.feed(data):
                    await take(line)
            await take(lines.finish())
        end.begin(0, stop=False)


async def _write(sink: int, to_send: MemoryObjectReceiveStream[SessionMessage], end: _End) -> None:
    """Write messages until there are no more, or the client no longer takes any."""
    worker = _Worker("rolecall-stdout")
    async with to_send:
        async for item in to_send:
            line = item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            try:
                await worker.call(_write_all, sink, line.encode())
            except OSError:
                end.begin(0)
                break
    end.flushed.set()


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


class _Worker:
    """A daemon thread for blocking calls, made in turn."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of ``function(*args, **kwargs)``, called in the thread."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()

        def settle(result: R | None, error: BaseException | None) -> None:
            if future.done():  # nobody waits any more
                return
            if error is None:
                future.set_result(cast("R", result))
            else:
                future.set_exception(error)

        def call() -> None:
            result, error = None, None
            try:
                result = function(*args, **kwargs)
            except Exception as caught:  # noqa: BLE001 - carried to the caller
                error = caught
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, result, error)

        self._calls.put(call)
        return await future

    def _work(self) -> None:
        while True:
            self._calls.get()()
