"""Applying through the editor: ``workspace/applyEdit``, asked for, sent, and verified."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal

from rolecall.answer.changeset import rebase
from rolecall.errors import EditConflict, EditError, PathRefused
from rolecall.workspace.revert import remember
from rolecall.workspace.writer import DiskWriter
from rolecall_server.lsp.asking import ask
from rolecall_server.lsp.delivery import Delivery, Outcome
from rolecall_server.lsp.documents import is_notebook
from rolecall_server.lsp.edits import Annotation, takes, workspace_edit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from rolecall.answer.changeset import Change
    from rolecall.session import Session
    from rolecall_server.lsp.connection import Connection

ANSWER_S: Final = 60.0
"""Seconds for the client's answer. One that asks its user first may still do so later."""

PREVIEW_S: Final = 600.0
"""Seconds for the answer of a client that shows its user a preview."""


class EditorApplier:
    """Hands changes to the client; what it cannot do itself is written to disk.

    Args:
        connection: the client.
        session: its session.
        title: names the work, for the client's undo list and its questions.
        explicit: the user asked for this very change to be applied.
    """

    def __init__(
        self, connection: Connection, session: Session, title: str, *, explicit: bool = False
    ) -> None:
        self.explicit = explicit
        self._connection = connection
        self._session = session
        self._title = title
        self._buffers = connection.documents.seen_from(session.workspace)
        self._annotation: Annotation | None = None
        self._delivery: Delivery | None = None

    @property
    def interruptible(self) -> bool:
        """Whether the client was asked to apply an edit, and has not answered."""
        return self._delivery is not None and self._delivery.pending

    @property
    def by(self) -> Literal["editor", "disk"]:
        """A client that takes no edits at all leaves them to the disk."""
        return "editor" if self._connection.client.apply_edit else "disk"

    async def confirm(self, changes: Sequence[Change], asking: Sequence[Change]) -> bool:
        """Ask the user: in the client's own preview where it has one, else by a message."""
        client = self._connection.client
        if client.change_annotations and all(map(self._is_theirs, changes)):
            names = ", ".join(change.new_path or change.path for change in asking)
            self._annotation = Annotation(self._title, f"Rolecall asks before it changes {names}")
            return True
        return await ask(self._connection, self._session, self._title, changes, asking)

    async def write(self, changes: Sequence[Change], task_id: str | None) -> Collection[str]:
        """Write all of them or none.

        Returns:
            The paths the user left out in the client's own preview.

        Raises:
            EditError: a file moved, or the client did not apply the edit.
        """
        self._check_folders(changes)
        theirs = [change for change in changes if self._is_theirs(change)]
        ours = [change for change in changes if not self._is_theirs(change)]
        left_out: set[str] = set()
        if theirs:
            left_out = await self._through_editor(theirs, task_id)
        await self._to_disk(ours, task_id=task_id)
        return left_out

    def _check_folders(self, changes: Sequence[Change]) -> None:
        """Refuse files of a folder that the client took out of its workspace since the task began."""
        present, mine = self._connection.workspace(), self._session
        if present == mine.workspace:
            return
        for change in changes:
            try:
                for path in filter(None, (change.path, change.new_path)):
                    present.relative(mine.workspace.locate(path).as_uri(), mine.caller.cwd)
            except PathRefused:
                change.state, change.reason = "refused", "its folder was taken out of the workspace"
                raise PathRefused(
                    f"{change.path}: its folder was taken out of the workspace. Nothing was written.",
                    hint="The proposal is kept. Add the folder again, and run the role anew.",
                ) from None

    async def _through_editor(self, changes: list[Change], task_id: str | None) -> set[str]:
        """Send and verify; once more where a key was typed at the moment of sending."""
        outcome = await self._deliver(changes, task_id)
        if outcome.answered and not outcome.done and self._annotation is None and self._moved(changes):
            self._catch_up(changes)
            outcome = await self._deliver(changes, task_id)
        done, reason = await self._completed(changes, outcome)
        await self._record([change for change in changes if change.path in done], task_id)
        missing = [change for change in changes if change.path not in done]
        if missing and self._annotation is None:
            raise _not_applied(changes, missing, reason)
        return {change.path for change in missing}

    async def _deliver(self, changes: Sequence[Change], task_id: str | None) -> Outcome:
        """Send the edit once and wait for what comes of it.

        A client that answers only after the wait was given up is believed then: see :meth:`_late`.
        """
        edit = workspace_edit(self._connection.client, changes, self._uri, self._annotation)
        request = {"label": self._title, "edit": edit}
        self._delivery = delivery = Delivery(self._connection, self._session, changes, request)
        try:
            return await delivery.outcome(ANSWER_S if self._annotation is None else PREVIEW_S)
        except TimeoutError:
            self._connection.spawn(self._late(delivery, changes, task_id), "apply late")
            return Outcome(applied=False, reason="it did not answer", done=frozenset(), answered=False)
        except asyncio.CancelledError:
            self._connection.spawn(self._late(delivery, changes, task_id), "apply late")
            raise
        finally:
            self._delivery = None

    async def _late(self, delivery: Delivery, changes: Sequence[Change], task_id: str | None) -> None:
        """Own up to an edit that the client applied after nobody waited for it any more."""
        outcome = await delivery.outcome()
        done = [change for change in changes if change.path in outcome.done]
        if done:
            await self._record(done, task_id)
            for change in done:
                change.state, change.reason = "applied", "the editor applied it late"
            names = ", ".join(change.path for change in done)
            self._connection.messages.show_warning(
                f"the editor applied the edit of {names} after all. Undo it there, or run rolecall.revert."
            )

    async def _completed(self, changes: Sequence[Change], outcome: Outcome) -> tuple[set[str], str | None]:
        """Bring to disk what the client took and shows nowhere; returns what is done, and why not the rest.

        That is what Neovim does with a file it creates: its buffer is hidden, and never reaches the disk. A
        document that was open has to show its change itself, and a preview may have left a change out. One
        that was opened for the edit is believed: eglot tells of changes only once somebody types.
        """
        done = set(outcome.done)
        if not outcome.applied or self._annotation is not None:
            return done, outcome.reason
        unseen = [change for change in changes if change.path not in done]
        opened = [change for change in unseen if self._open(change) and not _was_open(change)]
        done |= {change.path for change in opened}
        hidden = [change for change in unseen if not self._open(change)]
        try:
            await self._to_disk(hidden, task_id=None)
        except EditError as error:
            return done, error.message
        return done | {change.path for change in hidden}, outcome.reason

    def _is_theirs(self, change: Change) -> bool:
        """Whether the client carries a change out.

        The text of a notebook it would open beside its notebook editor; from disk that one takes it itself.
        """
        hidden = is_notebook(change.new_path or change.path) and not self._open(change)
        return takes(self._connection.client, change) and not hidden

    def _open(self, change: Change) -> bool:
        return self._buffers.buffer_at(change.new_path or change.path) is not None

    def _uri(self, path: str) -> str:
        """The client's own spelling where the document is open: another would open it twice."""
        buffer = self._buffers.buffer_at(path)
        return buffer.uri if buffer is not None else self._session.workspace.locate(path).as_uri()

    def _moved(self, changes: Sequence[Change]) -> bool:
        """Whether a buffer changed after the edit was made from it; a file that is opened did not change."""
        for change in changes:
            buffer = self._buffers.buffer_at(change.path)
            base = change.base
            if buffer is not None and base is not None and base.version not in {None, buffer.version}:
                return True
        return False

    def _catch_up(self, changes: Sequence[Change]) -> None:
        """Bring the changes onto the buffers as they are now."""
        for change in changes:
            current = self._session.documents.read(change.path)
            if current is None or change.base is None:
                continue
            moved = rebase(change, current)
            if moved.state == "conflict":
                change.state, change.reason, change.overtaken = "conflict", moved.reason, True
                raise EditConflict(
                    f"{change.path}: {moved.reason}. Nothing was written.",
                    hint="The proposal is kept. Run the role again on the present text.",
                )
            change.base, change.after = moved.base, moved.after

    async def _to_disk(self, changes: Sequence[Change], *, task_id: str | None) -> None:
        """Write what the client cannot, or did not."""
        if changes:
            session = self._session
            umask = session.caller.umask
            writer = DiskWriter(session.workspace, session.policy, self._state_folder, umask=umask)
            await asyncio.to_thread(writer.write, list(changes), task_id=task_id)

    async def _record(self, changes: list[Change], task_id: str | None) -> None:
        """Keep what was done, so that it can be taken back."""
        if changes and task_id is not None:
            await asyncio.to_thread(
                remember,
                task_id,
                changes,
                workspace=self._session.workspace,
                state_folder=self._state_folder,
            )

    @property
    def _state_folder(self) -> Path:
        return self._session.caller.state_folder()


def _was_open(change: Change) -> bool:
    """Whether the edit was made from a buffer."""
    return change.base is not None and change.base.version is not None


def _not_applied(changes: Sequence[Change], missing: Sequence[Change], reason: str | None) -> EditConflict:
    for change in changes:
        change.state, change.reason = "applied", None
    for change in missing:
        change.state, change.reason = "conflict", "the editor did not apply the edit"
        change.overtaken = True
    names = ", ".join(change.path for change in missing)
    others = "Nothing was written." if len(missing) == len(changes) else "The other files were changed."
    why = f": {reason}" if reason else ""
    return EditConflict(
        f"The editor did not apply the edit of {names}{why}. {others}",
        hint="The proposal is kept. Run the role again on the present text.",
    )
