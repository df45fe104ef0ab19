"""Brings a change onto a file that moved since it was read, if its hunks still match exactly once.

A hunk is looked for by its own lines. Where they stand in the file more than once, as few lines around them
as tell the places apart are looked for with them: on both sides, else on the one whose lines are still there.
Lines that are only put in have none of their own; the ones they were put next to stand for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rolecall.answer.linediff import changed_ranges
from rolecall.answer.lines import ending, split_lines, usual_ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.answer.linediff import Range
    from rolecall.workspace.documents import Document

_CONTEXTS: Final = (0, 1, 2, 3, 6, 12, 24, 48, 96)
"""Lines around a hunk that are looked for with it, at most: few first."""


def rebase(change: Change, current: Document) -> Change:
    """The change against what the file holds now.

    Each hunk has to stand exactly once in the present text, with as many of the lines around it as make it
    unique in the text it was made for. Otherwise the state is ``conflict``, and the change keeps its text.
    """
    if change.base is not None and change.base.text == current.text:
        return replace(change, base=current)
    if change.after is not None and change.after == current.text and change.action != "rename":
        return replace(change, base=current)
    if change.base is None:
        return _conflict(change, "the file came to exist since the answer was made")
    if change.after is None:
        return _conflict(change, "the file changed since the answer that deletes it was made")
    merged = _merged(change.base.text, change.after, current.text)
    if isinstance(merged, int):
        return _conflict(change, f"the file changed since it was read, near line {merged} of what was read")
    return replace(change, base=current, after=merged)


def _conflict(change: Change, reason: str) -> Change:
    return replace(change, state="conflict", reason=reason)


def _merged(base: str, after: str, current: str) -> str | int:
    """The current text with the hunks from base to after; else the 1-based line of one without a place."""
    old, new, now = split_lines(base), split_lines(after), split_lines(current)
    base_finder, finder = _Finder(old), _Finder(now)
    edits: list[tuple[int, Range]] = []
    for change in changed_ranges(old, new):
        start = _start_now(change, old, base_finder, finder)
        if start is None:
            return change.before_start + 1
        edits.append((start, change))
    edits.sort(key=lambda edit: edit[0])  # what stood in one order may stand in another by now
    taken = 0
    for start, change in edits:
        if start < taken:
            return change.before_start + 1
        taken = start + change.before_end - change.before_start
    for start, change in reversed(edits):
        end = start + change.before_end - change.before_start
        now[start:end] = new[change.after_start : change.after_end]
    return "".join(_ended(now))


def _ended(lines: list[str]) -> list[str]:
    """Lines of which only the last may lack its ending."""
    if any(not ending(line) for line in lines[:-1]):
        usual = usual_ending(map(ending, lines))
        lines[:-1] = [line if ending(line) else line + usual for line in lines[:-1]]
    return lines


def _start_now(change: Range, old: Sequence[str], base: _Finder, current: _Finder) -> int | None:
    """Where a hunk begins in the present lines; None where it has no place, or more than one."""
    if not old:
        return None if current.lines else 0
    if change.before_start == change.before_end:
        return _insertion_now(change, old, base, current)
    # An empty line alone may be any other.
    alone = any(line.strip() for line in old[change.before_start : change.before_end])
    for context in _CONTEXTS if alone else _CONTEXTS[1:]:
        for before, after in ((context, context), (context, 0), (0, context)):
            start = _found(change, before, after, old, base, current)
            if start is not None:
                return start
    return None


def _insertion_now(change: Range, old: Sequence[str], base: _Finder, current: _Finder) -> int | None:
    """Where lines are put in: between the two that they stood between, else next to the one that is left."""
    for context in _CONTEXTS[1:]:
        start = _found(change, context, context, old, base, current)
        if start is not None:
            return start
    places = {
        next((at for at in found if at is not None), None)
        for found in (
            [_found(change, context, 0, old, base, current) for context in _CONTEXTS[1:]],
            [_found(change, 0, context, old, base, current) for context in _CONTEXTS[1:]],
        )
    } - {None}
    return places.pop() if len(places) == 1 else None


def _found(
    change: Range, before: int, after: int, old: Sequence[str], base: _Finder, current: _Finder
) -> int | None:
    """Where a hunk begins now, found with so many lines around it, if these are unique then and now."""
    begin, end = max(0, change.before_start - before), min(len(old), change.before_end + after)
    block = old[begin:end]
    if base.find(block) != [begin]:
        return None
    found = current.find(block)
    return found[0] + change.before_start - begin if len(found) == 1 else None


class _Finder:
    """Finds runs of whole lines in linear time."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._text = "".join(lines)
        self._starts: dict[int, int] = {}
        at = 0
        for index, line in enumerate(lines):
            self._starts[at] = index
            at += len(line)

    def find(self, block: Sequence[str]) -> list[int]:
        """Up to two 0-based lines at which the block stands."""
        text, found = "".join(block), list[int]()
        if not text:
            return found
        at = self._text.find(text)
        while at >= 0 and len(found) < 2:  # noqa: PLR2004 - two are as ambiguous as many
            ends_a_line = at + len(text) == len(self._text) or at + len(text) in self._starts
            if at in self._starts and ends_a_line:
                found.append(self._starts[at])
            at = self._text.find(text, at + 1)
        return found
