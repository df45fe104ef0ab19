"""Which lines changed between two texts: minimal where that is cheap, coarse where it is not.

``difflib`` is quadratic and leaves out popular lines. Here the common head and tail are cut off first, then
Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986) runs under a budget; where
the budget ends, lines that are unique on both sides split the rest (patience diff); what is left unsplit is
one coarse change. The cost stays near-linear for every input.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rolecall.answer.lines import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_EDITS: Final = 256
_STEPS_PER_LINE: Final = 12
_FREE_STEPS: Final = 20_000
_DEEPEST_SPLIT: Final = 8


@dataclass(frozen=True, slots=True)
class Range:
    """``before[before_start:before_end]`` became ``after[after_start:after_end]``; lines, half-open."""

    before_start: int
    before_end: int
    after_start: int
    after_end: int


@dataclass(frozen=True, slots=True)
class LineHunk:
    """The lines ``start_line`` to ``end_line`` (0-based, half-open) of a text give way to ``lines``.

    ``lines`` carry their endings. The text is split as LSP counts lines.
    """

    start_line: int
    end_line: int
    lines: tuple[str, ...]


def hunks(before: str, after: str) -> list[LineHunk]:
    """The minimal line hunks that turn one text into another, in order, none touching the next."""
    new = split_lines(after)
    return [
        LineHunk(r.before_start, r.before_end, tuple(new[r.after_start : r.after_end]))
        for r in changed_ranges(split_lines(before), new)
    ]


def changed_ranges(before: Sequence[str], after: Sequence[str]) -> list[Range]:
    """The ranges that differ, in order; between them both sides are equal."""
    # Most of a large file is its common head and tail: cut off before anything is made of its lines.
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    a_end, b_end = len(before) - tail, len(after) - tail
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in before[head:a_end]]
    b = [numbers.setdefault(line, len(numbers)) for line in after[head:b_end]]
    budget = _FREE_STEPS + _STEPS_PER_LINE * (len(before) + len(after))
    pairs = [(i + head, j + head, length) for i, j, length in _Matcher(a, b, budget).pairs()]
    return _gaps([(0, 0, head), *pairs], a_end, b_end)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _gaps(pairs: list[tuple[int, int, int]], a_end: int, b_end: int) -> list[Range]:
    """What lies between runs (start in a, start in b, length) of equal lines."""
    found: list[Range] = []
    a = b = 0
    for a_start, b_start, length in [*pairs, (a_end, b_end, 0)]:
        if a_start > a or b_start > b:
            found.append(Range(a, a_start, b, b_start))
        a, b = a_start + length, b_start + length
    return found


class _Matcher:
    def __init__(self, a: list[int], b: list[int], budget: int) -> None:
        self._a = a
        self._b = b
        self._runs: list[tuple[int, int, int]] = []
        self._budget = budget

    def pairs(self) -> list[tuple[int, int, int]]:
        """Runs of equal lines, in order: (start in a, start in b, length)."""
        self._match(0, len(self._a), 0, len(self._b), 0)
        return self._runs

    def _match(self, a0: int, a1: int, b0: int, b1: int, depth: int) -> None:
        a, b = self._a, self._b
        start = a0
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            a0, b0 = a0 + 1, b0 + 1
        if a0 > start:
            self._runs.append((start, b0 - (a0 - start), a0 - start))
        tail = 0
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1, tail = a1 - 1, b1 - 1, tail + 1
        if a0 < a1 and b0 < b1:
            self._match_middle(a0, a1, b0, b1, depth)
        if tail:
            self._runs.append((a1, b1, tail))

    def _match_middle(self, a0: int, a1: int, b0: int, b1: int, depth: int) -> None:
        runs = self._greedy(a0, a1, b0, b1)
        if runs is not None:
            self._runs.extend(runs)
        elif depth < _DEEPEST_SPLIT:
            at_a, at_b = a0, b0
            for i, j in [*self._anchors(a0, a1, b0, b1), (a1, b1)]:
                if (at_a, at_b) == (a0, b0) and (i, j) == (a1, b1):
                    return  # nothing splits it: one coarse change
                if i >= at_a and j >= at_b:
                    self._match(at_a, i, at_b, j, depth + 1)
                    if (i, j) != (a1, b1):
                        self._runs.append((i, j, 1))
                    at_a, at_b = i + 1, j + 1

    def _anchors(self, a0: int, a1: int, b0: int, b1: int) -> list[tuple[int, int]]:
        """The longest rising sequence of lines that are unique on both sides."""
        a_counts, b_counts = Counter(self._a[a0:a1]), Counter(self._b[b0:b1])
        where = {line: j for j, line in enumerate(self._b[b0:b1], b0) if b_counts[line] == 1}
        found = [
            (i, where[line])
            for i, line in enumerate(self._a[a0:a1], a0)
            if a_counts[line] == 1 and line in where
        ]
        return _rising(found)

    def _greedy(self, a0: int, a1: int, b0: int, b1: int) -> list[tuple[int, int, int]] | None:
        """Myers' greedy algorithm; None when it would take too long."""
        a, b, n, m = self._a, self._b, a1 - a0, b1 - b0
        if abs(n - m) > _MOST_EDITS and min(n, m) > 0 and max(n, m) > 4 * _MOST_EDITS:
            return None
        reach = {1: 0}
        trail: list[dict[int, int]] = []
        for edits in range(min(n + m, _MOST_EDITS) + 1):
            steps = edits + 1
            for k in range(-edits, edits + 1, 2):
                down = k == -edits or (k != edits and reach.get(k - 1, -1) < reach.get(k + 1, -1))
                x = reach.get(k + 1, 0) if down else reach.get(k - 1, 0) + 1
                y = x - k
                begun = x
                while x < n and 0 <= y < m and a[a0 + x] == b[b0 + y]:
                    x, y = x + 1, y + 1
                steps += x - begun
                reach[k] = x
                if x >= n and y >= m:
                    trail.append(dict(reach))
                    return _walk_back(trail, n, m, a0, b0)
            trail.append({k: reach[k] for k in range(-edits, edits + 1, 2)})
            self._budget -= steps
            if self._budget < 0:
                return None
        return None


def _walk_back(trail: list[dict[int, int]], n: int, m: int, a0: int, b0: int) -> list[tuple[int, int, int]]:
    x, y = n, m
    runs: list[tuple[int, int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        k = x - y
        if edits == 0:
            start_x, next_x, next_y = 0, 0, 0
        else:
            before = trail[edits - 1]
            down = k == -edits or (k != edits and before.get(k - 1, -1) < before.get(k + 1, -1))
            next_k = k + 1 if down else k - 1
            next_x = before[next_k]
            next_y = next_x - next_k
            start_x = next_x if down else next_x + 1
        if x > start_x:
            runs.append((a0 + start_x, b0 + start_x - k, x - start_x))
        x, y = next_x, next_y
    runs.reverse()
    return runs


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of pairs, sorted by their first, whose second rises."""
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        back.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(j)
            ends.append(index)
        else:
            tails[at], ends[at] = j, index
    chain: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(pairs[index])
        index = back[index]
    chain.reverse()
    return chain
