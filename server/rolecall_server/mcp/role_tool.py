"""A role as a tool: one task, watched until it ends, its deadline passes, or the client gives it up."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import anyio

from rolecall.errors import RolecallError
from rolecall.task import TaskRequest
from rolecall_server.mcp.arguments import Arguments
from rolecall_server.mcp.named_files import NamedFiles
from rolecall_server.mcp.progress import Progress
from rolecall_server.mcp.results import render
from rolecall_server.mcp.schemas import ROLE_ARGUMENTS, tool_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import mcp_types as types
    from mcp.server.context import ServerRequestContext

    from rolecall.roles import Role
    from rolecall.session import Session
    from rolecall.tasks import Subscription, Task
    from rolecall_server.mcp.connection import Connection

CANCEL_S = 1.0
"""Longest wait for a cancelled task's end; its upstream stream is closed long before."""


async def call_role(
    context: ServerRequestContext[Connection, Any], role: Role, given: Mapping[str, Any] | None
) -> types.CallToolResult:
    """Run the role and return its result, or that it is still running."""
    connection = context.lifespan_context
    session = connection.session
    request, problem = TaskRequest(role.id), None
    try:
        request = await asyncio.to_thread(_request, session, role, given)
    except RolecallError as error:
        problem = error
    task, events = connection.runtime.tasks.start(session, request, problem=problem)
    starting = connection.http.starting(context, task) if connection.http else nullcontext()
    try:
        with starting:
            await watch(context, task, events, connection.deadline_s(context))
    except anyio.get_cancelled_exc_class():
        if connection.http is None or not connection.http.outlive(context):
            with anyio.move_on_after(CANCEL_S, shield=True):
                await task.cancel()
        raise
    return render(task.result, session.settings.mcp.inline_limit_bytes, notice=connection.notice())


async def watch(
    context: ServerRequestContext[Connection, Any], task: Task, events: Subscription, seconds: float
) -> None:
    """Report the task's progress until it ends, or for so many seconds."""
    connection = context.lifespan_context
    so_far = task.result
    progress = Progress(
        _title(connection, task.request.role),
        context.session.report_progress,
        connection.session.settings.mcp.heartbeat_s,
        so_far.answer or "",
        asked=so_far.attempts > 0,
    )
    try:
        with (
            connection.http.watching(task) if connection.http else nullcontext(),
            anyio.move_on_after(seconds),
        ):
            await progress.follow(events)
    finally:
        task.unsubscribe(events)


def _title(connection: Connection, role_id: str) -> str:
    return next((role.title for role in connection.session.roles.roles() if role.id == role_id), role_id)


def _request(session: Session, role: Role, given: Mapping[str, Any] | None) -> TaskRequest:
    known = ROLE_ARGUMENTS if role.tasks else tuple(name for name in ROLE_ARGUMENTS if name != "task")
    arguments = Arguments(tool_name(role.id), given, known)
    instruction = arguments.required("instruction")
    task = arguments.text("task") or None
    if task is not None:
        role.task(task)
    files = NamedFiles(session).of(arguments.texts("files") or [])
    return TaskRequest(
        role=role.id,
        task=task,
        instruction=instruction,
        target=files.target,
        files=files.others,
        context="\n\n".join(part for part in (arguments.text("context"), *files.listings) if part),
        apply="never",
    )
