"""Tasks about a file, in its menu: what runs can be stopped, and what was not applied is offered again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from rolecall_server.lsp.titles import titled, work_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.answer.changeset import Change
    from rolecall.roles import RoleCatalog
    from rolecall.tasks import Task
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

OFFERED: Final = 3
"""Proposals a menu holds, the newest first."""

OPEN_STATES: Final = frozenset({"proposed", "needs_confirmation"})
"""What was declined or left alone, and may still be wanted."""


def offered(connection: Connection, path: str) -> Iterator[Json]:
    """Actions that apply a finished task's proposal, for tasks about this file or with changes of it.

    Args:
        connection: the client.
        path: the workspace path of the file that the menu is for.
    """
    session, roles = connection.session, connection.roles
    if session is None or roles is None:
        return
    tasks = reversed(connection.host.runtime.tasks.visible(session))
    for task in islice((task for task in tasks if _concerns(task, path)), OFFERED):
        title = f"Apply the proposal of {_title(roles, task)}"
        yield _action(task, title, "proposal", "rolecall.apply")


def stoppable(connection: Connection, path: str) -> Iterator[Json]:
    """Actions that cancel what runs about this file, for editors that have no other way to."""
    session, roles = connection.session, connection.roles
    if session is None or roles is None:
        return
    for task in connection.host.runtime.tasks.visible(session):
        if not task.finished and task.request.target is not None and task.request.target.path == path:
            yield _action(task, f"Stop: {_title(roles, task)}", "stop", "rolecall.cancel")


def _title(roles: RoleCatalog, task: Task) -> str:
    request = task.request
    name = request.target.path.rsplit("/", 1)[-1] if request.target else ""
    work = work_of(roles, request.role, request.task, name) or request.instruction
    return titled(roles, request.role, work)


def _action(task: Task, title: str, kind: str, command: str) -> Json:
    return {
        "title": title,
        "kind": f"refactor.rolecall.{task.request.role}.{kind}",
        "command": {"title": title, "command": command, "arguments": [{"task_id": task.id}]},
    }


def _concerns(task: Task, path: str) -> bool:
    if not task.finished:
        return False
    waiting = [change for change in task.run.proposal.changes.changes if _waits(change)]
    about = task.request.target is not None and task.request.target.path == path
    return bool(waiting) and (about or any(path in {change.path, change.new_path} for change in waiting))


def _waits(change: Change) -> bool:
    conflict = change.overtaken and change.state == "conflict"  # not once applied or discarded after all
    return change.computed and (change.state in OPEN_STATES or conflict)
