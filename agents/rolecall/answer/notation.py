"""The lines of a hunk in the notation that V4A and unified diffs share: a sign, then the text."""

from __future__ import annotations

import re

from rolecall.answer.blocks import Hunk

_RANGE = re.compile(r"@@\s*-(\d{1,9})(?:,(\d{1,9}))?\s+\+(\d{1,9})(?:,(\d{1,9}))?\s*@@")
_LONGEST_RANGE = 100


def hunk_range(text: str) -> tuple[int, int, int, int] | None:
    """Start and count of the old lines, then of the new ones, that a ``@@`` line gives, if it does."""
    found = _RANGE.match(text[:_LONGEST_RANGE])
    if not found:
        return None
    old, old_count, new, new_count = found.groups()
    return int(old), int(old_count or 1), int(new), int(new_count or 1)


class HunkBuilder:
    """Collects the lines of one hunk.

    Args:
        line: 1-based line of the answer at which the hunk begins.
    """

    def __init__(self, line: int) -> None:
        self._line = line
        self._old: list[str] = []
        self._new: list[str] = []
        self._kept: list[tuple[int, int]] = []
        self._tail = 0
        self._last_sign = " "
        self.changes = False
        self.new_lacks_newline = False

    def take(self, text: str) -> bool:
        """Take a line; False where it has no valid sign. An empty line is an empty context line."""
        sign, rest = text[:1], text[1:]
        if sign == "\\":  # "\ No newline at end of file" speaks of the line before it
            self.new_lacks_newline = self._last_sign != "-"
            return True
        self._last_sign = sign
        if sign in {"", " "}:
            self._kept.append((len(self._old), len(self._new)))
            self._old.append(rest)
            self._new.append(rest)
            self._tail = 0 if sign else self._tail + 1
            return True
        self._tail = 0
        if sign == "-":
            self._old.append(rest)
        elif sign == "+":
            self._new.append(rest)
        else:
            return False
        self.changes = True
        return True

    def build(self, *, anchors: tuple[str, ...] = (), at_end: bool = False, hint: int | None = None) -> Hunk:
        """The hunk of the lines taken."""
        return Hunk(
            tuple(self._old),
            tuple(self._new),
            self._line,
            tuple(self._kept),
            anchors=anchors,
            hint=hint,
            at_end=at_end,
            loose_tail=self._tail,
        )
