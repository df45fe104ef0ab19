"""A part of a file that does not fit whole: the named lines first, then what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.context.budget import estimate_tokens
from rolecall.context.lines import split_lines
from rolecall.task import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.context.items import ContextItem

MIN_LINES = 3
"""Fewer lines of a file tell nothing."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A cut file as it goes into the message.

    Attributes:
        text: with its tags and the marks of the cuts.
        shown: which lines are there: ``lines 10-40 of 900``.
    """

    text: str
    shown: str


def excerpt(item: ContextItem, tokens: int, wrap: Callable[[str, str], str]) -> Excerpt | None:
    """As much of a file as fits, around its first selection, else from its beginning.

    Args:
        item: the file.
        tokens: the most tokens the wrapped text may have.
        wrap: puts the tags around a text; takes the text and the lines it shows.

    Returns:
        The excerpt, or None where not even a few lines fit.
    """
    lines = split_lines(item.text)
    if not lines:
        return None
    core = item.selections[0] if item.selections else Selection(1, min(MIN_LINES, len(lines)))
    best: Excerpt | None = None
    low, high = min(MIN_LINES, core.end_line - core.start_line + 1), len(lines) - 1
    while low <= high:
        middle = (low + high) // 2
        tried = _render(lines, _window(core, middle, len(lines)), item.path, wrap)
        if estimate_tokens(tried.text) <= tokens:
            best, low = tried, middle + 1
        else:
            high = middle - 1
    return best


def _window(core: Selection, size: int, count: int) -> Selection:
    """``size`` lines that hold the core, or its beginning; what is left goes evenly to both sides."""
    spare = size - (core.end_line - core.start_line + 1)
    if spare <= 0:
        return Selection(core.start_line, core.start_line + size - 1)
    start = max(1, core.start_line - spare // 2)
    end = min(count, start + size - 1)
    return Selection(max(1, end - size + 1), end)


def _render(lines: list[str], window: Selection, path: str, wrap: Callable[[str, str], str]) -> Excerpt:
    count = len(lines)
    text = "".join(lines[window.start_line - 1 : window.end_line])
    if not text.endswith("\n"):
        text += "\n"
    before = _mark(1, window.start_line - 1, path)
    after = _mark(window.end_line + 1, count, path)
    shown = f"lines {window.start_line}-{window.end_line} of {count}"
    return Excerpt(wrap(before + text + after, shown), shown)


def _mark(start: int, end: int, path: str) -> str:
    return f"[lines {start}-{end} of {path} are left out here]\n" if start <= end else ""
