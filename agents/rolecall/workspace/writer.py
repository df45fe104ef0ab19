"""Writing a set of changes to disk: all or nothing, never through a link, never over what moved."""

from __future__ import annotations

import contextlib
import errno
import secrets
from typing import TYPE_CHECKING, Final

from rolecall.errors import EditConflict, PathRefused, RolecallError
from rolecall.workspace.effects import Effects, Look, byte_digest, content, same_file, status
from rolecall.workspace.journal import Entry, Journal
from rolecall.workspace.locks import hold, state_folder_error
from rolecall.workspace.names import shown
from rolecall.workspace.plan import Planner, moved
from rolecall.workspace.records import Left, Records
from rolecall.workspace.recovery import recover_roots, settle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.answer.changeset import Change
    from rolecall.workspace.folder import Workspace
    from rolecall.workspace.journal import Operation
    from rolecall.workspace.plan import Plan
    from rolecall.workspace.policy import PathPolicy

_HINTS: Final = {
    errno.ENOSPC: "Free some space, then try again.",
    errno.EDQUOT: "Free some space, then try again.",
    errno.EROFS: "The file system is read-only; make it writable, then try again.",
    errno.EACCES: "Make the file and its folder writable, then try again.",
    errno.EPERM: "Make the file and its folder writable, then try again.",
}


class DiskWriter:
    """Writes change sets to the workspace's files.

    Args:
        workspace: the folders.
        policy: judges every path again at the moment of writing.
        state_folder: where the journal, the locks and the records for ``revert`` are.
        effects: the disk; tests pass one that stops or fails.
        umask: what new files are closed to; None for the process's own mask.
        lock_wait_s: seconds to wait for another writer in the same workspace.
    """

    def __init__(
        self,
        workspace: Workspace,
        policy: PathPolicy,
        state_folder: Path,
        *,
        effects: Effects | None = None,
        umask: int | None = None,
        lock_wait_s: float = 10.0,
    ) -> None:
        self._workspace = workspace
        self._policy = policy
        self._state_folder = state_folder
        self._effects = effects or Effects(umask=umask)
        self._journal = Journal(state_folder, self._effects)
        self._lock_wait_s = lock_wait_s

    def write(self, changes: Sequence[Change], *, task_id: str | None) -> None:
        """Write all changes or none. Whoever calls has the consent for each of them.

        Args:
            changes: with the documents they were computed from; their states are not altered.
            task_id: under which ``revert`` finds them; None to keep no record.

        Raises:
            PathRefused: the policy refuses a path, or the disk does not let it be written.
            EditConflict: a file is not as it was read, or another command is writing here.
            ConfigurationInvalid: the state folder cannot be written.
        """
        self._workspace.require()
        roots = [str(root) for root in self._workspace.roots]
        with hold(self._state_folder, roots, wait_s=self._lock_wait_s):
            recover_roots(roots, self._state_folder, self._effects, held=roots)
            write_id = secrets.token_hex(8)
            plan = Planner(self._policy, write_id).plan(changes)
            if plan.operations:
                entry = Entry(write_id, task_id, "staging", tuple(plan.folders), tuple(plan.operations))
                self._carry_out(entry, plan, changes)

    def _carry_out(self, entry: Entry, plan: Plan, changes: Sequence[Change]) -> None:
        try:
            entry = self._journal.save(entry, "staging")
        except OSError as error:
            with contextlib.suppress(OSError):
                self._journal.forget(entry)
            raise state_folder_error(self._state_folder, error) from error
        progress = _Progress()
        try:
            self._stage(entry, plan, progress)
            entry = self._journal.save(entry, "applying")
            self._apply(entry, progress)
            if entry.task_id is not None:
                records = Records(self._state_folder, self._effects)
                left = Left(entry.folders, plan.modes)
                records.add(entry.task_id, self._workspace, changes, write_id=entry.id, left=left)
            entry = self._journal.save(entry, "done")
        except OSError as error:
            if not self._settled_as_done(entry, progress.path):
                raise _failure(progress.path, error) from error
        except BaseException:
            self._settled_as_done(entry, progress.path)
            raise
        else:
            # All is in place; where this fails, the next command removes the temporary names.
            with contextlib.suppress(OSError):
                settle(self._journal, entry, self._effects)

    def _stage(self, entry: Entry, plan: Plan, progress: _Progress) -> None:
        for folder in entry.folders:
            progress.path = "/".join((*folder.folder, folder.name))
            self._effects.make_folder(folder)
        for operation in entry.operations:
            progress.path = operation.path
            if operation.new:
                text = plan.contents[operation.new]
                self._effects.write_new(operation.spot.beside(operation.new), text.data, text.look)

    def _apply(self, entry: Entry, progress: _Progress) -> None:
        for operation in entry.operations:
            progress.path = operation.path
            {"remove": self._remove, "replace": self._replace, "put": self._put}[operation.kind](operation)
        for spot in entry.touched():
            self._effects.sync(spot)

    def _remove(self, operation: Operation) -> None:
        # Taken first and looked at then: what was taken is what is judged.
        self._effects.rename(operation.spot, operation.old)
        self._require_base(operation)

    def _replace(self, operation: Operation) -> None:
        if not self._effects.link(operation.spot, operation.old):
            self._copy(operation)
        self._require_base(operation)
        kept = status(operation.spot.beside(operation.old))
        found = status(operation.spot)
        if not same_file(kept, found) and content(operation.spot) != content(
            operation.spot.beside(operation.old)
        ):
            raise moved(operation.path, "was saved by another program at this moment")
        self._effects.rename(operation.spot.beside(operation.new), operation.spot.name)

    def _put(self, operation: Operation) -> None:
        staged = operation.spot.beside(operation.new)
        try:
            if not self._effects.link(staged, operation.spot.name):
                # Without hard links: the name is taken exclusively first, then filled at one stroke.
                self._effects.write_new(operation.spot, operation.placeholder())
                self._effects.rename(staged, operation.spot.name)
        except FileExistsError:
            raise moved(operation.path, "came to exist at this moment") from None

    def _copy(self, operation: Operation) -> None:
        data = content(operation.spot)
        if data is None:
            raise moved(operation.path, "is gone")
        self._effects.write_new(operation.spot.beside(operation.old), data, Look(status(operation.spot)))

    def _require_base(self, operation: Operation) -> None:
        data = content(operation.spot.beside(operation.old))
        if data is None or byte_digest(data) != operation.before:
            raise moved(operation.path, "was saved by another program at this moment")

    def _settled_as_done(self, entry: Entry, path: str) -> bool:
        """Take back what was done so far; True where the last step had been made and all stays."""
        # The journal may be further than `entry`: saving the next phase may be what failed, at its end.
        now = self._journal.reload(entry) or entry
        try:
            settle(self._journal, now, self._effects)
        except OSError as error:
            raise PathRefused(
                f"{shown(path)} could not be written, nor could all be taken back: {error.strerror}.",
                hint="The next command in this workspace takes back the rest.",
            ) from error
        return now.phase == "done"


class _Progress:
    """The path being worked on, for the message should it fail."""

    path = ""


def _failure(path: str, error: OSError) -> RolecallError:
    if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.ENOENT}:
        return EditConflict(
            f"{shown(path)} could not be written: a folder on its way was moved or became a link.",
            hint="Nothing was changed. Try again when nothing else changes the folder.",
        )
    reason = error.strerror or type(error).__name__
    hint = _HINTS.get(error.errno or 0, "Look at the disk, then try again.")
    return PathRefused(f"{shown(path)} could not be written: {reason}. Nothing was changed.", hint=hint)
