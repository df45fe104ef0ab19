"""What a source says, before and after it was judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a source.

    Attributes:
        names: the group and the key as written; one name where it stood in no group.
        where: the place a message names: a file and line, a variable.
        origin: the place ``config show`` names.
        line: where it stands in a file; 0 elsewhere.
    """

    names: tuple[str, ...]
    value: Any
    where: str
    origin: str
    line: int = 0

    @property
    def path(self) -> str:
        """The key path."""
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, as one line: where, what, what is allowed.

    Attributes:
        path: the key path as written; empty where a whole file is meant.
    """

    where: str
    path: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Value:
    """A value the model has accepted, and where it came from."""

    value: Any
    origin: str
