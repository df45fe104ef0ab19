"""Whole lines of a document, and what they are called: their symbol, else their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall_server.lsp.buffers import TextBuffer
    from rolecall_server.lsp.symbols import Symbol

    Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines, 0-based and inclusive."""

    first: int
    last: int

    def to_range(self) -> Json:
        """The LSP range of the whole lines."""
        return {
            "start": {"line": self.first, "character": 0},
            "end": {"line": self.last + 1, "character": 0},
        }


def subject_of(buffer: TextBuffer, name: str, lines: Lines) -> str:
    """What selected lines are called: their symbol, else the lines themselves of the file of that name."""
    symbol = symbol_in(buffer, name, lines)
    return symbol.name if symbol else f"{_span(lines)} of {name}"


def lines_of(start: Json, end: Json) -> Lines:
    """The whole lines of an LSP range; an end at a line's very beginning does not take that line in."""
    last = end["line"]
    if end["character"] == 0 and last > start["line"]:
        last -= 1
    return Lines(start["line"], last)


def language_of(language: str, name: str) -> str:
    """The language for the outline, also where the client does not know it."""
    return "python" if language == "python" or name.endswith((".py", ".pyi")) else language


def symbol_in(buffer: TextBuffer, name: str, lines: Lines) -> Symbol | None:
    """The symbol that the lines of the file of that name belong to."""
    from rolecall_server.lsp.symbols import WHOLE_LIMIT, outline, symbol_around, symbol_at  # noqa: PLC0415 - imported by the session's opening

    language = language_of(buffer.language, name)
    if buffer.length > WHOLE_LIMIT:
        return symbol_around(buffer.present_lines, language, lines.first, lines.last)
    return symbol_at(outline(buffer.text, language), lines.first, lines.last)


def _span(lines: Lines) -> str:
    if lines.first == lines.last:
        return f"line {lines.first + 1}"
    return f"lines {lines.first + 1}-{lines.last + 1}"
