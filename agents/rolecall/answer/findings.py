"""Findings in an answer's prose: what a review says about one line of a file, for an editor to show there.

A finding is a line of its own, a list item or not. The line it is about is quoted, since files are shown to
the model without line numbers, or numbered as compilers do:

    - `src/pricing.py`: `return price * percent`: warning: percent is never checked
    src/pricing.py:12: error: percent is never checked
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

Severity = Literal["error", "warning", "information", "hint"]

MOST: Final = 200
"""Findings of one answer that count; more than that nobody reads in an editor."""

_SEVERITIES: Final[dict[str, Severity]] = {
    "error": "error",
    "warning": "warning",
    "info": "information",
    "information": "information",
    "note": "information",
    "hint": "hint",
}
_FINDING: Final = re.compile(
    r"[ \t]*(?:[-*+] |\d{1,3}[.)] )?[ \t]*"
    r"(?P<bold>(?:\*\*)?)(?P<tick>`?)(?P<path>[^\s`:*]+)(?::(?P<line>\d{1,7})(?:[:-]\d{1,7})?)?(?P=tick)(?P=bold):"
    r"[ \t]*"
    r"(?:(?P<ticks>`+)[ \t]?(?P<quoted>[^`\n].*?)[ \t]?(?P=ticks)[ \t]*[:\u2014\u2013-]+[ \t]*)?"
    rf"(?:\*{{0,2}}(?P<severity>{'|'.join(_SEVERITIES)})\*{{0,2}}[ \t]*:[ \t]*)?"
    r"(?P<message>\S.*)\Z",
    re.IGNORECASE,
)
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one line.

    Attributes:
        path: of the file, as the answer writes it.
        message: what is wrong.
        severity: ``warning`` where the answer does not say.
        line: the line's number, 1-based; None where it is only quoted.
        quoted: the line's text; None where it is only numbered.
    """

    path: str
    message: str
    severity: Severity = "warning"
    line: int | None = None
    quoted: str | None = None

    def line_in(self, text: SearchedText) -> int | None:
        """The 0-based line of a file's present text; None where that is not certain."""
        if self.quoted is None:
            return self.line - 1 if self.line is not None and 0 < self.line <= text.count else None
        wanted = self.quoted.strip()
        same = text.equal(wanted) or text.holding(wanted)
        if self.line is not None and self.line - 1 in same:
            return self.line - 1
        return same[0] if len(same) == 1 else None


class SearchedText:
    """A text whose lines are looked for many times; each look costs little, however large it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        lines = text.split("\n")
        self.count = len(lines)
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._by_content: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            self._by_content.setdefault(line.strip(), []).append(number)

    def equal(self, wanted: str) -> list[int]:
        """The 0-based lines that say this and nothing else."""
        return self._by_content.get(wanted, [])

    def holding(self, wanted: str) -> list[int]:
        """The 0-based lines that say this among other things."""
        found: list[int] = []
        at = self._text.find(wanted)
        while at >= 0:
            found.append(bisect_right(self._starts, at) - 1)
            at = self._text.find(wanted, self._starts[found[-1] + 1])
        return found


def findings(prose: str) -> Iterator[Finding]:
    """The findings in a text, in order; everything else in it is skipped."""
    found = 0
    for line in prose.split("\n"):
        match = _FINDING.match(line.rstrip()) if len(line) <= _LONGEST else None
        if match is None or not (match["line"] or match["quoted"]):
            continue
        found += 1
        if found > MOST:
            return
        yield Finding(
            path=match["path"],
            message=match["message"],
            severity=_SEVERITIES[cast("str", match["severity"] or "warning").lower()],
            line=int(match["line"]) if match["line"] else None,
            quoted=match["quoted"],
        )
