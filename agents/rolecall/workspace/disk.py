"""Applying to the disk, where no editor has the files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rolecall.errors import PathRefused
from rolecall.workspace.writer import DiskWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.session import Session


@dataclass(frozen=True, slots=True)
class DiskApplier:
    """Writes a change set to the session's workspace, all or nothing.

    Attributes:
        confirmed: whether what needs confirmation has it (``--yes``); nobody can be asked here.
        explicit: the user asked for this very change to be written.
    """

    session: Session
    confirmed: bool = False
    explicit: bool = True
    how_to_confirm: str = "Look at the diff; then run the same command with --yes."
    by: Literal["editor", "disk"] = "disk"
    interruptible: Literal[False] = False

    async def confirm(self, changes: Sequence[Change], asking: Sequence[Change]) -> bool:  # noqa: ARG002 - the protocol's
        """Go by what was confirmed beforehand; nobody can be asked here. Raises PathRefused."""
        if self.confirmed:
            return True
        names = ", ".join(change.new_path or change.path for change in asking)
        raise PathRefused(f"{names}: needs your confirmation. Nothing was written.", hint=self.how_to_confirm)

    async def write(self, changes: Sequence[Change], task_id: str | None) -> None:
        """Write all of them or none. Raises EditError."""
        session = self.session
        writer = DiskWriter(
            session.workspace, session.policy, session.caller.state_folder(), umask=session.caller.umask
        )
        await asyncio.to_thread(writer.write, list(changes), task_id=task_id)
