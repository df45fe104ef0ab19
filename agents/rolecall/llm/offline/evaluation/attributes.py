"""Which attributes interpreted code may read: the gate to everything native."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types
import uuid
from typing import TYPE_CHECKING, Any
from urllib import parse

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of, members_of
from rolecall.llm.offline.evaluation.scope import mangled
from rolecall.llm.offline.evaluation.stdlib import Namespace, Silent
from rolecall.llm.offline.evaluation.streams import Pending, Stream

if TYPE_CHECKING:
    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope

_PATHS = frozenset(
    [
        "anchor",
        "as_posix",
        "drive",
        "is_absolute",
        "is_relative_to",
        "joinpath",
        "match",
        "name",
        "parent",
        "parents",
        "parts",
        "relative_to",
        "root",
        "stem",
        "suffix",
        "suffixes",
        "with_name",
        "with_stem",
        "with_suffix",
    ]
)
_DATES = frozenset(
    [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "tzinfo",
        "fold",
        "isoformat",
        "weekday",
        "isoweekday",
        "isocalendar",
        "toordinal",
        "replace",
        "date",
        "time",
        "combine",
        "fromisoformat",
        "fromordinal",
        "min",
        "max",
        "utcoffset",
        "timetuple",
        "strptime",
    ]
)
_ALL = None

_EMPTY: dict[str, Any] = {}
_VIEWS = (kind_of(_EMPTY.keys()), kind_of(_EMPTY.values()), kind_of(_EMPTY.items()))

SAFE_TYPES: dict[type, frozenset[str] | None] = {
    **dict.fromkeys(
        (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, range, slice),
        _ALL,
    ),
    type(None): _ALL,
    **dict.fromkeys(_VIEWS, _ALL),
    types.MappingProxyType: _ALL,
    pathlib.PurePosixPath: _PATHS,
    pathlib.PosixPath: _PATHS,
    dt.datetime: _DATES,
    dt.date: _DATES,
    dt.time: _DATES,
    dt.timedelta: _ALL,
    dt.timezone: frozenset({"utc", "utcoffset"}),
    decimal.Decimal: _ALL,
    fractions.Fraction: _ALL,
    re.Pattern: _ALL,
    re.Match: _ALL,
    uuid.UUID: _ALL,
    enum.auto: frozenset({"value"}),
    parse.ParseResult: _ALL,
    parse.SplitResult: _ALL,
    functools.cached_property: frozenset(),
    property: frozenset({"setter", "getter", "deleter"}),
}
"""Types of values that are safe to have, with their pure attributes; None stands for all public ones."""

_SUPER = frozenset(
    [
        "__init__",
        "__new__",
        "__str__",
        "__repr__",
        "__eq__",
        "__hash__",
        "__enter__",
        "__exit__",
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__contains__",
        "__iter__",
        "__len__",
        "__post_init__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__ne__",
        "__add__",
        "__setattr__",
    ]
)
_UNSTABLE = frozenset({"timestamp", "astimezone", "fromtimestamp", "now", "today", "utcnow"})


def private_name(name: str, scope: Scope) -> str:
    """The name as Python mangles it inside a class body (``__x`` becomes ``_Class__x``)."""
    return mangled(name, scope.owner)


def get_attribute(run: Run, target: Any, name: str) -> Any:
    """``target.name``.

    Raises:
        NotUnderstood: the attribute is not on the list for its type.
        AttributeError: an instance of an interpreted class lacks it.
    """
    if isinstance(target, (Namespace, Silent)):
        return target.member(name)
    if is_a(target, super):
        return _of_super(run, target, name)
    dunder = name.startswith("__") and name.endswith("__")
    if is_a(target, type):
        return _of_class(run, target, name, dunder=dunder)
    if kind_of(target) in run.classes:
        return _of_instance(run, target, name, dunder=dunder)
    if isinstance(target, types.FunctionType) and target in run.routines:
        return _of_function(target, name)
    if isinstance(target, (Opaque, Stream, Pending)):
        raise NotUnderstood(f".{name} is not understood")
    return _of_value(run, target, name, dunder=dunder)


def _of_super(run: Run, target: Any, name: str) -> Any:
    value = run.native(getattr, target, name)
    inner = getattr(value, "__func__", value)
    if name not in _SUPER and inner not in run.routines and callable(value):
        raise NotUnderstood(f"super().{name} is not understood")
    return value


def _of_class(run: Run, target: type, name: str, *, dunder: bool) -> Any:
    if name in {"__name__", "__qualname__"}:
        return getattr(target, name)
    if target in run.classes and (not dunder or name in _SUPER or name == "__members__"):
        return _checked(run, run.native(getattr, target, name))
    if dunder and name == "__init__" and issubclass(target, Exception):
        return target.__init__
    allowed = SAFE_TYPES.get(target, frozenset())
    own = any(name in vars(base) for base in target.__mro__)
    if dunder or not own or name in _UNSTABLE or (allowed is not None and name not in allowed):
        raise NotUnderstood(f"{target.__name__}.{name} is not understood")
    return run.native(getattr, target, name)


def _of_instance(run: Run, target: Any, name: str, *, dunder: bool) -> Any:
    if name == "__class__":
        return kind_of(target)
    if dunder and name not in _SUPER:
        if name == "__dict__":
            return members_of(target)
        raise NotUnderstood(f".{name} is not understood")
    return _checked(run, run.native(getattr, target, name))


def _checked(run: Run, value: Any) -> Any:
    """Inherited native attributes of interpreted classes follow the rules of their own type."""
    if (
        isinstance(value, types.FunctionType)
        and value not in run.routines
        and value.__module__ not in _GENERATED
    ):
        raise NotUnderstood(f"{value.__name__} is not understood")
    return value


_GENERATED = frozenset({"dataclasses", "enum", "functools", "collections"})


def _of_function(target: Any, name: str) -> Any:
    if name in {"__name__", "__qualname__", "__doc__"}:
        return getattr(target, name)
    raise NotUnderstood(f"the attribute {name} of a function is not understood")


def _of_value(run: Run, target: Any, name: str, *, dunder: bool) -> Any:
    if name == "__class__":
        return kind_of(target)
    if dunder or name in _UNSTABLE:
        raise NotUnderstood(f".{name} is not understood")
    if isinstance(target, Exception):
        return run.native(getattr, target, name)
    for cls in kind_of(target).__mro__:
        if cls in SAFE_TYPES:
            allowed = SAFE_TYPES[cls]
            if allowed is None or name in allowed:
                return run.native(getattr, target, name)
            break
    raise NotUnderstood(f".{name} of a {kind_of(target).__name__} is not understood")
