"""The fields of one mapping in a role file, each taken once and checked; the rest is unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, cast

from rolecall.roles.front_matter import Scalar
from rolecall.roles.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from rolecall.roles.front_matter import Mapping, Node

    Report = Callable[[int, str], None]
    """Takes a 1-based line of the file and what is wrong there."""

Choice = TypeVar("Choice", bound=str)

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")
_INTEGER = re.compile(r"[+-]?[0-9][0-9_]*")
_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Fields:
    """Takes fields out of a mapping and reports what is wrong with them.

    Each taker returns a harmless value where it reports, so that one pass finds every problem.

    Args:
        mapping: the keys and values.
        where: what the mapping is, for messages: "the front matter", "a task".
        report: takes each problem.
    """

    def __init__(self, mapping: Mapping, where: str, report: Report) -> None:
        self._where = where
        self._line = mapping.line
        self._report = report
        self._nodes: dict[str, Node] = {}
        self._key_lines: dict[str, int] = {}
        self._taken: list[str] = []
        for key, value in mapping.entries:
            if key.text in self._nodes:
                report(key.line, f"`{_shown(key.text)}` stands twice in {where}")
            self._nodes[key.text] = value
            self._key_lines[key.text] = key.line

    def node(self, key: str) -> Node | None:
        """The raw value, or None where there is none or it is null."""
        self._taken.append(key)
        node = self._nodes.get(key)
        return None if isinstance(node, Scalar) and node.plain and node.text in _NULLS else node

    def identifier(self, key: str, *, reserved: Collection[str] = ()) -> str:
        """An id: a lower-case letter, then letters, digits and ``_``, at most 40 characters."""
        node = self._scalar(key, required=True)
        if node is None:
            return ""
        if not _IDENTIFIER.fullmatch(node.text):
            self._report(
                node.line,
                f"`{key}` is {_shown(node.text)!r}; allowed is a lower-case letter, then lower-case letters, "
                "digits and `_`, at most 40 characters",
            )
        if node.text in reserved:
            names = ", ".join(sorted(reserved))
            self._report(
                node.line, f"`{key}` is {node.text!r}, which Rolecall itself uses; taken are {names}"
            )
        return node.text

    def line(self, key: str, *, limit: int, required: bool = True) -> str:
        """A text of one line, at most ``limit`` characters."""
        node = self._scalar(key, required=required)
        if node is None:
            return ""
        text = " ".join(node.text.split())
        if not text.isprintable():
            self._report(node.line, f"`{key}` holds a control character; remove it")
        if len(text) > limit:
            self._report(node.line, f"`{key}` has {len(text):,} characters; at most {limit} are allowed")
        return text

    def text(self, key: str) -> str:
        """A text of any length."""
        node = self._scalar(key, required=True)
        return node.text.strip() if node else ""

    def choice(
        self, key: str, allowed: Sequence[Choice], *, required: bool = True, head: bool = False
    ) -> Choice | None:
        """One of some words; with ``head``, what follows a dot is ignored."""
        node = self._scalar(key, required=required, allowed=allowed)
        if node is None:
            return None
        word = node.text.split(".", 1)[0] if head else node.text
        if word in allowed:
            return cast("Choice", word)
        self._report(
            node.line,
            f"`{key}` is {_shown(node.text)!r}; allowed: {', '.join(allowed)}. "
            f"{suggestion(node.text, allowed)}".rstrip(),
        )
        return None

    def number(self, key: str, *, low: float, high: float) -> float | None:
        """A number within bounds, or None where there is none."""
        return self._numeric(key, "a number", float, low, high)

    def integer(self, key: str, *, low: int, high: int) -> int | None:
        """A whole number within bounds, or None where there is none."""
        return self._numeric(key, "a whole number", _integer, low, high)

    def finish(self) -> None:
        """Report every key nobody took."""
        for key, line in self._key_lines.items():
            if key not in self._taken:
                hint = suggestion(key, self._taken)
                allowed = ", ".join(self._taken)
                self._report(line, f"unknown key `{_shown(key)}` in {self._where}. {hint}Allowed: {allowed}")

    def _numeric(
        self, key: str, what: str, convert: Callable[[str], Number], low: Number, high: Number
    ) -> Number | None:
        node = self._scalar(key, required=False)
        if node is None:
            return None
        try:
            value = convert(node.text)
        except ValueError:
            value = None
        # Written this way round, not-a-number is out of bounds too.
        if value is not None and node.plain and low <= value <= high:
            return value
        self._report(node.line, f"`{key}` is {_shown(node.text)!r}; allowed is {what} from {low} to {high:,}")
        return None

    def _scalar(self, key: str, *, required: bool, allowed: Sequence[str] = ()) -> Scalar | None:
        node = self.node(key)
        if isinstance(node, Scalar) and node.text.strip():
            return node
        if node is not None and not isinstance(node, Scalar):
            self._report(node.line, f"`{key}` must be a single value")
        elif required:
            choices = f" (one of: {', '.join(allowed)})" if allowed else ""
            line = self._key_lines.get(key, self._line)
            self._report(line, f"{self._where} has no `{key}`{choices}")
        return None


Number = TypeVar("Number", int, float)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
