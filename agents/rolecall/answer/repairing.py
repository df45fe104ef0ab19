"""Joins an answer with the one that was asked for to repair its failed blocks.

What failed is replaced and nothing else. A repair that leaves out a part of what failed in a file repairs
nothing of that file: an answer's edits are applied all or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rolecall.answer.blocks import Answer, Block, Hunk
    from rolecall.answer.changeset import Change, ChangeSet, Failure

_REPAIRABLE = frozenset({ErrorCode.EDIT_NOT_FOUND, ErrorCode.EDIT_CONFLICT})


def repairable(changes: ChangeSet) -> list[Change]:
    """The changes that another answer may repair: whose text, not whose path or file, is the fault."""
    return [change for change in changes.changes if change.failures and change.code in _REPAIRABLE]


def repair_request(changes: Sequence[Change]) -> str:
    """What the model is told: which blocks failed and why, one line each. Empty where there is nothing."""
    return "\n".join(
        f"- {change.path}: {failure.reason}" for change in changes for failure in change.failures
    )


def repaired(answer: Answer, failed: Sequence[Change], repair: Answer) -> Answer:
    """The answer with its failed blocks replaced by the blocks of the repair.

    A whole body in the repair replaces all that the answer has for its path; edits take the place of the
    failed hunks. Blocks of the repair for other paths are dropped: they were not asked for, and the answer
    has theirs. What the repair leaves out, or is cut off in, stays failed.

    Args:
        answer: the answer with failed blocks.
        failed: the changes it was asked to repair.
        repair: the answer to the repair request.
    """
    blocks = list(answer.blocks)
    used = False
    for change in failed:
        own = [block for block in blocks if block.path == change.path and not block.suggestion]
        fresh = _fresh(change, own, repair)
        mended = _mended(own, change.failures, fresh)
        if mended is not None:
            used = True
            at = next(index for index, block in enumerate(blocks) if block in own)
            rest = [block for block in blocks[at:] if block not in own]
            blocks = [*blocks[:at], *mended, *rest]
    problems = (*answer.problems, *repair.problems) if used else answer.problems
    return replace(answer, blocks=tuple(blocks), problems=problems)


def _fresh(change: Change, own: Sequence[Block], repair: Answer) -> list[Block]:
    """The blocks of the repair for a change; none where the repair is cut off in one of them."""
    if repair.open_block is not None and repair.open_block.path == change.path:
        return []
    at_fault = {failure.line for failure in change.failures}
    kinds = {"whole", "edit", *(block.kind for block in own if block.line in at_fault)}
    return [
        block
        for block in repair.blocks
        if block.path == change.path and block.kind in kinds and not block.suggestion
    ]


def _mended(own: Sequence[Block], failures: Sequence[Failure], fresh: Sequence[Block]) -> list[Block] | None:
    """The blocks of one path with the fresh ones in the place of what failed; None where too few came."""
    if not fresh:
        return None
    if any(block.kind != "edit" for block in fresh):
        return list(fresh)
    again = {_search(hunk) for block in fresh for hunk in block.hunks}
    failed = {failure.line: set(failure.hunks) for failure in failures}
    kept = [_without(block, failed.get(block.line), again) for block in own]
    stands = {_search(hunk) for block in own for hunk in block.hunks if not _fails(block, hunk, failed)}
    wanted = sum(max(1, len(failure.hunks)) for failure in failures)
    if sum(len(block.hunks) or 1 for block in fresh) - len(again & stands) < wanted:
        return None
    mended: list[Block] = []
    missing = list(fresh)
    for block, (before, after) in zip(own, kept, strict=True):
        mended += before
        if block.line in failed:
            mended += missing
            missing = []
        mended += after
    return mended


def _without(
    block: Block, failed: Collection[int] | None, again: Collection[tuple[str, ...]]
) -> tuple[list[Block], list[Block]]:
    """What of a block stands before and after its first failed hunk, without what is given again."""
    if failed is not None and not failed:
        return [], []
    if block.kind != "edit":
        return ([], [block]) if failed is None else ([], [])
    first = min(failed, default=0) if failed else 0
    stays = [hunk for hunk in block.hunks if hunk.line not in (failed or ()) and _search(hunk) not in again]
    before = [hunk for hunk in stays if hunk.line < first]
    after = [hunk for hunk in stays if hunk.line >= first]
    parts = [
        [replace(block, hunks=tuple(hunks), new_path=None)] if hunks else [] for hunks in (before, after)
    ]
    if block.new_path is not None:
        parts[1].append(replace(block, kind="move", hunks=()))
    return parts[0], parts[1]


def _fails(block: Block, hunk: Hunk, failed: dict[int, set[int]]) -> bool:
    return block.line in failed and (not failed[block.line] or hunk.line in failed[block.line])


def _search(hunk: Hunk) -> tuple[str, ...]:
    """What a hunk looks for, to tell which of the answer's hunks a repair gives again."""
    return tuple(line.rstrip() for line in hunk.old)
