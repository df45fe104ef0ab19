"""Lines as editors count them: LF, CRLF and CR end a line (LSP 3.17, ``EOL``), nothing else does."""

from __future__ import annotations

import re

from rolecall.task import Selection

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """The lines with their endings."""
    if "\r" in text:
        return _LINE.findall(text)
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def clamp(selection: Selection, count: int) -> Selection | None:
    """The part of a selection that lies within ``count`` lines, or None where none does."""
    start, end = max(1, selection.start_line), min(count, selection.end_line)
    return Selection(start, end) if start <= end else None
