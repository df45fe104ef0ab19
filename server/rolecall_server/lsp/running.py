"""``rolecall.run``: one task on its way, as the editor sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from rolecall_server.lsp import arguments, content, errors
from rolecall_server.lsp.documents import is_file
from rolecall_server.lsp.errors import Refusal

if TYPE_CHECKING:
    from rolecall.errors import RolecallError
    from rolecall.session import Session
    from rolecall.task import FileRef, TaskRequest, TaskResult
    from rolecall.tasks import Subscription, Task
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

TITLE_LIMIT: Final = 100
CANCEL_S: Final = 1.0
"""Seconds a cancelled request waits for its task to end; the upstream stream is closed long before."""

NOTHING_FOUND: Final = (
    "no model was found, so this is an offline scaffold. Start a local server (`ollama serve`), or set "
    "OPENAI_API_KEY or llm.base_url; `rolecall doctor` says what is missing."
)


async def run(connection: Connection, values: Json, token: str | int | None) -> Json:
    """Start a task and, unless the client does not want to wait, see it to its end.

    Args:
        connection: the client.
        values: the checked argument object.
        token: the client's ``workDoneToken``.
    """
    from rolecall_server.lsp.applier import EditorApplier  # noqa: PLC0415 - not before the handshake

    session = await connection.ready()
    _refuse_stale(connection, values)
    request, problem = _request(session, values)
    title = _title(session, request)
    applier = EditorApplier(connection, session, title)
    task, subscription = connection.host.runtime.tasks.start(session, request, applier, problem=problem)
    watching = connection.spawn(_see_through(connection, session, task, subscription, title, token), "run")
    if not connection.wait:
        return task.result.to_json()
    try:
        await asyncio.shield(watching)
    except asyncio.CancelledError:
        # Named apart: the request was cancelled, so its task is; the wait below must not be forgotten either.
        await _cancel(task, watching)
        raise
    return task.result.to_json()


def _refuse_stale(connection: Connection, values: Json) -> None:
    """A range of an older text would select something else."""
    buffer = connection.documents.buffer(values["uri"])
    version = values.get("version")
    if buffer is not None and "range" in values and version is not None and version != buffer.version:
        raise Refusal(
            errors.CONTENT_MODIFIED,
            f"{values['uri']} is at version {buffer.version}, the range is of version {version}. Ask again.",
        )


def _request(session: Session, values: Json) -> tuple[TaskRequest, RolecallError | None]:
    """The request; and what is wrong with its document, so that it fails like any other task."""
    from rolecall.errors import RolecallError  # noqa: PLC0415 - not before the handshake
    from rolecall.task import TaskRequest  # noqa: PLC0415

    target: FileRef | None = None
    problem: RolecallError | None = None
    try:
        target = _target(session, values)
    except RolecallError as error:
        problem = error
    request = TaskRequest(
        role=values["role"],
        task=values.get("task"),
        instruction=values.get("instruction", ""),
        target=target,
        diagnostics=arguments.diagnostics(values),
        apply=arguments.apply_mode(values),
    )
    return request, problem


def _target(session: Session, values: Json) -> FileRef:
    from rolecall.errors import PathRefused  # noqa: PLC0415 - not before the handshake
    from rolecall.task import FileRef  # noqa: PLC0415

    uri = values["uri"]
    if not is_file(uri):
        raise PathRefused(
            f"{uri} is no file of the workspace.", hint="Save the document into the workspace first."
        )
    path = session.workspace.relative(uri, session.caller.cwd)
    return FileRef(path, arguments.selection(values))


def _title(session: Session, request: TaskRequest) -> str:
    role = next((role for role in session.roles.roles() if role.id == request.role), None)
    name = role.title if role else request.role
    task = next((task for task in role.tasks if task.id == request.task), None) if role else None
    file = request.target.path.rsplit("/", 1)[-1] if request.target else ""
    work = task.phrase(file) if task else request.instruction
    title = f"{name}: {' '.join(work.split())}" if work else name
    return title if len(title) <= TITLE_LIMIT else f"{title[: TITLE_LIMIT - 1]}…"


async def _see_through(
    connection: Connection,
    session: Session,
    task: Task,
    subscription: Subscription,
    title: str,
    token: str | int | None,
) -> None:
    """Show a task's progress and events until it has ended, then what came of it."""
    from rolecall_server.lsp.progress import Progress  # noqa: PLC0415 - not before the handshake

    protocol = connection.server.protocol
    try:
        async with Progress(connection, task, title, title.partition(":")[0], token) as progress:
            async for numbered in subscription:
                progress.take(numbered.event)
                if connection.events:
                    protocol.notify_raw("rolecall/event", numbered.to_json())
                # A client that reads slowly gets joined deltas, not a growing heap of them.
                await protocol.drain()
    finally:
        task.unsubscribe(subscription)
    await report(connection, session, task)


async def report(connection: Connection, session: Session, task: Task) -> None:
    """Tell the user how a task ended, where the edits themselves do not."""
    result = task.result
    if (
        result.provider == "offline"
        and session.settings.llm.provider == "auto"
        and connection.tell_once("offline")
    ):
        connection.messages.show_info(NOTHING_FOUND)
    if result.status == "failed" and result.error is not None:
        connection.messages.show_error(result.error)
    elif result.status == "incomplete" and result.error is not None:
        connection.messages.show_warning(f"{result.error.message} {result.error.hint}".strip())
    elif result.status == "completed" and not result.files:
        if not await content.show(connection, session, task):
            connection.messages.show_info(result.summary or "the answer was empty.")
    elif result.status == "completed" and not connection.wait:
        connection.messages.show_info(_outcome(result))


def _outcome(result: TaskResult) -> str:
    files = ", ".join(file.path for file in result.files)
    if result.applied:
        return f"changed {files}."
    return f"proposes changes of {files}; nothing was applied."


async def _cancel(task: Task, watching: asyncio.Task[Any]) -> None:
    """Stop a task; one that is just being written finishes on its own."""
    ending = asyncio.ensure_future(task.cancel())
    await asyncio.wait([ending], timeout=CANCEL_S)
    if ending.done() and not watching.done():
        await asyncio.wait([watching], timeout=CANCEL_S)
