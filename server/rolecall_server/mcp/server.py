"""The server object of one MCP connection, put together. It knows nothing of what carries it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.subscriptions import InMemorySubscriptionBus

from rolecall import __version__
from rolecall_server.mcp import completion, prompts, resources, subscriptions, tools
from rolecall_server.mcp.connection import Connection
from rolecall_server.mcp.watching import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from mcp.server.context import ServerRequestContext
    from mcp.server.models import InitializationOptions
    from mcp.shared._stream_protocols import ReadStream, WriteStream
    from mcp.shared.message import SessionMessage

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall_server.host import Host
    from rolecall_server.mcp.http_calls import HttpCalls

INSTRUCTIONS = (
    "Software roles on call. A role's tool reads the workspace files named in `files` (the first is its "
    "target) and proposes edits; it writes nothing. Show the user the proposal, then write it with "
    "apply_edits and its task_id. A result whose status is `running` goes on: fetch it with task_result."
)
"""What a client's model is told about all tools together."""

CLOSE_S = 1.0
"""Longest wait for a client's tasks to end when the client has gone."""


class RolecallServer(Server[Connection]):
    """A server whose lists may change while a client is connected.

    Attributes:
        has_way_back: whether a client of 2025-11-25 and older can be told so; not over HTTP without sessions.
    """

    has_way_back = True

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """What the handshake of 2025-11-25 and older answers."""
        told = self.has_way_back
        changing = NotificationOptions(prompts_changed=told, resources_changed=told, tools_changed=told)
        return super().create_initialization_options(
            notification_options or changing, experimental_capabilities, extensions
        )


def create_server(
    host: Host,
    caller: Caller,
    roots: Sequence[Path] = (),
    *,
    opened: Callable[[Session], None] = lambda _: None,
    user: str = "",
    http: HttpCalls | None = None,
) -> RolecallServer:
    """The server object for one connection, or for one user whose requests come without any.

    Args:
        host: the process's shared state.
        caller: the client's surroundings.
        roots: the workspace folders; empty for the client's current folder.
        opened: called with the client's session once it is open.
        user: whose requests these are, where users do not see each other's tasks.
        http: the user's calls, where each comes in a request of its own; None on a connection.
    """
    bus = InMemorySubscriptionBus()

    @asynccontextmanager
    async def lifespan(_: Server[Connection]) -> AsyncGenerator[Connection]:
        connection = Connection(host, caller, roots, opened=opened, user=user, http=http)
        async with anyio.create_task_group() as group:
            group.start_soon(Watch(connection, bus).run)
            try:
                yield connection
            finally:
                group.cancel_scope.cancel()
                with anyio.move_on_after(CLOSE_S, shield=True):
                    await connection.aclose()

    server = RolecallServer(
        "rolecall",
        title="Rolecall",
        version=__version__,
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        on_list_tools=tools.list_tools,
        on_call_tool=tools.call_tool,
        on_list_prompts=prompts.list_prompts,
        on_get_prompt=prompts.get_prompt,
        on_list_resources=resources.list_resources,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read_resource,
        on_completion=completion.complete,
        on_subscriptions_listen=subscriptions.listening(bus, http),
        # No argument travels in a header; left to itself a call over HTTP lists all tools to find that out.
        get_tool_input_schema=lambda _: None,
    )
    server.has_way_back = http is None
    if http is None:
        for method in ("notifications/initialized", "notifications/roots/list_changed"):
            server.add_notification_handler(method, types.NotificationParams, _on_settled)
        server.add_request_handler(
            "resources/subscribe", types.SubscribeRequestParams, subscriptions.subscribe
        )
        server.add_request_handler(
            "resources/unsubscribe", types.UnsubscribeRequestParams, subscriptions.unsubscribe
        )
    else:
        server.add_notification_handler(
            "notifications/cancelled", types.CancelledNotificationParams, _on_cancelled
        )
    return server


async def serve(
    read_stream: ReadStream[SessionMessage | Exception],
    write_stream: WriteStream[SessionMessage],
    host: Host,
    caller: Caller,
    roots: Sequence[Path] = (),
    *,
    opened: Callable[[Session], None] = lambda _: None,
) -> None:
    """Serve one connection until its read side ends, in the protocol era its first request speaks."""
    server = create_server(host, caller, roots, opened=opened)
    await server.run(read_stream, write_stream, server.create_initialization_options())


async def _on_settled(context: ServerRequestContext[Connection, Any], _: types.NotificationParams) -> None:
    """The handshake is over, or the client's folders changed."""
    connection = context.lifespan_context
    connection.back_channel = context.session
    await connection.take_roots(context.session)


async def _on_cancelled(
    context: ServerRequestContext[Connection, Any], params: types.CancelledNotificationParams
) -> None:
    """Over HTTP a client of the handshake era cancels in a request of its own."""
    calls = context.lifespan_context.http
    assert calls is not None
    await calls.cancel(context.request, params.request_id)
