"""Binding the values of a query that is put together from text."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.hardening.texts import Part, Value, joined, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLES = {
    "sqlite3": "?",
    "aiosqlite": "?",
    "psycopg": "%s",
    "psycopg2": "%s",
    "pymysql": "%s",
    "MySQLdb": "%s",
    "aiomysql": "%s",
}
_BEFORE_VALUE = re.compile(
    r"(?:[=<>]|\b(?:LIKE|ILIKE|LIMIT|OFFSET|BETWEEN|AND|THEN|ELSE)|\b(?:VALUES|IN)\s*\([^()]*[(,]?)\s*$",
    re.IGNORECASE,
)


def style(tree: ast.Module) -> str | None:
    """How the database module of a file marks a bound value; None where that is not known."""
    found = {_STYLES[name] for name in imported(tree) if name in _STYLES}
    return found.pop() if len(found) == 1 else None


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of all modules that are imported."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def bound(node: ast.expr, mark: str, texts: Iterable[str]) -> str | None:
    """Source of the arguments ``query, (values,)``; None where a value stands where none can be bound.

    Args:
        node: the query as it is put together.
        mark: ``?`` or ``%s``.
        texts: names that are known to hold text.
    """
    found = parts(node)
    if found is None or not any(isinstance(part, Value) for part in found):
        return None
    binder = _Binder(mark, frozenset(texts))
    for part in found:
        taken = binder.value(part) if isinstance(part, Value) else all(map(binder.letter, part))
        if not taken:
            return None
    if binder.quote:
        return None
    values = binder.values
    return f"{joined([binder.query])}, ({', '.join(values)}{',' if len(values) == 1 else ''})"


class _Binder:
    """Writes a query anew, letter by letter, with a mark in the place of each value."""

    def __init__(self, mark: str, texts: frozenset[str]) -> None:
        self._mark = mark
        self._texts = texts
        self.query = ""
        self.quote = ""
        self.values: list[str] = []
        self._inner: list[Part] = []

    def value(self, part: Value) -> bool:
        """Take a value; False where none can be bound."""
        if self.quote:
            self._inner.append(part)
            return True
        if not _BEFORE_VALUE.search(self.query) or part.spec:
            return False
        self.query += self._mark
        self.values.append(part.source)
        return True

    def letter(self, letter: str) -> bool:
        """Take a letter of the query; False where a name is put together."""
        if self.quote and letter == self.quote:
            return self._close()
        if self.quote:
            _append(self._inner, letter)
        elif letter in "'\"":
            self.quote = letter
        else:
            self.query += self._escaped(letter)
        return True

    def _close(self) -> bool:
        filled = any(isinstance(item, Value) for item in self._inner)
        if filled and self.quote == '"':
            return False
        if filled:
            self.query += self._mark
            self.values.append(_text(self._inner, self._texts))
        else:
            self.query += f"{self.quote}{self._escaped(''.join(map(str, self._inner)))}{self.quote}"
        self.quote, self._inner = "", []
        return True

    def _escaped(self, text: str) -> str:
        return text.replace("%", "%%") if self._mark == "%s" else text


def _append(inner: list[Part], letter: str) -> None:
    if inner and isinstance(inner[-1], str):
        inner[-1] += letter
    else:
        inner.append(letter)


def _text(inner: list[Part], texts: frozenset[str]) -> str:
    """A value that stood between quotes is a text."""
    source = joined(inner)
    if len(inner) == 1 and isinstance(inner[0], Value) and source not in texts and not inner[0].spec:
        return f"str({source})"
    return source
