"""Completion of a prompt's ``task`` and ``files``, and of the variable parts of resource addresses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import mcp_types as types

from rolecall.errors import RolecallError
from rolecall_server.mcp import links
from rolecall_server.mcp.prompts import find_role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcp.server.context import ServerRequestContext

    from rolecall_server.mcp.connection import Connection

MOST = 100
"""Values in one answer, by the protocol."""

LISTED_FILES = 5_000


async def complete(
    context: ServerRequestContext[Connection, Any], params: types.CompleteRequestParams
) -> types.CompleteResult:
    """What may stand for the argument, as far as it is typed."""
    connection, argument = context.lifespan_context, params.argument
    chosen = (params.context.arguments if params.context else None) or {}
    await connection.settled()
    try:
        if isinstance(params.ref, types.PromptReference):
            return _result(await _of_prompt(connection, params.ref.name, argument))
        return _result(_of_resource(connection, str(params.ref.uri), argument, chosen))
    except RolecallError:
        return _result([])


async def _of_prompt(connection: Connection, name: str, argument: types.CompletionArgument) -> list[str]:
    role = find_role(connection.roles(), name)
    if argument.name == "task":
        return _matching([task.id for task in role.tasks], argument.value)
    if argument.name == "files":
        # The argument lists several: what is before the last comma is chosen already.
        before, comma, last = argument.value.rpartition(",")
        paths = await asyncio.to_thread(connection.session.documents.list, LISTED_FILES)
        return [f"{before}{comma}{path}" for path in _matching(paths, last.strip())]
    return []


def _of_resource(
    connection: Connection, uri: str, argument: types.CompletionArgument, chosen: dict[str, str]
) -> list[str]:
    match (uri, argument.name):
        case (links.ROLE_TEMPLATE, "id"):
            return _matching([role.id for role in connection.roles()], argument.value)
        case (links.TASK_TEMPLATE | links.FILE_TEMPLATE, "task_id"):
            tasks = connection.runtime.tasks.visible(connection.session)
            return _matching([task.id for task in reversed(tasks)], argument.value)
        case (links.FILE_TEMPLATE, "path") if "task_id" in chosen:
            task = connection.runtime.tasks.get(chosen["task_id"], connection.session)
            return _matching([change.path for change in task.run.proposal.changes.changes], argument.value)
        case _:
            return []


def _matching(values: Iterable[str], typed: str) -> list[str]:
    """Those that begin as typed, then those that hold it elsewhere."""
    wanted = typed.casefold()
    found = [value for value in values if wanted in value.casefold()]
    return sorted(found, key=lambda value: not value.casefold().startswith(wanted))


def _result(values: list[str]) -> types.CompleteResult:
    return types.CompleteResult(
        completion=types.Completion(values=values[:MOST], total=len(values), has_more=len(values) > MOST)
    )
