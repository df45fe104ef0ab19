"""The death of the process that started the server, which closes no pipe where others hold its end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

POLL_S = 0.5
"""Seconds between two looks, where the system cannot tell by itself."""


async def gone(process_id: int) -> None:
    """Wait until the process has died."""
    while _is_alive(process_id):  # noqa: ASYNC110 - nothing announces another process's death
        await asyncio.sleep(POLL_S)


def is_watchable(process_id: int) -> bool:
    """Whether the process is alive, and its number is of our process namespace.

    A number from a container or another machine means nothing here. Ask while the client is known to live:
    before its ``initialize`` is answered.
    """
    return (
        process_id > 1
        and process_id != os.getpid()
        and _is_alive(process_id)
        and _in_our_namespace(process_id)
    )


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_zombie(process_id)


def _is_zombie(process_id: int) -> bool:
    """Whether it has died and only waits to be asked for its exit code."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].strip().startswith("Z")


def _in_our_namespace(process_id: int) -> bool:
    """Whether the number means here what it means there, as far as can be told."""
    try:
        return Path(f"/proc/{process_id}/ns/pid").readlink() == Path("/proc/self/ns/pid").readlink()
    except PermissionError:
        return False  # another user's process: a number from elsewhere
    except OSError:
        return True  # no such file system here
