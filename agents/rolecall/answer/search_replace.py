"""SEARCH/REPLACE blocks: markers of 5 to 9 characters, bare, in a fence or in an ``<edit>`` tag."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from rolecall.answer.blocks import Block, Grammar, Hunk
from rolecall.answer.reading import BlockReader, Line, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORTEST: Final = 5
_LONGEST: Final = 9
_LIKE_SEARCH: Final = re.compile(r"<{4,40}[ \t]*SEARCH\b")
_LONGEST_LINE: Final = 200
"""Characters of a marker line with the white space that may follow."""


def opening_length(text: str) -> int:
    """The number of ``<`` of a SEARCH marker line; 0 where the line is none."""
    return _marker(text, "<", "SEARCH")


def closing_length(text: str) -> int:
    """The number of ``>`` of a REPLACE marker line; 0 where the line is none."""
    return _marker(text, ">", "REPLACE")


def divider_length(text: str) -> int:
    """The number of ``=`` of a divider line; 0 where the line is none."""
    return _marker(text, "=", "")


def misread_search(text: str) -> str | None:
    """What a line that looks like a SEARCH marker is, where it is none; None for all other lines."""
    if text[:4] != "<<<<" or not _LIKE_SEARCH.match(text) or opening_length(text):
        return None
    return "a SEARCH marker that cannot be read (5 to 9 '<', then SEARCH, and nothing else on the line)"


def _marker(text: str, sign: str, word: str) -> int:
    if not text.startswith(sign * _SHORTEST) or len(text) > _LONGEST_LINE:
        return 0
    length = len(text) - len(text.lstrip(sign))
    rest = text[length:].strip()
    return length if length <= _LONGEST and rest in {word, word and f"{word}>"} else 0


class EditBlock:
    """One SEARCH/REPLACE block, from the line after its opening marker on.

    Args:
        length: the number of characters of the opening marker.
        line: 1-based line of the answer at which that marker stands.
    """

    def __init__(self, length: int, line: int) -> None:
        self._length = length
        self.line = line
        self.lines: list[str] = []
        self._dividers: list[tuple[int, int]] = []
        self._inner: Counter[int] = Counter()
        self.hunk: Hunk | None = None
        self.fault: str | None = None

    def take(self, line: Line) -> Taken:
        """Take a line; LAST at the closing marker, REFUSED at an opening marker that should not be there."""
        text = line.text
        sign = text[:1]
        if sign == "<" and (opened := opening_length(text)):
            if opened == self._length:
                self.fault = f"the SEARCH block at answer line {self.line} is not closed"
                return Taken.REFUSED
            self._inner[opened] += 1
        elif sign == ">" and (closed := closing_length(text)):
            if self._inner[closed]:
                self._inner[closed] -= 1  # quoted markers of another length are content
            else:
                self._close()
                return Taken.LAST
        elif sign == "=" and (length := divider_length(text)):
            self._dividers.append((len(self.lines), length))
        self.lines.append(text)
        return Taken.MORE

    def raw(self) -> str:
        """The text so far, with its opening marker."""
        return "\n".join(["<" * self._length + " SEARCH", *self.lines])

    def _close(self) -> None:
        at = self._divider()
        if at is None:
            return
        old, new = tuple(self.lines[:at]), tuple(self.lines[at + 1 :])
        self.hunk = Hunk(old, new, self.line)

    def _divider(self) -> int | None:
        found = self._dividers
        if len(found) > 1:
            found = [divider for divider in found if divider[1] == self._length]
        if len(found) == 1:
            return found[0][0]
        what = "no divider" if not self._dividers else "several possible dividers, none of them the only one"
        self.fault = (
            f"the SEARCH block at answer line {self.line} has {what} of {self._length} '=' characters; "
            "use longer markers (up to 9) where the text itself holds such lines"
        )
        return None


class EditScript:
    """Consecutive SEARCH/REPLACE blocks for one file. Lines between them are ignored, markers are not.

    Attributes:
        hunks: the closed blocks, in order.
        fault: the first thing wrong, in words; None while all is well.
    """

    def __init__(self) -> None:
        self.hunks: list[Hunk] = []
        self.fault: str | None = None
        self._block: EditBlock | None = None
        self._between: bool = False

    @classmethod
    def of_body(cls, body: Sequence[str], line: int) -> tuple[Hunk, ...] | None:
        """The blocks of a body that consists of nothing else, or None.

        Args:
            body: lines.
            line: 1-based line of the answer before the first of them.
        """
        first = next((text for text in body if text.strip()), "")
        if not opening_length(first):
            return None
        script = cls()
        for number, text in enumerate(body, line + 1):
            script.take(Line(text, number))
        script.end()
        return None if script.fault or script._between else tuple(script.hunks)

    @property
    def inside(self) -> bool:
        """Whether a block is open."""
        return self._block is not None

    def take(self, line: Line) -> None:
        """Take a line of the script."""
        if self._block is not None:
            taken = self._block.take(line)
            if taken is Taken.MORE:
                return
            self._finish_block()
            if taken is Taken.LAST:
                return
        length = opening_length(line.text)
        if length:
            self._block = EditBlock(length, line.number)
        elif closing_length(line.text) or divider_length(line.text):
            self._note(f"a marker without its SEARCH stands at answer line {line.number}")
        elif line.text.strip():
            self._between = True

    def end(self) -> None:
        """There are no more lines: an open block is a fault."""
        if self._block is not None:
            self._note(f"the SEARCH block at answer line {self._block.line} is not closed")
            self._block = None

    def _finish_block(self) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        if block.hunk is not None:
            self.hunks.append(block.hunk)
        if block.fault is not None:
            self._note(block.fault)

    def _note(self, fault: str) -> None:
        self.fault = self.fault or fault


class EditRun(BlockReader):
    """SEARCH/REPLACE blocks outside of tags, bare or in a fence: each is a block of its own.

    A block without a name on the line above goes to the file of the block directly before it, if only
    blank lines lie between; the first takes the name it is given here.

    Args:
        path: the file, or None where nothing names it.
        guess: a path that prose names; makes suggestions where ``path`` is None.
    """

    def __init__(self, path: str | None, guess: str | None = None) -> None:
        super().__init__()
        self._path = path
        self._guess = guess
        self._above: str | None = None
        self._block: EditBlock | None = None
        self._unnamed: list[str] = []
        self._start = 0

    @property
    def inside(self) -> bool:
        """Whether a block is open."""
        return self._block is not None

    def take(self, line: Line) -> Taken:
        """Take a line; REFUSED at the first that belongs to no block."""
        if self._block is not None:
            return self._take_inside(line)
        length = opening_length(line.text)
        if length:
            self._open(length, line)
            return Taken.MORE
        if not line.text.strip():
            return Taken.MORE
        if closing_length(line.text):
            self._problems.append(f"a REPLACE marker without its SEARCH stands at answer line {line.number}")
            return Taken.MORE
        return Taken.REFUSED

    def rename(self, path: str) -> None:
        """The next block is about another file."""
        self._path, self._guess = path, None

    def cut(self) -> Block | None:
        """The open block, if one is open and has a name."""
        path = self._path or self._guess
        if self._block is None or path is None:
            return None
        suggestion = self._path is None
        text = self._block.raw()
        return Block(
            path, "edit", Grammar.SEARCH_REPLACE, self._start, text, suggestion=suggestion, complete=False
        )

    def prose(self) -> list[str]:
        """The blocks that name no file."""
        return self._unnamed

    def _open(self, length: int, line: Line) -> None:
        self._block = EditBlock(length, line.number)
        self._start = line.number

    def _take_inside(self, line: Line) -> Taken:
        assert self._block is not None
        taken = self._block.take(line)
        if taken is Taken.MORE:
            return taken
        self._close(self._block)
        if taken is Taken.REFUSED:
            self._open(opening_length(line.text), line)
        return Taken.MORE

    def _close(self, block: EditBlock) -> None:
        self._block = None
        path = self._path or self._guess
        if path is None:
            self._unnamed.append(block.raw())
            self._problems.append(f"the SEARCH/REPLACE block at answer line {self._start} names no file")
            return
        hunks = (block.hunk,) if block.hunk else ()
        suggestion = self._path is None
        self._closed.append(
            Block(
                path,
                "edit",
                Grammar.SEARCH_REPLACE,
                self._start,
                hunks=hunks,
                fault=block.fault,
                suggestion=suggestion,
            )
        )
