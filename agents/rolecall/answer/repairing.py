"""Joins an answer with the one that was asked for to repair its failed blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.errors import ErrorCode

if TYPE_CHECKING:
    from rolecall.answer.blocks import Answer, Block
    from rolecall.answer.changeset import Change, ChangeSet

_REPAIRABLE = frozenset({ErrorCode.EDIT_NOT_FOUND, ErrorCode.EDIT_CONFLICT})


def repairable(changes: ChangeSet) -> list[Change]:
    """The changes that another answer may repair: whose text, not whose path or file, is the fault."""
    return [
        change for change in changes.changes if change.failed_at is not None and change.code in _REPAIRABLE
    ]


def repair_request(changes: ChangeSet) -> str:
    """What the model is told: which blocks failed and why, one line each. Empty where there is nothing."""
    return "\n".join(f"- {change.path}: {change.reason}" for change in repairable(changes))


def repaired(answer: Answer, changes: ChangeSet, repair: Answer) -> Answer:
    """The answer with its failed blocks replaced by the blocks of the repair.

    A whole body in the repair replaces all that the answer has for its path; edits replace the failed block
    alone and take its place in the order. Blocks of the repair for other paths are dropped: they were not
    asked for, and the answer has theirs. What the repair leaves out stays failed.

    Args:
        answer: the answer with failed blocks.
        changes: what was proposed for it.
        repair: the answer to the repair request.
    """
    failed = {change.path: change.failed_at for change in repairable(changes)}
    fresh: dict[str, list[Block]] = {path: [] for path in failed}
    for block in repair.blocks:
        if block.path in fresh and not block.suggestion:
            fresh[block.path].append(block)
    blocks: list[Block] = []
    for block in answer.blocks:
        new = fresh.get(block.path, [])
        if new and block.line == failed[block.path]:
            blocks += new
        elif not any(each.kind == "whole" for each in new):
            blocks.append(block)
    problems = (*answer.problems, *repair.problems)
    return replace(
        answer, blocks=tuple(blocks), problems=problems, incomplete=answer.incomplete or repair.incomplete
    )
