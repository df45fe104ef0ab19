"""MCP over this process's standard streams.

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
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import anyio

from rolecall_server.hangup import is_hung_up
from rolecall_server.mcp.server import serve
from rolecall_server.mcp.stream import serve_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall_server.host import Host

P = ParamSpec("P")
R = TypeVar("R")

LEFT, ABANDONED, INTERRUPTED, TERMINATED = 0, 1, 130, 143
"""Exit codes: the client left, who started this process died or reads no more, SIGINT, SIGTERM."""

POLL_S = 0.5
"""Seconds between two looks: nothing announces a parent's death; a process is to end within 2 s of it."""


async def serve_stdio(
    host: Host,
    caller: Caller,
    roots: Sequence[Path] = (),
    *,
    opened: Callable[[Session], None] = lambda _: None,
    on_end: Callable[[int], None] = lambda _: None,
) -> int:
    """Serve the client at standard input and output until it leaves, its process dies, or a signal comes.

    Args:
        host: the process's shared state; ended here.
        caller: the client's surroundings.
        roots: its workspace folders; empty for the current folder.
        opened: called with the client's session once it is open.
        on_end: called with the exit code at the moment the end begins.

    Returns:
        The exit code.
    """
    source, sink = claim_streams()
    end = _End(on_end)
    with suppress(NotImplementedError):  # Windows has no signal handlers on the loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.stop, TERMINATED)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, end.stop, INTERRUPTED)
    output = _Output(sink)
    async with anyio.create_task_group() as group:
        group.start_soon(_watch, end, output)
        door = partial(serve, host=host, caller=caller, roots=roots, opened=opened)
        await serve_bytes(_Input(source), output, door, scope=end.scope, left=end.begin)
        group.cancel_scope.cancel()
    await host.aclose()
    return end.code or LEFT


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


async def _watch(end: _End, output: _Output) -> None:
    """End when the process that started this one dies, or reads no more."""
    # Process 1 adopts orphans; a parent that is 0 lives in another namespace and cannot be watched.
    parent = os.getppid()
    while (parent <= 1 or os.getppid() == parent) and not output.is_closing():  # noqa: ASYNC110 - there is no such event
        await anyio.sleep(POLL_S)
    end.stop(ABANDONED)


class _End:
    """The one end of the process, whoever begins it.

    Attributes:
        scope: what serving runs in.
        code: the exit code; None while serving.
    """

    def __init__(self, on_end: Callable[[int], None]) -> None:
        self.scope = anyio.CancelScope()
        self.code: int | None = None
        self._on_end = on_end

    def begin(self, code: int = LEFT) -> None:
        """End with this code; the first one counts."""
        if self.code is None:
            self.code = code
            self._on_end(code)

    def stop(self, code: int) -> None:
        """End now, though the client has not left."""
        self.begin(code)
        self.scope.cancel()


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


class _Input:
    """A descriptor to read from."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._worker = _Worker("rolecall-stdin")

    async def read(self, size: int, /) -> bytes:
        """The next bytes."""
        return await self._worker.call(os.read, self._descriptor, size)


class _Output:
    """A descriptor to write to."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._worker = _Worker("rolecall-stdout")

    async def write(self, data: bytes, /) -> None:
        """Write all of it."""
        await self._worker.call(self._write, data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def is_closing(self) -> bool:
        """Whether the client has closed its end."""
        return is_hung_up(self._descriptor)
