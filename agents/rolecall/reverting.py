"""Taking back what a task wrote, at any door: its own hunks only; what was edited since stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rolecall import applying
from rolecall.answer.changeset import ChangeSet
from rolecall.errors import ConfigurationInvalid, EditConflict
from rolecall.workspace.records import Records
from rolecall.workspace.revert import revert as changes_back

if TYPE_CHECKING:
    from rolecall.applying import Applier
    from rolecall.runner import Run
    from rolecall.session import Session


async def revert(session: Session, task_id: str, applier: Applier) -> ChangeSet:
    """Take back what the task wrote, as far as nobody changed it since.

    Returns:
        The changes back, ``applied`` or, where somebody edited the same lines, ``conflict``; empty when all
        had been taken back before.

    Raises:
        ConfigurationInvalid: no such task wrote anything in this workspace.
        EditError: nothing was taken back.
    """
    if applier.by == "disk":
        # A buffer may show still, or again, what the file was before; what counts is what was written.
        session = session.on_disk()
    records = Records(session.caller.state_folder())
    changes = await asyncio.to_thread(
        changes_back,
        task_id,
        workspace=session.workspace,
        documents=session.documents,
        state_folder=session.caller.state_folder(),
    )
    possible = ChangeSet([change for change in changes if change.state == "proposed"])
    await applying.apply(session, possible, applier, applying.Consent(explicit=True), task_id=None)
    if all(change.state == "applied" for change in changes):
        await asyncio.to_thread(records.clear, task_id)
    return ChangeSet(changes)


async def notice(session: Session, run: Run) -> None:
    """Learn whether all that a task wrote has been taken back by another process: it is a proposal again."""
    if not any(change.state == "applied" for change in run.proposal.changes.changes):
        return
    records = Records(session.caller.state_folder())
    try:
        written = await asyncio.to_thread(records.get, run.task_id, session.workspace)
    except ConfigurationInvalid:
        return  # nothing is known of what it wrote
    if not written:
        run.proposal.changes.taken_back()


def kept_back(changes: ChangeSet) -> EditConflict | None:
    """What was not taken back, as the error to report; None where everything was."""
    kept = [change for change in changes.changes if change.state != "applied"]
    if not kept:
        return None
    reasons = "; ".join(f"{change.path}: {change.reason or change.state}" for change in kept)
    return EditConflict(
        f"Not taken back: {reasons}.", hint="Undo these by hand, or with your version control."
    )
