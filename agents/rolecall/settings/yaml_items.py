"""The entries of a YAML file, each with its line. Aliases and tags are refused: no setting needs them."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rolecall.settings import catalogue
from rolecall.settings.items import Item, Problem
from rolecall.settings.masking import printable

_DEEPEST = 20
_MOST_ENTRIES = 1_000
_YAML = "tag:yaml.org,2002:"
_AS_TEXT = {_YAML + name for name in ("str", "timestamp", "value", "merge")}
_SCALARS = {_YAML + name for name in ("null", "bool", "int", "float")}
_EXPONENT = re.compile(
    r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{1,3}"
)  # YAML 1.2 reads 1e3, this reader does not

_OPENED = (
    ("while scanning a quoted scalar", "the quotation mark that opens here is not closed"),
    (
        "while parsing a flow sequence",
        "the list that opens here with [ is not closed, or a comma is missing in it",
    ),
    (
        "while parsing a flow mapping",
        "the map that opens here with { is not closed, or a comma is missing in it",
    ),
)
"""What the parser was amid, where the mistake is seen best from the beginning."""

_ADVICE = (
    ("'\\t'", "a tab cannot indent YAML; use spaces"),
    (
        "mapping values are not allowed",
        "a colon does not fit here; put text with a colon in quotation marks, and check the line above",
    ),
    ("could not find expected ':'", "a line must be written as name: value"),
    ("expected <block end>", "this line is not indented like the lines it belongs to"),
    ("expected a single document", "a second document begins here; remove the --- line"),
    ("found unknown escape character", "in double quotes a backslash starts an escape; use single quotes"),
    ("cannot start any token", "put text that begins with this character in quotation marks"),
)


class _Loader(yaml.SafeLoader):
    """Composes nodes; an alias is an error, as it can stand for exponentially many values."""

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        events: Any = self  # the library's event methods carry no types
        if events.check_event(yaml.AliasEvent):
            mark = events.peek_event().start_mark
            raise ComposerError(None, None, "an alias (*name) is not taken here; write the value out", mark)
        return super().compose_node(parent, index)


class _Reader:
    """Walks the nodes of one file."""

    def __init__(self, file: str, origin: str) -> None:
        self.file = file
        self.origin = origin
        self.items: list[Item] = []
        self.problems: list[Problem] = []

    def read(self, text: str) -> None:
        try:
            loader = _Loader(text)
            self._root(loader.get_single_node(), loader)
        except yaml.MarkedYAMLError as error:
            self._report_broken(error)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            self._report("it holds a control character that YAML does not allow", line)
        except RecursionError:
            self._report("it is nested too deeply")

    def _root(self, node: Node | None, loader: _Loader) -> None:
        if node is None or (isinstance(node, ScalarNode) and node.tag == _YAML + "null"):
            return
        if not isinstance(node, MappingNode):
            found = "a list" if isinstance(node, SequenceNode) else "text"
            self._report(f"it is {found}; it must hold groups of settings, such as llm: and retry:")
            return
        for group, key, value in self._pairs(node, ()):
            if group in catalogue.groups() and isinstance(value, MappingNode):
                for name, inner_key, inner in self._pairs(value, (group,)):
                    self._add((group, name), inner_key, inner, loader)
            else:
                self._add((group,), key, value, loader)

    def _pairs(self, node: MappingNode, parents: tuple[str, ...]) -> list[tuple[str, Node, Node]]:
        """Names and values of a map; a name that is there twice, or is no name, is reported."""
        pairs: list[tuple[str, Node, Node]] = []
        lines: dict[str, int] = {}
        if len(node.value) > _MOST_ENTRIES:
            self._report(f"it holds more than {_MOST_ENTRIES:,} names; the rest was not read", _line(node))
        for key, value in node.value[:_MOST_ENTRIES]:
            if not isinstance(key, ScalarNode):
                self._report("a list or a map stands where a name must be", _line(key))
                continue
            name = str(key.value)
            if name in lines:
                path = ".".join((*parents, name))
                text = f"{printable(path)} is already there in line {lines[name]}; keep one of the two"
                self._report(text, _line(key), path)
            lines.setdefault(name, _line(key))
            pairs.append((name, key, value))
        return pairs

    def _add(self, names: tuple[str, ...], key: Node, node: Node, loader: _Loader) -> None:
        line = _line(key)
        value = self._value(node, loader, names)
        self.items.append(Item(names, value, f"{self.file}, line {line}", self.origin, line))

    def _value(self, node: Node, loader: _Loader, names: tuple[str, ...], depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(node, MappingNode) and node.tag == _YAML + "map":
            pairs = self._pairs(node, names)
            return {name: self._value(value, loader, (*names, name), depth + 1) for name, _, value in pairs}
        if isinstance(node, SequenceNode) and node.tag == _YAML + "seq":
            return [self._value(item, loader, names, depth + 1) for item in node.value]
        if isinstance(node, ScalarNode) and node.tag in _AS_TEXT | _SCALARS:
            return _scalar(node, loader)
        tag = printable(node.tag.replace(_YAML, "!!"))
        path = ".".join(names)
        self._report(f"{printable(path)}: the tag {tag} is not taken here; remove it", _line(node), path)
        return None

    def _report(self, text: str, line: int = 0, path: str = "") -> None:
        where = f"{self.file}, line {line}" if line else self.file
        self.problems.append(Problem(where, path, text, line))

    def _report_broken(self, error: yaml.MarkedYAMLError) -> None:
        context, problem = error.context or "", error.problem or ""
        opened = next((advice for sign, advice in _OPENED if sign in context), None)
        advice = opened or next(
            (advice for sign, advice in _ADVICE if sign in f"{context} {problem}"), problem
        )
        mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
        where = f"{self.file}, line {mark.line + 1}, column {mark.column + 1}" if mark else self.file
        self.problems.append(Problem(where, "", f"this is not valid YAML: {printable(advice, 300)}"))


def read(text: str, file: str, origin: str) -> tuple[list[Item], list[Problem]]:
    """The entries of a YAML text. ``file`` is how messages name it, ``origin`` how ``config show`` does."""
    reader = _Reader(file, origin)
    reader.read(text)
    return reader.items, reader.problems


def _scalar(node: ScalarNode, loader: Any) -> Any:
    text = str(node.value)
    if node.tag in _AS_TEXT:
        return float(text) if node.style is None and _EXPONENT.fullmatch(text) else text
    try:
        return loader.construct_object(node)
    except (ValueError, yaml.YAMLError):  # a number Python refuses: thousands of digits, 0x without digits
        return text


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
