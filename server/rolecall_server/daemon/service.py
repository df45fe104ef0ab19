"""The daemon: one asyncio loop, one runtime, and a server object for each relay that joins."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import structlog

from rolecall._version import __version__
from rolecall_server.daemon.clients import Clients
from rolecall_server.daemon.handshake import BEAT_S, LIMIT
from rolecall_server.daemon.identity import identity
from rolecall_server.daemon.place import Taken
from rolecall_server.daemon.welcome import Reception
from rolecall_server.host import Host

if TYPE_CHECKING:
    import socket

    from rolecall_server.daemon.place import Place

LOOK_AROUND_S = 5.0
"""Seconds between two looks whether the install and the socket are as they were."""

NOBODY_CAME_S = 30.0
"""A daemon that no client has ever joined ends after so long: whoever started it is gone."""

END_S = 5.0
"""Seconds the process may take to end; a thread may hang in a dead network drive."""

THREADS = 32

AHEAD_AFTER_S = 0.3
"""The first client's first requests are answered before anything is imported for the next."""

AHEAD = (
    "rolecall_server.lsp.serving",
    "rolecall_server.mcp.stream",
    "rolecall.runtime",
    "rolecall.llm.transport",
)
"""What clients will need, imported while nobody waits."""

log = structlog.get_logger(__name__)


def serve(daemon: Daemon, listening: socket.socket) -> int:
    """Serve until the daemon is idle for long enough, drained, stopped, or told to end by a signal."""
    asyncio.run(daemon.run(listening))
    return 0


class Daemon:
    """The shared process.

    Args:
        place: where it is reached.
        mine: the identity it was started with; when the install's differs, it drains.
        log_file: where it logs.
    """

    def __init__(self, place: Place, mine: str, log_file: str) -> None:
        self.place = place
        self.log_file = log_file
        self.host = Host()
        self.draining = False
        self.clients = Clients(self._left_alone)
        self._identity = mine
        self._started = time.monotonic()
        self._stop = asyncio.Event()
        self._look = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None
        self._reception = Reception(self)

    async def run(self, listening: socket.socket) -> None:
        """Serve until there is a reason to end; then end every session."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, "rolecall"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._look.set)
        await self._listen(listening)
        self._wait_idle(NOBODY_CAME_S)
        background = [
            asyncio.create_task(work) for work in (self._look_around(), self._beat(), self._import_ahead())
        ]
        try:
            await self._stop.wait()
        finally:
            self._end_at_the_latest()
            if self._server is not None:
                self._server.close()
            self.place.leave()
            for task in background:
                task.cancel()
            await self.clients.end()
            await self.host.aclose()
            log.info("daemon ended")

    def stop(self) -> None:
        """End, and every session with it."""
        self._stop.set()

    async def is_current(self) -> bool:
        """Whether the installed code is still the code that runs here."""
        if self.draining:
            return False
        with suppress(OSError):
            return await asyncio.to_thread(identity) == self._identity
        return False

    def drain(self) -> None:
        """Take no new clients, and end when the last one has gone."""
        if not self.draining:
            self.draining = True
            log.info("the install changed; ending when the last client has gone")
            with suppress(OSError):
                self.place.step_aside()
        if not self.clients:
            self._wait_idle(0.0)

    def joined(self) -> None:
        """A client is here: stay."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def refused(self) -> None:
        """A client does not want to share. A daemon that nobody wants ends."""
        if not self.clients.ever and not self.clients:
            self._wait_idle(0.0)

    def status(self) -> dict[str, Any]:
        """What ``rolecall daemon status`` tells."""
        return {
            "pid": os.getpid(),
            "version": __version__,
            "socket": self.place.path,
            "clients": self.clients.to_json(),
            "uptime": round(time.monotonic() - self._started, 3),
            "draining": self.draining,
            "log": self.log_file,
        }

    async def _listen(self, listening: socket.socket) -> None:
        before, self._server = (
            self._server,
            await asyncio.start_unix_server(self._reception.accept, sock=listening, limit=LIMIT),
        )
        if before is not None:
            before.close()

    async def _look_around(self) -> None:
        """See now and then, and when told to (SIGHUP), whether we still are where clients look for us."""
        while not self.draining:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK_AROUND_S)
            self._look.clear()
            if not await self.is_current():
                self.drain()
            elif not self.place.is_intact():
                await self._come_back()

    async def _come_back(self) -> None:
        """Somebody removed our socket: make it anew, unless another daemon took the place."""
        try:
            self.place.retake()
            await self._listen(self.place.listen())
            log.warning("the socket was removed and made anew", socket=self.place.path)
        except Taken:
            self.drain()
        except OSError as error:
            log.warning("the socket was removed and cannot be made anew", problem=str(error))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.clients.beat()

    async def _import_ahead(self) -> None:
        """What the next client will need, while nobody waits."""
        await self.clients.answered.wait()
        await asyncio.sleep(AHEAD_AFTER_S)
        for name in AHEAD:
            await asyncio.to_thread(import_module, name)
        assert self.host.runtime is not None

    def _left_alone(self, idle_s: float) -> None:
        """The last client has gone; it wanted the daemon to stay for so long."""
        self._wait_idle(0.0 if self.draining else idle_s)
        self._look.set()

    def _wait_idle(self, seconds: float) -> None:
        self.joined()
        self._idle = asyncio.get_running_loop().call_later(seconds, self.stop)

    def _end_at_the_latest(self) -> None:
        timer = threading.Timer(END_S, os._exit, (0,))
        timer.daemon = True
        timer.start()
