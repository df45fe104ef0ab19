"""uvicorn under the gate: one worker, our own signals, and an end in good order."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.requests import ClientDisconnect

from rolecall_server.mcp.http.gate import Gate
from rolecall_server.mcp.http.requests import TimedRequests
from rolecall_server.mcp.http.users import Users
from rolecall_server.mcp.http_calls import HttpCalls
from rolecall_server.mcp.server import create_server
from rolecall_server.mcp.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall.settings import LoadedSettings
    from rolecall_server.host import Host
    from rolecall_server.mcp.http.address import Listening

DRAIN_S: Final = 30.0
"""Longest wait for calls in progress once the server is told to end; a second signal ends it at once."""

FLUSH_S: Final = 2
"""Whole seconds for what is still being sent when no call is in progress any more."""

KEEP_ALIVE_S: Final = 75
"""Seconds an idle connection is kept; proxies keep theirs for about a minute."""

EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}


def _is_news(record: logging.LogRecord) -> bool:
    """Whether the SDK logs more than that a client left in the middle of its request."""
    return record.exc_info is None or not isinstance(record.exc_info[1], ClientDisconnect)


class _Server(uvicorn.Server):
    """uvicorn, without its own signal handlers: they would end it before its calls."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride] - a generator there, a context manager all the same
        return nullcontext()


class HttpServer:
    """The door on open sockets.

    Args:
        listening: the sockets.
        host: the process's shared state.
        caller: the process's surroundings; every user's session has them.
        roots: the workspace folders; empty for the current folder.
        load: reads the settings for the tokens.
        opened: called with each user's session once it is open.
    """

    def __init__(
        self,
        listening: Listening,
        host: Host,
        caller: Caller,
        roots: Sequence[Path],
        load: Callable[[], LoadedSettings],
        opened: Callable[[Session], None] = lambda _: None,
    ) -> None:
        self.traffic = Traffic()
        self._listening = listening
        self._users = Users(
            lambda user: create_server(
                host, caller, roots, opened=opened, user=user, http=HttpCalls(self.traffic)
            )
        )
        self.gate = Gate(listening, self._users, self.traffic, load)
        self._code = 0
        self._drained = asyncio.Event()
        config = uvicorn.Config(
            self.gate,
            http=TimedRequests,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=FLUSH_S,
        )
        self._server = _Server(config)
        logging.getLogger("mcp.server.streamable_http").addFilter(_is_news)

    async def run(self) -> int:
        """Serve until ``end``; returns the exit code."""
        async with self._users:
            await self._server.serve(sockets=list(self._listening.sockets))
        return self._code

    def end(self, number: signal.Signals) -> None:
        """End once the calls in progress are answered; asked a second time, at once."""
        if self.traffic.is_draining:
            self._server.should_exit = self._server.force_exit = True
            return
        self._code = EXIT_CODES[number]
        self.traffic.is_draining = True
        self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        await self.traffic.drain(DRAIN_S)
        self._server.should_exit = True
