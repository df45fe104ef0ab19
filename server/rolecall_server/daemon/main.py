"""The daemon's process: takes the socket, says it is ready, then serves.

Started by a relay as ``python -m rolecall_server.daemon.main SOCKET READY_FD``.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from pathlib import Path

from rolecall_server.daemon.identity import identity


def main(arguments: list[str]) -> int:
    """Serve on the socket until there is nobody left to serve."""
    path, ready = Path(arguments[0]), int(arguments[1])
    os.umask(0o077)
    holding = _hold(path.with_suffix(".pid"))
    if holding is None:
        os.write(ready, b"another one is just ending\n")
        return 1
    mine = identity()
    listening = _listen(path)
    os.write(ready, b"ready\n")
    os.close(ready)
    # Connections wait in the backlog while the rest is imported.
    from rolecall_server.daemon.service import serve  # noqa: PLC0415

    return serve(listening, path, mine)


def _hold(path: Path) -> int | None:
    """Hold the pid file for the life of this process; None where another process does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _listen(path: Path) -> socket.socket:
    # Whoever made a socket here before is dead, or it would hold the pid file.
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(os.fspath(path))
    path.chmod(0o600)
    listening.listen(256)
    return listening


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
