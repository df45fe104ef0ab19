"""``rolecall lsp`` and ``rolecall mcp``: join the user's one daemon, and from then on only move bytes.

Standard library only, and little of it, so that an editor's first answer comes from a warm process.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time

from rolecall_server.daemon import handshake
from rolecall_server.daemon.joining import NotShared, connect
from rolecall_server.daemon.pulse import Pulse
from rolecall_server.hangup import is_hung_up

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rolecall_server.daemon.joining import Daemon

__all__ = ["NotShared", "Pump", "run"]

TICK_S = 0.4
"""How often it is looked whether parent and daemon are still there."""

END_WITHIN_S = 1.75
"""What a session may take to end after its client has sent its last byte."""

SILENT_S = 1.6
"""A daemon that gave no sign of life for so long is looked at: it hangs, or has too much to do."""

BUSY_S = 0.8
"""It hangs if it spent so much of that time computing, asleep, or stopped."""

LONGEST_S = 20.0
"""And it hangs after so long in any case."""

ENGAGED_S = 10.0
"""A session in which nothing was said for so long can wait for a daemon that was stopped for a while."""

CHUNK = 1 << 17

ENDED = "the shared process ended; start the session again"

LATE = "the session did not end in time; what was asked last may be unanswered"


def run(door: str, options: Mapping[str, str]) -> int:
    """Serve this process's client through the daemon; returns the exit code.

    Args:
        door: ``lsp`` or ``mcp``.
        options: the plain options of the command line, by name.

    Raises:
        NotShared: the client has to be served by this very process.
    """
    parent = os.getppid()
    before = {
        number: signal.signal(number, _leaver(code))
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129))
    }
    try:
        daemon = _join(door, options)
    except NotShared:
        for number, handler in before.items():
            signal.signal(number, handler)
        raise
    return Pump(daemon, parent).run()


def _join(door: str, options: Mapping[str, str]) -> Daemon:
    # The settings are the daemon's to read; this one is seen without, and spares a process nobody wants.
    if os.environ.get("ROLECALL_DAEMON__ENABLED", "").strip().lower() in {"false", "0", "no", "off"}:
        raise NotShared("ROLECALL_DAEMON__ENABLED is off")
    try:
        cwd = os.getcwd()
    except OSError:
        cwd = "/"  # it was removed; the root counts as no workspace
    return connect(handshake.hello(door, options, os.environ, cwd), os.environ)


class Pump:
    """The two directions of a session, and an eye on everybody who takes part.

    The main thread writes to the client, a second one reads from it, a third one watches: whatever the
    other two are blocked by, the process ends in time.

    Args:
        daemon: who serves.
        parent: the process that started this one.
        leave: ends the process at once.
        clock: monotonic, in seconds.

    Attributes:
        pulse: the daemon's.
    """

    def __init__(
        self,
        daemon: Daemon,
        parent: int,
        leave: Callable[[int], object] = os._exit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._daemon = daemon
        self._connection = daemon.connection
        self._parent = parent
        self._leave = leave
        self._clock = clock
        self.pulse = Pulse(daemon.pid, busy_s=BUSY_S, silent_s=LONGEST_S, blind_s=LONGEST_S, clock=clock)
        self._talked = self._looked = clock()
        self._is_writing = False
        self._is_cut_off = False
        self._has_left = False

    def run(self) -> int:
        """Move bytes until the session or one of the peers ends; returns the exit code."""
        threading.Thread(target=self._from_client, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            return self._to_client()
        except _Gone as gone:
            _say(gone.reason)
            return gone.code

    def _from_client(self) -> None:
        """Standard input to the daemon; at its end, half-close, and see that the session ends in time."""
        while data := self._read():
            self._talked = self._clock()
            try:
                self._connection.sendall(data)
            except OSError:
                self._is_cut_off = True
                break
        self._has_left = True
        try:
            self._connection.shutdown(1)  # SHUT_WR
        except OSError:
            pass
        # A client that has left and reads no more is not owed the rest.
        if (is_hung_up(1, END_WITHIN_S) or self._is_writing) and not self._is_cut_off:
            self._leave(0)
        else:
            _say(self._why_unfinished())
            self._leave(1)

    def _why_unfinished(self) -> str:
        if self._is_cut_off:
            return ENDED
        return self._hangs if self.pulse.silence() > SILENT_S else LATE

    def _read(self) -> bytes:
        try:
            return os.read(0, CHUNK)
        except OSError:
            return b""

    def _to_client(self) -> int:
        """Frames to standard output, until the session ends."""
        header = handshake.HEADER
        pending = bytearray()
        while True:
            while len(pending) < header.size:
                pending += self._receive(CHUNK)
            kind, length = header.unpack_from(pending)
            if kind == handshake.DATA:
                pending = self._copy(pending, header.size, length)
                continue
            while len(pending) < header.size + length:
                pending += self._receive(CHUNK)
            payload = bytes(pending[header.size : header.size + length])
            if kind == handshake.EXIT:
                raise _Gone(payload[0], payload[1:].decode(errors="replace"))
            del pending[: header.size + length]

    def _copy(self, pending: bytearray, start: int, length: int) -> bytearray:
        """Write a payload of which the beginning has arrived; returns what arrived after it."""
        here = min(length, len(pending) - start)
        self._write(memoryview(pending)[start : start + here])
        if here == length:
            return pending[start + here :]
        left = length - here
        while left:
            data = self._receive(min(left, CHUNK))
            left -= len(data)
            self._write(memoryview(data))
        return bytearray()

    def _write(self, view: memoryview) -> None:
        self._is_writing = True
        try:
            while view:
                view = view[os.write(1, view) :]
        except OSError:
            raise _Gone(1, "") from None  # the client takes no more
        finally:
            self._is_writing = False
            self.pulse.heard()
            self._talked = self._clock()

    def _receive(self, size: int) -> bytes:
        try:
            data = self._connection.recv(size)
        except OSError:
            data = b""
        if not data:
            raise _Gone(1, ENDED)
        self.pulse.heard()
        return data

    def _watch(self) -> None:
        while True:
            time.sleep(TICK_S)
            reason = self.reason_to_leave()
            if reason is not None:
                _say(reason)
                self._leave(1)
                return

    def reason_to_leave(self) -> str | None:
        """Why the session is over though neither side says so; empty where nobody wants to know."""
        # Process 1 adopts orphans; a parent that is 0 lives in another namespace and cannot be watched.
        if self._parent > 1 and os.getppid() != self._parent:
            return ""
        if not self._has_left and is_hung_up(1):
            return ""
        now = self._clock()
        slept, self._looked = now - self._looked > 4 * TICK_S, now
        if slept or self._is_writing:
            self.pulse.heard()  # it was this process that stood still
        return self._hangs if self._is_forsaken(now) else None

    def _is_forsaken(self, now: float) -> bool:
        """Whether the daemon hangs, and the session is in use."""
        silence = self.pulse.silence()
        if silence < handshake.BEAT_S:
            return False
        hangs = self.pulse.hangs()
        in_use = now - silence - self._talked < ENGAGED_S
        return hangs and ((silence > SILENT_S and in_use) or silence > LONGEST_S)

    @property
    def _hangs(self) -> str:
        return f"the shared process {self._daemon.pid or ''} hangs; `rolecall daemon stop` ends it"


class _Gone(Exception):
    """The session is over; ``reason`` is for the person, where there is still one."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def _leaver(code: int) -> Callable[[int, object], None]:
    def leave(_number: int, _frame: object) -> None:
        # Nothing of ours needs a clean-up: the daemon sees the connection close.
        os._exit(code)

    return leave


def _say(line: str) -> None:
    """One line to standard error, unless that would block: a full pipe must not keep a relay alive."""
    if not line:
        return
    try:
        poll = select.poll()
        poll.register(2, select.POLLOUT)
        if any(event & select.POLLOUT for _, event in poll.poll(0)):
            os.write(2, f"rolecall: {line}\n".encode())
    except OSError:
        pass
