"""Progress of a running task, told to the client that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from rolecall.events import Attempt, Delta, FileClosed, Queued, Restart, Started

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable

    from rolecall.events import Event, Numbered

    Send = Callable[[float, float | None, str | None], Awaitable[None]]

MOST_A_SECOND = 5
"""Reports (contract section 8)."""

MIN_INTERVAL_S = 1.1 / MOST_A_SECOND
"""With some to spare: what counts is when reports arrive, and one may be late where the next is not."""

TAIL = 80
"""Characters of the text's end that a report shows."""

CHARACTERS_A_TOKEN = 4

ASKING = "asking the model"


class Progress:
    """Reports on one task: at once, then when something happened, and now and then while nothing does.

    Args:
        role: what the messages begin with.
        send: sends a value, a total and a message; does nothing where the client asked for no progress.
        heartbeat_s: longest silence between two reports.
        written: the text that had come before.
        asked: whether the model had been asked before.
    """

    def __init__(
        self, role: str, send: Send, heartbeat_s: float, written: str = "", *, asked: bool = False
    ) -> None:
        self._role = role
        self._send = send
        self._heartbeat_s = heartbeat_s
        self._phase = "writing" if written else ASKING if asked else "preparing"
        self._characters = 0
        self._tail = ""
        self._reports = 0
        self._changed = anyio.Event()
        if written:
            self._write(written)

    async def follow(self, events: AsyncIterable[Numbered]) -> None:
        """Report until the events end."""
        await self._report()
        async with anyio.create_task_group() as group:
            group.start_soon(self._keep_reporting)
            async for numbered in events:
                self._note(numbered.event)
                self._changed.set()
            group.cancel_scope.cancel()
        # How a quick task ended is worth a report; a long one has made its last just before.
        if self._reports < MOST_A_SECOND:
            await self._report()

    def message(self) -> str:
        """What a report says now."""
        if not self._characters:
            return f"{self._role}: {self._phase}"
        tokens = max(1, self._characters // CHARACTERS_A_TOKEN)
        return f"{self._role}: {self._phase}, about {tokens} tokens: …{self._tail}"

    async def _keep_reporting(self) -> None:
        while True:
            await anyio.sleep(MIN_INTERVAL_S)
            with anyio.move_on_after(max(0.0, self._heartbeat_s - MIN_INTERVAL_S)):
                await self._changed.wait()
            self._changed = anyio.Event()
            await self._report()

    async def _report(self) -> None:
        # The value only has to rise: a restart takes text back, and a heartbeat adds none.
        self._reports += 1
        await self._send(float(self._reports), None, self.message())

    def _note(self, event: Event) -> None:
        match event:
            case Started():
                self._phase = ASKING
            case Queued(place, waiting):
                self._phase = f"waiting for its turn, place {place} of {waiting}"
            case Attempt(n, of, wait_s, reason) if reason:
                wait = f" in {wait_s:.1f} s" if wait_s else ""
                self._phase = f"attempt {n} of {of}{wait} ({reason})"
            case Attempt():
                self._phase = ASKING
            case Restart():
                self._characters, self._tail = 0, ""
            case Delta(text):
                self._phase = "writing"
                self._write(text)
            case FileClosed(path, action):
                self._phase = f"{action} {path}"
            case _:
                pass

    def _write(self, text: str) -> None:
        self._characters += len(text)
        self._tail = " ".join((self._tail + text[-TAIL * 4 :]).split())[-TAIL:]
