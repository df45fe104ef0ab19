"""``rolecall.revert``: what a task wrote is taken back through the editor; what was edited since stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rolecall import applying
from rolecall.answer.changeset import ChangeSet
from rolecall.errors import EditConflict
from rolecall.workspace.revert import revert as changes_back
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
    changes = await asyncio.to_thread(
        changes_back,
        task.id,
        workspace=session.workspace,
        documents=session.documents,
        state_folder=session.caller.state_folder(),
    )
    possible = [change for change in changes if change.state == "proposed"]
    applier = EditorApplier(connection, session, f"Rolecall: revert {task.id}", explicit=True)
    if possible:
        await applying.apply(
            session, ChangeSet(possible), applier, applying.Consent(explicit=True), task_id=None
        )
    kept = [change for change in changes if change.state != "applied"]
    task.run.taken_back(except_for={change.path for change in kept})
    if kept:
        reasons = "; ".join(f"{change.path}: {change.reason}" for change in kept)
        raise EditConflict(
            f"Not taken back: {reasons}.", hint="Undo these by hand, or with your version control."
        )
