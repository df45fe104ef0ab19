"""Operators on safe values, with the sizes of their results checked before they are made."""

from __future__ import annotations

import ast
import contextlib
import operator
import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import MAX_BITS, MAX_SIZE, NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.evaluation.stdlib import Namespace
from rolecall.llm.offline.evaluation.streams import Pending, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.llm.offline.evaluation.runtime import Run

_OF: Any = operator

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _OF.add,
    ast.Sub: _OF.sub,
    ast.Mult: _OF.mul,
    ast.Div: _OF.truediv,
    ast.FloorDiv: _OF.floordiv,
    ast.Mod: _OF.mod,
    ast.Pow: _OF.pow,
    ast.LShift: _OF.lshift,
    ast.RShift: _OF.rshift,
    ast.BitOr: _OF.or_,
    ast.BitXor: _OF.xor,
    ast.BitAnd: _OF.and_,
    ast.MatMult: _OF.matmul,
}
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _OF.iadd,
    ast.Sub: _OF.isub,
    ast.Mult: _OF.imul,
    ast.BitOr: _OF.ior,
    ast.BitXor: _OF.ixor,
    ast.BitAnd: _OF.iand,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_WIDE = re.compile(r"\d{4,}")
_SETS = (set, frozenset)


def binary(run: Run, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """``left OP right``."""
    _check_operands(kind, left, right)
    return run.native(BINARY[kind], left, right)


def in_place(run: Run, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """``left OP= right``, which changes mutable values themselves."""
    if is_a(left, list, dict, set, bytearray):
        run.check_unsettled(left)
    if isinstance(right, Stream):
        right = list(right)
    _check_operands(kind, left, right)
    return run.native(IN_PLACE.get(kind, BINARY[kind]), left, right)


def unary(run: Run, kind: type[ast.unaryop], value: Any) -> Any:
    """``OP value``."""
    return run.native(_UNARY[kind], value)


def compare(run: Run, kind: type[ast.cmpop], left: Any, right: Any) -> Any:
    """``left OP right`` for one comparison."""
    for side in (left, right):
        if isinstance(side, (Opaque, Namespace)):
            raise NotUnderstood(f"{side.name} is not understood")
    if kind is ast.Is:
        return _identical(left, right)
    if kind is ast.IsNot:
        return not _identical(left, right)
    if kind in {ast.In, ast.NotIn}:
        found = bool(run.native(operator.contains, right, left))
        return found if kind is ast.In else not found
    return run.native(_COMPARE[kind], left, right)


def _identical(left: Any, right: Any) -> bool:
    if left is right:
        return True
    if is_a(left, int, float, str, bytes, tuple) and type(left) is type(right) and left == right:
        raise NotUnderstood("whether equal constants are one object is not understood")
    return False


def _check_operands(kind: type[ast.operator], left: Any, right: Any) -> None:
    if kind is ast.Pow:
        _check_power(left, right)
    elif kind is ast.LShift and isinstance(right, int) and right > MAX_BITS:
        raise NotUnderstood("an integer would grow too large")
    elif kind is ast.Mult:
        _check_repeat(left, right)
        _check_repeat(right, left)
    elif kind is ast.Mod and isinstance(left, (str, bytes)):
        text = left if isinstance(left, str) else left.decode("latin-1")
        if "*" in text or _WIDE.search(text):
            raise NotUnderstood("a computed width is not understood")
        if "%s" in text or "%r" in text:
            check_stable(right)


def _check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int):
        if exponent > 0 and base.bit_length() * exponent > MAX_BITS:
            raise NotUnderstood("an integer would grow too large")
    elif not isinstance(base, (int, float)) and isinstance(exponent, int) and abs(exponent) > 100:  # noqa: PLR2004
        raise NotUnderstood("a power is too large")


def _check_repeat(sequence: Any, times: Any) -> None:
    if (
        is_a(sequence, str, bytes, bytearray, list, tuple)
        and isinstance(times, int)
        and len(sequence) * times > MAX_SIZE
    ):
        raise NotUnderstood("a value would grow too large")


def get_item(run: Run, target: Any, key: Any) -> Any:
    """``target[key]``."""
    if isinstance(target, (Opaque, Namespace)):
        raise NotUnderstood(f"{target.name} is not understood")
    if is_a(target, type) and target not in run.classes:
        return target
    return run.native(operator.getitem, target, key)


def set_item(run: Run, target: Any, key: Any, value: Any) -> None:
    """``target[key] = value``."""
    run.check_unsettled(target)
    if isinstance(value, Stream):
        value = list(value) if isinstance(key, slice) else value
    run.native(operator.setitem, target, key, value)


def delete_item(run: Run, target: Any, key: Any) -> None:
    """``del target[key]``."""
    run.check_unsettled(target)
    run.native(operator.delitem, target, key)


def set_attribute(run: Run, target: Any, name: str, value: Any) -> None:
    """``target.name = value``, for instances of interpreted classes alone."""
    if kind_of(target) not in run.classes or (name.startswith("__") and name.endswith("__")):
        raise NotUnderstood(f"setting {name} is not understood")
    run.check_unsettled(target)
    run.native(setattr, target, name, value)


def describe(run: Run, convert: Callable[[Any], str], value: Any) -> str:
    """``str``, ``repr`` or ``ascii`` of a value, where that does not depend on the process."""
    check_stable(value)
    text = run.native(convert, value)
    if _ADDRESS.search(text):
        raise NotUnderstood("the text holds an address")
    return str(text)


def format_value(run: Run, value: Any, spec: str) -> str:
    """``format(value, spec)``."""
    check_stable(value)
    if _WIDE.search(spec):
        raise NotUnderstood("a very wide format is not understood")
    text = run.native(format, value, spec)
    if _ADDRESS.search(text):
        raise NotUnderstood("the text holds an address")
    return str(text)


def check_stable(value: Any, depth: int = 3) -> None:
    """Refuse values whose order differs from process to process, or which have no text of their own."""
    if isinstance(value, (Stream, Pending, Namespace, Opaque)):
        raise NotUnderstood("the text of this value is not understood")
    if is_a(value, *_SETS) and len(value) > 1:
        raise NotUnderstood("the order of a set is not known")
    if depth and is_a(value, list, tuple):
        for item in value:
            check_stable(item, depth - 1)
    elif depth and is_a(value, dict):
        for item in value.values():
            check_stable(item, depth - 1)


def is_manager(run: Run, value: Any) -> bool:
    """Whether ``with value`` is understood."""
    if kind_of(value) in run.classes:
        return all(hasattr(kind_of(value), name) for name in ("__enter__", "__exit__"))
    return isinstance(value, SAFE_MANAGERS) or kind_of(value).__name__ == "Expectation"


def get_plain_attribute(run: Run, target: Any, name: str) -> Any:
    """``target.name`` as the first half of an augmented assignment."""
    if kind_of(target) not in run.classes:
        raise NotUnderstood(f"changing {name} is not understood")
    return run.native(getattr, target, name)


SAFE_MANAGERS = (contextlib.suppress, contextlib.nullcontext)
