"""``rolecall.run``: one task on its way, as the editor sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import PathRefused, RolecallError
from rolecall.events import Delta
from rolecall.task import FileRef, TaskRequest
from rolecall_server.lsp import arguments, content, errors
from rolecall_server.lsp.applier import EditorApplier
from rolecall_server.lsp.documents import is_file, is_notebook
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.titles import name_in, run_title

if TYPE_CHECKING:
    from rolecall.session import Session
    from rolecall.task import TaskResult
    from rolecall.tasks import Subscription, Task
    from rolecall_server.lsp.connection import Connection
    from rolecall_server.lsp.progress import Progress

    Json = dict[str, Any]

CANCEL_S: Final = 1.0
"""Seconds a cancelled request waits for its task to end; the upstream stream is closed long before."""

TEXT_S: Final = 0.02
"""Seconds between two pieces of a task's text; what comes meanwhile is joined. Smooth to the eye, and a flood
of small messages would cost the menu its time."""

NOTHING_FOUND: Final = (
    "no model was found, so this is an offline scaffold. Start a local server (`ollama serve`), or set "
    "OPENAI_API_KEY or llm.base_url; `rolecall doctor` says what is missing."
)


def start(connection: Connection, session: Session, values: Json, progress: Progress) -> Watched:
    """Start a task; from here on its progress ends with it.

    Args:
        connection: the client.
        session: its session.
        values: the checked argument object.
        progress: begun already.
    """
    _refuse_stale(connection, values)
    request, problem = _request(session, values)
    applier = EditorApplier(connection, session, run_title(session.roles, connection.documents, values))
    task, subscription = connection.host.runtime.tasks.start(session, request, applier, problem=problem)
    progress.watch(task)
    seeing = connection.spawn(_see_through(connection, session, task, subscription, progress), "run")
    if progress.cancelled:
        connection.spawn(task.cancel(), "cancel")
    return Watched(task, seeing)


@dataclass(frozen=True, slots=True)
class Watched:
    """A task, and what shows it to the user until it has ended."""

    task: Task
    seeing: asyncio.Task[None]

    async def result(self) -> Json:
        """The final result object. Cancelling the wait cancels the task: the request was its own."""
        try:
            await asyncio.shield(self.seeing)
        except asyncio.CancelledError:
            await self._cancel()
            raise
        return self.task.result.to_json()

    async def _cancel(self) -> None:
        """Stop the task; one that is just being written finishes on its own."""
        ending = asyncio.ensure_future(self.task.cancel())
        await asyncio.wait([ending], timeout=CANCEL_S)
        if ending.done() and not self.seeing.done():
            await asyncio.wait([self.seeing], timeout=CANCEL_S)


def _refuse_stale(connection: Connection, values: Json) -> None:
    """A range of an older text would select something else."""
    buffer = connection.documents.buffer(values["uri"])
    version = values.get("version")
    if "range" not in values or version is None or (buffer is not None and version == buffer.version):
        return
    present = "is not open" if buffer is None else f"is at version {buffer.version}"
    raise Refusal(
        errors.CONTENT_MODIFIED,
        f"{values['uri']} {present}, the range is of version {version}. Ask again.",
    )


def _request(session: Session, values: Json) -> tuple[TaskRequest, RolecallError | None]:
    """The request; and what is wrong with its document, so that it fails like any other task."""
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
    uri = values["uri"]
    if is_notebook(uri):
        raise PathRefused(
            f"{name_in(uri)} is a notebook; roles work on text files.",
            hint="Move the code into a file of its own (`jupyter nbconvert --to script`), and run it there.",
        )
    if not is_file(uri):
        raise PathRefused(
            f"{uri} is no file of the workspace.", hint="Save the document into the workspace first."
        )
    path = session.workspace.relative(uri, session.caller.cwd)
    return FileRef(path, arguments.selection(values))


async def _see_through(
    connection: Connection, session: Session, task: Task, subscription: Subscription, progress: Progress
) -> None:
    """Show a task's progress and events until it has ended, then what came of it."""
    protocol = connection.server.protocol
    try:
        async for numbered in subscription:
            progress.take(numbered.event)
            if connection.events and numbered.event.public:
                protocol.notify_raw("rolecall/event", numbered.to_json())
            # A client that reads slowly gets joined deltas, not a growing heap of them.
            await protocol.drain()
            if connection.events and isinstance(numbered.event, Delta):
                await asyncio.sleep(TEXT_S)
    finally:
        task.unsubscribe(subscription)
        progress.end()
    await report(connection, session, task)


async def report(connection: Connection, session: Session, task: Task) -> None:
    """Tell the user how a task ended, where the edits themselves do not."""
    result = task.result
    await connection.findings.publish(session, task)
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
