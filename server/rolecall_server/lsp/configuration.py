"""The editor's settings: the section ``rolecall`` of its configuration."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rolecall_server.lsp.shapes import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall_server.lsp.connection import Connection

SECTION = "rolecall"
ANSWER_S = 5.0
"""Seconds a client may take to answer; some never do."""


async def fetch_section(connection: Connection) -> Mapping[str, Any] | None:
    """The section as the client has it now; None where it cannot be asked or has none."""
    if not connection.client.configuration:
        return None
    params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await connection.server.workspace_configuration_async(params)
    except (JsonRpcException, TimeoutError):
        return None
    section = answer[0] if answer else None
    return section if is_object(section) else None


async def register_for_changes(connection: Connection) -> None:
    """Ask to be told when the section changes, where the client wants to be asked."""
    if not connection.client.registers_configuration:
        return
    registration = types.Registration(
        id="rolecall-configuration",
        method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
        register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            await connection.server.client_register_capability_async(types.RegistrationParams([registration]))
    except (JsonRpcException, TimeoutError):
        return


def register(connection: Connection) -> None:
    """Take changes of the settings, pushed with their values or only announced."""

    @connection.server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: dict[str, Any]) -> None:
        settings = params.get("settings")
        pushed = settings.get(SECTION) if is_object(settings) else None
        if is_object(pushed):
            connection.section = pushed
        await connection.configure()
