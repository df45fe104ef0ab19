"""The relays that joined."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall_server.daemon.frames import FrameWriter

END_S = 2.0
"""Seconds that sessions get to end when the daemon ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """One relay that joined.

    Attributes:
        door: ``lsp`` or ``mcp``.
        pid: the relay's process; 0 where the system does not tell.
        folder: where its client was started.
        idle_timeout_s: how long its settings want the daemon to stay after it.
        out: what it reads.
        task: its session.
    """

    door: str
    pid: int
    folder: str
    idle_timeout_s: float
    out: FrameWriter
    task: asyncio.Task[Any]
    since: float = field(default_factory=time.monotonic)


class Clients:
    """All of them.

    Args:
        left_alone: called when the last one has gone, with the ``daemon.idle_timeout_s`` of its settings.

    Attributes:
        ever: whether there has been one.
        answered: set when the first one got its first answer.
    """

    def __init__(self, left_alone: Callable[[float], None]) -> None:
        self.ever = False
        self.answered = asyncio.Event()
        self._left_alone = left_alone
        self._clients: set[Client] = set()

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: Client) -> None:
        """It is served from now on."""
        self.ever = True
        self._clients.add(client)

    def remove(self, client: Client) -> None:
        """It has gone."""
        self._clients.discard(client)
        if not self._clients:
            self._left_alone(client.idle_timeout_s)

    def beat(self) -> None:
        """Give each a sign of life."""
        for client in self._clients:
            client.out.beat()

    async def end(self) -> None:
        """End every session."""
        tasks = [client.task for client in self._clients]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=END_S)

    def to_json(self) -> list[dict[str, Any]]:
        """What ``rolecall daemon status`` tells of them."""
        now = time.monotonic()
        return [
            {
                "door": client.door,
                "pid": client.pid,
                "folder": client.folder,
                "connected_s": round(now - client.since, 3),
            }
            for client in sorted(self._clients, key=lambda client: client.since)
        ]
