"""The daemon's process: makes itself nobody's child, takes its place, says it is ready, then serves.

Started by a relay as ``python -m rolecall_server.daemon.main SOCKET LOG``, with a pipe as standard output on
which the relay waits for ``ready``.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys

from rolecall.telemetry import do_without_rich
from rolecall_server.daemon import place
from rolecall_server.daemon.identity import identity

CLOSED_UP_TO = 1 << 20
DESCRIPTORS = 1 << 16


def main(arguments: list[str]) -> int:
    """Serve on the socket until there is nobody left to serve."""
    path, log_file = arguments
    do_without_rich()
    _detach()
    try:
        taken = place.Place(path)
        place.sweep(os.path.dirname(path))
        # What takes long comes before the socket exists: whoever finds it gets an answer at once.
        from rolecall_server.daemon.service import Daemon, serve  # noqa: PLC0415

        daemon = Daemon(taken, _identity(path), log_file)
        listening = taken.listen()
    except Exception as error:  # noqa: BLE001 - whatever it is, the relay that waits is told
        print(f"{type(error).__name__}: {error}", flush=True)  # noqa: T201 - the pipe to the relay
        return 1
    print("ready", flush=True)  # noqa: T201
    _let_go_of_the_relay()
    return serve(daemon, listening)


def _identity(path: str) -> str:
    """What this process runs; it must be what the relay looked for."""
    mine = identity()
    if f"daemon-{mine}.sock" != os.path.basename(path):
        raise RuntimeError("the install changed at this very moment")
    return mine


def _detach() -> None:
    """A process session of its own, no descriptor and no signal setting of the relay's."""
    with contextlib.suppress(PermissionError):  # a leader already, when started by hand
        os.setsid()
    if os.fork():
        os._exit(0)  # nobody's child: not ended with an editor's processes, never a zombie
    os.chdir("/")
    os.umask(0o077)  # nobody's; what is written for a client gets that client's
    os.closerange(3, CLOSED_UP_TO)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        enough = DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def _let_go_of_the_relay() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
