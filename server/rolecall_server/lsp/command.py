"""``rolecall lsp --no-daemon`` and ``--tcp``: the language server in this very process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from rolecall_server.host import Host
from rolecall_server.lsp import stdio
from rolecall_server.lsp.serving import serve, serve_tcp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session

END_S: Final = 1.7
"""Seconds a server may take to end after its client has left; all is to be gone within 2 s (contract 9)."""

EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}


def run(
    caller: Caller, *, roots: Sequence[Path] = (), tcp: str | None = None, alone: str = "--no-daemon"
) -> int:
    """Serve until the client or the user ends it.

    Args:
        caller: this process's surroundings.
        roots: workspace folders for a client that names none.
        tcp: ``HOST:PORT`` to listen on instead.
        alone: why this process is not shared, for the log.

    Returns:
        The exit code.
    """
    ending = _Ending()
    if tcp is not None:
        return asyncio.run(_tcp(caller, tuple(roots), tcp, ending))
    code = asyncio.run(_stdio(caller, tuple(roots), ending, alone))
    # What the interpreter would collect before it ends is half a second of the client's time.
    gc.freeze()
    return code


async def serve_stdio(
    host: Host,
    caller: Caller,
    *,
    roots: Sequence[Path] = (),
    alone: str = "--no-daemon",
    left: Callable[[], None] = lambda: None,
) -> int:
    """Serve the client at this process's standard input and output; returns the exit code.

    ``left`` is called when the client has sent its last byte.
    """
    source, sink = stdio.claim()
    async with stdio.streams(source, sink) as (reader, writer):
        return await serve(
            reader,
            writer,
            host,
            caller,
            roots=roots,
            opened=partial(_configure_log, alone),
            left=left,
            watch_parent=True,
        )


class _Ending:
    """Ends the process on a signal, and in any case in time.

    A thread that reads a slow disk must not keep a server alive that its editor has left.
    """

    def __init__(self) -> None:
        self.code = 0
        self._task: asyncio.Task[int] | None = None

    async def __call__(self, task: asyncio.Task[int]) -> int:
        self._task = task
        loop = asyncio.get_running_loop()
        for number in EXIT_CODES:
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, self._on_signal, number)
        try:
            self.code = await task
        except asyncio.CancelledError:
            if not self.code:
                raise
        except (ConnectionError, BrokenPipeError):
            pass  # the client hung up while it was being answered
        self.set_deadline()
        return self.code

    def set_deadline(self) -> None:
        """From now on the process has ``END_S`` seconds left; the first call counts."""
        timer = threading.Timer(END_S, os._exit, (self.code,))
        timer.daemon = True
        timer.start()

    def _on_signal(self, number: signal.Signals) -> None:
        self.code = EXIT_CODES[number]
        self.set_deadline()
        if self._task is not None:
            self._task.cancel()


async def _stdio(caller: Caller, roots: tuple[Path, ...], ending: _Ending, alone: str) -> int:
    host = Host()

    async def session() -> int:
        try:
            return await serve_stdio(host, caller, roots=roots, alone=alone, left=ending.set_deadline)
        finally:
            await host.aclose()

    return await ending(asyncio.create_task(session(), name="rolecall-lsp"))


async def _tcp(caller: Caller, roots: tuple[Path, ...], address: str, ending: _Ending) -> int:
    name, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        sys.stderr.write(f"rolecall: --tcp takes HOST:PORT, not {address}.\n")
        return 2
    host = Host()

    async def listen() -> int:
        try:
            await serve_tcp(
                host, caller, name.strip("[]") or "127.0.0.1", int(port), roots=roots, listening=_say
            )
        finally:
            await host.aclose()
        return 0

    return await ending(asyncio.create_task(listen(), name="rolecall-lsp"))


def _say(address: str, port: int) -> None:
    sys.stderr.write(f"rolecall: listening on {address}:{port}\n")
    sys.stderr.flush()


def _configure_log(alone: str, session: Session) -> None:
    import structlog  # noqa: PLC0415 - not before the handshake

    from rolecall.telemetry.logging import configure  # noqa: PLC0415

    configure(session.settings.logging)
    structlog.get_logger(__name__).info("serving in this process alone", reason=alone)
