"""An answer on its way to proposed edits: text goes in as it comes, a change set comes out at the end."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall import applying
from rolecall.answer import Answer, AnswerParser, BlockClosed, repaired
from rolecall.answer.changeset import ChangeSet, propose
from rolecall.answer.continuing import continued
from rolecall.answer.findings import findings
from rolecall.errors import AnswerIncomplete, EditNotFound, PathRefused
from rolecall.task import SUMMARY_LIMIT
from rolecall.workspace.names import escape_reason
from rolecall.workspace.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer import Block, Change
    from rolecall.answer.findings import Finding
    from rolecall.errors import RolecallError
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
        complaints: what was wrong with the last repair, one line a file.
        unmended: why a further request that was to mend the answer failed, in words.
    """

    def __init__(self, session: Session, target: str | None = None) -> None:
        self.documents = Snapshot(session.documents)
        self.changes = ChangeSet()
        self.summary = ""
        self.cut: str | None = None
        self.complaints: list[str] = []
        self.unmended: str | None = None
        self._answer = Answer()
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
        self._propose(answer)
        return answer.closed_at_end

    async def closed(self, *, truncated: bool = False) -> list[BlockClosed]:
        """As ``close``; beside the event loop where the files are so large that it takes a while."""
        if self.documents.large:
            return await asyncio.to_thread(self.close, truncated=truncated)
        return self.close(truncated=truncated)

    def forget(self) -> None:
        """The task has ended: keep the answer, what it says beside its files, and the edits."""
        self._parts = [self.text]
        self._parser = AnswerParser(self.documents.exists)
        self._answer = Answer(prose=self._answer.prose)
        self.documents.forget()

    @property
    def size(self) -> int:
        """Bytes of memory that its texts take, about. Costs no look at the texts."""
        texts = (*self._parts, self._answer.prose)
        return sum(map(sys.getsizeof, texts)) + sum(change.size for change in self.changes.changes)

    @property
    def open_block(self) -> Block | None:
        """The block that the answer was cut off in."""
        return self._answer.open_block

    def go_on(self, text: str, *, truncated: bool) -> list[BlockClosed] | None:
        """Join a cut-off answer with its continuation; returns the blocks that are complete by it.

        None, and nothing changes, where it is not certain that the two parts meet exactly.
        """
        if self.open_block is None:
            return None
        whole = continued(self.text, text, self.open_block.line)
        if whole is None:
            return None
        had = len(self._answer.blocks)
        self.restart()
        self.feed(whole)
        self.close(truncated=truncated)
        return self._closed(self._answer.blocks[had:])

    def repair(self, failed: Sequence[Change], text: str) -> list[BlockClosed]:
        """Put the blocks of a repair in the place of the failed ones; returns those that mend a file.

        A file that still cannot be changed stays as it was; ``complaints`` tells what is wrong now.
        """
        parser = AnswerParser(self.documents.exists)
        parser.feed(text)
        repair = self._placed(parser.finish())
        tried = self._changes(repaired(self._answer, failed, repair))
        still = {change.path for change in tried.changes if change.failures}
        mended = [change for change in failed if change.path not in still]
        self.complaints = [
            f"- {change.path}: your last repair of it failed, too: {change.reason}"
            for change in tried.changes
            if change.failures and change.reason not in {one.reason for one in failed}
        ]
        self._propose(repaired(self._answer, mended, repair))
        paths = {change.path for change in mended}
        return self._closed([block for block in repair.blocks if block.path in paths])

    def _closed(self, blocks: Sequence[Block]) -> list[BlockClosed]:
        return [
            BlockClosed(block.path, block.action(exists=self.documents.exists(block.path)))
            for block in blocks
            if not block.suggestion and block.fault is None
        ]

    def _propose(self, answer: Answer) -> None:
        self._answer = answer
        self.changes = self._changes(answer)

    def _changes(self, answer: Answer) -> ChangeSet:
        return propose(answer, self.documents.read, self._session.policy.check, self.documents.unseen)

    def _placed(self, answer: Answer) -> Answer:
        """With the one spelling of each path; one that names no root belongs to the root of the target."""

        def placed(block: Block) -> Block:
            new_path = block.new_path and self._normal(block.new_path)
            return replace(block, path=self._normal(block.path), new_path=new_path)

        return replace(
            answer,
            blocks=tuple(map(placed, answer.blocks)),
            open_block=answer.open_block and placed(answer.open_block),
        )

    def _normal(self, path: str) -> str:
        with suppress(PathRefused):
            if escape_reason(path) is None:
                return self._session.workspace.normal(path, home=self._target)
        return path  # the policy says what is wrong with it

    def findings(self) -> list[Finding]:
        """What the answer's prose says about single lines, under the workspace's names for the files."""
        return [replace(finding, path=self._normal(finding.path)) for finding in findings(self._answer.prose)]

    def check(self) -> None:
        """Raise what stands against applying the answer as a whole.

        Raises:
            AnswerIncomplete: it was cut off; its closed blocks are kept as proposals.
            EditError: a block was refused, matches nowhere, or contradicts another.
        """
        error: RolecallError | None = applying.blocking_error(self.changes.changes)
        if self.cut:
            error = AnswerIncomplete(
                f"The answer was cut off: {self.cut}. Nothing was written.",
                hint="Its complete files stay proposals. Raise llm.max_output_tokens, or ask for less.",
            )
        if error is None and self.changes.problems and not self.changes.applicable:
            error = EditNotFound(
                f"The answer holds edits that cannot be used: {'; '.join(self.changes.problems)}.",
                hint="Mend these lines of the answer, or ask again.",
            )
        if error is None:
            return
        if self.unmended:
            error.hint += f" A further request to mend it failed: {self.unmended}"
        raise error
