"""What a write is about to do, written down first, so that a crash leaves all of it or nothing.

The protocol, each step on stable storage before the next::

    staging    folders are made, new texts written under temporary names; nothing visible has changed
    applying   each file's old text gets a second name, then the new text takes its place
    done       every file is in place; only temporary names are left to remove

A write found in ``staging`` or ``applying`` is rolled back, one in ``done`` is finished (``recovery``).
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from rolecall.workspace.effects import Effects, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from structlog.typing import FilteringBoundLogger

_LEFTOVER_S: Final = 86_400
Phase = Literal["staging", "applying", "done"]
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One file's part of a write. A rename is two: its source is removed, its target put.

    Attributes:
        kind: ``put`` a file that is absent, ``replace`` one, or ``remove`` one.
        path: workspace path, for messages.
        spot: the file.
        new: temporary name of the new text; empty for ``remove``.
        old: temporary name of the old text; of a probe for ``put``.
        before: SHA-256 (hex) of the old bytes; empty for ``put``.
        after: SHA-256 (hex) of the new bytes; empty for ``remove``.
    """

    kind: Literal["put", "replace", "remove"]
    path: str
    spot: Spot
    new: str = ""
    old: str = ""
    before: str = ""
    after: str = ""

    def placeholder(self) -> bytes:
        """What holds the place of a ``put`` for a moment, where the file system has no hard links."""
        return self.new.encode()


@dataclass(frozen=True, slots=True)
class Entry:
    """One write, as the journal holds it.

    Attributes:
        id: names the write.
        task_id: whose write it is; None where nothing is recorded for ``revert``.
        phase: how far it came.
        folders: those that were absent, outer ones first.
        operations: in the order they are done.
    """

    id: str
    task_id: str | None
    phase: Phase
    folders: tuple[Spot, ...]
    operations: tuple[Operation, ...]

    @property
    def roots(self) -> tuple[str, ...]:
        """The workspace folders it writes to."""
        return tuple(sorted({spot.root for spot in self.touched()}))

    def touched(self) -> list[Spot]:
        """One spot in each folder whose entries the write changes."""
        spots = (*(operation.spot for operation in self.operations), *self.folders)
        return list({(spot.root, spot.folder): spot for spot in spots}.values())


class Journal:
    """The journal of one state folder.

    Args:
        state_folder: ``$XDG_STATE_HOME/rolecall``.
        effects: through which everything is written.
    """

    def __init__(self, state_folder: Path, effects: Effects) -> None:
        self.state_folder = state_folder
        self._folder = state_folder / "journal"
        self._effects = effects

    def save(self, entry: Entry, phase: Phase) -> Entry:
        """Write down that the write has come to this phase."""
        entry = replace(entry, phase=phase)
        self._effects.save(self._file(entry), json.dumps({"version": 1, **asdict(entry)}).encode())
        return entry

    def entries(self) -> Iterator[Entry]:
        """The writes that did not come to their end."""
        for leftover in self._folder.glob(".*.new"):  # a crash before the first phase was written down
            with contextlib.suppress(OSError):
                if time.time() - leftover.stat().st_mtime > _LEFTOVER_S:
                    self._effects.unlink(Spot(str(self._folder), (), leftover.name))
        for file in sorted(self._folder.glob("*.json")):
            entry = _load(file)
            if entry is not None:
                yield entry

    def reload(self, entry: Entry) -> Entry | None:
        """The entry as it is now, or None where the write has come to its end meanwhile."""
        return _load(self._file(entry))

    def forget(self, entry: Entry) -> None:
        """Remove the entry: the write has come to its end."""
        self._effects.forget(self._file(entry))

    def _file(self, entry: Entry) -> Path:
        return self._folder / f"{entry.id}.json"


def _load(file: Path) -> Entry | None:
    try:
        raw: dict[str, Any] = json.loads(file.read_bytes())
        operations = tuple(
            Operation(spot=_spot(operation.pop("spot")), **operation) for operation in raw["operations"]
        )
        folders = tuple(_spot(spot) for spot in raw["folders"])
        return Entry(raw["id"], raw["task_id"], raw["phase"], folders, operations)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _LOG.warning("journal entry cannot be read", file=str(file), error=str(error))
        return None


def _spot(raw: dict[str, Any]) -> Spot:
    return Spot(raw["root"], tuple(raw["folder"]), raw["name"])
