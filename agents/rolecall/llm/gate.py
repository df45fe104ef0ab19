"""How many requests one endpoint gets at once: ``concurrency.per_endpoint``."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Gate:
    """Lets requests to one origin in, in the order they came, each by the limit of its own connection."""

    def __init__(self) -> None:
        self._inside: dict[str, int] = {}
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def place(self, origin: str, limit: int) -> AsyncGenerator[None]:
        """Be one of at most ``limit`` requests to ``origin``; 0 for no limit. Waits for a place."""
        if limit:
            await self._wait(origin, limit)
        self._inside[origin] = self._inside.get(origin, 0) + 1
        try:
            yield
        finally:
            self._inside[origin] -= 1
            if not self._inside[origin]:
                del self._inside[origin]
            self._wake(origin)

    async def _wait(self, origin: str, limit: int) -> None:
        woken = False
        while (origin in self._queues and not woken) or self._inside.get(origin, 0) >= limit:
            queue = self._queues.setdefault(origin, deque())
            turn = asyncio.get_running_loop().create_future()
            (queue.appendleft if woken else queue.append)(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake(origin)  # it was woken already: the next one takes its turn
                raise
            woken = True

    def _wake(self, origin: str) -> None:
        queue = self._queues.get(origin)
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._queues.pop(origin, None)
