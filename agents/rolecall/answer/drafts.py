"""One file while the blocks of an answer are applied to it in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolecall.answer.matching import FileLines
from rolecall.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.blocks import Hunk
    from rolecall.answer.changeset import Failure
    from rolecall.answer.matching import Mismatch
    from rolecall.task import FileAction, FileState
    from rolecall.workspace.documents import Document


class Failed(Exception):
    """Why a block cannot be applied: a sign inside of this package, not an error of the tree."""

    def __init__(
        self,
        code: ErrorCode,
        reason: str,
        state: FileState = "conflict",
        *,
        hunks: Sequence[Hunk] = (),
        final: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.state: FileState = state
        self.hunks = tuple(hunk.line for hunk in hunks)
        self.final = final

    @classmethod
    def misplaced(cls, found: Sequence[tuple[Hunk, Mismatch]]) -> Failed:
        """Hunks that have no place in their file."""
        reason = " ".join(mismatch.reason for _, mismatch in found)
        return cls(ErrorCode.EDIT_NOT_FOUND, reason, hunks=[hunk for hunk, _ in found])


@dataclass(slots=True)
class FileDraft:
    """One workspace path while the blocks of an answer are applied in memory.

    Attributes:
        base: as read; None where there is none.
        whole: what it held when it was last written whole; None where it did not exist then.
        under_edit: its lines, where edits were applied since.
        action: what the first block about it does.
        body: the last whole body given for it.
        edited: whether edits were applied to it.
        moved_to: the path its content went to.
        origin: the path its content came from.
        protected: why the policy asks for a confirmation.
        holds: why the answer's own blocks do.
        executable: whether a new file can be run.
        only_target: whether the answer names the path only as where another file moves.
        failure: the first thing that went wrong.
        failures: the blocks that went wrong, in order; none where no other text of the answer would help.
    """

    path: str
    action: FileAction
    base: Document | None = None
    whole: str | None = None
    under_edit: FileLines | None = None
    body: str | None = None
    edited: bool = False
    moved_to: str | None = None
    origin: str | None = None
    protected: str | None = None
    holds: list[str] = field(default_factory=list[str])
    executable: bool = False
    only_target: bool = False
    failure: Failed | None = None
    failures: list[Failure] = field(default_factory=list["Failure"])

    @property
    def exists(self) -> bool:
        """Whether it exists now."""
        return self.whole is not None or self.under_edit is not None

    @property
    def text(self) -> str | None:
        """What it holds now; None where it does not exist now."""
        if self.under_edit is not None:
            self.whole, self.under_edit = self.under_edit.text(), None
        return self.whole

    @text.setter
    def text(self, text: str | None) -> None:
        self.whole, self.under_edit = text, None

    def lines(self) -> FileLines:
        """Its lines, to be edited."""
        if self.under_edit is None:
            self.under_edit = FileLines(self.whole or "")
        return self.under_edit
