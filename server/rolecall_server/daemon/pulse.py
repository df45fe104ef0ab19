"""Whether a process that says nothing hangs, or has only not had its turn on a busy machine.

Standard library only, and little of it: relays import this.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable

STOPPED = frozenset({b"T", b"t"})
"""Process states: stopped by a signal, or by a debugger."""

ASLEEP = frozenset({b"S", b"I", b"Z", b"X"})
"""Thread states: waits for an event, or is dead."""

ASLEEP_S = 0.35
"""A process with words to say that sleeps for so long waits for what does not come."""


class Pulse:
    """Looks after one process between two signs of life.

    Call :meth:`hangs` a few times a second while it is silent, :meth:`heard` when it says something.

    Args:
        pid: the process; 0 where it is unknown.
        busy_s: it hangs when its main thread has computed for so long without a word: its loop does not
            come round.
        silent_s: it hangs after so long, whatever it does.
        blind_s: and after so long where the system does not tell what it does.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        pid: int,
        *,
        busy_s: float,
        silent_s: float,
        blind_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pid = pid
        self._clock = clock
        self._busy_s = busy_s
        self._silent_s = silent_s
        self._blind_s = blind_s
        self.heard()

    def heard(self) -> None:
        """It gave a sign of life."""
        self._since = self._clock()
        self._computed: float | None = None
        self._asleep_since: float | None = None

    def silence(self) -> float:
        """Seconds since its last sign of life."""
        return self._clock() - self._since

    def hangs(self) -> bool:
        """Whether it is to be given up."""
        if self.silence() > self._silent_s or is_stopped(self._pid):
            return True
        computed = _computed_s(self._pid)
        if computed is None:
            return self.silence() > self._blind_s
        if self._computed is None:
            self._computed = computed
        if computed - self._computed >= self._busy_s:
            return True
        return self._sleeps_for_long()

    def _sleeps_for_long(self) -> bool:
        if not _is_asleep(self._pid):
            self._asleep_since = None
            return False
        now = self._clock()
        self._asleep_since = self._asleep_since or now
        return now - self._asleep_since >= ASLEEP_S


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped (SIGSTOP, a debugger), where the system tells."""
    return _status(f"/proc/{pid}/stat")[:1] in STOPPED


def _computed_s(pid: int) -> float | None:
    """Processor time of a process's main thread, in seconds; None where the system does not tell it."""
    fields = _status(f"/proc/{pid}/task/{pid}/stat").split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else None


def _is_asleep(pid: int) -> bool:
    """Whether none of its threads computes, wants to, or waits for a disk."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    return all(_status(f"/proc/{pid}/task/{thread}/stat")[:1] in ASLEEP for thread in threads)


def _status(path: str) -> bytes:
    """The fields behind a process's name, the state first; empty where the system does not tell."""
    try:
        with open(path, "rb") as file:
            return file.read().rpartition(b")")[2].strip()
    except OSError:
        return b""
