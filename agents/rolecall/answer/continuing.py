"""Joins a cut-off answer with its continuation, where the seam is exact.

The continuation was asked to begin with the last lines of what came. Where it does, the seam is proven.
Where it goes on without them, it is taken as it is, unless there are signs that it begins anywhere else.
"""

from __future__ import annotations

import re
from typing import Final

from rolecall.answer.fences import fence_mark
from rolecall.answer.search_replace import opening_length
from rolecall.answer.tags import tag_on_line

_TELLING: Final = 8
"""Characters other than white space from which on a line is hardly met by chance."""
_LOOKED_BACK: Final = 200
"""Lines before the cut with which a continuation may begin."""
_TALK: Final = re.compile(
    r"(?:sure|certainly|of course|okay|ok|here|continu(?:ing|ed|ation)|apologies|sorry|i'll|i will)\b",
    re.IGNORECASE,
)


def last_lines(text: str, block_line: int) -> str:
    """The last lines of a cut-off answer, as few as stand in its open block once: what is to be repeated.

    Args:
        text: the answer.
        block_line: 1-based line at which the open block begins.
    """
    starts = _line_starts(text, block_line)
    body = text[starts[0] :]
    for start in reversed(starts):
        tail = text[start:]
        telling = any(len(line.strip()) >= _TELLING for line in tail.split("\n"))
        if telling and body.find(tail) == body.rfind(tail):
            return tail
    return body


def continued(text: str, rest: str, block_line: int) -> str | None:
    """The whole answer, or None where it is not certain that the rest goes on where the text stops.

    Args:
        text: the cut-off answer.
        rest: the continuation.
        block_line: 1-based line at which the open block begins.
    """
    rest = rest.removeprefix("\ufeff")
    if not rest.strip():
        return None
    starts = _line_starts(text, block_line)
    sure = len(text) - len(last_lines(text, block_line))
    opening = text[starts[0] :].partition("\n")[0] + "\n"
    # A block opened anew holds its beginning or its rest; only the repeated lines tell which.
    for repeated in (rest, rest.removeprefix(opening)):
        for start in starts:
            tail = text[start:]
            if tail.strip() and repeated.startswith(tail):
                return text[:start] + repeated if start <= sure else None
    return text + rest if _goes_on(text, rest, starts[0]) else None


def _goes_on(text: str, rest: str, block_start: int) -> bool:
    """Whether nothing tells that the rest begins elsewhere than directly behind the text."""
    first = rest.partition("\n")[0]
    partial = text.rpartition("\n")[2]
    mark = fence_mark(first)
    if mark is not None:  # the bare one may end a fence that is open
        return not (mark.info or partial or text.startswith("<", block_start))
    if tag_on_line(first) is not None or _TALK.match(first):
        return False
    if partial and (opening_length(first) or (not partial.strip() and first[:1].isspace())):
        return False  # a marker stands on its own line; an indentation does not stand there twice
    recent = {line.strip() for line in text[block_start:].split("\n")[-_LOOKED_BACK:]}
    return len(first.strip()) < _TELLING or first.strip() not in recent


def _line_starts(text: str, block_line: int) -> list[int]:
    """Where the open block and its last lines begin, in order; the first is the block's own."""
    starts = [0]
    for _ in range(block_line - 1):
        starts = [text.index("\n", starts[0]) + 1]
    found: list[int] = []
    at = len(text)
    while len(found) < _LOOKED_BACK and (at := text.rfind("\n", starts[0], at)) >= 0:
        found.append(at + 1)
    return starts + [start for start in reversed(found) if start < len(text)]
