"""``rolecall lsp`` and ``rolecall mcp``: join the user's one daemon, starting it if needed, and move bytes.

Standard library only, so that an editor's first answer comes from a warm process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from rolecall_server.daemon import handshake, runtime_folder
from rolecall_server.daemon.identity import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from rolecall.caller import Caller

ANSWER_WITHIN_S = 1.5
"""A daemon that says nothing for so long is hung."""

START_WITHIN_S = 10.0
"""A daemon that does not listen after so long could not start."""

TICK_S = 0.4
"""How often a waiting relay looks whether its parent is still there."""

END_WITHIN_S = 1.5
"""What a session may take to end after its client has gone."""

CHUNK = 1 << 16


class NotShared(Exception):
    """No daemon can or may serve this client; the text says why. The program then serves by itself."""


def connect(hello: dict[str, Any], caller: Caller) -> socket.socket:
    """A connection to the user's daemon, welcomed. Starts a daemon where none is alive.

    Raises:
        NotShared: sharing is not possible, or the client's settings forbid it.
    """
    uid = os.getuid()
    name = f"daemon-{identity()}"
    folders = runtime_folder.candidates(caller.environment, uid)
    try:
        for folder in folders:
            connection = _join(folder / f"{name}.sock", hello, uid)
            if connection is not None:
                return connection
        return _start_and_join(runtime_folder.first_usable(caller.environment, uid), name, hello, uid)
    except runtime_folder.Unusable as error:
        raise NotShared(str(error)) from error
    except OSError as error:
        raise NotShared(f"the shared process cannot be reached: {error.strerror or error}") from error


def _join(path: Path, hello: dict[str, Any], uid: int) -> socket.socket | None:
    """A welcomed connection, or None where no daemon listens at the path."""
    try:
        runtime_folder.check(path.parent, uid)
        runtime_folder.check_socket(path, uid)
    except (FileNotFoundError, NotADirectoryError):
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_WITHIN_S)
    try:
        connection.connect(os.fspath(path))
        return _welcomed(connection, hello)
    except (ConnectionError, FileNotFoundError):
        connection.close()
        return None
    except TimeoutError:
        connection.close()
        raise NotShared(f"the shared process at {path} does not answer") from None


def _welcomed(connection: socket.socket, hello: dict[str, Any]) -> socket.socket | None:
    connection.sendall(json.dumps(hello).encode() + b"\n")
    line = bytearray()
    while not line.endswith(b"\n"):
        # Byte by byte, since the frames follow at once and belong to the pump.
        byte = connection.recv(1)
        if not byte or len(line) > handshake.LIMIT:
            raise ConnectionResetError
        line += byte
    welcome = json.loads(line)
    if welcome.get("welcome"):
        connection.settimeout(None)
        return connection
    connection.close()
    if welcome.get("draining"):
        return None
    raise NotShared(str(welcome.get("reason", "the shared process refused")))


def _start_and_join(folder: Path, name: str, hello: dict[str, Any], uid: int) -> socket.socket:
    path = folder / f"{name}.sock"
    with _lock(folder / f"{name}.lock"):
        # Of relays started at once, the first starts the daemon and the others find it.
        connection = _join(path, hello, uid)
        if connection is not None:
            return connection
        _spawn(path)
    connection = _join(path, hello, uid)
    if connection is None:
        raise NotShared(f"the shared process ended as soon as it was started; see its log ({path.name})")
    return connection


@contextlib.contextmanager
def _lock(path: Path) -> Generator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise NotShared(f"another process has held {path} for {START_WITHIN_S:.0f} s") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _spawn(path: Path) -> None:
    """Start the daemon in a session of its own and wait until it listens.

    Two forks, so that it is nobody's child: not killed with an editor's processes, never a zombie.
    """
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        _become_daemon(path, tell)
    os.close(tell)
    os.waitpid(child, 0)
    try:
        said = _read_within(ready, START_WITHIN_S)
    finally:
        os.close(ready)
    if said != b"ready\n":
        raise NotShared(f"the shared process could not start: {said.decode(errors='replace').strip()}")


def _become_daemon(path: Path, tell: int) -> NoReturn:
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.dup2(tell, 3)
        os.closerange(4, 4096)
        os.execve(  # noqa: S606 - our own interpreter, our own module
            sys.executable,
            [sys.executable, *_flags(), "-m", "rolecall_server.daemon.main", os.fspath(path), "3"],
            _daemon_environment(),
        )
    finally:
        os._exit(1)


def _flags() -> list[str]:
    """Interpreter options of ours that decide which code is found."""
    return [flag for flag, on in (("-I", sys.flags.isolated), ("-s", sys.flags.no_user_site)) if on]


def _daemon_environment() -> dict[str, str]:
    """What the interpreter and the log need; settings come with each client, never from here."""
    kept = (
        "HOME",
        "PATH",
        "LANG",
        "LC_ALL",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONWARNINGS",
        "XDG_STATE_HOME",
        "TMPDIR",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}


def _read_within(descriptor: int, seconds: float) -> bytes:
    deadline = time.monotonic() + seconds
    data = b""
    while not data.endswith(b"\n") and (left := deadline - time.monotonic()) > 0:
        readable, _, _ = select.select([descriptor], [], [], left)
        piece = os.read(descriptor, 4096) if readable else b""
        if not piece:
            break
        data += piece
    return data


def relay(connection: socket.socket) -> int:
    """Move bytes both ways until either side ends; returns the exit code."""
    pump = _Pump(connection)
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
        signal.signal(number, _leaver(code))
    threading.Thread(target=pump.from_client, daemon=True).start()
    with connection:
        return pump.to_client()


def _leaver(code: int) -> Callable[[int, object], NoReturn]:
    def leave(_number: int, _frame: object) -> NoReturn:
        # Nothing of ours needs a clean-up: the daemon sees the connection close.
        os._exit(code)

    return leave


class _Pump:
    """The two directions. The connection stays in blocking mode; only receiving has a timeout."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        seconds, micro = divmod(int(TICK_S * 1e6), 1_000_000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", seconds, micro))
        self._parent = os.getppid()
        self._end_by: float | None = None

    def from_client(self) -> None:
        """Standard input to the daemon; at its end, half-close."""
        with contextlib.suppress(OSError):
            while data := os.read(0, CHUNK):
                self._connection.sendall(data)
        self._end_by = time.monotonic() + END_WITHIN_S
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def to_client(self) -> int:
        """Frames to standard output, until the session or one of the peers ends."""
        try:
            while True:
                kind, length = handshake.HEADER.unpack(self._exactly(handshake.HEADER.size))
                if kind == handshake.EXIT:
                    return self._exactly(length)[0]
                self._copy(length)
        except _Gone as gone:
            if gone.reason:
                sys.stderr.write(f"rolecall: {gone.reason}\n")
            return gone.code

    def _copy(self, length: int) -> None:
        while length:
            data = self._receive(min(length, CHUNK))
            length -= len(data)
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(1, view) :]
                except OSError:
                    raise _Gone(1, "") from None

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            data += self._receive(size - len(data))
        return bytes(data)

    def _receive(self, size: int) -> bytes:
        while True:
            try:
                data = self._connection.recv(size)
            except BlockingIOError:
                self._look_around()
                continue
            except OSError:
                data = b""
            if not data:
                raise _Gone(1, "the shared process ended; start the session again")
            return data

    def _look_around(self) -> None:
        if self._end_by is not None and time.monotonic() > self._end_by:
            raise _Gone(1, "")
        # Process 1 adopts orphans; a parent that is 0 lives in another namespace and cannot be watched.
        if self._parent > 1 and os.getppid() != self._parent:
            raise _Gone(1, "")


class _Gone(Exception):
    """A peer is gone; ``reason`` is for the person, where there is still one."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def run(door: str, caller: Caller, roots: Sequence[Path]) -> int:
    """Serve this process's client through the daemon; returns the exit code.

    Raises:
        NotShared: the client has to be served by this very process.
    """
    if caller.environment.get("ROLECALL_DAEMON__ENABLED", "").strip().lower() in {"false", "0", "no", "off"}:
        raise NotShared("ROLECALL_DAEMON__ENABLED is off")
    hello = {
        "door": door,
        "environment": handshake.shared_environment(caller.environment),
        "cwd": str(caller.cwd),
        "config": os.fspath(caller.cwd / caller.config_file) if caller.config_file else None,
        "overrides": dict(caller.overrides),
        "roots": [str(root) for root in roots],
    }
    return relay(connect(hello, caller))
