"""The calls of one user over HTTP, where no connection tells who waits for which task, or went away."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    import mcp_types as types
    from mcp.server.context import ServerRequestContext

    from rolecall.task import TaskResult
    from rolecall.tasks import Task
    from rolecall_server.mcp.traffic import Traffic

OUTLIVES_S = 3_600.0
"""How long a task goes on after the last request that asked for it (contract section 5)."""


class HttpCalls:
    """Who waits for which task, and which tasks nobody has asked for in an hour.

    Args:
        traffic: of the server.
        outlives_s: seconds that a task goes on without anybody asking for it.
    """

    def __init__(self, traffic: Traffic, outlives_s: float = OUTLIVES_S) -> None:
        self.traffic = traffic
        self._outlives_s = outlives_s
        self._waiting: dict[tuple[str, ...], list[Task]] = {}
        self._kept: dict[str, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Future[TaskResult]] = set()

    @contextmanager
    def starting(self, context: ServerRequestContext[Any, Any], task: Task) -> Generator[None]:
        """The request that started this task waits for it inside: to cancel one is to cancel both."""
        asker = _asker(context.request, context.request_id)
        tasks = self._waiting.setdefault(asker, [])
        tasks.append(task)
        try:
            yield
        finally:
            tasks.remove(task)
            if not tasks:
                self._waiting.pop(asker, None)

    @contextmanager
    def watching(self, task: Task) -> Generator[None]:
        """A request asks for this task inside; afterwards it is kept for an hour."""
        self._forget(task)
        try:
            yield
        finally:
            self._keep(task)

    async def cancel(self, request: object, request_id: types.RequestId | None) -> None:
        """End the task that a client's request waits for; nothing where it is not clear which that is.

        Ids are chosen by clients: two programs of one user on one machine may have chosen the same.
        """
        tasks = self._waiting.get(_asker(request, request_id), [])
        if len(tasks) == 1:
            await tasks[0].cancel()

    def outlive(self, context: ServerRequestContext[Any, Any]) -> bool:
        """Whether a task goes on when the request that started it is cut off.

        A lost connection means nothing until 2025-11-25; since 2026-07-28 it is how a client cancels.
        """
        return context.protocol_version not in MODERN_PROTOCOL_VERSIONS

    def close(self) -> None:
        """The server ends."""
        for timer in self._kept.values():
            timer.cancel()
        self._kept.clear()

    def _keep(self, task: Task) -> None:
        self._forget(task)
        if not task.finished:
            loop = asyncio.get_running_loop()
            self._kept[task.id] = loop.call_later(self._outlives_s, self._give_up, task)

    def _forget(self, task: Task) -> None:
        if (timer := self._kept.pop(task.id, None)) is not None:
            timer.cancel()

    def _give_up(self, task: Task) -> None:
        self._kept.pop(task.id, None)
        ending = asyncio.ensure_future(task.cancel())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


def _asker(request: object, request_id: types.RequestId | None) -> tuple[str, ...]:
    """What is known of who sent an HTTP request, and the id it chose for it."""
    client: Any = getattr(request, "client", None)
    headers: Mapping[str, str] = getattr(request, "headers", {})
    return (client.host if client else "", headers.get("user-agent", ""), repr(request_id))
