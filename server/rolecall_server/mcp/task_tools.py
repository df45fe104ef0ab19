"""The tools for what a role has made: apply its edits, fetch its result, cancel it; and ``status``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types

from rolecall import reverting
from rolecall.errors import ConfigurationInvalid, EditNotFound, PathRefused, RolecallError
from rolecall.status import status
from rolecall.task import ErrorInfo
from rolecall_server.attached import AttachedApplier
from rolecall_server.mcp.answer_part import answer_part
from rolecall_server.mcp.arguments import Arguments
from rolecall_server.mcp.asking import AskingApplier, ConfirmationNeeded, ask
from rolecall_server.mcp.results import is_shortened, render
from rolecall_server.mcp.role_tool import watch
from rolecall_server.mcp.schemas import APPLY, CANCEL, RESULT, STATUS
from rolecall_server.mcp.status import fitted, status_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mcp.server.context import ServerRequestContext

    from rolecall.applying import Applier
    from rolecall.tasks import Task
    from rolecall_server.mcp.connection import Connection

    Context = ServerRequestContext[Connection, Any]
    Given = Mapping[str, Any] | None


async def apply_edits(context: Context, given: Given) -> types.CallToolResult | types.InputRequiredResult:
    """Write what a task proposed, or the picked files of it."""
    connection = context.lifespan_context
    session = connection.ready()
    arguments = Arguments(APPLY, given, ("task_id", "paths", "confirm_protected"))
    task = connection.runtime.tasks.get(arguments.required("task_id"), session)
    paths, confirmed = arguments.picked("paths"), arguments.flag("confirm_protected")
    limit = session.settings.mcp.inline_limit_bytes
    try:
        if not task.finished:
            raise ConfigurationInvalid(
                f"The task {task.id} is still running.",
                hint=f"Wait for it with {RESULT}, then apply its edits.",
            )
        if not task.result.files:
            raise EditNotFound(
                f"The task {task.id} proposed no files. Nothing was written.",
                hint="Its answer is its whole result. Run the role again, and ask for the files you want.",
            )
        try:
            await _apply(connection, task, paths, confirmed=confirmed)
        except ConfirmationNeeded as needed:
            answer = await ask(context, needed)
            if isinstance(answer, types.InputRequiredResult):
                return answer
            if answer is None:
                raise
            if not answer:
                raise PathRefused("The user declined. Nothing was written.") from needed
            await _apply(connection, task, paths, confirmed=True)
    except RolecallError as error:
        info = ErrorInfo.of(error, task.run.correlation_id)
        return render(task.result.model_copy(update={"error": info}), limit, failed=True)
    return render(task.result, limit, failed=False, notice=connection.notice())


async def _apply(connection: Connection, task: Task, paths: Sequence[str] | None, *, confirmed: bool) -> None:
    applier = _applier(connection, task.id, confirmed=confirmed)
    async with task.writing:
        await reverting.notice(connection.session, task.run)
        # A set of files is written whole or not at all: nobody interrupts it halfway.
        with anyio.CancelScope(shield=True):
            await task.run.apply(applier, explicit=True, paths=paths, session=connection.session)


def _applier(connection: Connection, task_id: str, *, confirmed: bool) -> Applier:
    """Where edits go: through the editor that has the workspace open, else to disk."""
    session = connection.session
    disk = AskingApplier(session, confirmed=confirmed)
    editor = connection.host.editors.of(session.workspace)
    if editor is None:
        return disk
    return AttachedApplier(editor, session.workspace, f"Rolecall: apply {task_id}", disk)


async def task_result(context: Context, given: Given) -> types.CallToolResult:
    """A task's result, or a part of its answer; waits for its end where that is asked for."""
    connection = context.lifespan_context
    session = connection.ready()
    arguments = Arguments(RESULT, given, ("task_id", "wait_s", "offset"))
    task = connection.runtime.tasks.get(arguments.required("task_id"), session)
    wait_s = min(arguments.seconds("wait_s"), connection.deadline_s(context))
    offset = arguments.count("offset")
    if wait_s and not task.finished:
        await watch(context, task, task.subscribe(), wait_s)
    await reverting.notice(session, task.run)
    limit = session.settings.mcp.inline_limit_bytes
    rendered = render(task.result, limit)
    if offset or (offset == 0 and is_shortened(rendered)):
        return answer_part(task.result, offset, limit)
    return rendered  # also for an offset of 0 that a model filled in, since all of the answer is there


async def cancel_task(context: Context, given: Given) -> types.CallToolResult:
    """Stop a task; one that has ended stays as it is."""
    connection = context.lifespan_context
    session = connection.ready()
    arguments = Arguments(CANCEL, given, ("task_id",))
    task = connection.runtime.tasks.get(arguments.required("task_id"), session)
    return render(await task.cancel(), session.settings.mcp.inline_limit_bytes, failed=False)


async def show_status(context: Context, given: Given) -> types.CallToolResult:
    """What the server is doing and with which model."""
    connection = context.lifespan_context
    session = connection.ready()
    Arguments(STATUS, given, ())
    limit = session.settings.mcp.inline_limit_bytes
    report = fitted(await status(connection.runtime, connection.session), limit)
    return types.CallToolResult(
        content=[types.TextContent(text=status_text(report, limit))],
        structured_content=json.loads(json.dumps(report)),
    )


TASK_TOOL_CALLS: dict[
    str, Callable[[Context, Given], Awaitable[types.CallToolResult | types.InputRequiredResult]]
] = {
    APPLY: apply_edits,
    RESULT: task_result,
    CANCEL: cancel_task,
    STATUS: show_status,
}
