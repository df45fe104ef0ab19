"""Asking the user's daemons for something: what ``rolecall daemon`` and ``rolecall stats`` do."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall_server.daemon import place, runtime_folder
from rolecall_server.daemon.identity import identity
from rolecall_server.daemon.joining import is_ours
from rolecall_server.daemon.pulse import is_stopped

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_S = 2.0
"""Seconds a daemon gets to answer; one that takes longer hangs."""

STOP_S = 6.0
"""Seconds a daemon gets to end its sessions before it is killed."""

POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that lives, whether it answers or not.

    Attributes:
        pid: its process.
        socket: where it listens.
        is_ours: whether it runs the code that this process runs: clients started now join it.
    """

    pid: int
    socket: str
    is_ours: bool


class NoAnswer(Exception):
    """The daemon lives and does not answer."""


def running(environment: Mapping[str, str]) -> tuple[list[Running], list[str]]:
    """The user's daemons, the one that new clients join first; and what they refuse of what is there."""
    uid = os.getuid()
    found: list[Running] = []
    problems: list[str] = []
    mine = f"daemon-{identity()}"
    for folder in runtime_folder.candidates(environment, uid):
        try:
            is_ours(f"{folder}/{mine}.sock", uid)
        except runtime_folder.Unusable as error:
            problems.append(str(error))
        except OSError:
            continue
        # Whatever is at the socket's place, there may be other daemons; not in a folder of somebody else's.
        if not _is_private(folder, uid):
            continue
        for file in sorted(Path(folder).glob("daemon-*.pid")):
            pid = place.holder(str(file))
            if pid is not None:
                found.append(Running(pid, str(file.with_suffix(".sock")), file.stem == mine))
    return sorted(found, key=lambda daemon: not daemon.is_ours), problems


def _is_private(folder: str, uid: int) -> bool:
    try:
        runtime_folder.check(folder, uid)
    except (OSError, runtime_folder.Unusable):
        return False
    return True


def ask(daemon: Running, command: str) -> dict[str, Any]:
    """Its answer to ``status``, ``stats`` or ``stop``.

    Raises:
        NoAnswer: it hangs, or its socket is gone.
    """
    if is_stopped(daemon.pid):
        raise NoAnswer(f"the shared process {daemon.pid} was stopped by a signal and does not answer")
    request = json.dumps({"door": "control", "command": command}).encode() + b"\n"
    try:
        runtime_folder.check_socket(daemon.socket, os.getuid())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(daemon.socket)
            connection.sendall(request)
            with connection.makefile("rb") as lines:
                lines.readline()  # that it heard us
                return dict(json.loads(lines.readline()))
    except (OSError, ValueError, runtime_folder.Unusable) as error:
        raise NoAnswer(f"the shared process {daemon.pid} does not answer at {daemon.socket}") from error


def stop(daemon: Running) -> None:
    """End it, with its sessions: as it likes, else by force. Returns when it is gone."""
    try:
        ask(daemon, "stop")
    except NoAnswer:
        _signal(daemon.pid, signal.SIGTERM)
    if is_stopped(daemon.pid) or not _gone_within(daemon.pid, STOP_S):
        _signal(daemon.pid, signal.SIGKILL)
        _gone_within(daemon.pid, STOP_S)
    with suppress(OSError):
        place.sweep(str(Path(daemon.socket).parent))


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if _is_zombie(pid):
            return True
        time.sleep(POLL_S)
    return False


def _is_zombie(pid: int) -> bool:
    """Whether it has ended and only waits to be noticed, as in a container without an init."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return False
