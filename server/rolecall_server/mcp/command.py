"""``rolecall mcp``: serves one client on the standard streams of this process."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

from rolecall_server.host import Host
from rolecall_server.mcp.stdio import serve_stdio

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller

END_S = 1.7
"""Seconds the process may take to end in good order; a client expects it gone within 2 s."""


def run(caller: Caller, *, roots: Sequence[Path] = ()) -> int:
    """Serve until the client leaves or a signal comes; returns the exit code."""
    return asyncio.run(serve_stdio(Host(), caller, roots, on_end=_end_at_the_latest))


def _end_at_the_latest(code: int) -> None:
    # A thread that hangs, in a read of a dead network drive say, would keep the process alive for good.
    timer = threading.Timer(END_S, os._exit, (code,))
    timer.daemon = True
    timer.start()
