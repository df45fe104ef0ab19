"""Replacing parts of Python source by their nodes, and inserting lines, without touching anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.llm.offline.patches import Patch

if TYPE_CHECKING:
    import ast


class Rewriting:
    """Changes to one file, gathered before they are made."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._parts: list[tuple[int, int, int, int, str]] = []
        self._inserted: dict[int, list[str]] = {}

    def replace(self, node: ast.expr | ast.stmt, text: str) -> bool:
        """Replace the source of a node; False where it overlaps another change."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        start = self._column(first, node.col_offset)
        end = self._column(last, node.end_col_offset or 0)
        for other in self._parts:
            if not ((last, end) <= other[:2] or (other[2], other[3]) <= (first, start)):
                return False
        self._parts.append((first, start, last, end, text))
        return True

    def insert(self, line: int, lines: list[str]) -> None:
        """Insert lines before a line, counted from 1; the same line twice goes in once."""
        known = self._inserted.setdefault(line - 1, [])
        known += [item for item in lines if item not in known]

    def indent(self, line: int) -> str:
        """White space at the beginning of a line, counted from 1."""
        text = self._lines[line - 1]
        return text[: len(text) - len(text.lstrip())]

    def patches(self) -> list[Patch]:
        """The changes as patches of whole lines; those of the same lines are one."""
        groups: list[list[tuple[int, int, int, int, str]]] = []
        for part in sorted(self._parts):
            if groups and part[0] <= max(item[2] for item in groups[-1]):
                groups[-1].append(part)
            else:
                groups.append([part])
        found = [self._patch(group) for group in groups]
        covered = {patch.first: index for index, patch in enumerate(found)}
        for line, lines in sorted(self._inserted.items()):
            if line in covered:
                patch = found[covered[line]]
                found[covered[line]] = Patch(patch.first, patch.last, (*lines, *patch.lines))
            else:
                found.append(Patch(line, line, tuple(lines)))
        return found

    def _patch(self, group: list[tuple[int, int, int, int, str]]) -> Patch:
        first, last = group[0][0], max(item[2] for item in group)
        lines = self._lines[first : last + 1]
        for start_line, start, end_line, end, text in reversed(group):
            before, after = lines[start_line - first][:start], lines[end_line - first][end:]
            lines[start_line - first : end_line - first + 1] = f"{before}{text}{after}".split("\n")
        return Patch(first, last + 1, tuple(lines))

    def _column(self, line: int, offset: int) -> int:
        return len(self._lines[line].encode()[:offset].decode(errors="replace"))
