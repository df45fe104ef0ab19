"""``tools/list`` and ``tools/call``: finds the tool, and is the boundary behind which no exception gets."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from rolecall.errors import InternalError, RolecallError
from rolecall.roles.nearest import suggestion
from rolecall_server.mcp import schemas

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from rolecall.roles import Role
    from rolecall_server.mcp.connection import Connection


async def list_tools(
    context: ServerRequestContext[Connection, Any], _: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    """The roles, and the tools for what they make."""
    connection = context.lifespan_context
    return types.ListToolsResult(tools=schemas.tool_list(connection.roles_to_list(), connection.exposes))


async def call_tool(
    context: ServerRequestContext[Connection, Any], params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult:
    """Call a tool. Everything that fails is a result the client's model can read.

    Raises:
        MCPError: there is no such tool, which the protocol wants as an error of its own.
    """
    connection = context.lifespan_context
    await connection.settled()
    roles = {schemas.tool_name(role.id): role for role in connection.roles()}
    _check_name(params.name, [*roles, *schemas.TASK_TOOLS], connection)
    try:
        with connection.http.traffic.call() if connection.http else nullcontext():
            return await _call(context, params, roles)
    except RolecallError as error:
        return _failure(error, params)
    except Exception:  # noqa: BLE001 - the door's one boundary: a fault of ours ends in a result, the log has the rest
        return _failure(_fault(params.name), params)


async def _call(
    context: ServerRequestContext[Connection, Any],
    params: types.CallToolRequestParams,
    roles: dict[str, Role],
) -> types.CallToolResult | types.InputRequiredResult:
    # Imported at the first call, since they bring the models and the driver of tasks.
    from rolecall_server.mcp.role_tool import call_role  # noqa: PLC0415
    from rolecall_server.mcp.task_tools import TASK_TOOL_CALLS  # noqa: PLC0415

    if params.name in TASK_TOOL_CALLS:
        return await TASK_TOOL_CALLS[params.name](context, params.arguments)
    return await call_role(context, roles[params.name], params.arguments)


def _check_name(name: str, known: list[str], connection: Connection) -> None:
    exposed = [tool for tool in known if connection.exposes(tool)]
    if name not in exposed:
        raise MCPError(
            types.INVALID_PARAMS,
            f"Unknown tool: {name[:100]}. {suggestion(name, exposed)}Tools: {', '.join(exposed)}.",
        )


def _failure(error: RolecallError, params: types.CallToolRequestParams) -> types.CallToolResult:
    from rolecall_server.mcp.results import failure  # noqa: PLC0415 - as above

    task_id = (params.arguments or {}).get("task_id")
    return failure(error, task_id=task_id[:100] if isinstance(task_id, str) else "")


def _fault(tool: str) -> RolecallError:
    import structlog  # noqa: PLC0415 - slow to import, and only needed here

    structlog.get_logger(__name__).exception("tool failed on a fault of our own", tool=tool)
    return InternalError(f"Rolecall failed on a call of {tool}.", hint="The log has the details; try again.")
