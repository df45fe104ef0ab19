"""Changes to the lines of a file, written as SEARCH/REPLACE pairs that match once."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """Lines ``first`` to ``last`` (0-based, exclusive end) become ``lines``; equal bounds insert.

    ``context`` is the first line that the search text should show, for readers.
    """

    first: int
    last: int
    lines: tuple[str, ...]
    context: int | None = None


def split_lines(text: str) -> list[str]:
    """Lines as Python's own parser counts them: LF, CRLF and CR end a line."""
    lines = re.split(r"\r\n|\n|\r", text)
    return lines[:-1] if lines and not lines[-1] else lines


def to_edits(lines: list[str], patches: list[Patch]) -> list[tuple[str, str]] | None:
    """SEARCH/REPLACE pairs for patches that do not overlap.

    Spans that would touch are joined. None where a text cannot be found once: only an empty file is so.
    """
    counts = _Counts(lines)
    spans: list[tuple[int, int, list[Patch]]] = []
    for patch in sorted(patches, key=lambda item: (item.first, item.last)):
        first = patch.first if patch.context is None else min(patch.context, patch.first)
        last = patch.last
        if last <= first:
            first, last = (first - 1, last) if first > 0 else (first, min(last + 1, len(lines)))
        grown = counts.grow(first, last)
        if grown is None:
            return None
        members = [patch]
        while spans and grown[0] < spans[-1][1]:
            previous = spans.pop()
            grown = (min(previous[0], grown[0]), max(previous[1], grown[1]))
            members = [*previous[2], *members]
        spans.append((*grown, members))
    return [_pair(lines, *span) for span in spans]


def apply(lines: list[str], patches: list[Patch]) -> list[str]:
    """The lines with all patches applied."""
    result = list(lines)
    for patch in sorted(patches, key=lambda item: (item.first, item.last), reverse=True):
        result[patch.first : patch.last] = patch.lines
    return result


def _pair(lines: list[str], first: int, last: int, patches: list[Patch]) -> tuple[str, str]:
    moved = [Patch(item.first - first, item.last - first, item.lines) for item in patches]
    return "\n".join(lines[first:last]) + "\n", "\n".join(apply(lines[first:last], moved)) + "\n"


class _Counts:
    """Counts how often a run of lines stands in a file, white space at line ends aside."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [line.rstrip() for line in lines]
        self._places: dict[str, list[int]] = {}
        for index, line in enumerate(self._lines):
            self._places.setdefault(line, []).append(index)

    def grow(self, first: int, last: int) -> tuple[int, int] | None:
        """The span, grown upwards and then downwards until it stands there once."""
        while not self._is_unique(first, last):
            if first > 0:
                first -= 1
            elif last < len(self._lines):
                last += 1
            else:
                return None
        return first, last

    def _is_unique(self, first: int, last: int) -> bool:
        wanted = self._lines[first:last]
        if not any(wanted):
            return False
        rarest = min(range(len(wanted)), key=lambda index: len(self._places[wanted[index]]))
        starts = [place - rarest for place in self._places[wanted[rarest]]]
        return (
            sum(1 for start in starts if start >= 0 and self._lines[start : start + len(wanted)] == wanted)
            == 1
        )
