"""A server object for each user, made when the user first comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from rolecall_server.mcp.http.gate import only_post

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from anyio.abc import TaskGroup, TaskStatus
    from starlette.types import Receive, Scope, Send

    from rolecall_server.mcp.server import RolecallServer


class Users:
    """Everybody who may call, by name; the empty name is everybody where there are no tokens.

    Used as an asynchronous context manager, in which the server objects live.

    Args:
        create: makes the server object of a user.
    """

    def __init__(self, create: Callable[[str], RolecallServer]) -> None:
        self._create = create
        self._doors: dict[str, StreamableHTTPSessionManager] = {}
        self._opening = anyio.Lock()
        self._group: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._group is not None
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def serve(self, user: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request of a user."""
        door = self._doors.get(user)
        if door is None:
            door = await self._open(user)
        if door.stateless and scope["method"] != "POST":
            await only_post().send(send)
            return
        await door.handle_request(scope, receive, send)

    async def _open(self, user: str) -> StreamableHTTPSessionManager:
        assert self._group is not None
        async with self._opening:
            if user not in self._doors:
                self._doors[user] = await self._group.start(self._keep, user)
        return self._doors[user]

    async def _keep(
        self, user: str, *, task_status: TaskStatus[StreamableHTTPSessionManager] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        # Who may ask, and for what, the gate has judged by then: the transport's own checks are left out.
        door = StreamableHTTPSessionManager(self._create(user), stateless=True)
        async with door.run():
            task_status.started(door)
            await anyio.sleep_forever()
