"""Brings a change onto a file that moved since it was read, if its hunks still match exactly once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rolecall.answer.linediff import changed_ranges
from rolecall.answer.lines import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.answer.linediff import Range
    from rolecall.workspace.documents import Document

_CONTEXT: Final = 3
_WIDEST_CONTEXT: Final = 96


def rebase(change: Change, current: Document) -> Change:
    """The change against what the file holds now.

    Each hunk has to stand exactly once in the present text, with enough of the lines around it to be unique
    in the text it was made for. Otherwise the state is ``conflict`` and the text of the change is kept.
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
    edits: list[tuple[int, int, list[str]]] = []
    for change in changed_ranges(old, new):
        start = _start_now(change, old, base_finder, finder)
        if start is None or (edits and start < edits[-1][1]):
            return change.before_start + 1
        length = change.before_end - change.before_start
        edits.append((start, start + length, new[change.after_start : change.after_end]))
    for start, end, lines in reversed(edits):
        now[start:end] = lines
    return "".join(_ended(now))


def _ended(lines: list[str]) -> list[str]:
    """Lines of which only the last may lack its ending."""
    for index in range(len(lines) - 1):
        if not lines[index].endswith(("\n", "\r")):
            lines[index] += "\n"
    return lines


def _start_now(change: Range, old: Sequence[str], base: _Finder, current: _Finder) -> int | None:
    context = _CONTEXT
    while True:
        head = min(context, change.before_start)
        begin, end = change.before_start - head, min(len(old), change.before_end + context)
        block = old[begin:end]
        unique = base.find(block) == [begin]
        if unique or context >= _WIDEST_CONTEXT or (begin == 0 and end == len(old)):
            break
        context *= 2
    found = current.find(block)
    at_edge = not block and not current.lines
    if at_edge:
        return 0
    return found[0] + head if unique and len(found) == 1 else None


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
