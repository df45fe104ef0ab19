"""A part of a text that does not fit whole: the named lines first, then what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.context.budget import estimate_tokens
from rolecall.context.lines import split_lines
from rolecall.task import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    Wrap = Callable[[str, str], str]
    """Puts the tags around a text; takes the text and which part of the whole it is."""

MIN_LINES = 3
"""Fewer lines of a file tell nothing, unless it has no more or they are what was named."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A cut text as it goes into the message.

    Attributes:
        text: with its tags and the marks of the cuts.
        shown: which part is there: ``lines 10-40 of 900``.
    """

    text: str
    shown: str


def excerpt(text: str, core: Selection | None, tokens: int, wrap: Wrap) -> Excerpt | None:
    """As much of a text as fits, around its core, else from its beginning.

    Args:
        text: the whole.
        core: the lines that matter most.
        tokens: the most tokens the wrapped part may have.
        wrap: puts the tags around it.

    Returns:
        The excerpt, or None where next to nothing fits.
    """
    lines = split_lines(text)
    core = core or Selection(1, min(MIN_LINES, len(lines)))
    smallest = min(MIN_LINES, _length(core))
    best = _largest(smallest, len(lines) - 1, tokens, lambda size: _of_lines(lines, core, size, wrap))
    if best is None and lines:
        # A line can be as long as a file: minified code, data.
        start = "".join(lines[core.start_line - 1 :])
        best = _largest(
            _MIN_CHARACTERS, len(start) - 1, tokens, lambda size: _of_characters(start, size, wrap)
        )
    return best


_MIN_CHARACTERS = 200


def _largest(low: int, high: int, tokens: int, make: Callable[[int], Excerpt]) -> Excerpt | None:
    """The largest excerpt that fits, by bisection: a larger one never costs less.

    Sizes are doubled until one does not fit, so that little of a huge text is tried in vain.
    """
    best: Excerpt | None = None
    size = low
    while low <= high:
        middle = min(size, (low + high) // 2)
        size = middle * 2
        tried = make(middle)
        if estimate_tokens(tried.text) <= tokens:
            best, low = tried, middle + 1
        else:
            high = middle - 1
    return best


def _of_lines(lines: list[str], core: Selection, size: int, wrap: Wrap) -> Excerpt:
    window, count = _window(core, size, len(lines)), len(lines)
    text = "".join(lines[window.start_line - 1 : window.end_line])
    end = "" if text.endswith("\n") else "\n"
    shown = f"lines {window.start_line}-{window.end_line} of {count}"
    before, after = _mark(1, window.start_line - 1), _mark(window.end_line + 1, count)
    return Excerpt(wrap(f"{before}{text}{end}{after}", shown), shown)


def _of_characters(text: str, size: int, wrap: Wrap) -> Excerpt:
    shown = f"{size:,} of {len(text):,} characters"
    return Excerpt(
        wrap(f"{text[:size]}\n[{len(text) - size:,} more characters are left out here]\n", shown), shown
    )


def _window(core: Selection, size: int, count: int) -> Selection:
    """``size`` lines that hold the core, or its beginning; what is left goes evenly to both sides."""
    spare = size - _length(core)
    if spare <= 0:
        return Selection(core.start_line, core.start_line + size - 1)
    start = max(1, core.start_line - spare // 2)
    end = min(count, start + size - 1)
    return Selection(max(1, end - size + 1), end)


def _mark(start: int, end: int) -> str:
    return f"[lines {start}-{end} are left out here]\n" if start <= end else ""


def _length(selection: Selection) -> int:
    return selection.end_line - selection.start_line + 1
