"""``$/progress``: what a running task shows in the editor, from the first moment to its end.

No report ever has a percentage: VS Code then drops the messages of those without one.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rolecall.events import Attempt, Delta, FileClosed, Queued, Restart

if TYPE_CHECKING:
    from rolecall.events import Event
    from rolecall.tasks import Task
    from rolecall_server.lsp.connection import Connection

INTERVAL_S: Final = 0.12
"""Seconds between two reports: fewer than 10 a second."""

HEARTBEAT_S: Final = 4.0
"""Seconds of silence before a report says that the work goes on; at most 5 (contract section 5)."""

TAIL: Final = 80
CHARACTERS_PER_TOKEN: Final = 4


class Progress:
    """Shows one run's progress, from before its task exists until :meth:`end`.

    A cancel counts from the moment it is made, even one that comes before the progress could begin.

    Args:
        connection: the client.
        token: the client's ``workDoneToken``; None to ask the client for one.

    Attributes:
        cancelled: the user does not want it any more.
    """

    def __init__(self, connection: Connection, token: str | int | None) -> None:
        self.cancelled = False
        self._connection = connection
        self._title = ""
        self._role = ""
        self._token = token
        self._task: Task | None = None
        self._begun = False
        self._characters = 0
        self._tail = ""
        self._note = ""
        self._started = asyncio.get_running_loop().time()
        self._news = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        if token is not None:
            connection.progress[token] = self

    def begin(self, title: str, role: str) -> None:
        """Show it.

        Args:
            title: shown all the while.
            role: the role's title.
        """
        self._title, self._role = title, role
        if self._token is not None:
            self._send_begin()
        self._loop = self._connection.spawn(self._report(), "progress")

    def watch(self, task: Task) -> None:
        """From now on it is this task's progress."""
        self._task = task

    async def cancel(self) -> None:
        """The user's click on the progress's cancel button."""
        self.cancelled = True
        if self._task is not None:
            await self._task.cancel()

    def end(self) -> None:
        """Say that it is over; once, and whatever happened."""
        if self._loop is not None:
            self._loop.cancel()
        if self._token is not None:
            self._connection.progress.pop(self._token, None)
        if self._begun:
            self._begun = False
            self._send({"kind": "end", "message": self._outcome()})

    def take(self, event: Event) -> None:
        """Note what happened; it is shown at the next report."""
        match event:
            case Delta():
                self._characters += len(event.text)
                self._tail = (self._tail + event.text)[-4 * TAIL :]
                self._note = ""
            case Restart():
                self._characters, self._tail = 0, ""
                self._note = "starting again"
            case Attempt() if event.n > 1 or event.reason:
                why = f": {event.reason}" if event.reason else ""
                wait = f" in {event.wait_s:.0f} s" if event.wait_s >= 1 else ""
                self._note = f"attempt {event.n} of {event.of}{wait}{why}"
            case Attempt():
                self._note = ""
            case Queued(place, waiting):
                self._note = f"waiting for its turn, place {place} of {waiting}"
            case FileClosed():
                self._note = f"{event.path} is complete"
            case _:
                return
        self._news.set()

    def _send_begin(self) -> None:
        self._begun = True
        self._send({"kind": "begin", "title": self._title, "cancellable": True, "message": self._message()})

    async def _report(self) -> None:
        if self._token is None and not await self._create():
            return
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._news.wait()
            except TimeoutError:
                pass
            # A client that does not read gets one report when it reads again, not those it missed.
            await self._connection.server.protocol.drain()
            self._news.clear()
            self._send({"kind": "report", "message": self._message(), "cancellable": True})

    async def _create(self) -> bool:
        """Get a token from the client, where it shows progress at all."""
        if not self._connection.client.work_done_progress:
            return False
        token = f"rolecall-{uuid.uuid4().hex[:12]}"
        try:
            await self._connection.server.window_work_done_progress_create_async(
                types.WorkDoneProgressCreateParams(token)
            )
        except JsonRpcException:
            return False
        self._token = token
        self._connection.progress[token] = self
        self._send_begin()
        return True

    def _send(self, value: dict[str, Any]) -> None:
        self._connection.server.protocol.notify_raw("$/progress", {"token": self._token, "value": value})

    def _message(self) -> str:
        if not self._characters:
            waited = asyncio.get_running_loop().time() - self._started
            return f"{self._role}: {self._note or f'waiting for the model, {waited:.0f} s'}"
        tokens = max(1, self._characters // CHARACTERS_PER_TOKEN)
        tail = " ".join(self._tail.split())[-TAIL:]
        note = f"{self._note} · " if self._note else ""
        return f"{self._role}: {tokens} tokens · {note}{tail}"

    def _outcome(self) -> str:
        if self._task is None or not self._task.finished:
            return f"{self._role}: stopped"
        result = self._task.result
        count = len(result.files)
        files = f", {count} {'file' if count == 1 else 'files'}" if count else ""
        return f"{self._role}: {result.status}{files}"


def register(connection: Connection) -> None:
    """Take the user's click on the progress's cancel button."""

    @connection.server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    async def cancelled(params: dict[str, Any]) -> None:
        token = params.get("token")
        progress = connection.progress.get(token) if isinstance(token, str | int) else None
        if progress is not None:
            await progress.cancel()
