"""An answer on its way to proposed edits: text goes in as it comes, a change set comes out at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall import applying
from rolecall.answer import AnswerParser
from rolecall.answer.changeset import ChangeSet, propose
from rolecall.errors import AnswerIncomplete, PathRefused
from rolecall.task import SUMMARY_LIMIT
from rolecall.workspace.snapshot import Snapshot

if TYPE_CHECKING:
    from rolecall.answer import Answer, BlockClosed
    from rolecall.session import Session


class Proposal:
    """One answer's text and the edits it proposes.

    Args:
        session: whose files are meant.
        target: workspace path of the file the work is about.

    Attributes:
        documents: the files as the model saw them; what the edits are computed against.
        changes: the proposed edits, once the answer was closed.
        summary: the prose outside the files, at most ``SUMMARY_LIMIT`` characters.
        cut: where the answer was cut off, in words; None where it is whole.
    """

    def __init__(self, session: Session, target: str | None = None) -> None:
        self.documents = Snapshot(session.documents)
        self.changes = ChangeSet()
        self.summary = ""
        self.cut: str | None = None
        self._session = session
        self._target = target
        self._parts: list[str] = []
        self._parser = AnswerParser(self.documents.exists)

    @property
    def text(self) -> str:
        """The whole answer so far."""
        return "".join(self._parts)

    def feed(self, text: str) -> list[BlockClosed]:
        """Take the next piece; returns the file blocks it completed."""
        self._parts.append(text)
        return self._parser.feed(text)

    def restart(self) -> None:
        """What came so far is void."""
        self._parts.clear()
        self._parser = AnswerParser(self.documents.exists)

    def close(self, *, truncated: bool = False) -> list[BlockClosed]:
        """The answer has ended: compute its edits. Returns the blocks that only the end completed."""
        answer = self._placed(self._parser.finish(truncated=truncated))
        self.summary = answer.summary_text()[:SUMMARY_LIMIT]
        self.cut = answer.incomplete
        self.changes = propose(answer, self.documents.read, self._session.policy.check)
        return answer.closed_at_end

    def _placed(self, answer: Answer) -> Answer:
        """With several roots, a path that names none belongs to the root of the target."""
        workspace = self._session.workspace
        if len(workspace.roots) < 2:  # noqa: PLR2004 - several
            return answer

        def normal(path: str) -> str:
            try:
                return workspace.normal(path, home=self._target)
            except PathRefused:
                return path  # the policy says why

        blocks = tuple(
            replace(block, path=normal(block.path), new_path=block.new_path and normal(block.new_path))
            for block in answer.blocks
        )
        return replace(answer, blocks=blocks)

    def check(self) -> None:
        """Raise what stands against applying the answer as a whole.

        Raises:
            AnswerIncomplete: it was cut off; its closed blocks are kept as proposals.
            EditError: a block was refused, matches nowhere, or contradicts another.
        """
        if self.cut:
            raise AnswerIncomplete(
                f"The answer was cut off: {self.cut}. Nothing was written.",
                hint="Its complete files stay proposals. Raise llm.max_output_tokens, or ask for less.",
            )
        error = applying.blocking_error(self.changes.changes)
        if error is not None:
            raise error
