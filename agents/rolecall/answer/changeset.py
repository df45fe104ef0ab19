"""The proposed edits of one answer: all or nothing, unless paths are picked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.task import FileAction, FileResult, FileState
    from rolecall.workspace.documents import Document


@dataclass(slots=True)
class Change:
    """One file's change, computed in memory.

    Attributes:
        path: workspace path.
        action: create, modify, delete or rename.
        new_path: where a rename goes.
        base: the file as it was read; None for a create.
        after: the whole new text, with the line endings and the final-newline state it is to have on disk;
            None for a delete and for a change that could not be computed.
        state: the public state; ``reason`` says why where it is not ``proposed`` or ``applied``.
        partial: for an incomplete block, the text that had arrived.
    """

    path: str
    action: FileAction
    new_path: str | None = None
    base: Document | None = None
    after: str | None = None
    state: FileState = "proposed"
    reason: str | None = None
    partial: str | None = None

    def diff(self) -> str:
        """The change as a git-style unified diff that ``git apply`` takes."""
        raise NotImplementedError

    def to_result(self) -> FileResult:
        """The change as a member of ``files`` in the result object."""
        raise NotImplementedError


@dataclass(slots=True)
class ChangeSet:
    """All changes of one answer, in the order of the answer."""

    changes: list[Change] = field(default_factory=list)
