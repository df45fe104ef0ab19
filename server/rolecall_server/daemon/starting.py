"""Starting a daemon, once, however many relays find that there is none.

Standard library only: relays import this.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

from rolecall.home import home_of
from rolecall_server.daemon import place
from rolecall_server.daemon.identity import packages
from rolecall_server.daemon.joining import LOOK_S, Daemon, NotShared, is_ours, join
from rolecall_server.daemon.pulse import is_stopped

if TYPE_CHECKING:
    from collections.abc import Generator

START_WITHIN_S = 10.0
"""A daemon that does not listen after so long could not start."""

RETURN_WITHIN_S = 1.5
"""What a living daemon whose socket is gone may take to make it anew."""

POLL_S = 0.02

KEPT = ("HOME", "PATH", "TMPDIR", "TZ")
"""Variables a daemon gets; settings come with each client, never from here."""

KEPT_PREFIXES = ("PYTHON", "LC_", "LANG", "LD_", "DYLD_")
"""And those that decide which interpreter and which code run."""


def start_and_join(folder: str, name: str, hello: bytes, uid: int) -> Daemon:
    """Join the daemon of that name, starting it if nobody else does.

    Raises:
        NotShared: it could not be started, or does not answer.
        Unusable: what is at its place must not be replaced.
        OSError: it could not be started.
    """
    path = f"{folder}/{name}.sock"
    with _lock(f"{folder}/start.lock"):
        # Of relays started at once, the first starts the daemon and the others find it.
        is_ours(path, uid)  # refused now, or replaced by the daemon's socket
        if place.holder(place.pid_file(path)) is not None:
            daemon = join(path, hello, uid) or _return_of(path, hello, uid)
            if daemon is not None:
                return daemon
        _spawn(path)
    daemon = join(path, hello, uid, heard_within_s=START_WITHIN_S)
    if daemon is None:
        raise NotShared(f"the shared process ended as soon as it was started; see {log_file()}")
    return daemon


def log_file() -> str:
    """The log of a daemon started here."""
    state = os.environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        state = os.path.join(home_of(os.environ), ".local/state")
    return os.path.join(state, "rolecall", "daemon.log")


def _return_of(path: str, hello: bytes, uid: int) -> Daemon | None:
    """A daemon that lives but cannot be reached (its socket was removed) is asked to come back."""
    deadline = time.monotonic() + RETURN_WITHIN_S
    asked = 0
    while (pid := place.holder(place.pid_file(path))) is not None:
        if time.monotonic() > deadline:
            raise NotShared(
                f"the shared process {pid} does not listen at {path}; `rolecall daemon stop` ends it"
            )
        if pid != asked:
            asked = pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)
        time.sleep(POLL_S)
        daemon = join(path, hello, uid)
        if daemon is not None:
            return daemon
    return None


@contextlib.contextmanager
def _lock(path: str) -> Generator[None]:
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
                time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def _spawn(path: str) -> None:
    """Start the daemon and wait until it listens. It makes itself nobody's child (see ``main``)."""
    if not sys.executable:
        raise NotShared("the interpreter's path is unknown")
    ready, tell = os.pipe()
    try:
        # What it says until it listens, a traceback included, comes to us; standard input leads to nothing.
        redirect = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, tell, 1),
            (os.POSIX_SPAWN_DUP2, tell, 2),
        ]
        arguments = [
            sys.executable, *_flags(), "-P", "-m", "rolecall_server.daemon.main", path, log_file(),
        ]  # fmt: skip
        child = os.posix_spawn(sys.executable, arguments, _environment(), file_actions=redirect)
        os.close(tell)
        tell = -1
        said = _said_by(child, ready, path)
    finally:
        os.close(ready)
        if tell >= 0:
            os.close(tell)
    if not said.endswith(b"ready\n"):
        why = said.decode(errors="replace").strip().rpartition("\n")[2] or "it said nothing"
        raise NotShared(f"the shared process could not start at {path}: {why}")


def _flags() -> list[str]:
    """Interpreter options of ours that decide which code is found."""
    return [flag for flag, on in (("-I", sys.flags.isolated), ("-s", sys.flags.no_user_site)) if on]


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }
    # Code that was found by the current folder, as `python -m` does, is found from elsewhere too.
    roots = [os.path.dirname(package) for package in packages()]
    own = [root for root in roots if os.path.basename(root) not in {"site-packages", "dist-packages"}]
    given = [part for part in kept.get("PYTHONPATH", "").split(os.pathsep) if part]
    paths = [os.path.abspath(part) for part in dict.fromkeys([*given, *own])]
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(paths)
    return kept


def _said_by(child: int, ready: int, path: str) -> bytes:
    """What a daemon says until its last word or its end.

    Raises:
        NotShared: it was stopped before it had said all.
    """
    deadline = time.monotonic() + START_WITHIN_S
    said = b""
    try:
        while not said.endswith(b"ready\n") and time.monotonic() < deadline:
            readable, _, _ = select.select([ready], [], [], LOOK_S)
            piece = os.read(ready, 4096) if readable else b""
            if readable and not piece:
                break
            said += piece
            if not piece:
                _refuse_stopped(child, place.holder(place.pid_file(path)))
        return said
    finally:
        _reap(child)


def _refuse_stopped(*starting: int | None) -> None:
    """Raise NotShared where a process that starts was stopped: its word may never come."""
    for pid in starting:
        if pid is not None and is_stopped(pid):
            raise NotShared(
                f"the shared process {pid} was stopped while it started; `rolecall daemon stop` ends it"
            )


def _reap(child: int) -> None:
    """See the end of the process that made the daemon; it has nothing left to do."""
    if os.waitpid(child, os.WNOHANG)[0] != child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
