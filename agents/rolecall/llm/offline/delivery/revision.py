"""Changes of an existing YAML file: whole lines put in, and proven by reading the result back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.patches import Patch, apply, split_lines, to_edits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rolecall.llm.offline.draft import Draft


class Revision:
    """Lines to put into one file.

    Args:
        path: workspace path.
        text: the whole file as it is.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = split_lines(text)
        self._patches: list[Patch] = []

    def insert(self, before: int, lines: Sequence[str]) -> None:
        """Put lines in before a line (0-based; the number of lines appends)."""
        place = next((patch for patch in self._patches if patch.first == patch.last == before), None)
        if place is not None:
            self._patches.remove(place)
        self._patches.append(Patch(before, before, (*(place.lines if place else ()), *lines)))

    def replace(self, line: int, by: str) -> None:
        """Put one line in place of another."""
        self._patches.append(Patch(line, line + 1, (by,)))

    def write(self, draft: Draft, holds: Callable[[list[Any]], bool]) -> bool:
        """Add the edits, where the changed file reads as YAML and the documents hold to what was meant."""
        edits = to_edits(self.lines, self._patches) if self._patches else None
        if not edits:
            return False
        documents = read_documents("\n".join(apply(self.lines, self._patches)) + "\n")
        return documents is not None and holds(documents) and draft.edit(self.path, edits)


def read_documents(text: str) -> list[Any] | None:
    """The documents of a YAML file; None where it cannot be read, or not without tags of a tool's own."""
    import yaml  # noqa: PLC0415 - only where there is YAML to change

    if len(text) > _LARGEST:
        return None
    try:
        return [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError):
        return None


def indent_of(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip(" "))


def block_end(lines: Sequence[str], start: int) -> int:
    """The line after the block that the line opens: the first that is not indented deeper, comments aside."""
    depth, last = indent_of(lines[start]), start
    for number in range(start + 1, len(lines)):
        stripped = lines[number].strip()
        if stripped and not stripped.startswith("#") and indent_of(lines[number]) <= depth:
            break
        if stripped:
            last = number
    return last + 1


_LARGEST = 100_000
