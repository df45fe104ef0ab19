"""``rolecall mcp``: serves one client on the standard streams of this process."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING

from rolecall_server.host import Host
from rolecall_server.mcp.stdio import serve_stdio

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session

END_S = 1.7
"""Seconds the process may take to end in good order; a client expects it gone within 2 s."""


def run(caller: Caller, *, roots: Sequence[Path] = (), alone: str | None = None) -> int:
    """Serve until the client leaves or a signal comes.

    Args:
        caller: this process's surroundings.
        roots: the workspace folders; empty for the current folder.
        alone: why this process is not shared, for the log; None where that was asked for.

    Returns:
        The exit code.
    """
    opened = partial(_configure_log, alone or "--no-daemon")
    return asyncio.run(serve_stdio(Host(), caller, roots, opened=opened, on_end=_end_at_the_latest))


def _configure_log(alone: str, session: Session) -> None:
    import structlog  # noqa: PLC0415 - not before the handshake

    from rolecall.telemetry.logging import configure  # noqa: PLC0415

    configure(session.settings.logging)
    structlog.get_logger(__name__).info("serving in this process alone", reason=alone)


def _end_at_the_latest(code: int) -> None:
    # A thread that hangs, in a read of a dead network drive say, would keep the process alive for good.
    timer = threading.Timer(END_S, os._exit, (code,))
    timer.daemon = True
    timer.start()
