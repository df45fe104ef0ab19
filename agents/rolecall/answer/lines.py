"""Lines of a file with their endings, which edits keep."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINES = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """Lines with their endings, as LSP counts them: LF, CRLF and CR end one, nothing else does.

    ``str.splitlines`` also splits at form feeds and Unicode separators, which are content.
    """
    if "\r" in text:
        return _LINES.findall(text)
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def content(line: str) -> str:
    """A line without its ending."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line.removesuffix("\r")


def ending(line: str) -> str:
    """The ending of a line; empty for a last line without one."""
    return line[len(content(line)) :]


def usual_ending(endings: Iterable[str]) -> str:
    """The most frequent of the endings of a file's lines; LF where there are none."""
    counts = Counter(endings)
    del counts[""]
    return max(counts, key=lambda sign: (counts[sign], sign == "\n")) if counts else "\n"
