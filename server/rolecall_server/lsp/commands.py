"""``workspace/executeCommand``: the commands of contract section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from rolecall.errors import ConfigurationInvalid, RolecallError
from rolecall_server.lsp import arguments, errors
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.progress import Progress
from rolecall_server.lsp.titles import role_title, run_title

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rolecall.session import Session
    from rolecall.tasks import Task
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]
    Command = Callable[[Connection, Json], Awaitable[Any]]


def register(connection: Connection) -> None:
    """Take commands."""

    @connection.server.feature(types.WORKSPACE_EXECUTE_COMMAND)
    def execute(params: Json) -> Awaitable[Any]:
        # Checked before anything is awaited: a wrong argument is answered at once.
        name = params.get("command")
        if not isinstance(name, str):
            raise Refusal(errors.INVALID_PARAMS, "`command` must be the name of a command, as text.")
        values = arguments.read(name, params.get("arguments"))
        if name == "rolecall.run":
            # Made at once, so that a cancel of the client's own token finds it, however early it comes.
            return _run(connection, values, Progress(connection, _token(params)))
        return _COMMANDS[name](connection, values)


async def _run(connection: Connection, values: Json, progress: Progress) -> Json:
    try:
        roles = await connection.roles_known()
        progress.begin(run_title(roles, connection.documents, values), role_title(roles, values["role"]))
        session = await connection.ready()
        from rolecall_server.lsp.running import start  # noqa: PLC0415 - imported by the session's opening

        watched = start(connection, session, values, progress)
    except BaseException:
        progress.end()
        raise
    return await watched.result() if connection.wait else watched.task.result.to_json()


async def _cancel(connection: Connection, values: Json) -> Json:
    _, task = await _task(connection, values)
    return (await task.cancel()).to_json()


async def _apply(connection: Connection, values: Json) -> Json:
    session, task = await _task(connection, values)
    from rolecall_server.lsp.applier import EditorApplier  # noqa: PLC0415 - imported by the session's opening

    try:
        if not task.finished:
            raise ConfigurationInvalid(
                f"The task {task.id} is still running.", hint="Apply it when it has ended."
            )
        applier = EditorApplier(connection, session, f"Rolecall: apply {task.id}", explicit=True)
        await task.run.apply(applier, explicit=True, paths=values.get("paths"))
    except RolecallError as error:
        return _with_error(connection, task, error)
    return task.result.to_json()


async def _discard(connection: Connection, values: Json) -> Json:
    _, task = await _task(connection, values)
    await task.cancel()
    connection.findings.discard(task.id)
    for change in task.run.proposal.changes.changes:
        if change.state != "applied":
            change.state, change.reason = "refused", "discarded by the user"
    return task.result.to_json()


async def _revert(connection: Connection, values: Json) -> Json:
    session, task = await _task(connection, values)
    from rolecall_server.lsp.reverting import revert  # noqa: PLC0415 - imported by the session's opening

    try:
        await revert(connection, session, task)
    except RolecallError as error:
        return _with_error(connection, task, error)
    return task.result.to_json()


async def _result(connection: Connection, values: Json) -> Json:
    _, task = await _task(connection, values)
    return task.result.to_json()


async def _tasks(connection: Connection, _: Json) -> list[Json]:
    session = await connection.ready()
    visible = connection.host.runtime.tasks.visible(session)
    return [_listed(task) for task in visible]


async def _status(connection: Connection, _: Json) -> Json:
    session = await connection.ready()
    from rolecall.status import status  # noqa: PLC0415 - imported by the session's opening

    return await status(connection.host.runtime, session)


_COMMANDS: dict[str, Command] = {
    "rolecall.cancel": _cancel,
    "rolecall.apply": _apply,
    "rolecall.discard": _discard,
    "rolecall.revert": _revert,
    "rolecall.result": _result,
    "rolecall.tasks": _tasks,
    "rolecall.status": _status,
}


async def _task(connection: Connection, values: Json) -> tuple[Session, Task]:
    await connection.ready()
    return connection.task(values["task_id"])


def _listed(task: Task) -> Json:
    """A result object without its texts: 200 answers do not belong into one message."""
    listed = task.result.to_json()
    return {**listed, "answer": None, "files": [{**file, "diff": None} for file in listed["files"]]}


def _with_error(connection: Connection, task: Task, error: RolecallError) -> Json:
    from rolecall.task import ErrorInfo  # noqa: PLC0415 - not before the handshake

    connection.messages.show_error(error)
    info = ErrorInfo.of(error, task.run.correlation_id)
    return task.result.model_copy(update={"error": info}).to_json()


def _token(params: Json) -> str | int | None:
    token = params.get("workDoneToken")
    return token if isinstance(token, str | int) and not isinstance(token, bool) else None
