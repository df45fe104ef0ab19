"""What each task wrote, kept so that it can be taken back. Private files: they hold the user's texts."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import ConfigurationInvalid
from rolecall.workspace.effects import Effects, Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rolecall.answer.changeset import Change
    from rolecall.task import FileAction
    from rolecall.workspace.folder import Workspace

KEPT: Final = 200
"""Tasks that can be taken back; contract section 9 keeps as many finished ones."""

_TASK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Written:
    """One change as it was written.

    Attributes:
        path: workspace path.
        action: what was done to it.
        new_path: where a rename went.
        before: the text before; None for a create.
        after: the text after; None for a delete.
        bom: whether the file began with a byte order mark before.
        mode: its permission bits where it was taken away; None where they are not known.
    """

    path: str
    action: FileAction
    new_path: str | None
    before: str | None
    after: str | None
    bom: bool = False
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What texts do not tell of a write to disk.

    Attributes:
        folders: those it made, outer ones first.
        modes: permission bits of the files it took away, by workspace path.
    """

    folders: Sequence[Spot] = ()
    modes: Mapping[str, int] = field(default_factory=dict[str, int])


_NOTHING_LEFT: Final = Left()


class Records:
    """The records of one state folder."""

    def __init__(self, state_folder: Path, effects: Effects | None = None) -> None:
        self._folder = state_folder / "tasks"
        self._effects = effects or Effects()

    def add(
        self,
        task_id: str,
        workspace: Workspace,
        changes: Sequence[Change],
        *,
        write_id: str = "",
        left: Left = _NOTHING_LEFT,
    ) -> None:
        """Add what a task has just written, by disk or by editor. Older tasks beyond 200 are forgotten."""
        file = self._file(task_id)
        if file is None:
            return
        raw = _load(file) or {"version": 1, "task_id": task_id, "roots": list(workspace.key), "writes": []}
        written = [asdict(written_as(change, left.modes.get(change.path))) for change in changes]
        folders = [asdict(folder) for folder in left.folders]
        raw["writes"].append({"id": write_id, "changes": written, "folders": folders})
        self._effects.save(file, json.dumps(raw).encode())
        self._prune()

    def clear(self, task_id: str) -> None:
        """Everything the task wrote has been taken back: so are its folders, where nothing else is in them.

        The task itself stays known.
        """
        file = self._file(task_id)
        raw = _load(file) if file is not None else None
        if file is not None and raw is not None:
            for folder in reversed([made for write in raw["writes"] for made in write.get("folders", ())]):
                with contextlib.suppress(OSError):
                    self._effects.remove_folder(Spot(folder["root"], tuple(folder["folder"]), folder["name"]))
            raw["writes"] = []
            self._effects.save(file, json.dumps(raw).encode())

    def drop(self, task_id: str, write_id: str) -> None:
        """Forget one write that was rolled back."""
        file = self._file(task_id)
        raw = _load(file) if file is not None else None
        if file is None or raw is None or all(write["id"] != write_id for write in raw["writes"]):
            return
        raw["writes"] = [write for write in raw["writes"] if write["id"] != write_id]
        if raw["writes"]:
            self._effects.save(file, json.dumps(raw).encode())
        else:
            self._effects.forget(file)

    def get(self, task_id: str, workspace: Workspace) -> list[Written]:
        """What the task wrote, in order.

        Raises:
            ConfigurationInvalid: no such task wrote anything, or it did so in another workspace.
        """
        file = self._file(task_id)
        raw = _load(file) if file is not None else None
        if raw is None:
            hint = f"The last {KEPT} tasks that wrote files can be taken back; look the id up in the result."
            raise ConfigurationInvalid(f"No task {task_id[:80]!r} has written anything here.", hint=hint)
        if tuple(raw["roots"]) != workspace.key:
            folders = ", ".join(raw["roots"])
            hint = "Run the command with --workspace of that folder."
            raise ConfigurationInvalid(f"Task {task_id} wrote in another workspace: {folders}.", hint=hint)
        return [Written(**change) for write in raw["writes"] for change in write["changes"]]

    def _file(self, task_id: str) -> Path | None:
        return self._folder / f"{task_id}.json" if _TASK_ID.fullmatch(task_id) else None

    def _prune(self) -> None:
        aged: list[tuple[float, Path]] = []
        for file in self._folder.glob("*.json"):
            with contextlib.suppress(OSError):  # another process may prune as well
                aged.append((file.stat().st_mtime, file))
        for _, file in sorted(aged)[:-KEPT]:
            with contextlib.suppress(OSError):
                self._effects.forget(file)


def written_as(change: Change, mode: int | None = None) -> Written:
    """What a change did, as a record keeps it."""
    base = change.base
    after = change.after
    if change.action == "rename" and after is None and base is not None:
        after = base.text
    return Written(
        change.path,
        change.action,
        change.new_path,
        base.text if base is not None else None,
        after,
        bom=base.bom if base is not None else False,
        mode=mode,
    )


def _load(file: Path) -> dict[str, Any] | None:
    try:
        raw: dict[str, Any] = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return raw if raw.get("version") == 1 else None
