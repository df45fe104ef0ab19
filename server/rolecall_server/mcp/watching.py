"""Tells clients when role files changed, and with them the lists, and when a resource they watch did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

if TYPE_CHECKING:
    from mcp.server.subscriptions import SubscriptionBus

    from rolecall_server.mcp.connection import Connection

INTERVAL_S = 1.0
"""Seconds between looks; a saved role is to be known within 2 s."""


class Watch:
    """Looks at the role files and at what was subscribed to now and then.

    Args:
        connection: the client to tell.
        bus: reaches its listeners of the 2026-07-28 era.
    """

    def __init__(self, connection: Connection, bus: SubscriptionBus) -> None:
        self._connection = connection
        self._bus = bus

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await anyio.sleep(INTERVAL_S)
            listed = self._connection.listed
            if listed is None and self._connection.back_channel is not None:
                # A client may have kept its lists from an earlier time.
                self._connection.roles_to_list()
            # Compared by value, since whoever refreshes the catalog first learns of the change.
            if listed is not None and self._connection.roles() != listed:
                self._connection.listed = self._connection.roles()
                await self._tell_of_lists()
            for uri in self._connection.watched.changed():
                await self._tell_of(uri)

    async def _tell_of(self, uri: str) -> None:
        """Say that a resource changed, in the way of the client's era."""
        await self._bus.publish(ResourceUpdated(uri=uri))
        client = self._connection.back_channel
        if client is not None:
            await client.send_resource_updated(uri)

    async def _tell_of_lists(self) -> None:
        """Say that the lists changed, likewise."""
        for event in (ToolsListChanged(), PromptsListChanged(), ResourcesListChanged()):
            await self._bus.publish(event)
        client = self._connection.back_channel
        if client is not None:
            await client.send_tool_list_changed()
            await client.send_prompt_list_changed()
            await client.send_resource_list_changed()
