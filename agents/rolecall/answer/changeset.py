"""The proposed edits of one answer: all or nothing, unless paths are picked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolecall.answer.gitdiff import counts, git_diff
from rolecall.answer.linediff import LineHunk, hunks
from rolecall.answer.rebasing import rebase
from rolecall.errors import EditConflict, EditError, EditNotFound, ErrorCode, PathRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.answer.blocks import Answer
    from rolecall.task import FileAction, FileResult, FileState
    from rolecall.workspace.documents import Document, Unseen
    from rolecall.workspace.policy import Verdict

__all__ = ["Change", "ChangeSet", "Failure", "LineHunk", "hunks", "propose", "rebase"]

_BLOCKING = frozenset({"refused", "conflict", "incomplete"})
_BOM = "\ufeff"


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

    @property
    def computed(self) -> bool:
        """Whether it is known what the file is to hold afterwards."""
        return self.after is not None or (self.action == "delete" and self.base is not None)

    def diff(self) -> str:
        """The change as a git-style unified diff that ``git apply`` takes; empty where it is not computed."""
        if not self.computed:
            return ""
        before, after = self._before_on_disk(), self._after_on_disk()
        return git_diff(self.path, before, after, self.new_path, executable=self.executable)

    def to_result(self) -> FileResult:
        """The change as a member of ``files`` in the result object."""
        from rolecall.task import FileResult  # noqa: PLC0415 - pydantic is not loaded to parse an answer

        added, removed = counts(self._before_on_disk(), self._after_on_disk()) if self.computed else (0, 0)
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
