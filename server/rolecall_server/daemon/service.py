"""The daemon: one asyncio loop, one runtime, and a server object for each relay that joins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from rolecall._version import __version__
from rolecall.caller import Caller
from rolecall_server.daemon.frames import FrameWriter
from rolecall_server.daemon.handshake import LIMIT
from rolecall_server.daemon.identity import identity
from rolecall_server.host import Host

if TYPE_CHECKING:
    from rolecall.settings import Settings

HELLO_WITHIN_S = 5.0
END_WITHIN_S = 2.0

AHEAD = (
    "rolecall.runtime",
    "rolecall.llm.transport",
    "rolecall_server.lsp.serving",
    "rolecall_server.mcp.stream",
)
"""What clients will need, imported while nobody waits."""

log = structlog.get_logger(__name__)


def serve(listening: socket.socket, path: Path, mine: str) -> int:
    """Serve until the daemon is idle for long enough, drained, stopped, or told to end by a signal."""
    asyncio.run(Daemon(path, mine).run(listening))
    return 0


@dataclass(slots=True)
class Client:
    """One relay that joined."""

    door: str
    pid: int
    folder: str
    since: float = field(default_factory=time.time)


class Daemon:
    """The shared process.

    Args:
        path: its socket.
        mine: the identity it was started with; when the install's differs, it drains.
    """

    def __init__(self, path: Path, mine: str) -> None:
        self._path = path
        self._identity = mine
        self._host = Host()
        self._clients: dict[asyncio.Task[Any], Client] = {}
        self._idle_s = 900.0
        self._started = time.time()
        self._draining = False
        self._stop = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None

    async def run(self, listening: socket.socket) -> None:
        """Serve until there is a reason to end; then end every session."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        server = await asyncio.start_unix_server(self._accept, sock=listening, limit=LIMIT)
        ahead = asyncio.create_task(asyncio.to_thread(self._import_ahead))
        self._wait_idle()
        try:
            await self._stop.wait()
        finally:
            server.close()
            self._path.unlink(missing_ok=True)
            ahead.cancel()
            await self._end_clients()
            await self._host.aclose()
        log.info("daemon ended")

    def _import_ahead(self) -> None:
        """What the next client will need, while nobody waits."""
        from rolecall.settings import load  # noqa: PLC0415
        from rolecall.telemetry.logging import configure  # noqa: PLC0415

        # The daemon's own log; clients' settings never change it.
        here = Caller.here("daemon")
        logging = load(Caller({}, Path("/"))).settings.logging
        log_file = here.state_folder() / "daemon.log"
        configure(logging.model_copy(update={"file": log_file, "format": "json"}), stream=sys.stderr)
        log.info("daemon started", pid=os.getpid(), version=__version__, socket=str(self._path))
        for name in AHEAD:
            import_module(name)
        assert self._host.runtime is not None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; whatever goes wrong in it is its own affair."""
        try:
            hello = await self._hello(reader, writer)
            if hello is None:
                return
            if hello["door"] == "control":
                await self._control(hello, writer)
            else:
                await self._serve(hello, reader, writer)
        except Exception:
            log.exception("a connection failed")
        finally:
            writer.close()

    async def _hello(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, Any] | None:
        """What the relay says of its client; None for a peer that is none of ours."""
        if _peer(writer)[1] not in {os.getuid(), None}:
            log.warning("refused a connection of another user")
            return None
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\n"), HELLO_WITHIN_S)
            hello = json.loads(line)
            return hello if hello["door"] in {"lsp", "mcp", "control"} else None
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            log.warning("a connection said nothing we know")
        except (ValueError, KeyError, TypeError):
            log.warning("a connection said nothing we know")
        return None

    async def _serve(
        self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        caller = _caller(hello)
        if not self._is_current():
            await _answer(writer, {"draining": True})
            self._drain()
            return
        settings = await asyncio.to_thread(_settings, caller)
        if not settings.daemon.enabled:
            await _answer(writer, {"reason": "daemon.enabled is false"})
            self._wait_idle()
            return
        await _answer(writer, {"welcome": True, "pid": os.getpid(), "version": __version__})
        self._idle_s = settings.daemon.idle_timeout_s
        task = asyncio.current_task()
        assert task is not None
        self._clients[task] = Client(hello["door"], _peer(writer)[0], str(caller.cwd))
        self._stay()
        out = FrameWriter(writer)
        code = 1
        try:
            code = await self._session(hello, caller, reader, out)
        finally:
            del self._clients[task]
            await out.end(code)
            self._wait_idle()

    async def _session(
        self, hello: dict[str, Any], caller: Caller, reader: asyncio.StreamReader, out: FrameWriter
    ) -> int:
        roots = [Path(root) for root in hello["roots"]]
        if hello["door"] == "lsp":
            from rolecall_server.lsp.serving import serve as serve_lsp  # noqa: PLC0415

            return await serve_lsp(reader, out, self._host, caller, roots=roots)
        from rolecall_server.mcp.stream import serve_stream as serve_mcp  # noqa: PLC0415

        await serve_mcp(reader, out, self._host, caller, roots)
        return 0

    async def _control(self, hello: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        match hello.get("command"):
            case "status":
                await _answer(writer, self._status())
            case "stats":
                from rolecall_server.headless.stats import statistics  # noqa: PLC0415

                await _answer(writer, statistics(self._host.runtime))
            case "stop":
                await _answer(writer, {"stopping": True, "pid": os.getpid()})
                self._stop.set()
            case _:
                await _answer(writer, {"reason": "unknown command"})

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "version": __version__,
            "socket": str(self._path),
            "log": str(Caller.here("daemon").state_folder() / "daemon.log"),
            "uptime_s": round(time.time() - self._started, 3),
            "draining": self._draining,
            "clients": [
                {"door": client.door, "pid": client.pid, "folder": client.folder}
                for client in self._clients.values()
            ],
        }

    def _is_current(self) -> bool:
        """Whether the installed code is still the code that runs here."""
        with suppress(OSError):
            return not self._draining and identity() == self._identity
        return False

    def _drain(self) -> None:
        if not self._draining:
            self._draining = True
            log.info("the install changed; ending when the last client has gone")
            self._path.unlink(missing_ok=True)
        self._wait_idle()

    def _wait_idle(self) -> None:
        """With nobody here, end after the idle time; at once when draining."""
        self._stay()
        if not self._clients:
            wait = 0.0 if self._draining else self._idle_s
            self._idle = asyncio.get_running_loop().call_later(wait, self._stop.set)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _end_clients(self) -> None:
        tasks = list(self._clients)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=END_WITHIN_S)


def _caller(hello: dict[str, Any]) -> Caller:
    config = hello.get("config")
    return Caller(
        environment=dict(hello["environment"]),
        cwd=Path(hello["cwd"]),
        config_file=Path(config) if config else None,
        overrides=dict(hello["overrides"]),
        name=hello["door"],
    )


def _settings(caller: Caller) -> Settings:
    """The client's settings; the defaults while they are invalid, which the door then reports."""
    from rolecall.errors import ConfigurationInvalid  # noqa: PLC0415
    from rolecall.settings import LoadedSettings, load  # noqa: PLC0415

    try:
        return load(caller).settings
    except ConfigurationInvalid:
        return LoadedSettings.defaults().settings


async def _answer(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int | None]:
    """Process and user id of the peer; 0 and None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0, None
    peer = writer.get_extra_info("socket")
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid
