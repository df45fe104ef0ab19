"""Whose turn it is: ``concurrency.max_tasks``, fair between the clients of one process.

Of the waiting clients the one with the fewest running tasks is next, whoever waited longest where they are
equal: one client's hundred tasks never stand in front of another's first. Each client runs at most as many as
its own settings allow; together they run at most as many as the most generous of those present allows.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turn:
    """One task's place, first in the queue and then among the running.

    Attributes:
        client: who asked.
        limit: tasks at once that the client's settings allow.
        place: 1 for the next; 0 once it is its turn.
    """

    def __init__(self, turns: Turns, client: str, limit: int) -> None:
        self.client = client
        self.limit = limit
        self.place = 0
        self._turns = turns
        self._moved = asyncio.Event()

    async def moved_from(self, place: int) -> None:
        """Wait until its place is another one."""
        while self.place == place:
            self._moved.clear()
            await self._moved.wait()

    def move(self, place: int) -> None:
        """Stand at another place, and wake who waits for it."""
        if place != self.place:
            self.place = place
            self._moved.set()

    def end(self) -> None:
        """Leave, running or waiting. May be called twice."""
        self._turns.leave(self)


class Turns:
    """The queue of one process."""

    def __init__(self) -> None:
        self._running: set[Turn] = set()
        self._waiting: list[Turn] = []

    @property
    def waiting(self) -> int:
        """Tasks that wait for their turn."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Tasks whose turn it is."""
        return len(self._running)

    def ask(self, client: str, limit: int) -> Turn:
        """Stand in the queue; :attr:`Turn.place` is 0 at once where there is room."""
        turn = Turn(self, client, limit)
        self._waiting.append(turn)
        self._advance()
        return turn

    def leave(self, turn: Turn) -> None:
        """Give a place up."""
        if turn in self._running:
            self._running.discard(turn)
        elif turn in self._waiting:
            self._waiting.remove(turn)
        else:
            return
        self._advance()

    def _advance(self) -> None:
        """Let in whom there is room for, and tell the others where they stand."""
        place = 0
        for turn in list(self._in_order()):
            if self._has_room(turn):
                self._waiting.remove(turn)
                self._running.add(turn)
                turn.move(0)
            else:
                place += 1
                turn.move(place)

    def _has_room(self, turn: Turn) -> bool:
        most = max(one.limit for one in (*self._running, *self._waiting))
        own = sum(one.client == turn.client for one in self._running)
        return len(self._running) < most and own < turn.limit

    def _in_order(self) -> Iterator[Turn]:
        """The waiting in the order of their turns."""
        served = Counter(turn.client for turn in self._running)
        queues: dict[str, deque[tuple[int, Turn]]] = {}
        for arrival, turn in enumerate(self._waiting):
            queues.setdefault(turn.client, deque()).append((arrival, turn))
        heap = [(served[client], queue[0][0], client) for client, queue in queues.items()]
        heapq.heapify(heap)
        while heap:
            count, _, client = heapq.heappop(heap)
            queue = queues[client]
            yield queue.popleft()[1]
            if queue:
                heapq.heappush(heap, (count + 1, queue[0][0], client))
