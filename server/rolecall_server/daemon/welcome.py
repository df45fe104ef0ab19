"""Receiving one connection: who it is, whether it may be served, and its session."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from rolecall._version import __version__
from rolecall.caller import Caller
from rolecall_server.daemon.clients import Client
from rolecall_server.daemon.frames import FrameWriter
from rolecall_server.daemon.handshake import HEARD, HEARD_S
from rolecall_server.daemon.joining import peer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from rolecall.session import Session
    from rolecall.settings import Settings
    from rolecall.telemetry.logging import ClientLog
    from rolecall_server.daemon.service import Daemon

HELLO_WITHIN_S = 5.0

DOORS = {"lsp": "rolecall_server.lsp.serving", "mcp": "rolecall_server.mcp.stream"}

STOPPED = "the shared process was stopped; start the session again"

log = structlog.get_logger(__name__)


class Reception:
    """Where relays and ``rolecall daemon`` come in."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._prepared: asyncio.Task[None] | None = None

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; whatever goes wrong in it is its own affair."""
        try:
            writer.write(HEARD)
            hello = await self._hello(reader, writer)
            if hello is None:
                return
            if hello["door"] == "control":
                await _answer(writer, self._control(hello))
            else:
                await self._receive(hello, reader, writer)
        except ConnectionError:
            pass  # it went away while it was being answered
        except (Exception, SystemExit):
            log.exception("a connection failed on a fault of our own")
        finally:
            writer.close()

    async def _hello(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, Any] | None:
        """What the relay says of its client; None for a peer that is none of ours."""
        uid = peer(writer.get_extra_info("socket"))[1]
        if uid not in {os.getuid(), None}:
            log.warning("refused a connection of another user", uid=uid)
            return None
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\n"), HELLO_WITHIN_S)
            hello = json.loads(line)
            if hello["door"] in {"lsp", "mcp", "control"}:
                return dict(hello)
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        log.warning("a connection said nothing we know")
        return None

    async def _prepare(self) -> None:
        """Set up the log, with the first client; later ones find it done."""
        if self._prepared is None:
            self._prepared = asyncio.create_task(
                asyncio.to_thread(_configure_log, self._daemon.log_file, self._daemon.place.path)
            )
        await asyncio.shield(self._prepared)

    async def _receive(
        self, hello: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        daemon = self._daemon
        if not await daemon.is_current():
            await _answer(writer, {"draining": True})
            daemon.drain()
            return
        caller = _caller(hello)
        async with _at_it(writer):
            await self._prepare()
            settings = await asyncio.to_thread(_settings, caller)
            if settings.daemon.enabled:
                # Before the client's first byte is taken: it may hang up right behind its last one.
                await asyncio.to_thread(import_module, DOORS[hello["door"]])
        if not settings.daemon.enabled:
            await _answer(writer, {"reason": "daemon.enabled is false"})
            daemon.refused()
            return
        daemon.joined()
        task = asyncio.current_task()
        assert task is not None
        client = Client(
            hello["door"],
            peer(writer.get_extra_info("socket"))[0],
            str(caller.cwd),
            settings.daemon.idle_timeout_s,
            FrameWriter(writer, daemon.clients.answered.set),
            task,
        )
        daemon.clients.add(client)
        try:
            await _answer(writer, {"welcome": True, "pid": os.getpid(), "version": __version__})
            roots = tuple(Path(root) for root in hello["roots"])
            await self._serve(client, caller, roots, settings, reader)
        finally:
            daemon.clients.remove(client)

    async def _serve(
        self,
        client: Client,
        caller: Caller,
        roots: tuple[Path, ...],
        settings: Settings,
        reader: asyncio.StreamReader,
    ) -> None:
        """One session, from its first byte to the exit code of its relay."""
        from rolecall.telemetry.logging import ClientLog  # noqa: PLC0415 - imported by then

        log.info("client joined", door=client.door, client=client.pid, folder=client.folder)
        client_log = ClientLog.of_this_task(settings.logging)
        code, reason = 1, f"this session failed on a fault of our own; see {self._daemon.log_file}"
        try:
            code = await self._session(client, caller, roots, reader, client_log)
            reason = ""
        except asyncio.CancelledError:
            reason = STOPPED
            raise
        except ConnectionError:
            reason = ""
        except (Exception, SystemExit):
            log.exception("a session failed on a fault of our own", door=client.door)
        finally:
            client_log.close()
            log.info("client left", door=client.door, client=client.pid, code=code)
            await client.out.end(code, reason)

    async def _session(
        self,
        client: Client,
        caller: Caller,
        roots: tuple[Path, ...],
        reader: asyncio.StreamReader,
        client_log: ClientLog,
    ) -> int:
        host = self._daemon.host

        def opened(session: Session) -> None:
            # Now with what the workspace says.
            client_log.configure(session.settings.logging)

        if client.door == "lsp":
            from rolecall_server.lsp.serving import serve  # noqa: PLC0415 - imported by then

            return await serve(
                reader,
                client.out,
                host,
                caller,
                roots=roots,
                opened=opened,
                watch_parent=_shares_our_processes(client.pid),
            )
        from rolecall_server.mcp.stream import serve_stream  # noqa: PLC0415 - imported by then

        await serve_stream(reader, client.out, host, caller, roots, opened=opened)
        return 0

    def _control(self, hello: dict[str, Any]) -> dict[str, Any]:
        match hello.get("command"):
            case "status":
                return self._daemon.status()
            case "stats":
                from rolecall_server.headless.stats import statistics  # noqa: PLC0415 - not for a client

                return statistics(self._daemon.host.runtime)
            case "stop":
                self._daemon.stop()
                return {"stopping": True, "pid": os.getpid()}
            case _:
                return {"reason": "this is no command of the shared process"}


def _caller(hello: dict[str, Any]) -> Caller:
    config = hello.get("config")
    return Caller(
        environment=dict(hello["environment"]),
        cwd=Path(hello["cwd"]),
        config_file=Path(config) if config else None,
        overrides=dict(hello["overrides"]),
        name=hello["door"],
        umask=int(hello["umask"]) & 0o777,
    )


def _settings(caller: Caller) -> Settings:
    """The client's settings; the defaults while they are invalid, which the door then reports."""
    from rolecall.errors import ConfigurationInvalid  # noqa: PLC0415 - not before the first client
    from rolecall.settings import LoadedSettings, load  # noqa: PLC0415

    try:
        return load(caller).settings
    except ConfigurationInvalid:
        return LoadedSettings.defaults().settings


def _configure_log(log_file: str, socket: str) -> None:
    """The daemon's own log, by the defaults: no client's settings change it, nor does its environment."""
    from rolecall.settings import LoggingSettings  # noqa: PLC0415 - not before the first client
    from rolecall.telemetry.logging import configure  # noqa: PLC0415

    configure(LoggingSettings(file=Path(log_file), format="json"), shared=True)
    log.info("daemon started", pid=os.getpid(), version=__version__, socket=socket)


def _shares_our_processes(pid: int) -> bool:
    """Whether process ids mean the same to the client as here; not so across containers."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() == Path("/proc/self/ns/pid").readlink()
    except OSError:
        return False


@asynccontextmanager
async def _at_it(writer: asyncio.StreamWriter) -> AsyncGenerator[None]:
    """Tell the relay again and again that its answer is being worked on."""

    async def tell() -> None:
        while not writer.is_closing():
            await asyncio.sleep(HEARD_S)
            writer.write(HEARD)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


async def _answer(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()
