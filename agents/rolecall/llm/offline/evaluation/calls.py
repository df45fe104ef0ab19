"""Calls: interpreted functions freely, native ones from the list alone, each checked first."""

from __future__ import annotations

import itertools
import re
import types
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation import operators
from rolecall.llm.offline.evaluation.attributes import SAFE_TYPES, get_attribute
from rolecall.llm.offline.evaluation.budget import MAX_SIZE, NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.evaluation.natives import BUILTINS
from rolecall.llm.offline.evaluation.state import MUTATING
from rolecall.llm.offline.evaluation.stdlib import Namespace, StandIn, is_pure
from rolecall.llm.offline.evaluation.streams import Pending, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope

_WIDTHS = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs", "to_bytes"})
_ORDER_FREE = (len, sorted, set, frozenset, sum, any, all, min, max, isinstance, bool, type, callable)
_METHODS = (
    types.BuiltinMethodType,
    types.MethodWrapperType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


def call(run: Run, function: Any, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """``function(*arguments, **keywords)``.

    Raises:
        NotUnderstood: the function is not on any list, or its result would differ between processes.
        Exception: whatever it raises.
    """
    if isinstance(function, (Opaque, Namespace)):
        raise NotUnderstood(f"{function.name}() is not understood")
    special = _SPECIAL.get(id(function))
    if special is not None:
        return special(run, *arguments, **keywords)
    if isinstance(function, types.FunctionType) and function in run.routines:
        return function(*arguments, **keywords)
    if isinstance(function, types.MethodType) and function.__func__ in run.routines:
        return function(*arguments, **keywords)
    if is_a(function, type) and function in run.classes:
        return run_class(run, function, arguments, keywords)
    if not _is_allowed(run, function):
        raise NotUnderstood(f"{getattr(function, '__name__', 'a value')}() is not understood")
    _check_call(run, function, arguments, keywords)
    return _finish(run.native(function, *arguments, **keywords))


def run_class(run: Run, cls: type, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """Make an instance; arguments that do not fit are not understood, rather than a `TypeError`."""
    before = len(run.known_errors)
    try:
        return run.native(cls, *arguments, **keywords)
    except TypeError as error:
        if len(run.known_errors) <= before or not run.is_explicit(error):
            raise NotUnderstood("the arguments do not fit the constructor") from error
        raise


def call_super(scope: Scope, arguments: list[Any]) -> Any:
    """``super()`` without arguments."""
    level: Scope | None = scope
    while level is not None and not (level.kind == "function" and level.owner is not None):
        level = level.parent
    if arguments or level is None or level.owner is None or level.owner.cls is None:
        raise NotUnderstood("super() is not understood here")
    receiver: Any = next(iter(level.names.values()), None)
    proxy: Any = super
    return proxy(level.owner.cls, receiver)


def iterate(run: Run, value: Any) -> Iterator[Any]:
    """The values of an iterable, as a loop sees them.

    Raises:
        NotUnderstood: the order is not the same in every process.
    """
    if isinstance(value, (Opaque, Pending, Namespace)):
        raise NotUnderstood("an iterable is not understood")
    _check_order(value)
    iterator = run.native(iter, value)
    for count in itertools.count():
        if count > MAX_SIZE:
            raise NotUnderstood("an iterable is too long")
        try:
            item = next(iterator)
        except StopIteration:
            return
        except Exception as error:
            run.note(error)
            raise
        yield item


def _is_allowed(run: Run, function: Any) -> bool:
    if isinstance(function, StandIn) or is_pure(function):
        return True
    if is_a(function, type):
        return BUILTINS.get(function.__name__) is function
    if isinstance(function, types.BuiltinFunctionType) and BUILTINS.get(function.__name__) is function:
        return True
    if isinstance(function, _METHODS) and not isinstance(
        getattr(function, "__self__", None), types.ModuleType
    ):
        return True  # read through get_attribute, which let only pure ones pass
    if isinstance(function, types.MethodType):
        return True  # read through get_attribute, which let only pure ones pass
    kind = kind_of(function)
    call_method: Any = getattr(kind, "__call__", None)  # noqa: B004 - the method itself is looked up
    return call_method in run.routines or kind.__module__ in {"functools", "operator", _STDLIB}


_STDLIB = Namespace.__module__


def _check_method(run: Run, receiver: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    if name in MUTATING:
        run.check_unsettled(receiver)
    if name in _WIDTHS and any(isinstance(value, int) and value > MAX_SIZE for value in arguments):
        raise NotUnderstood("a value would grow too large")
    if name in {"format", "format_map"}:
        _check_format(receiver, [*arguments, *keywords.values()])
    if is_a(receiver, set, frozenset) and name == "pop" and len(receiver) > 1:
        raise NotUnderstood("the order of a set is not known")
    if is_a(receiver, re.Pattern):
        _check_pattern(receiver.pattern, arguments)


def _check_call(run: Run, function: Any, arguments: list[Any], keywords: dict[str, Any]) -> None:
    receiver: Any = getattr(function, "__self__", None)
    name: str = getattr(function, "__name__", "")
    if receiver is not None and not is_a(receiver, types.ModuleType, type):
        _check_method(run, receiver, name, arguments, keywords)
    set_method = is_a(receiver, set, frozenset, dict)
    for value in (*arguments, *keywords.values()):
        if isinstance(value, (Opaque, Namespace)) and not isinstance(function, StandIn):
            raise NotUnderstood(f"{value.name} is not understood")
        if not set_method and (not any(function is free for free in _ORDER_FREE) or "key" in keywords):
            _check_order(value)
    if getattr(function, "__module__", None) == "re" and arguments:
        _check_pattern(arguments[0], arguments[1:])


def _check_order(value: Any) -> None:
    if is_a(value, set, frozenset) and len(value) > 1:
        raise NotUnderstood("the order of a set is not known")


def _check_format(template: Any, values: list[Any]) -> None:
    if not isinstance(template, str) or re.search(r"\d{4,}|__", template):
        raise NotUnderstood("a format is not understood")
    for value in values:
        operators.check_stable(value)


_NESTED = re.compile(r"[*+}]\)[*+{]|\.\*.*\.\*.*\.\*")
_SHORT = 24


def _check_pattern(pattern: Any, arguments: list[Any]) -> None:
    """A pattern that may backtrack without end is only tried on short texts."""
    text = pattern if isinstance(pattern, str) else getattr(pattern, "pattern", "")
    long = any(isinstance(value, str) and len(value) > _SHORT for value in arguments)
    if isinstance(text, bytes) or (long and _NESTED.search(str(text))):
        raise NotUnderstood("a pattern is not understood")


def _finish(value: Any) -> Any:
    """Refuse results that are outside the closed set of types."""
    if isinstance(value, types.ModuleType):
        raise NotUnderstood("a module is not a value")
    return value


def _isinstance(run: Run, value: Any, kinds: Any) -> bool:
    pending = list(kinds) if is_a(kinds, tuple) else [kinds]
    if isinstance(value, (Opaque, Stream, Pending, Namespace, StandIn)):
        raise NotUnderstood("isinstance of a value that is not understood")
    for kind in pending:
        if not isinstance(kind, (types.UnionType, type)):
            raise NotUnderstood("isinstance of a class that is not understood")
    return bool(run.native(isinstance, value, tuple(pending)))


def _issubclass(run: Run, value: Any, kinds: Any) -> bool:
    if isinstance(value, Opaque) or isinstance(kinds, Opaque):
        raise NotUnderstood("issubclass of a class that is not understood")
    return bool(run.native(issubclass, value, kinds))


def _print(run: Run, *values: Any, sep: str | None = " ", end: str | None = "\n", **keywords: Any) -> None:
    if keywords:
        raise NotUnderstood("print to a file is not understood")
    texts = [operators.describe(run, str, value) for value in values]
    run.printed.append((" " if sep is None else sep).join(texts) + ("\n" if end is None else end))


def _getattr(run: Run, target: Any, name: str, *default: Any) -> Any:
    try:
        return get_attribute(run, target, name)
    except AttributeError:
        if default:
            return default[0]
        raise


def _hasattr(run: Run, target: Any, name: str) -> bool:
    try:
        get_attribute(run, target, name)
    except AttributeError:
        return False
    return True


def _setattr(run: Run, target: Any, name: str, value: Any) -> None:
    operators.set_attribute(run, target, name, value)


def _type(run: Run, *arguments: Any) -> Any:
    if len(arguments) != 1:
        raise NotUnderstood("type() with three arguments is not understood")
    kind = kind_of(arguments[0])
    if kind not in run.classes and kind not in SAFE_TYPES and not issubclass(kind, Exception):
        raise NotUnderstood("the type of this value is not understood")
    return kind


def _range(run: Run, *arguments: Any) -> range:
    result: range = run.native(range, *arguments)
    if len(result) > MAX_SIZE:
        raise NotUnderstood("a range is too long")
    return result


def _pow(run: Run, base: Any, exponent: Any, *modulus: Any) -> Any:
    if modulus:
        return run.native(pow, base, exponent, *modulus)
    import ast  # noqa: PLC0415 - only the name of an operator is needed

    return operators.binary(run, ast.Pow, base, exponent)


def _text(run: Run, *arguments: Any) -> str:
    if len(arguments) != 1:
        return str(run.native(str, *arguments))
    return operators.describe(run, str, arguments[0])


def _repr(run: Run, value: Any) -> str:
    return operators.describe(run, repr, value)


def _format(run: Run, value: Any, spec: str = "") -> str:
    return operators.format_value(run, value, spec)


def _bytes(run: Run, *arguments: Any) -> bytes:
    if arguments and isinstance(arguments[0], int) and arguments[0] > MAX_SIZE:
        raise NotUnderstood("a value would grow too large")
    if arguments:
        _check_order(arguments[0])
    return bytes(run.native(bytes, *arguments))


def _callable(_run: Run, value: Any) -> bool:
    if isinstance(value, (Opaque, Namespace)):
        raise NotUnderstood("callable() is not understood here")
    return callable(value)


_SPECIAL: dict[int, Callable[..., Any]] = {
    id(isinstance): _isinstance,
    id(issubclass): _issubclass,
    id(print): _print,
    id(getattr): _getattr,
    id(hasattr): _hasattr,
    id(setattr): _setattr,
    id(type): _type,
    id(range): _range,
    id(pow): _pow,
    id(str): _text,
    id(repr): _repr,
    id(format): _format,
    id(bytes): _bytes,
    id(callable): _callable,
}
