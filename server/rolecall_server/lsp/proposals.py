"""Proposals that were not applied, offered again where their files are open."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from rolecall_server.lsp.titles import titled, work_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.answer.changeset import Change
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
        request = task.request
        name = request.target.path.rsplit("/", 1)[-1] if request.target else ""
        work = work_of(roles, request.role, request.task, name) or request.instruction
        title = f"Apply the proposal of {titled(roles, request.role, work)}"
        yield {
            "title": title,
            "kind": f"refactor.rolecall.{request.role}.proposal",
            "command": {"title": title, "command": "rolecall.apply", "arguments": [{"task_id": task.id}]},
        }


def _concerns(task: Task, path: str) -> bool:
    if not task.finished:
        return False
    waiting = [change for change in task.run.proposal.changes.changes if _waits(change)]
    about = task.request.target is not None and task.request.target.path == path
    return bool(waiting) and (about or any(path in {change.path, change.new_path} for change in waiting))


def _waits(change: Change) -> bool:
    return change.computed and (change.state in OPEN_STATES or change.overtaken)
