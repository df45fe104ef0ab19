"""Writing values down as Python source."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.testing.subjects import Recipe

if TYPE_CHECKING:
    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.testing.names import Names

MAX_LITERAL = 400
"""Characters of a value that a person can still check in a test."""


class Unwritable(Exception):
    """The value has no short, exact source."""


@dataclass(slots=True)
class Writer:
    """Writes values, importing what their source needs.

    Attributes:
        run: knows the classes of the program.
        names: collects the imports.
        has_approx: whether the test framework is pytest, with its ``approx``.
    """

    run: Run
    names: Names
    has_approx: bool = True

    def write(self, value: Any, *, approximate: bool = False) -> str:
        """The source of a value, equal to it in a test.

        Args:
            value: a candidate argument or a computed result.
            approximate: write floating-point results so that another platform's last digit is no failure.

        Raises:
            Unwritable: it has no short, exact source.
        """
        text = self._write(value, 5, approximate=approximate)
        if len(text) > MAX_LITERAL:
            raise Unwritable("the value is too long to be checked by eye")
        return text

    def _write(self, value: Any, depth: int, *, approximate: bool = False) -> str:  # noqa: PLR0911 - one return for each kind
        if depth <= 0:
            raise Unwritable("the value nests too deeply")
        if isinstance(value, Recipe):
            return self._recipe(value, depth)
        if isinstance(value, enum.Enum):
            return self._member(value)
        kind = kind_of(value)
        if (
            value is None
            or kind in {bool, int, str, bytes, complex}
            or value is Ellipsis
            or value is NotImplemented
        ):
            return self._plain(value)
        if kind is float:
            return self._float(value, approximate=approximate)
        if kind in {list, tuple, dict, set, frozenset}:
            return self._container(value, depth, approximate=approximate)
        if kind in {deque, Counter, OrderedDict, defaultdict}:
            return self._collection(value, depth, approximate=approximate)
        if is_a(value, type, types.BuiltinFunctionType):
            return self._class(value)
        return self._object(value, depth)

    def _plain(self, value: Any) -> str:
        if not isinstance(value, str):
            return repr(value)
        if any("\ud800" <= character <= "\udfff" for character in value):
            return ascii(value)
        return quoted(value)

    def _float(self, value: float, *, approximate: bool) -> str:
        if not math.isfinite(value):
            return f'float("{value}")'
        if approximate and self.has_approx and value != int(value):
            self.names.need("import pytest")
            return f"pytest.approx({value!r})"
        return repr(value)

    def _container(self, value: Any, depth: int, *, approximate: bool) -> str:
        if is_a(value, dict):
            pairs = (
                f"{self._write(key, depth - 1)}: {self._write(item, depth - 1, approximate=approximate)}"
                for key, item in value.items()
            )
            return "{" + ", ".join(pairs) + "}"
        if is_a(value, set, frozenset):
            items = sorted(self._write(item, depth - 1) for item in value)
            inside = "{" + ", ".join(items) + "}" if items else "set()"
            return inside if is_a(value, set) else f"frozenset({inside if items else ''})"
        items = [self._write(item, depth - 1, approximate=approximate) for item in value]
        if is_a(value, list):
            return "[" + ", ".join(items) + "]"
        return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"

    def _collection(self, value: Any, depth: int, *, approximate: bool) -> str:
        name = kind_of(value).__name__
        if is_a(value, defaultdict):
            return self._container(dict(value), depth, approximate=approximate)
        self.names.need(f"from collections import {name}")
        if is_a(value, deque):
            limit = "" if value.maxlen is None else f", maxlen={value.maxlen}"
            return f"deque({self._container(list(value), depth, approximate=approximate)}{limit})"
        return f"{name}({self._container(dict(value), depth, approximate=approximate)})"

    def _member(self, value: enum.Enum) -> str:
        cls: Any = kind_of(value)
        if cls not in self.run.classes:
            self.names.need(f"from {cls.__module__} import {cls.__name__}")
            return f"{cls.__name__}.{value.name}"
        name: Any = value.name
        if name not in cls.__members__:
            raise Unwritable("a combination of flags")
        return f"{self.names.symbol(cls.__qualname__, cls.__module__)}.{name}"

    def _class(self, value: Any) -> str:
        if value in self.run.classes:
            if "<locals>" in value.__qualname__:
                raise Unwritable("a class made inside a function")
            return self.names.symbol(value.__qualname__, value.__module__)
        if value.__module__ == "builtins":
            return str(value.__name__)
        raise Unwritable("a class from elsewhere")

    def _recipe(self, value: Recipe, depth: int) -> str:
        name = self._class(value.cls)
        given = [
            self._write(item, depth - 1)
            if parameter in value.positional
            else f"{parameter}={self._write(item, depth - 1)}"
            for parameter, item in value.arguments
        ]
        return f"{name}({', '.join(given)})"

    def _object(self, value: Any, depth: int) -> str:
        cls = kind_of(value)
        if cls in self.run.classes:
            return self._instance(value, depth)
        if isinstance(value, pathlib.PurePath):
            name = "PurePosixPath" if cls is pathlib.PurePosixPath else "Path"
            self.names.need(f"from pathlib import {name}")
            return f"{name}({str(value)!r})"
        if isinstance(value, (dt.date, dt.time, dt.timedelta, dt.timezone)):
            self.names.need("import datetime")
            return repr(value)
        if cls in {decimal.Decimal, fractions.Fraction, uuid.UUID}:
            self.names.need(f"from {cls.__module__.lstrip('_')} import {cls.__name__}")
            return repr(value)
        if cls is range:
            return repr(value)
        raise Unwritable(f"a {cls.__name__}")

    def _instance(self, value: Any, depth: int) -> str:
        """An instance whose class compares by its fields, written as a call of its constructor."""
        cls = kind_of(value)
        if dataclasses.is_dataclass(value):
            return self._dataclass(value, depth)
        if hasattr(cls, "_fields") and is_a(value, tuple):
            inside = ", ".join(
                f"{name}={self._write(getattr(value, name), depth - 1)}" for name in cls._fields
            )
            return f"{self._class(cls)}({inside})"
        raise Unwritable("an instance that is compared by identity")

    def _dataclass(self, value: Any, depth: int) -> str:
        cls: Any = kind_of(value)
        compared = "__eq__" in vars(cls)
        node = self.run.classes[cls]
        own_init = any(
            isinstance(item, ast.FunctionDef) and item.name in {"__init__", "__post_init__"}
            for item in node.body
        )
        if not compared or own_init:
            raise Unwritable("an instance whose constructor does more than to store")
        given: list[str] = []
        for item in dataclasses.fields(cls):
            current = getattr(value, item.name)
            if not item.init:
                raise Unwritable("a field that the constructor does not take")
            if item.default is not dataclasses.MISSING and _same(item.default, current):
                continue
            given.append(f"{item.name}={self._write(current, depth - 1)}")
        return f"{self._class(cls)}({', '.join(given)})"


def quoted(text: str) -> str:
    """The source of a text, in double quotes where that needs no escapes."""
    source = repr(text)
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source and "\\'" not in source else source


def _same(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except (NotUnderstood, Exception):  # noqa: BLE001 - what cannot be compared is written out
        return False
