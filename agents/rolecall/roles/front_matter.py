"""Front matter as a small tree that knows its lines.

Scalars stay text: what a value means is decided by the field it fills, so ``title: no`` is the word "no".
The tree is built from the parser's events, since libyaml's composer overruns the stack of the process on
deeply nested input.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 8
"""A role's front matter is three levels deep; what is deeper is no role's."""

FENCE = "---"


class FrontMatterError(Exception):
    """The front matter cannot be read at all. ``line`` is 1-based in the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(slots=True)
class Scalar:
    """A single value as text. ``plain``: written without quotes, so it may be a number or null."""

    line: int
    text: str
    plain: bool


@dataclass(slots=True)
class Listing:
    """A sequence."""

    line: int
    items: list[Node] = field(default_factory=list["Node"])


@dataclass(slots=True)
class Mapping:
    """Keys and values in the order of the file, repeated keys included."""

    line: int
    entries: list[tuple[Scalar, Node]] = field(default_factory=list[tuple[Scalar, "Node"]])


Node = Scalar | Listing | Mapping


def split(text: str) -> tuple[str, str, int]:
    """Part a role file into front matter and body.

    Returns:
        The front matter, the body, and the 1-based line the body begins on.

    Raises:
        FrontMatterError: there is no front matter, or it has no end.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise FrontMatterError(1, "a role file begins with a line `---`, its front matter, and a line `---`")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    raise FrontMatterError(1, "the front matter that begins here has no closing line `---`")


def parse(text: str, first_line: int = 2) -> Node | None:
    """The tree of a front matter whose text begins on ``first_line`` of the file; None when empty.

    Raises:
        FrontMatterError: it is not YAML, or uses what a role file has no need of.
    """
    try:
        return _Builder(text, first_line).build()
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        raise FrontMatterError(line, "a character that YAML does not allow") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise FrontMatterError(line, f"not valid YAML: {error.problem or error.context}") from error


class _Builder:
    def __init__(self, text: str, first_line: int) -> None:
        # The stub leaves the type of the stream open.
        parsed: Any = yaml.parse(text, Loader=_LOADER)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        self._events: Iterator[yaml.Event] = parsed
        self._first_line = first_line
        self._last_line = first_line + text.count("\n")

    def build(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise FrontMatterError(self._line(event), "a second YAML document; one is enough")
                root = self._node(next(self._events), 0)
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = self._line(event)
        if depth > _MAX_DEPTH:
            raise FrontMatterError(line, "nested too deeply")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, event.value, not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(line, list(self._children(depth)))
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(line, list(self._pairs(depth)))
        raise FrontMatterError(line, "YAML aliases (`*name`) are not taken; write the value out")

    def _children(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _pairs(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise FrontMatterError(key.line, "a key must be a plain word")
            yield key, self._node(next(self._events), depth + 1)

    def _line(self, event: yaml.Event) -> int:
        # An empty document is marked after its end; the user looks for it inside.
        within = event.start_mark.line if event.start_mark else 0
        return min(self._first_line + within, self._last_line)
