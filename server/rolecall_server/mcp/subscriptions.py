"""Which resources the clients of a connection want to hear of, in the ways of both protocol eras."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError

from rolecall.errors import RolecallError
from rolecall_server.mcp import links

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable

    from mcp.server.context import ServerRequestContext
    from mcp.server.subscriptions import SubscriptionBus

    from rolecall.tasks import Task
    from rolecall_server.mcp.connection import Connection
    from rolecall_server.mcp.http_calls import HttpCalls

    Context = ServerRequestContext[Connection, Any]

MOST_WATCHED = 100
"""Resources that the clients of one connection, or one user's over HTTP, may have watched at a time."""


class Watched:
    """The resources that somebody subscribed to, and in which state each was when it was last looked at.

    Args:
        connection: the client, or the user's clients.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._states: dict[str, object] = {}
        self._subscribers: Counter[str] = Counter()

    def add(self, uris: Iterable[str]) -> None:
        """Watch these. What does not exist yet may come to exist.

        Raises:
            MCPError: they are too many.
        """
        wanted = set(uris)
        if len(self._states.keys() | wanted) > MOST_WATCHED:
            raise MCPError(types.INVALID_PARAMS, f"At most {MOST_WATCHED} resources can be subscribed to.")
        for uri in wanted:
            self._states.setdefault(uri, self._state(uri))
            self._subscribers[uri] += 1

    def remove(self, uris: Iterable[str]) -> None:
        """One subscriber less for each of these."""
        for uri in set(uris) & self._states.keys():
            self._subscribers[uri] -= 1
            if not self._subscribers[uri]:
                del self._subscribers[uri], self._states[uri]

    def changed(self) -> list[str]:
        """Those that are in another state than at the last look."""
        now = {uri: self._state(uri) for uri in self._states}
        before, self._states = self._states, now
        return [uri for uri, state in now.items() if state != before[uri]]

    def _state(self, uri: str) -> object:
        try:
            return _state(self._connection, uri)
        except RolecallError:
            return None


def _state(connection: Connection, uri: str) -> object:
    """A value that is another one once the resource reads otherwise; cheaper than to read it."""
    match links.parts(uri):
        case ["roles", role_id]:
            return next((role for role in connection.roles() if role.id == role_id), None)
        case ["tasks", task_id, *_]:
            return _task_state(connection.runtime.tasks.get(task_id, connection.session))
        case ["status"]:
            return [(task.id, task.finished) for task in connection.runtime.tasks.visible(connection.session)]
        case ["metrics"]:
            return connection.runtime.metrics.prometheus()
        case _:
            return None


def _task_state(task: Task) -> object:
    proposal = task.run.proposal
    files = [(change.path, change.state, change.reason) for change in proposal.changes.changes]
    return task.finished, len(proposal.text), files


async def subscribe(context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
    """``resources/subscribe`` of the handshake era, on a connection that can carry the news."""
    context.lifespan_context.watched.add([str(params.uri)])
    return types.EmptyResult()


async def unsubscribe(context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    """``resources/unsubscribe``; nothing where there is no subscription."""
    context.lifespan_context.watched.remove([str(params.uri)])
    return types.EmptyResult()


def listening(
    bus: SubscriptionBus, http: HttpCalls | None = None
) -> Callable[[Context, types.SubscriptionsListenRequestParams], Awaitable[types.SubscriptionsListenResult]]:
    """``subscriptions/listen`` of the 2026-07-28 era: what a client asks for is watched while it listens."""
    serve = ListenHandler(bus)
    if http is not None:
        http.traffic.at_end(serve.close)

    async def listen(
        context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        connection = context.lifespan_context
        connection.roles_to_list()
        with _watching(connection.watched, params.notifications.resource_subscriptions or ()):
            return await serve(context, params)

    return listen


@contextmanager
def _watching(watched: Watched, uris: Iterable[str]) -> Generator[None]:
    watched.add(uris)
    try:
        yield
    finally:
        watched.remove(uris)
