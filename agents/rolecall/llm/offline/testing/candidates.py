"""Values worth calling a function with: typical ones first, then limits, then what its body compares with."""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.testing.typical import shape_for, text_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.source.reading import Parameter
    from rolecall.llm.offline.testing.hints import Hints


class Mark(enum.Enum):
    """Stands for an argument that is left out, so that its default counts."""

    OMITTED = "omitted"


OMITTED = Mark.OMITTED
MAX_VALUES = 18
_MAX_NESTING = 3
_LARGE = 1e9


@dataclass(slots=True)
class Candidates:
    """Finds values for the parameters of one function.

    Attributes:
        run: holds the classes of the module.
        names: the module's values, to resolve annotations with.
        hints: what the body says.
        seeds: values seen in the function's own examples, by parameter.
        construct: makes instances of an interpreted class, a few different ones.
    """

    run: Run
    names: Mapping[str, Any]
    hints: Hints
    construct: Callable[[type, int], list[Any]]
    seeds: Mapping[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    aliases: Mapping[str, ast.expr] = field(default_factory=dict[str, ast.expr])

    def values(self, parameter: Parameter, depth: int = 0) -> list[Any]:
        """Values for a parameter, the most typical first; empty where none can be made."""
        found: list[Any] = []
        if parameter.kind == "var_positional":
            inner = self._annotated(parameter.annotation_node, parameter.name, depth) or [1, 2]
            return [(), tuple(inner[:2]), tuple(inner[:1])]
        if parameter.kind == "var_keyword":
            return [{}]
        if not parameter.required:
            found.append(OMITTED)
        found += self.seeds.get(parameter.name, [])
        found += self._annotated(parameter.annotation_node, parameter.name, depth)
        if parameter.annotation_node is None:
            found += self._guessed(parameter, depth)
        return unique(found)[:MAX_VALUES]

    def _annotated(self, node: ast.expr | None, name: str, depth: int) -> list[Any]:  # noqa: PLR0911 - one return for each kind
        if node is None or depth > _MAX_NESTING:
            return []
        match node:
            case ast.Constant(value=None):
                return [None]
            case ast.Constant(value=str(text)):
                return self._parsed(text, name, depth)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return _merge(self._annotated(left, name, depth), self._annotated(right, name, depth))
            case ast.Subscript(value=head, slice=inside):
                return self._generic(_last_name(head), inside, name, depth)
            case ast.Name() | ast.Attribute():
                return self._named(node, name, depth)
            case _:
                return []

    def _parsed(self, text: str, name: str, depth: int) -> list[Any]:
        try:
            return self._annotated(ast.parse(text, mode="eval").body, name, depth)
        except (SyntaxError, ValueError):
            return []

    def _named(self, node: ast.Name | ast.Attribute, name: str, depth: int) -> list[Any]:
        label = _last_name(node)
        value = self.names.get(label)
        if is_a(value, type) and value in self.run.classes:
            return self._instances(value, depth)
        maker = _SIMPLE.get(label)
        if maker is not None:
            return maker(self, name)
        alias = self.aliases.get(label)
        if alias is not None and depth < _MAX_NESTING:
            return self._annotated(alias, name, depth + 1)
        return self.of_shape("any", name, depth) if label in {"Any", "object"} else []

    def _instances(self, cls: Any, depth: int) -> list[Any]:
        if issubclass(cls, enum.Enum):
            members: list[Any] = list(cls)
            return members[:4]
        return self.construct(cls, depth + 1)

    def _generic(self, head: str, inside: ast.expr, name: str, depth: int) -> list[Any]:  # noqa: PLR0911 - one return for each kind
        parts = list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]
        if head == "Literal":
            return [part.value for part in parts if isinstance(part, ast.Constant)]
        if head == "Optional":
            return _merge(self._annotated(parts[0], name, depth), [None])
        if head == "Union":
            return _merge(*(self._annotated(part, name, depth) for part in parts))
        if head in {"Annotated", "Final", "ClassVar", "Required", "NotRequired"}:
            return self._annotated(parts[0], name, depth)
        if head in {"tuple", "Tuple"}:
            return self._tuples(parts, name, depth)
        if head in _MAPPINGS and len(parts) == 2:  # noqa: PLR2004 - key and value
            return self._dicts(parts, name, depth)
        if head in _COLLECTIONS:
            items = self._annotated(parts[0], _singular(name), depth + 1)
            return [_convert(head, chosen) for chosen in self._lists(items)]
        if head == "Callable":
            return [len, str]
        if head == "type":
            value = self.names.get(_last_name(parts[0]))
            return [value] if is_a(value, type) else [int, str]
        return []

    def _tuples(self, parts: list[ast.expr], name: str, depth: int) -> list[Any]:
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is Ellipsis:  # noqa: PLR2004
            return [
                tuple(chosen) for chosen in self._lists(self._annotated(parts[0], _singular(name), depth + 1))
            ]
        pools = [self._annotated(part, name, depth + 1) for part in parts]
        if not all(pools):
            return []
        width = min(4, max(len(pool) for pool in pools))
        return [tuple(pool[index % len(pool)] for pool in pools) for index in range(width)]

    def _dicts(self, parts: list[ast.expr], name: str, depth: int) -> list[Any]:
        keys = self._annotated(parts[0], "key", depth + 1)
        values = self._annotated(parts[1], "value", depth + 1) or [1, "alpha"]
        wanted = self.hints.keys.get(name, [])
        hashable = [key for key in [*wanted, *keys] if _is_hashable(key)]
        if not hashable:
            return []
        whole = {key: values[index % len(values)] for index, key in enumerate(dict.fromkeys(hashable[:3]))}
        found: list[Any] = [whole, {}]
        found += [{**whole, key: value} for key in list(whole)[:2] for value in values[1:4]]
        found += [{key: value for key, value in whole.items() if key != left_out} for left_out in whole]
        return found

    def _lists(self, items: list[Any]) -> list[list[Any]]:
        usable = [item for item in items if item is not OMITTED]
        if not usable:
            return [[]]
        three = [usable[index % len(usable)] for index in range(3)]
        found = [
            three,
            [],
            usable[:1],
            [usable[0], usable[0]],
            list(reversed(three)),
            usable[1:2],
            usable[:6],
        ]
        found += [[usable[index % len(usable)] for index in range(size)] for size in self._sizes()]
        found += [[item] for item in usable[2:8]]
        return found

    def _sizes(self) -> Iterable[int]:
        return dict.fromkeys(
            size for limit in self.hints.lengths for size in (limit - 1, limit, limit + 1) if size >= 0
        )

    def numbers(self, name: str) -> list[Any]:
        """Integers: typical, around every constant of the body, and around zero."""
        del name
        whole = [number for number in self.hints.numbers if isinstance(number, int)]
        rough = [
            int(number) for number in self.hints.numbers if isinstance(number, float) and abs(number) < _LARGE
        ]
        around = [near for number in (*whole, *rough) for near in (number, number - 1, number + 1)]
        return [3, 0, 1, -1, *around, 10, 100]

    def floats(self, name: str) -> list[Any]:
        """Floating-point numbers, likewise."""
        del name
        around = [float(near) for number in self.hints.numbers for near in (number, number - 1, number + 1)]
        return [2.5, 0.0, 1.0, -1.0, *around, 10.0, 100.0]

    def texts(self, name: str) -> list[Any]:
        """Texts: typical, empty, blank, Unicode, the constants of the body, and texts that hold them."""
        typical = text_for(name)
        found = [typical, "", *self.hints.texts[:8], "a", "  padded  ", "Ünïcode"]
        found += ["7", *(f"a{text}b" for text in self.hints.texts[:6])]
        found += [f"{text}x" for text in self.hints.texts[:4]]
        found += ["abcdefghij"[:size] * (size // 10 + 1) for size in self._sizes()]
        return [*found, str(self.hints.numbers[0])] if self.hints.numbers else found

    def of_shape(self, shape: str, name: str, depth: int) -> list[Any]:  # noqa: PLR0911 - one return for each kind
        """Values of a kind: ``number text list dict set flag callable any``."""
        if shape == "text":
            return self.texts(name)
        if shape == "flag":
            return [True, False]
        if shape == "callable":
            return [len, str]
        if shape == "set":
            return [{1, 2}, set[int](), {1}]
        if shape == "dict":
            keys = self.hints.keys.get(name, []) or ["a", "b"]
            whole: dict[str, Any] = dict(zip(keys, [3, "alpha", 1, 2], strict=False))
            return [whole, {}, dict.fromkeys(keys, 1), dict.fromkeys(keys, "alpha")]
        if shape in {"list", "iterable", "sequence"} and depth <= _MAX_NESTING:
            texts = [text for text in self.texts(_singular(name)) if text][:3]
            return [
                [3, 1, 2],
                [],
                [1],
                ["b", "a", "c"],
                texts,
                [1, 1],
                "abc",
                *self._lists(self.numbers(name)[:4]),
            ]
        if shape == "any":
            return [3, "alpha", None, [1, 2], 0, "", True, 2.5, {"a": 1}]
        return self.numbers(name) + self.floats(name)[:3]

    def _guessed(self, parameter: Parameter, depth: int) -> list[Any]:
        shapes = self.hints.shape(parameter.name)
        by_default = _shape_of_default(parameter.default)
        order = [by_default, *(shape for shape in _ORDER if shape in shapes), shape_for(parameter.name)]
        known = [shape for shape in dict.fromkeys(order) if shape]
        if not known:
            return _merge(
                self.numbers(parameter.name)[:5], self.texts(parameter.name)[:5], [[3, 1, 2], [], None]
            )
        return _merge(*(self.of_shape(shape, parameter.name, depth) for shape in known[:2]))


_ORDER = ("dict", "text", "list", "set", "number", "callable", "iterable", "sequence")
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict"})
_COLLECTIONS = frozenset(
    [
        "list",
        "List",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "Container",
        "set",
        "Set",
        "AbstractSet",
        "MutableSet",
        "frozenset",
        "FrozenSet",
        "deque",
    ]
)


def _convert(head: str, values: list[Any]) -> Any:
    if head in {"set", "Set", "AbstractSet", "MutableSet"}:
        return {value for value in values if _is_hashable(value)}
    if head in {"frozenset", "FrozenSet"}:
        return frozenset(value for value in values if _is_hashable(value))
    return values


def _simple(values: list[Any]) -> Callable[[Candidates, str], list[Any]]:
    return lambda _candidates, _name: list(values)


_SIMPLE: dict[str, Callable[[Candidates, str], list[Any]]] = {
    "int": Candidates.numbers,
    "float": Candidates.floats,
    "str": Candidates.texts,
    "Text": Candidates.texts,
    "bool": _simple([True, False]),
    "bytes": _simple([b"abc", b"", b"\xff\x00"]),
    "complex": _simple([1 + 2j, 0j]),
    "None": _simple([None]),
    "list": lambda candidates, name: candidates.of_shape("list", name, 1),
    "List": lambda candidates, name: candidates.of_shape("list", name, 1),
    "Sequence": lambda candidates, name: candidates.of_shape("list", name, 1),
    "Iterable": lambda candidates, name: candidates.of_shape("list", name, 1),
    "dict": lambda candidates, name: candidates.of_shape("dict", name, 1),
    "Mapping": lambda candidates, name: candidates.of_shape("dict", name, 1),
    "set": lambda candidates, name: candidates.of_shape("set", name, 1),
    "tuple": _simple([(1, 2), (), ("a",)]),
    "Callable": _simple([len, str]),
    "Path": lambda _candidates, name: [
        pathlib.Path(text_for(name or "path")),
        pathlib.Path("a/b.txt"),
        pathlib.Path(),
    ],
    "PurePath": _simple([pathlib.PurePosixPath("a/b.txt")]),
    "PurePosixPath": _simple([pathlib.PurePosixPath("a/b.txt"), pathlib.PurePosixPath("/")]),
    "Decimal": _simple(
        [decimal.Decimal("2.50"), decimal.Decimal(0), decimal.Decimal(-1), decimal.Decimal(100)]
    ),
    "Fraction": _simple([fractions.Fraction(1, 2), fractions.Fraction(0)]),
    "datetime": _simple([dt.datetime(2024, 1, 31, 12, 30), dt.datetime(2023, 12, 31)]),  # noqa: DTZ001
    "date": _simple([dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2023, 12, 31)]),
    "time": _simple([dt.time(12, 30)]),
    "timedelta": _simple([dt.timedelta(days=1), dt.timedelta(0), dt.timedelta(seconds=-90)]),
    "UUID": _simple([uuid.UUID("12345678-1234-5678-1234-567812345678")]),
}


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and len(name) > 1 else name


def _merge(*pools: list[Any]) -> list[Any]:
    """Interleave pools, so that each kind gets its typical values in early."""
    merged: list[Any] = []
    for index in range(max((len(pool) for pool in pools), default=0)):
        merged += [pool[index] for pool in pools if index < len(pool)]
    return merged


def _shape_of_default(default: str | None) -> str | None:
    if default is None or default == "None":
        return None
    try:
        value = ast.literal_eval(default)
    except (ValueError, SyntaxError, TypeError):
        return None
    kinds = {
        bool: "flag",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        dict: "dict",
        tuple: "list",
    }
    return kinds.get(kind_of(value))


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except (TypeError, NotUnderstood):
        return False
    return True


def unique(values: list[Any]) -> list[Any]:
    """Each value once, in order; ``1``, ``1.0`` and ``True`` are different values."""
    found: dict[str, Any] = {}
    for value in values:
        try:
            key = f"{kind_of(value).__name__}:{value!r}"
        except (NotUnderstood, Exception):  # noqa: BLE001 - a value without a text is told apart by identity
            key = str(id(value))
        found.setdefault(key, value)
    return list(found.values())
