"""Taking back what a task wrote, and only that: what was edited since is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from rolecall.answer.changeset import Change
from rolecall.errors import EditError
from rolecall.workspace.documents import Document, digest
from rolecall.workspace.records import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from structlog.typing import FilteringBoundLogger

    from rolecall.workspace.documents import Documents
    from rolecall.workspace.folder import Workspace
    from rolecall.workspace.records import Written

_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


def revert(task_id: str, *, workspace: Workspace, documents: Documents, state_folder: Path) -> list[Change]:
    """The changes that take back what a task wrote; nothing is written yet.

    Returns:
        Proposals, and conflicts for files whose written parts were edited since; empty when everything has
        been taken back already. Write the proposals with ``task_id=None``, so that they are not recorded.

    Raises:
        ConfigurationInvalid: no such task wrote anything in this workspace.
    """
    return invert(Records(state_folder).get(task_id, workspace), documents.read)


def remember(task_id: str, changes: Sequence[Change], *, workspace: Workspace, state_folder: Path) -> bool:
    """Record what an editor has just applied, so that it can be taken back. ``DiskWriter`` does so by itself.

    Returns:
        Whether it could be recorded; the changes themselves stand either way.
    """
    try:
        Records(state_folder).add(task_id, workspace, changes)
    except OSError as error:
        _LOG.warning("a task cannot be taken back later", task_id=task_id, error=str(error))
        return False
    return True


def invert(written: Sequence[Written], read: Callable[[str], Document | None]) -> list[Change]:
    """The changes that take back what was written, computed against the files as they are now.

    Args:
        written: in the order it was written.
        read: the present file at a workspace path, or None; may raise EditError.
    """
    view = _View(read)
    changes: list[Change] = []
    for item in reversed(written):
        if item.path in view.conflicts:
            continue
        try:
            change = _inverse(item, view)
        except EditError as error:
            change = _conflict(item, None, error.message)
        if change is not None:
            view.take(change)
            _append(changes, change)
    return changes


class _View:
    """The files as they are, with the changes computed so far; a task may write one file twice."""

    def __init__(self, read: Callable[[str], Document | None]) -> None:
        self._read = read
        self._changed: dict[str, Document | None] = {}
        self.conflicts: set[str] = set()

    def read(self, path: str) -> Document | None:
        return self._changed[path] if path in self._changed else self._read(path)

    def take(self, change: Change) -> None:
        if change.state == "conflict":
            self.conflicts |= {change.path, change.new_path or change.path}
            return
        self._changed[change.path] = None
        if change.after is not None:
            path = change.new_path or change.path
            self._changed[path] = _document(path, change.after.removeprefix("\ufeff"))


def _inverse(item: Written, view: _View) -> Change | None:
    if item.action == "create":
        return _uncreate(item, view.read(item.path))
    if item.action == "delete":
        return _undelete(item, view.read(item.path))
    if item.action == "rename":
        return _unrename(item, view)
    return _unmodify(item, view.read(item.path))


def _uncreate(item: Written, now: Document | None) -> Change | None:
    if now is None:
        return None
    if now.text != item.after:
        return _conflict(item, now, "the new file was edited since; delete it by hand if you want")
    return Change(item.path, "delete", base=now)


def _undelete(item: Written, now: Document | None) -> Change | None:
    if now is None:
        return Change(item.path, "create", after=_with_mark(item), mode=item.mode)
    return (
        None if now.text == item.before else _conflict(item, now, "another file was made in its place since")
    )


def _unmodify(item: Written, now: Document | None) -> Change | None:
    if now is None:
        return _conflict(item, None, "the file was deleted or moved since")
    if now.text == item.before:
        return None
    return _taken_back(item, item.path, now)


def _unrename(item: Written, view: _View) -> Change | None:
    moved_to = item.new_path or item.path
    now, in_place = view.read(moved_to), view.read(item.path)
    if now is None:
        known = in_place is not None and in_place.text == item.before
        return None if known else _conflict(item, None, f"{moved_to} was deleted or moved since")
    if in_place is not None:
        return _conflict(item, now, "another file was made in its place since")
    change = _taken_back(item, moved_to, now)
    if change.state == "proposed":
        change.action, change.new_path = "rename", item.path
    return change


def _taken_back(item: Written, path: str, now: Document) -> Change:
    """The written parts of ``now`` as they were before, the rest as it is."""
    if item.before is None or item.after is None:
        return _conflict(item, now, "its record is incomplete")
    if now.text == item.after:
        return Change(path, "modify", base=now, after=item.before)
    from rolecall.answer.changeset import rebase  # noqa: PLC0415  # seldom needed, and heavy

    backwards = Change(path, "modify", base=_document(path, item.after), after=item.before)
    change = rebase(backwards, now)
    if change.state != "proposed":
        return _conflict(item, now, change.reason or "what the task wrote was edited since")
    return change


def _append(changes: list[Change], change: Change) -> None:
    # Two steps back on one file are one change, from what is on the disk to what was there at first.
    for earlier in changes:
        same = earlier.path == change.path and earlier.state == change.state == "proposed"
        if same and earlier.action == "modify" and change.action in {"modify", "delete"}:
            earlier.action, earlier.after = change.action, change.after
            return
    changes.append(change)


def _conflict(item: Written, now: Document | None, reason: str) -> Change:
    return Change(item.new_path or item.path, "modify", base=now, state="conflict", reason=reason)


def _with_mark(item: Written) -> str:
    text = item.before or ""
    return f"\ufeff{text}" if item.bom else text


def _document(path: str, text: str) -> Document:
    return Document(path, text, digest(text))
