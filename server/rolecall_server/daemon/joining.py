"""A relay's way into the user's daemon: look where one may be, start one where none is.

Standard library only, and little of it: relays import this.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time

from rolecall_server.daemon import handshake, runtime_folder
from rolecall_server.daemon.identity import identity
from rolecall_server.daemon.pulse import Pulse

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping

HEARD_WITHIN_S = 6.0
"""A daemon that does not even say that it heard us hangs, or had no turn on a machine with too much to do."""

BUSY_S = 1.0
"""It hangs if it computed for so long instead."""

BLIND_S = 1.2
"""And after so long where the system does not tell what it does."""

READY_WITHIN_S = 10.0
"""A daemon that heard us reads our settings and imports our door; a dead network drive may hold either."""

LOOK_S = 0.1
"""How often a relay that waits looks how the daemon is."""


class NotShared(Exception):
    """No daemon can or may serve this client; the text says why. The program then serves by itself."""


class Daemon:
    """A connection to a daemon that welcomed us.

    Attributes:
        connection: the socket, in blocking mode.
        pid: its process, 0 where the system does not tell.
    """

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.connection = connection
        self.pid = pid


def connect(hello: Mapping[str, object], environment: Mapping[str, str]) -> Daemon:
    """Join the user's daemon. Starts one where none is alive.

    Raises:
        NotShared: sharing is not possible, or the client's settings forbid it.
    """
    uid = os.getuid()
    line = json.dumps(hello).encode() + b"\n"
    if len(line) > handshake.LIMIT:
        raise NotShared("the environment is too large to hand on")
    refused: list[str] = []
    try:
        name = f"daemon-{identity()}"
        for folder in runtime_folder.candidates(environment, uid):
            try:
                daemon = join(f"{folder}/{name}.sock", line, uid)
            except runtime_folder.Unusable as error:
                refused.append(str(error))
                continue
            if daemon is not None:
                return daemon
        folder = runtime_folder.first_usable(environment, uid)
        from rolecall_server.daemon.starting import start_and_join  # noqa: PLC0415 - rarely needed

        daemon = start_and_join(folder, name, line, uid)
    except runtime_folder.Unusable as error:
        raise NotShared(str(error)) from error
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
        raise NotShared(f"the shared process cannot be reached: {what}") from error
    if refused:
        sys.stderr.write(f"rolecall: {'; '.join(refused)}\n")
    return daemon


def join(path: str, hello: bytes, uid: int, *, heard_within_s: float = HEARD_WITHIN_S) -> Daemon | None:
    """A welcomed connection, or None where no daemon is at the path.

    Raises:
        NotShared: the daemon hangs, or the client's settings forbid sharing.
        Unusable: what is at the path is not ours.
        OSError: the socket cannot be used.
    """
    if not is_ours(path, uid):
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # A full backlog makes a blocking connect wait for as long as the daemon hangs.
        connection.settimeout(BLIND_S)
        connection.connect(path)
        pid = _known_peer(connection, path, uid)
        # Not one word of ours goes to a listener that does not speak as a daemon does.
        if _read_line(connection, pid, heard_within_s) != handshake.HEARD:
            connection.close()
            _give_up(path)
            return None
        connection.sendall(hello)
        welcome = _read_welcome(connection, pid)
    except (ConnectionError, FileNotFoundError):
        connection.close()
        return None
    except (TimeoutError, BlockingIOError, ValueError):
        connection.close()
        _give_up(path)
        return None
    except OSError as error:
        connection.close()
        raise OSError(error.errno, error.strerror, path) from error
    if welcome.get("welcome"):
        connection.settimeout(None)
        return Daemon(connection, pid)
    connection.close()
    if welcome.get("draining"):
        return None
    raise NotShared(str(welcome.get("reason", "the shared process refused")))


def is_ours(path: str, uid: int) -> bool:
    """Whether there is a socket of the user's own in a folder of their own; false where there is nothing.

    Raises:
        Unusable: what is there must not be used.
    """
    try:
        runtime_folder.check(os.path.dirname(path), uid)
        runtime_folder.check_socket(path, uid)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _give_up(path: str) -> None:
    """What listens does not answer: a daemon that hangs, or no daemon, whose place is taken then.

    Raises:
        NotShared: a daemon that hangs.
    """
    from rolecall_server.daemon import place  # noqa: PLC0415 - rarely needed

    pid = place.holder(place.pid_file(path))
    if pid is not None:
        raise NotShared(
            f"the shared process {pid} at {path} does not answer; `rolecall daemon stop` ends it"
        ) from None


def _known_peer(connection: socket.socket, path: str, uid: int) -> int:
    """The process that listens. Raises Unusable where it is another user's."""
    pid, owner = peer(connection)
    if owner not in {uid, None}:
        raise runtime_folder.Unusable(f"{path} is served by user {owner}, not by you; remove it")
    return pid


def peer(connection: socket.socket) -> tuple[int, int | None]:
    """Process and user id of the other side; 0 and None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0, None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid


def _read_welcome(connection: socket.socket, pid: int) -> dict[str, object]:
    """What the daemon says in the end, as long as it says that it is at it."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        welcome: dict[str, object] = json.loads(_read_line(connection, pid, HEARD_WITHIN_S))
        if not welcome.get("heard"):
            return welcome
    raise TimeoutError


def _read_line(connection: socket.socket, pid: int, seconds: float) -> bytes:
    """One line and no byte more, since what follows belongs to the client. Raises TimeoutError."""
    pulse = Pulse(pid, busy_s=BUSY_S, silent_s=seconds, blind_s=min(seconds, BLIND_S))
    line = bytearray()
    while not line.endswith(b"\n"):
        _await_bytes(connection, pulse)
        ahead = connection.recv(4096, socket.MSG_PEEK)
        if not ahead or len(line) > handshake.LIMIT:
            raise ConnectionResetError
        line += connection.recv(ahead.find(b"\n") + 1 or len(ahead))
    return bytes(line)


def _await_bytes(connection: socket.socket, pulse: Pulse) -> None:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    while not poll.poll(LOOK_S * 1000):
        if pulse.hangs():
            raise TimeoutError
