"""``rolecall.revert``: what a task wrote is taken back through the editor; what was edited since stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.reverting import kept_back
from rolecall.reverting import revert as take_back
from rolecall_server.lsp.applier import EditorApplier

if TYPE_CHECKING:
    from rolecall.session import Session
    from rolecall.tasks import Task
    from rolecall_server.lsp.connection import Connection


async def revert(connection: Connection, session: Session, task: Task) -> None:
    """Take back what the task wrote, as far as nobody changed it since.

    Raises:
        ConfigurationInvalid: it wrote nothing.
        EditConflict: some of it was edited since; the rest was taken back.
    """
    applier = EditorApplier(connection, session, f"Rolecall: revert {task.id}", explicit=True)
    changes = await take_back(session, task.id, applier)
    kept = [change for change in changes.changes if change.state != "applied"]
    task.run.proposal.changes.taken_back(except_for={change.path for change in kept})
    error = kept_back(changes)
    if error is not None:
        raise error
