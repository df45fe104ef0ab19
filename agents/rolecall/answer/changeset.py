"""The proposed edits of one answer: all or nothing, unless paths are picked."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolecall.answer.gitdiff import changed, counts, git_diff
from rolecall.answer.linediff import LineHunk, hunks
from rolecall.answer.rebasing import rebase
from rolecall.errors import EditConflict, EditError, EditNotFound, ErrorCode, PathRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rolecall.answer.blocks import Answer
    from rolecall.answer.linediff import Range
    from rolecall.task import FileAction, FileResult, FileState
    from rolecall.workspace.documents import Document, Unseen
    from rolecall.workspace.policy import Verdict

__all__ = ["Change", "ChangeSet", "Failure", "LineHunk", "hunks", "propose", "rebase"]

_BLOCKING = frozenset({"refused", "conflict", "incomplete"})
_BOM = "\ufeff"

_RANGE_BYTES = 200
"""What one range takes with its numbers, about."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a comparison found, and the hash of the texts it compared: the texts themselves may be gone."""

    texts: int
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Condensed:
    """What is left of a change whose texts are not kept: the lines it adds and removes, and the diff."""

    added: int
    removed: int
    diff: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A block of the answer that cannot be applied.

    Attributes:
        line: 1-based line of the answer at which the block begins.
        reason: why, in words.
        hunks: the lines at which those of its hunks begin that have no place; empty where all of it failed.
    """

    line: int
    reason: str
    hunks: tuple[int, ...] = ()


@dataclass(slots=True)
class Change:
    """One file's change, computed in memory.

    Attributes:
        path: workspace path.
        action: create, modify, delete or rename.
        new_path: where a rename goes.
        base: the file as it was read; None for a create.
        after: the whole new text, with the line endings and the final-newline state it is to have on disk,
            without the byte order mark that ``base`` may have; None for a delete and for a change that
            could not be computed.
        executable: whether the new file can be run.
        mode: exact permission bits of a new file that was there before; None for the usual ones.
        state: the public state; ``reason`` says why where it is not ``proposed`` or ``applied``.
        partial: for an incomplete block, the text that had arrived.
        code: what kind of failure ``refused`` and ``conflict`` are.
        held: whether the answer itself makes the change doubtful, so that a person has to confirm it
            whatever ``apply.confirm`` says.
        failures: the blocks of the answer that could not be applied.
        overtaken: whether it is a ``conflict`` only with what the file held when it was to be applied, so
            that it may be applied once the file allows it again.
        condensed: what is left where the texts are not kept any more; None as long as they are.
    """

    path: str
    action: FileAction
    new_path: str | None = None
    base: Document | None = None
    after: str | None = None
    executable: bool = False
    mode: int | None = None
    state: FileState = "proposed"
    reason: str | None = None
    partial: str | None = None
    code: ErrorCode | None = None
    held: bool = False
    failures: tuple[Failure, ...] = ()
    overtaken: bool = False
    condensed: Condensed | None = None
    _compared: _Compared | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def computed(self) -> bool:
        """Whether it is known what the file is to hold afterwards."""
        return self.after is not None or (self.action == "delete" and self.base is not None)

    def diff(self) -> str:
        """The change as a git-style unified diff that ``git apply`` takes; empty where it is not computed."""
        if self.condensed is not None:
            return self.condensed.diff
        if not self.computed:
            return ""
        before, after, ranges = self._before_on_disk(), self._after_on_disk(), self._ranges()
        return git_diff(self.path, before, after, self.new_path, executable=self.executable, ranges=ranges)

    def counts(self) -> tuple[int, int]:
        """How many lines the change adds and removes."""
        if self.condensed is not None:
            return self.condensed.added, self.condensed.removed
        return counts(self._ranges()) if self.computed else (0, 0)

    @property
    def spent(self) -> bool:
        """Whether its texts are needed for nothing but the diff: it was applied, or never can be."""
        return self.state in {"applied", "refused"} or (self.state == "conflict" and not self.overtaken)

    @property
    def size(self) -> int:
        """Bytes of memory that the texts take, about. Costs no look at the texts."""
        texts = (
            self.base and self.base.text,
            self.after,
            self.partial,
            self.condensed and self.condensed.diff,
        )
        compared = len(self._compared.ranges) * _RANGE_BYTES if self._compared is not None else 0
        return compared + sum(sys.getsizeof(text) for text in texts if text is not None)

    def condense(self) -> None:
        """Keep no more of the texts than the diff between them."""
        if self.condensed is None:
            self.condensed = Condensed(*self.counts(), self.diff())
            self.base = self.after = self.partial = self._compared = None

    def to_result(self) -> FileResult:
        """The change as a member of ``files`` in the result object."""
        from rolecall.task import FileResult  # noqa: PLC0415 - pydantic is not loaded to parse an answer

        added, removed = self.counts()
        return FileResult(
            path=self.path,
            action=self.action,
            new_path=self.new_path,
            added=added,
            removed=removed,
            diff=self.diff() or None,
            state=self.state,
            reason=self.reason,
        )

    def error_type(self) -> type[EditError]:
        """The error that stands for why the change cannot be made."""
        if self.code is None:
            return PathRefused if self.state == "refused" else EditConflict
        return {ErrorCode.PATH_REFUSED: PathRefused, ErrorCode.EDIT_NOT_FOUND: EditNotFound}.get(
            self.code, EditConflict
        )

    def _ranges(self) -> tuple[Range, ...]:
        """The lines that differ. Kept: a result is asked for more than once, with its counts and its diff."""
        before, after = self._before_on_disk(), self._after_on_disk()
        texts = hash((before, after))
        if self._compared is None or self._compared.texts != texts:
            self._compared = _Compared(texts, changed(before, after))
        return self._compared.ranges

    def _before_on_disk(self) -> str | None:
        return None if self.base is None else (_BOM if self.base.bom else "") + self.base.text

    def _after_on_disk(self) -> str | None:
        if self.after is None:
            return None
        return (_BOM if self.base is not None and self.base.bom else "") + self.after


@dataclass(slots=True)
class ChangeSet:
    """All changes of one answer, in the order of the answer.

    Attributes:
        changes: suggestions and refused changes among them; the state tells.
        problems: what holds the whole set for confirmation, in words.
        incomplete: by what sign the answer was cut off, in words; None where it is whole.
        notes: what else a person may want to know, such as files that are as the answer wants them.
    """

    changes: list[Change] = field(default_factory=list["Change"])
    problems: list[str] = field(default_factory=list[str])
    incomplete: str | None = None
    notes: list[str] = field(default_factory=list[str])

    @property
    def blocked(self) -> str | None:
        """Why the set as a whole must not be applied; picked paths still may. None where it may."""
        if self.incomplete is not None:
            return f"the answer was cut off: {self.incomplete}"
        failed = [change for change in self.changes if change.state in _BLOCKING]
        if not failed:
            return None
        return "; ".join(f"{change.path}: {change.reason}" for change in failed)

    @property
    def applicable(self) -> list[Change]:
        """The changes that are written when the set is applied."""
        return [change for change in self.changes if change.state in {"proposed", "needs_confirmation"}]

    def taken_back(self, *, except_for: Collection[str] = ()) -> None:
        """What was applied was reverted, but for some paths: a proposal again, where its text is kept."""
        for change in self.changes:
            if change.state != "applied" or change.path in except_for:
                continue
            if change.condensed is None:
                change.state, change.reason = "proposed", "taken back"
            else:
                change.state = "conflict"
                change.reason = "taken back; its text is not kept any more: run the role again to get one"

    def messages(self) -> list[str]:
        """What a person should know before applying, one sentence each: problems, reasons, notes."""
        found = [f"The answer was cut off: {self.incomplete}."] if self.incomplete is not None else []
        found += [f"The answer is ambiguous: {problem}." for problem in self.problems]
        found += [f"{change.path}: {change.reason}" for change in self.changes if change.reason is not None]
        return found + self.notes


def propose(
    answer: Answer,
    read: Callable[[str], Document | None],
    check: Callable[[str], Verdict],
    unseen: Callable[[Document], Unseen | None] = lambda _: None,
) -> ChangeSet:
    """What an answer would change.

    Args:
        answer: the parsed answer.
        read: the file at a workspace path as it is now, None where there is none; may raise RolecallError.
        check: the path policy. A path that it refuses is never read.
        unseen: what the model does not know of a file that it gives whole or deletes; None where it has seen
            it, or where nothing tells what it has seen.
    """
    from rolecall.answer.proposing import Proposer  # noqa: PLC0415 - it needs Change, which is defined here

    return Proposer(read, check, unseen).change_set(answer)
