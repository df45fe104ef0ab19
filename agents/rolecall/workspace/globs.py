"""Globs over path components, compared case-folded: in any folder, and everything below what matches.

``*`` and ``?`` stay within one component, ``**`` spans any number of them. Matching walks a set of
positions, so that no pattern (a workspace may bring its own) costs more than pattern times path.
"""

from __future__ import annotations

import fnmatch
import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@functools.lru_cache(maxsize=8192)
def fold(name: str) -> str:
    """The name as a file system that ignores case and composition would compare it (UAX 15, UAX 44)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


@dataclass(frozen=True, slots=True)
class Glob:
    """One compiled pattern; None stands for ``**``.

    Attributes:
        pattern: as it was written.
        components: one regular expression a component.
    """

    pattern: str
    components: tuple[re.Pattern[str] | None, ...]

    @classmethod
    def compile(cls, pattern: str, *, anchored: bool = False) -> Glob:
        """Compile ``pattern``; ``anchored`` ones match from the first component on."""
        names = [name for name in pattern.replace("\\", "/").split("/") if name not in {"", "."}]
        body = [None if name == "**" else re.compile(fnmatch.translate(fold(name))) for name in names]
        start: list[re.Pattern[str] | None] = [] if anchored else [None]
        return cls(pattern, (*start, *body, None) if body else ())

    def matches(self, folded: Sequence[str]) -> bool:
        """Whether these folded components, or a folder they stand in, match."""
        if not self.components:
            return False
        positions = self._closed({0})
        for name in folded:
            positions = self._closed(self._step(positions, name))
        return len(self.components) in positions

    def _step(self, positions: set[int], name: str) -> set[int]:
        after: set[int] = set()
        for position in positions:
            if position == len(self.components):
                continue
            expression = self.components[position]
            if expression is None:
                after.add(position)
            elif expression.match(name):
                after.add(position + 1)
        return after

    def _closed(self, positions: set[int]) -> set[int]:
        # `**` may stand for nothing, so the position after it is reached as well.
        for position in sorted(positions):
            reached = position
            while reached < len(self.components) and self.components[reached] is None:
                reached += 1
                positions.add(reached)
        return positions


def compile_all(patterns: Iterable[str]) -> tuple[Glob, ...]:
    """Compile patterns that hold in any folder."""
    return tuple(Glob.compile(pattern) for pattern in patterns)


def first_match(globs: Iterable[Glob], parts: Sequence[str]) -> str | None:
    """The first pattern that matches these components, as it was written."""
    folded = [fold(part) for part in parts]
    return next((glob.pattern for glob in globs if glob.matches(folded)), None)
