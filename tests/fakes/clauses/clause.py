"""One promise of the LSP door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fakes.lsp_wire import Wire


@dataclass(frozen=True)
class Clause:
    """One promise.

    Attributes:
        text: the promise.
        tests: names of tests that show it; ``name[part]`` is only those cases whose id has that part.
        shows: whether a wire holds what the promise is about, and nothing against it.
    """

    text: str
    tests: tuple[str, ...]
    shows: Callable[[Wire], object]

    def names(self, test: str) -> bool:
        """Whether a test with this name, its case in brackets, is among those that show it."""
        name, _, case = test.removesuffix("]").partition("[")
        return any(
            (wanted, f"-{part}-" in f"-{case}-" or not part) == (name, True)
            for wanted, _, part in (one.removesuffix("]").partition("[") for one in self.tests)
        )


def some(values: Iterable[Any], wanted: Callable[[Any], object]) -> bool:
    """Whether one of the values is as wanted."""
    return any(wanted(value) for value in values)


def each(values: Iterable[Any], wanted: Callable[[Any], object]) -> bool:
    """Whether there are values, and all are as wanted."""
    kept = list(values)
    return bool(kept) and all(wanted(value) for value in kept)
