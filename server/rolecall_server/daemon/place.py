"""A daemon's place: the pid file it holds for life, and the socket it listens at.

Who holds the lock of ``NAME.pid`` is the daemon of that name; the lock ends with the process, however that
ends, so a socket whose pid file nobody holds is stale. Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket

BACKLOG = 256
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


def pid_file(path: str) -> str:
    """The pid file of a socket."""
    return path.removesuffix(".sock") + ".pid"


def holder(path: str) -> int | None:
    """The process that holds a pid file; None where nobody does, or no daemon's file is there."""
    try:
        descriptor = os.open(path, _FLAGS | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.read(descriptor, 20).strip()
        return (int(said) or None) if said.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


class Taken(Exception):
    """Another daemon has the place."""


class Place:
    """Where one daemon is reached. Take it before anything else, leave it last.

    Args:
        path: of the socket.

    Raises:
        Taken: a daemon of that name lives.
        OSError: the folder cannot be used.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._held = _hold(pid_file(path))
        self._listening: os.stat_result | None = None

    def listen(self) -> socket.socket:
        """Make the socket, in the place of a stale one."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listening.bind(self.path)
        finally:
            os.umask(before)
        listening.listen(BACKLOG)
        self._listening = os.lstat(self.path)
        return listening

    def is_intact(self) -> bool:
        """Whether clients that look for the daemon still find it: both files are there and are ours."""
        return _is(self.path, self._listening) and _is(pid_file(self.path), os.fstat(self._held))

    def retake(self) -> None:
        """Hold the place again after its files were removed. Raises Taken and OSError."""
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        if not _is(pid_file(self.path), os.fstat(self._held)):
            held = _hold(pid_file(self.path))
            os.close(self._held)
            self._held = held

    def step_aside(self) -> None:
        """Make room for a successor of the same name, and stay reachable for ``rolecall daemon``."""
        aside = self.path.removesuffix(".sock") + f"-{os.getpid()}.sock"
        if self.is_intact():
            os.rename(self.path, aside)
            os.rename(pid_file(self.path), pid_file(aside))
            self.path = aside

    def leave(self) -> None:
        """Remove what is ours, and only that."""
        for path, ours in ((self.path, self._listening), (pid_file(self.path), os.fstat(self._held))):
            with contextlib.suppress(OSError):
                if _is(path, ours):
                    os.unlink(path)
        os.close(self._held)


def sweep(folder: str) -> list[int]:
    """Remove what dead daemons left in a folder; returns the processes of the living ones."""
    living: list[int] = []
    for name in sorted(os.listdir(folder)):
        if name.startswith("daemon-") and name.endswith(".pid"):
            path = os.path.join(folder, name)
            pid = holder(path)
            if pid is not None:
                living.append(pid)
                continue
            for stale in (path, path.removesuffix(".pid") + ".sock"):
                with contextlib.suppress(OSError):
                    os.unlink(stale)
    return living


def _hold(path: str) -> int:
    """Lock the pid file for the life of this process."""
    while True:
        descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # One that left in this very moment has removed the file we opened.
            if _is(path, os.fstat(descriptor)):
                os.truncate(descriptor, 0)
                os.write(descriptor, f"{os.getpid()}\n".encode())
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise Taken(f"another process holds {path}") from None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is(path: str, ours: os.stat_result | None) -> bool:
    if ours is None:
        return False
    try:
        there = os.lstat(path)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
