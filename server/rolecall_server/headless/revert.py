"""``rolecall revert``: takes back what a task wrote, keeps what was edited since."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rolecall.answer.changeset import ChangeSet
from rolecall.errors import RolecallError
from rolecall.reverting import kept_back, revert
from rolecall.task import ErrorInfo, TaskResult
from rolecall.workspace.disk import DiskApplier
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import explain, file_lines, open_session, write_json, write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session


@guarded
def run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path]) -> int:
    """Take a task's writes back; returns the exit code."""
    session = open_session(caller, roots)
    result = asyncio.run(_revert(session, arguments.task_id))
    if arguments.format == "json":
        write_json(result.to_json())
    elif result.applied:
        write_text(file_lines(result))
    elif result.error is None:
        note(f"rolecall: everything task {arguments.task_id} wrote has been taken back already.")
    if result.error is not None:
        explain(result.error)
    return exit_codes.for_result(result)


async def _revert(session: Session, task_id: str) -> TaskResult:
    changes = ChangeSet()
    error: RolecallError | None = None
    try:
        session.ready()
        # Naming the task is the confirmation; taking back a protected file only restores what was there.
        changes = await revert(session, task_id, DiskApplier(session, confirmed=True))
        error = kept_back(changes)
    except RolecallError as problem:
        error = problem
    applied = any(change.state == "applied" for change in changes.changes)
    return TaskResult(
        task_id=task_id,
        role=None,
        task=None,
        status="failed" if error else "completed",
        files=[change.to_result() for change in changes.changes],
        applied=applied,
        applied_by="disk" if applied else None,
        error=ErrorInfo.of(error, task_id) if error else None,
    )
