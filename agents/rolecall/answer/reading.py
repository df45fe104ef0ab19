"""What the scanner asks of a grammar: to take an answer line by line and say when its block is over."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from rolecall.answer.blocks import Block


class Line(NamedTuple):
    """A line of the answer, without its line ending; ``number`` is 1-based."""

    text: str
    number: int


class Taken(Enum):
    """What became of a line that a reader was given."""

    MORE = auto()
    """The reader took it and wants the next."""
    LAST = auto()
    """The reader took it, and its block is over."""
    REFUSED = auto()
    """The block was over before this line, which belongs to what comes next."""


class Reader(Protocol):
    """Reads one construct of an answer. Blocks may close before the construct does."""

    def take(self, line: Line) -> Taken:
        """Take the next line."""
        ...

    def closed(self) -> list[Block]:
        """The blocks that closed since the last call, in order."""
        ...

    def cut(self) -> Block | None:
        """The answer ends here: the block that is still open, or None if nothing is lost."""
        ...

    def lost(self) -> str | None:
        """The answer ends here: what else the open construct hides, in words."""
        ...

    def prose(self) -> list[str]:
        """Lines that turned out to be no file block; asked once, when the construct is over."""
        ...

    def problems(self) -> list[str]:
        """What holds the whole answer for confirmation; asked once, when the construct is over."""
        ...


class BlockReader:
    """The common part of the readers: collects closed blocks, holds no prose and no problems."""

    def __init__(self) -> None:
        self._closed: list[Block] = []
        self._problems: list[str] = []

    def closed(self) -> list[Block]:
        """The blocks that closed since the last call, in order."""
        blocks = self._closed
        if blocks:
            self._closed = []
        return blocks

    def cut(self) -> Block | None:
        """Nothing is lost unless a grammar knows better."""
        return None

    def lost(self) -> str | None:
        """Nothing is hidden unless a grammar knows better."""
        return None

    def prose(self) -> list[str]:
        """No prose unless a grammar knows better."""
        return []

    def problems(self) -> list[str]:
        """What the grammar noted."""
        return self._problems
