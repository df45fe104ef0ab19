"""What can be read: roles, results whole, proposed files, the server's status and metrics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from rolecall.errors import RolecallError
from rolecall_server.mcp import links

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from rolecall.answer.changeset import Change
    from rolecall.roles import Role
    from rolecall.tasks import Task
    from rolecall_server.mcp.connection import Connection

    Context = ServerRequestContext[Connection, Any]

LISTED_TASKS = 20
"""Tasks that the list names, the newest first; others are read by their address."""

NOT_FOUND_BEFORE_2026 = -32002
"""The code for an unknown resource until 2025-11-25; since 2026-07-28 it is that of invalid parameters."""

JSON, MARKDOWN, PLAIN, DIFF = "application/json", "text/markdown", "text/plain", "text/x-diff"
PROMETHEUS = "text/plain; version=0.0.4"


async def list_resources(
    context: Context, _: types.PaginatedRequestParams | None
) -> types.ListResourcesResult:
    """The roles, the newest tasks, status and metrics."""
    connection = context.lifespan_context
    listed = [_role_resource(role) for role in connection.roles_to_list()]
    listed += [_task_resource(task) for task in _newest(connection)]
    listed += [
        types.Resource(uri=links.STATUS_URI, name="status", title="Status", mime_type=JSON),
        types.Resource(uri=links.METRICS_URI, name="metrics", title="Metrics", mime_type=PLAIN),
    ]
    return types.ListResourcesResult(resources=listed)


async def list_templates(
    _: Context, __: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    """The addresses that have a variable part."""
    return types.ListResourceTemplatesResult(
        resource_templates=[
            types.ResourceTemplate(
                uri_template=links.ROLE_TEMPLATE,
                name="role",
                description="A role and its tasks.",
                mime_type=MARKDOWN,
            ),
            types.ResourceTemplate(
                uri_template=links.TASK_TEMPLATE,
                name="task",
                description="A task's whole result.",
                mime_type=JSON,
            ),
            types.ResourceTemplate(
                uri_template=links.FILE_TEMPLATE,
                name="file",
                description="A file a task proposes, and its diff.",
                mime_type=PLAIN,
            ),
        ]
    )


async def read_resource(
    context: Context, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    """Read one.

    Raises:
        MCPError: there is no such resource.
    """
    connection, uri = context.lifespan_context, str(params.uri)
    await connection.settled()
    try:
        contents = await _read(connection, uri)
    except RolecallError as error:
        raise _not_found(context, uri, f"{error.message} {error.hint}".strip()) from error
    if not contents:
        raise _not_found(context, uri, f"There is no resource {uri[:200]}.")
    return types.ReadResourceResult(contents=list(contents))


async def _read(connection: Connection, uri: str) -> list[types.TextResourceContents]:
    match links.parts(uri):
        case ["roles", role_id]:
            connection.roles()
            return [_text(uri, MARKDOWN, _role_page(connection.role(role_id)))]
        case ["tasks", task_id]:
            result = (await _task(connection, task_id)).result.to_json()
            return [_text(uri, JSON, json.dumps(result, ensure_ascii=False, indent=2))]
        case ["tasks", task_id, "files", path]:
            return _file(uri, await _task(connection, task_id), path)
        case ["status"]:
            from rolecall.status import status  # noqa: PLC0415 - brings the road's modules

            return [
                _text(
                    uri,
                    JSON,
                    json.dumps(
                        await status(connection.runtime, connection.session), ensure_ascii=False, indent=2
                    ),
                )
            ]
        case ["metrics"]:
            return [_text(uri, PROMETHEUS, connection.runtime.metrics.prometheus())]
        case _:
            return []


async def _task(connection: Connection, task_id: str) -> Task:
    from rolecall import reverting  # noqa: PLC0415 - brings the road's modules

    task = connection.runtime.tasks.get(task_id, connection.session)
    await reverting.notice(connection.session, task.run)
    return task


def _file(uri: str, task: Task, path: str) -> list[types.TextResourceContents]:
    """The proposed file, where there is a text, then its diff."""
    change = next(
        (change for change in task.run.proposal.changes.changes if path in {change.path, change.new_path}),
        None,
    )
    if change is None:
        return []
    text = _proposed(change)
    found = [] if text is None else [_text(uri, PLAIN, text)]
    diff = change.to_result().diff
    return [*found, _text(f"{uri}#diff", DIFF, diff)] if diff else found


def _proposed(change: Change) -> str | None:
    return change.after if change.after is not None else change.partial


def _newest(connection: Connection) -> list[Task]:
    try:
        tasks = connection.runtime.tasks.visible(connection.session)
    except RolecallError:
        return []
    return tasks[: -LISTED_TASKS - 1 : -1]


def _role_resource(role: Role) -> types.Resource:
    return types.Resource(
        uri=links.role_uri(role.id),
        name=role.id,
        title=role.title,
        description=role.description,
        mime_type=MARKDOWN,
    )


def _task_resource(task: Task) -> types.Resource:
    work = " · ".join(filter(None, (task.request.role, task.request.task)))
    return types.Resource(uri=links.task_uri(task.id), name=f"{work} ({task.id})", mime_type=JSON)


def _role_page(role: Role) -> str:
    tasks = "\n".join(f"- `{task.id}`: {task.label()}" for task in role.tasks)
    return "\n\n".join(
        part for part in (f"# {role.title}", role.description, tasks, role.prompt.strip()) if part
    )


def _text(uri: str, mime_type: str, text: str) -> types.TextResourceContents:
    return types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)


def _not_found(context: Context, uri: str, message: str) -> MCPError:
    modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
    return MCPError(types.INVALID_PARAMS if modern else NOT_FOUND_BEFORE_2026, message, {"uri": uri})
