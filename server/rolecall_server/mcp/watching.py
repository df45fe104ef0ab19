"""Tells a connected client when role files changed: its tools, prompts and resources are others then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from mcp.server.subscriptions import PromptsListChanged, ResourcesListChanged, ToolsListChanged

if TYPE_CHECKING:
    from mcp.server.subscriptions import SubscriptionBus

    from rolecall_server.mcp.connection import Connection

INTERVAL_S = 1.0
"""Seconds between looks; a saved role is to be known within 2 s."""


class RoleWatch:
    """Looks at the role files now and then.

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
            # Compared by value, since whoever refreshes the catalog first learns of the change.
            if listed is not None and self._connection.roles() != listed:
                self._connection.listed = self._connection.roles()
                await self._tell()

    async def _tell(self) -> None:
        """Say that the lists changed, in the way of the client's era."""
        for event in (ToolsListChanged(), PromptsListChanged(), ResourcesListChanged()):
            await self._bus.publish(event)
        client = self._connection.back_channel
        if client is not None:
            await client.send_tool_list_changed()
            await client.send_prompt_list_changed()
            await client.send_resource_list_changed()
