"""Reading what comes piece by piece without keeping the loop.

What lies in a buffer is read without ever waiting, so nothing else in the process, a code action menu say,
would have its turn until it is empty; and an endpoint that floods fills it again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

TURN_S = 0.0002
"""Seconds something is read on without a pause; twenty readers would keep all else waiting for their sum."""


class Turn:
    """Lets others have their turn once something was read for long enough."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = self._loop.time()
        self._ends = self._asked + TURN_S

    async def take(self) -> None:
        """Go on; after the others, where this turn is over."""
        self._asked = self._loop.time()
        if self._asked > self._ends:
            await asyncio.sleep(0)
            self._asked = self._loop.time()
            self._ends = self._asked + TURN_S

    def waited(self) -> None:
        """Something came. Where it took its time, the others had their turn."""
        came = self._loop.time()
        if came > self._asked + TURN_S:
            self._ends = came + TURN_S


async def bounded(response: httpx2.Response, limit: int) -> bytes:
    """The body of ``response``, cut after ``limit`` bytes. It is for the caller to close, and to time."""
    body = bytearray()
    await collect(body, response, limit)
    return bytes(body)


async def collect(body: bytearray, response: httpx2.Response, limit: int) -> None:
    """Add the body of ``response`` to ``body``, up to ``limit`` bytes, also what comes before a failure."""
    turn = Turn()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= limit:
            del body[limit:]
            return
        await turn.take()
