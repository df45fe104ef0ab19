"""Settling a write that did not come to its end: all of it or nothing stays.

What stands on the disk tells how far the write came, so that taking back after a crash and after an error
is one and the same thing, and may itself be interrupted and begun again. What was edited since is kept.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from rolecall.errors import EditConflict
from rolecall.workspace.effects import Effects, Spot, byte_digest, content, same_file, status
from rolecall.workspace.journal import Journal
from rolecall.workspace.locks import hold
from rolecall.workspace.records import Records

if TYPE_CHECKING:
    from collections.abc import Collection

    from structlog.typing import FilteringBoundLogger

    from rolecall.workspace.folder import Workspace
    from rolecall.workspace.journal import Entry, Operation

_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


def recover(workspace: Workspace, state_folder: Path, *, effects: Effects | None = None) -> list[str]:
    """Settle the writes to this workspace that a crash interrupted; call it before files are read.

    Returns:
        A line for the user about each of them. Writes that are under way elsewhere are left alone.
    """
    return recover_roots([str(root) for root in workspace.roots], state_folder, effects or Effects(), held=())


def recover_roots(
    roots: Collection[str], state_folder: Path, effects: Effects, *, held: Collection[str]
) -> list[str]:
    """The same for roots, some of whose locks the caller holds already."""
    journal = Journal(state_folder, effects)
    lines: list[str] = []
    for entry in journal.entries():
        if not any(_overlap(root, other) for root in roots for other in entry.roots):
            continue
        if not all(Path(root).is_dir() for root in entry.roots):
            continue  # perhaps on a disk that is not mounted now
        with contextlib.suppress(EditConflict):  # its writer is alive
            needed = [root for root in entry.roots if root not in held]
            with hold(state_folder, needed, wait_s=0):
                lines += _settle_and_tell(journal, entry, effects)
    return lines


def settle(journal: Journal, entry: Entry, effects: Effects) -> None:
    """Finish what was done, take back what was not, and forget the write.

    Raises:
        OSError: the disk does not allow it now; the entry is kept for another time.
    """
    if entry.phase == "done":
        for operation in entry.operations:
            _tidy(operation, effects)
    else:
        _take_back(entry, effects)
        if entry.task_id is not None:
            Records(journal.state_folder, effects).drop(entry.task_id, entry.id)
    for spot in entry.touched():
        if _reachable(spot):
            effects.sync(spot)
    journal.forget(entry)


def _settle_and_tell(journal: Journal, entry: Entry, effects: Effects) -> list[str]:
    now = journal.reload(entry)
    if now is None:
        return []
    names = ", ".join(operation.path for operation in now.operations)
    try:
        settle(journal, now, effects)
    except OSError as error:
        _LOG.warning("interrupted write cannot be settled now", write=now.id, error=str(error))
        return [f"A write that was interrupted could not be settled ({error.strerror}): look at {names}."]
    outcome = "finished" if now.phase == "done" else "taken back"
    _LOG.info("interrupted write settled", write=now.id, outcome=outcome)
    return [f"A write that was interrupted has been {outcome}: {names}."]


def _take_back(entry: Entry, effects: Effects) -> None:
    removals = [operation for operation in entry.operations if operation.kind == "remove"]
    # A spot that was to be emptied first and was not still holds the user's own file.
    untouched = {op.spot for op in removals if status(op.spot.beside(op.old)) is None}
    for operation in reversed(entry.operations):
        if not _reachable(operation.spot):
            continue  # its folder was not made, or was moved: nothing of this write is there
        if entry.phase == "applying" and operation.spot not in untouched:
            undo = {"put": _undo_put, "replace": _undo_replace, "remove": _undo_remove}
            undo[operation.kind](operation, effects)
        _tidy(operation, effects)
    for folder in reversed(entry.folders):
        effects.remove_folder(folder)


def _undo_put(operation: Operation, effects: Effects) -> None:
    found, staged = status(operation.spot), status(operation.spot.beside(operation.new))
    if found is None:
        return
    data = content(operation.spot) or b""
    # The temporary name stays until the end: while both are one file, it is the one that was put there.
    # Where there are no hard links it was moved there.
    ours = byte_digest(data) == operation.after and (staged is None or same_file(found, staged))
    if ours or (staged is not None and _is_placeholder(operation, data, effects)):
        effects.unlink(operation.spot)
    else:
        _LOG.warning("interrupted write: a file made or edited since is kept", path=operation.path)


def _is_placeholder(operation: Operation, data: bytes, effects: Effects) -> bool:
    # Only where there are no hard links are places held, and a crash may have torn what holds them.
    if not operation.placeholder().startswith(data):
        return False
    return not effects.link(operation.spot.beside(operation.new), operation.old)


def _undo_replace(operation: Operation, effects: Effects) -> None:
    if status(operation.spot.beside(operation.new)) is not None:
        return  # the new text still has its temporary name: it never took the place
    data = content(operation.spot)
    now = None if data is None else byte_digest(data)
    if now == operation.after:
        with contextlib.suppress(FileNotFoundError):  # somebody tidied up by hand
            effects.rename(operation.spot.beside(operation.old), operation.spot.name)
    elif now != operation.before:
        _LOG.warning("interrupted write: a file edited since is kept", path=operation.path)


def _undo_remove(operation: Operation, effects: Effects) -> None:
    old = operation.spot.beside(operation.old)
    if same_file(status(old), status(operation.spot)):
        return
    try:
        if not effects.link(old, operation.spot.name):
            effects.rename(old, operation.spot.name)
    except FileExistsError:
        _LOG.warning("interrupted write: a file made since is kept", path=operation.path)


def _tidy(operation: Operation, effects: Effects) -> None:
    for name in filter(None, (operation.new, operation.old)):
        effects.unlink(operation.spot.beside(name))


def _reachable(spot: Spot) -> bool:
    return status(spot.beside(".")) is not None


def _overlap(one: str, other: str) -> bool:
    return Path(one).is_relative_to(other) or Path(other).is_relative_to(one)
