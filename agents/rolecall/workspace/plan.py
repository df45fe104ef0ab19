"""From changes to disk operations: everything that can be checked before the first byte is written."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.errors import EditConflict, PathRefused
from rolecall.workspace.documents import MAX_EDIT_BYTES, digest
from rolecall.workspace.effects import Look, Spot, byte_digest, is_read_only, status
from rolecall.workspace.globs import fold
from rolecall.workspace.journal import Operation
from rolecall.workspace.names import shown
from rolecall.workspace.reader import BOM, decode, read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.workspace.policy import PathPolicy, Place

_UNWRITABLE_STATES = frozenset({"refused", "conflict", "incomplete", "suggestion"})


@dataclass(frozen=True, slots=True)
class Content:
    """What a new file is to hold, and what else it is like."""

    data: bytes
    look: Look


@dataclass(slots=True)
class Plan:
    """What a write will do.

    Attributes:
        operations: removals first, then replacements, then new files.
        contents: of the operations that put or replace, by temporary name.
        folders: those to be made, outer ones first.
        modes: permission bits of the files that will be gone, by workspace path.
    """

    operations: list[Operation] = field(default_factory=list[Operation])
    contents: dict[str, Content] = field(default_factory=dict[str, Content])
    folders: dict[Spot, None] = field(default_factory=dict[Spot, None])
    modes: dict[str, int] = field(default_factory=dict[str, int])


class Planner:
    """Plans one write; checks the path policy, the base of every change and what may be written now.

    Args:
        policy: judges the paths again, as the disk is at this moment.
        write_id: part of all temporary names.
    """

    def __init__(self, policy: PathPolicy, write_id: str) -> None:
        self._policy = policy
        self._write_id = write_id
        self._roots = [str(root) for root in policy.workspace.roots]
        self._plan = Plan()
        self._named: dict[tuple[object, ...], str] = {}

    def plan(self, changes: Sequence[Change]) -> Plan:
        """The plan for all changes.

        Raises:
            PathRefused: the policy refuses a path, or a file or folder may not be written.
            EditConflict: a file is not as it was when the change was computed, or is named twice.
        """
        paths = [path for change in changes for path in (change.path, change.new_path) if path]
        if twins := self._policy.collision(paths):
            names = " and ".join(shown(path) for path in twins)
            message = f"{names} differ only in case or composition; some file systems take them for one."
            raise PathRefused(message, hint="Apply only one of them.")
        for change in changes:
            _require_writable_state(change)
            self._add(change)
        rank = {"remove": 0, "replace": 1, "put": 2}
        self._plan.operations.sort(key=lambda operation: rank[operation.kind])
        self._require_free_targets()
        return self._plan

    def _add(self, change: Change) -> None:
        place = self._policy.resolve(change.path)
        if change.action == "create":
            look = Look(mode=change.mode, executable=change.executable)
            self._put(place, encoded(change.path, change.after, bom=False), look)
            return
        found, data, bom = self._verified(change, place)
        if change.action == "modify":
            self._replace(place, data, Content(encoded(change.path, change.after, bom=bom), Look(found)))
            return
        if place.linked:
            raise PathRefused(f"{shown(change.path)} is a link.", hint="Delete or rename the file itself.")
        self._remove(place, data)
        self._plan.modes[change.path] = stat.S_IMODE(found.st_mode)
        if change.action == "rename":
            text = change.after if change.after is not None or change.base is None else change.base.text
            target = self._policy.resolve(change.new_path or "")
            self._put(target, encoded(target.path, text, bom=bom), Look(found))

    def _verified(self, change: Change, place: Place) -> tuple[os.stat_result, bytes, bool]:
        found = status(self._spot(place))
        data = read_bytes(Path(self._roots[place.root]), place.parts, place.path, limit=MAX_EDIT_BYTES)
        if found is None or data is None:
            raise moved(change.path, "is gone")
        text, bom = decode(place.path, data)
        if change.base is None:
            raise moved(change.path, "was not read before it was changed")
        if digest(text) != change.base.digest:
            raise moved(change.path, "has changed since it was read")
        if is_read_only(found) or not os.access(self._spot(place).path(), os.W_OK):
            raise PathRefused(
                f"{shown(change.path)} is read-only. Nothing was changed.", hint="Make it writable first."
            )
        return found, data, bom

    def _put(self, place: Place, data: bytes, look: Look) -> None:
        spot = self._claim(place, "new")
        self._require_folder(spot, place.path)
        new, old = self._temporary("new"), self._temporary("old")
        self._plan.contents[new] = Content(data, look)
        self._plan.operations.append(Operation("put", place.path, spot, new, old, after=byte_digest(data)))

    def _replace(self, place: Place, data: bytes, content: Content) -> None:
        spot = self._claim(place, "new", "old")
        if data == content.data:
            return
        self._require_folder(spot, place.path)
        new, old = self._temporary("new"), self._temporary("old")
        self._plan.contents[new] = content
        before, after = byte_digest(data), byte_digest(content.data)
        self._plan.operations.append(Operation("replace", place.path, spot, new, old, before, after))

    def _remove(self, place: Place, data: bytes) -> None:
        spot = self._claim(place, "old")
        self._require_folder(spot, place.path)
        old = self._temporary("old")
        self._plan.operations.append(Operation("remove", place.path, spot, old=old, before=byte_digest(data)))

    def _temporary(self, kind: str) -> str:
        return f".rolecall-{self._write_id}-{len(self._plan.operations)}.{kind}"

    def _spot(self, place: Place) -> Spot:
        return Spot(self._roots[place.root], place.parts[:-1], place.parts[-1])

    def _claim(self, place: Place, *ends: str) -> Spot:
        # Two names of one file, by links or by case, must not both be written.
        for end in ends:
            key = (end, place.root, *map(fold, place.parts))
            if key in self._named:
                message = f"{shown(place.path)} and {shown(self._named[key])} are the same file."
                raise EditConflict(message, hint="Apply only one of them.")
            self._named[key] = place.path
        return self._spot(place)

    def _require_folder(self, spot: Spot, path: str) -> None:
        root = Path(spot.root)
        if not root.is_dir():
            raise PathRefused(f"The workspace folder {root} is gone.", hint="Open a folder that exists.")
        for end, name in enumerate(spot.folder):
            folder = Spot(spot.root, spot.folder[:end], name)
            if folder in self._plan.folders or status(folder) is None:
                self._plan.folders[folder] = None
            else:
                root = folder.path()
        found = root.stat()
        if not stat.S_ISDIR(found.st_mode) or is_read_only(found) or not os.access(root, os.W_OK | os.X_OK):
            message = f"{shown(path)} cannot be written: the folder {root} is read-only. Nothing was changed."
            raise PathRefused(message, hint="Make the folder writable first.")

    def _require_free_targets(self) -> None:
        removed = {operation.spot for operation in self._plan.operations if operation.kind == "remove"}
        for operation in self._plan.operations:
            if operation.spot in self._plan.folders:
                message = f"{shown(operation.path)} would be a file and a folder at once."
                raise EditConflict(message, hint="Apply only one of the two.")
            free = operation.kind != "put" or operation.spot in removed
            if not free and status(operation.spot) is not None:
                raise moved(operation.path, "exists already")


def moved(path: str, how: str) -> EditConflict:
    """The error for a file that is not as it was when the change was computed."""
    hint = "Nothing was changed. Ask again, so that the change is made for the file as it is now."
    return EditConflict(f"{shown(path)} {how}.", hint=hint)


def encoded(path: str, text: str | None, *, bom: bool) -> bytes:
    """The bytes a file is to hold.

    Raises:
        EditConflict: there is no text, or it cannot be written as UTF-8.
    """
    if text is None:
        raise EditConflict(f"{shown(path)} has no complete text to write.", hint="Ask for this file again.")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        message = f"The new text of {shown(path)} is not valid Unicode."
        raise EditConflict(message, hint="Ask for this file again.") from None
    return BOM + data if bom and not data.startswith(BOM) else data


def _require_writable_state(change: Change) -> None:
    if change.state in _UNWRITABLE_STATES:
        message = f"{shown(change.path)} cannot be written: {change.reason or change.state}."
        error = PathRefused if change.state == "refused" else EditConflict
        raise error(message, hint="Leave it out, or ask for this file again.")
