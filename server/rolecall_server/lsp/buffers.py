"""The text of one open document, kept as the editor keeps it: by lines, in the client's own units."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rolecall_server.lsp.client import Encoding

# LSP 3.17, "Text Documents": these three end a line and nothing else does; str.splitlines knows many more.
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")

_PIECE: Final = 4096
"""Characters of a line that are measured at once where a position is looked for."""

_WIDTHS: Final[dict[str, Callable[[str], int]]] = {
    "utf-8": lambda text: len(text.encode(errors="surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", errors="surrogatepass")) // 2,
    "utf-32": len,
}


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: 0-based line, and character in the client's units."""

    line: int
    character: int

    def to_json(self) -> dict[str, int]:
        """The LSP form."""
        return {"line": self.line, "character": self.character}


def split_lines(text: str) -> list[str]:
    """The lines with their endings; the last one may have none. Empty for an empty text."""
    if "\r" in text:
        return _LINE.findall(text)
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def width(text: str, encoding: Encoding) -> int:
    """The length of a text in the client's units."""
    return len(text) if text.isascii() else _WIDTHS[encoding](text)


def index_in_line(line: str, character: int, encoding: Encoding) -> int:
    """Where in a line a position is, in code points; beyond the line's end is at its end."""
    content = line.rstrip("\r\n")
    if content.isascii() or encoding == "utf-32":
        return min(max(character, 0), len(content))
    start, left = _piece_of(content, character, encoding)
    for index in range(start, len(content)):
        if left <= 0:
            return index
        left -= _WIDTHS[encoding](content[index])
    return len(content)


def _piece_of(content: str, character: int, encoding: Encoding) -> tuple[int, int]:
    """Where the piece begins that holds a position, and the units from there: lines may have megabytes."""
    left = character
    for start in range(0, len(content), _PIECE):
        units = width(content[start : start + _PIECE], encoding)
        if units >= left:
            return start, left
        left -= units
    return len(content), left


class TextBuffer:
    """One open document. Changed on the event loop, read from any thread.

    Args:
        uri: as the client names it.
        text: the whole text.
        version: the client's.
        language: the client's language id.
        encoding: the units of its positions.
    """

    def __init__(self, uri: str, text: str, version: int, language: str, encoding: Encoding) -> None:
        self.uri = uri
        self.version = version
        self.language = language
        self._encoding: Encoding = encoding
        self._lines = split_lines(text)
        self._length = len(text)
        self._text: str | None = text
        self._digested: tuple[str, str] | None = None
        self._lock = threading.Lock()

    @property
    def length(self) -> int:
        """The length of the text in characters; costs nothing."""
        return self._length

    @property
    def text(self) -> str:
        """The whole text."""
        return self.snapshot()[0]

    def snapshot(self) -> tuple[str, int]:
        """The whole text and its version, as they belong together."""
        with self._lock:
            if self._text is None:
                self._text = "".join(self._lines)
            return self._text, self.version

    def digested(self) -> tuple[str, int, str]:
        """The text, its version and its SHA-256 (hex), which is computed once."""
        text, version = self.snapshot()
        known = self._digested
        if known is None or known[0] is not text:
            known = text, hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
            self._digested = known
        return text, version, known[1]

    def lines(self, first: int = 0, last: int | None = None) -> list[str]:
        """The lines with their endings, of the 0-based and inclusive range; a copy."""
        with self._lock:
            return self._lines[first : None if last is None else last + 1]

    @property
    def present_lines(self) -> Sequence[str]:
        """The lines as they are now, not copied: for a short look at some of them on the event loop."""
        return self._lines

    def is_one_character(self, start: Position, end: Position) -> bool:
        """Whether a range holds one character, or one line ending."""
        with self._lock:
            (line, first), (last_line, last) = self._place(start), self._place(end)
            if last_line == line:
                return last - first == 1
            ends_line = line < len(self._lines) and first == len(self._lines[line].rstrip("\r\n"))
            return ends_line and (last_line, last) == (line + 1, 0)

    def replace(self, text: str, version: int) -> None:
        """Take a whole new text."""
        with self._lock:
            self._lines, self._text, self.version = split_lines(text), text, version
            self._length, self._digested = len(text), None

    def edit(self, start: Position, end: Position, text: str, version: int) -> None:
        """Take an incremental change. Costs its own size, not the document's."""
        with self._lock:
            start, end = min(start, end), max(start, end)
            first_line, first = self._place(start)
            last_line, last = self._place(end)
            before = self._lines[first_line][:first] if first_line < len(self._lines) else ""
            behind = self._lines[last_line][last:] if last_line < len(self._lines) else ""
            # One line more on each side: a line ending may be joined or torn at the seams.
            low, high = max(0, first_line - 1), min(len(self._lines), last_line + 2)
            head = "".join(self._lines[low:first_line])
            tail = "".join(self._lines[last_line + 1 : high])
            changed = f"{head}{before}{text}{behind}{tail}"
            self._length += len(changed) - sum(map(len, self._lines[low:high]))
            self._lines[low:high] = split_lines(changed)
            self._text, self._digested, self.version = None, None, version

    def _place(self, position: Position) -> tuple[int, int]:
        if position.line >= len(self._lines):
            return self._end()
        line = self._lines[max(position.line, 0)]
        return max(position.line, 0), index_in_line(line, position.character, self._encoding)

    def _end(self) -> tuple[int, int]:
        """The place behind the last character."""
        if self._lines and not self._lines[-1].endswith(("\n", "\r")):
            return len(self._lines) - 1, len(self._lines[-1])
        return len(self._lines), 0
