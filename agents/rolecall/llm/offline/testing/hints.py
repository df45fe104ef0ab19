"""What a body says about a parameter: the constants it is compared with, and what is done with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, members_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rolecall.llm.offline.source.reading import FunctionDef

_STRING_METHODS = frozenset(
    [
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "rsplit",
        "splitlines",
        "startswith",
        "endswith",
        "replace",
        "encode",
        "title",
        "capitalize",
        "casefold",
        "isdigit",
        "isalpha",
        "isalnum",
        "isidentifier",
        "partition",
        "rpartition",
        "format",
        "ljust",
        "rjust",
        "zfill",
        "join",
    ]
)
_LIST_METHODS = frozenset({"append", "extend", "insert", "sort", "reverse"})
_DICT_METHODS = frozenset({"items", "keys", "values", "setdefault"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "issubset", "add", "discard"})
_NUMBER_OPERATORS = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
_MAX_CONSTANTS = 24
_MAX_LENGTH = 40


@dataclass(slots=True)
class Hints:
    """What the body of one function says.

    Attributes:
        numbers: constants it compares or computes with.
        texts: string constants in it.
        lengths: sizes it compares ``len()`` with.
        keys: for each parameter, the string keys it is asked for.
        shapes: for each parameter, the kinds of value its use implies.
        attributes: for each parameter, the attributes that are read from it.
    """

    numbers: list[int | float] = field(default_factory=list[int | float])
    texts: list[str] = field(default_factory=list[str])
    lengths: list[int] = field(default_factory=list[int])
    keys: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    shapes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    attributes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def shape(self, name: str) -> set[str]:
        """The kinds of value the use of a parameter implies."""
        return self.shapes.get(name, set())


def read_hints(node: FunctionDef, names: Mapping[str, Any], helpers: Mapping[str, ast.AST]) -> Hints:
    """Collect the hints of a function and of the module functions it calls directly.

    Args:
        node: the function.
        names: the module's values; constants it names count as constants.
        helpers: the module's own functions by name.
    """
    hints = Hints()
    for child in ast.walk(node):
        _read(child, hints, names)
    called = {
        child.func.id
        for child in ast.walk(node)
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in helpers
    }
    for name in sorted(called):
        helper = helpers[name]
        if helper is not node:
            for child in ast.walk(helper):
                _constants(child, hints, names)
    doc = ast.get_docstring(node, clean=False)
    hints.texts = [text for text in dict.fromkeys(hints.texts) if text != doc][:_MAX_CONSTANTS]
    hints.numbers = list(dict.fromkeys(hints.numbers))[:_MAX_CONSTANTS]
    hints.lengths = list(dict.fromkeys(hints.lengths))[:_MAX_CONSTANTS]
    return hints


def _read(node: ast.AST, hints: Hints, names: Mapping[str, Any]) -> None:
    _constants(node, hints, names)
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=key):
            _subscript(name, key, hints)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            hints.attributes.setdefault(name, set()).add(attribute)
            _method(name, attribute, hints)
        case ast.For(iter=ast.Name(id=name)) | ast.comprehension(iter=ast.Name(id=name)):
            _imply(name, "iterable", hints)
        case ast.BinOp(left=left, op=operator, right=right):
            for side in (left, right):
                if isinstance(side, ast.Name) and isinstance(operator, _NUMBER_OPERATORS):
                    _imply(side.id, "number", hints)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name), *_]):
            _called(function, name, hints)
        case ast.Call(func=ast.Name(id=function)):
            _imply(function, "callable", hints)
        case ast.Compare():
            _compare(node, hints)
        case _:
            return


def _constants(node: ast.AST, hints: Hints, names: Mapping[str, Any]) -> None:
    match node:
        case ast.Constant(value=bool() | None):
            return
        case ast.Constant(value=int() | float() as number):
            hints.numbers.append(number)
        case ast.Constant(value=str() as text) if 0 < len(text) <= _MAX_LENGTH:
            hints.texts.append(text)
        case ast.Name(id=name) if name in names:
            _named(names[name], hints)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if isinstance(names.get(name), type):
            _named(members_of(names[name]).get(attribute), hints)
        case _:
            return


def _named(value: Any, hints: Hints) -> None:
    if isinstance(value, (Opaque, bool)):
        return
    if isinstance(value, (int, float)):
        hints.numbers.append(value)
    elif isinstance(value, str) and 0 < len(value) <= _MAX_LENGTH:
        hints.texts.append(value)
    elif is_a(value, list, tuple, dict, set, frozenset) and len(value) <= _MAX_CONSTANTS:
        for item in sorted(value, key=repr) if is_a(value, set, frozenset) else value:
            if isinstance(item, (int, float, str)) and not isinstance(item, bool):
                _named(item, hints)


def _imply(name: str, shape: str, hints: Hints) -> None:
    hints.shapes.setdefault(name, set()).add(shape)


def _subscript(name: str, key: ast.expr, hints: Hints) -> None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        hints.keys.setdefault(name, []).append(key.value)
        _imply(name, "dict", hints)
    else:
        _imply(name, "sequence", hints)


def _method(name: str, attribute: str, hints: Hints) -> None:
    for shape, methods in (
        ("text", _STRING_METHODS),
        ("list", _LIST_METHODS),
        ("dict", _DICT_METHODS),
        ("set", _SET_METHODS),
    ):
        if attribute in methods:
            _imply(name, shape, hints)


def _called(function: str, name: str, hints: Hints) -> None:
    if function in {"len", "sorted", "sum", "min", "max", "enumerate", "list", "set", "tuple", "any", "all"}:
        _imply(name, "iterable", hints)
    elif function in {"range", "abs", "round", "chr", "divmod"}:
        _imply(name, "number", hints)
    elif function in {"ord", "int", "float"}:
        _imply(name, "text", hints)


def _compare(node: ast.Compare, hints: Hints) -> None:
    sides = [node.left, *node.comparators]
    constants = list(_numbers(sides))
    for side in sides:
        match side:
            case ast.Call(func=ast.Name(id="len")):
                hints.lengths.extend(int(number) for number in constants if 0 <= number <= _MAX_LENGTH)
            case ast.Name(id=name) if constants:
                _imply(name, "number", hints)
            case ast.Name(id=name) if any(_is_text(other) for other in sides):
                _imply(name, "text", hints)
            case _:
                continue


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _numbers(nodes: list[ast.expr]) -> Iterator[int | float]:
    for node in nodes:
        match node:
            case ast.Constant(value=bool()):
                continue
            case ast.Constant(value=int() | float() as number):
                yield number
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                yield -number
            case _:
                continue
