"""Every message of a server, held against the LSP meta model: the one check that all LSP tests share.

``lsprotocol``'s types are generated from the meta model. Its converter is lenient, so the types themselves
are walked here: nothing missing, nothing unknown, nothing of another type.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Union

import attrs
from lsprotocol import types

OUR_NOTIFICATIONS = {"rolecall/event"}
PROGRESS = {
    "begin": types.WorkDoneProgressBegin,
    "report": types.WorkDoneProgressReport,
    "end": types.WorkDoneProgressEnd,
}
UINT_MAX = 2**31 - 1


class ModelCheck:
    """Checks what one server sends; knows which requests its answers belong to.

    Attributes:
        problems: what was wrong, each with the message's method.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.checked = 0
        self._asked: dict[int | str, str] = {}

    def sent(self, message: Mapping[str, Any]) -> None:
        """Note a message to the server."""
        if "id" in message and "method" in message:
            self._asked[message["id"]] = message["method"]

    def received(self, message: Mapping[str, Any]) -> None:
        """Check a message of the server."""
        self.checked += 1
        name = str(message.get("method") or f"answer to {self._asked.get(message.get('id', ''))}")
        self.problems += [f"{name}: {problem}" for problem in self._problems(message)]

    def _problems(self, message: Mapping[str, Any]) -> Iterator[str]:
        if message.get("jsonrpc") != "2.0":
            yield "jsonrpc is not 2.0"
        method = message.get("method")
        if method in OUR_NOTIFICATIONS:
            return
        if method is not None:
            yield from self._call(method, message)
        elif "error" in message:
            yield from violations(message["error"], types.ResponseError, "error")
        else:
            asked = self._asked.pop(message["id"], None)
            if asked is None:
                yield "answers nothing that was asked"
            elif "result" not in message:
                yield "has neither result nor error"
            elif asked in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[asked][1] is not None:
                yield from violations(message, types.METHOD_TO_TYPES[asked][1], "")

    def _call(self, method: str, message: Mapping[str, Any]) -> Iterator[str]:
        if method not in types.METHOD_TO_TYPES:
            yield "is no method of LSP"
            return
        yield from violations(message, types.METHOD_TO_TYPES[method][0], "")
        if method == types.PROGRESS:
            value = message["params"]["value"]
            yield from violations(value, PROGRESS[value["kind"]], "value")


def violations(value: Any, wanted: Any, where: str) -> Iterator[str]:
    """What about a JSON value is not as its type says."""
    options = _options(wanted)
    if Any in options or typing.Any in options:
        return
    least: list[str] | None = None
    for option in options:
        found = list(_against(value, option, where))
        if not found:
            return
        if least is None or len(found) < len(least):
            least = found
    yield from least or [f"{where}: matches nothing"]


def _options(wanted: Any) -> list[Any]:
    if typing.get_origin(wanted) is Union:
        return [option for part in typing.get_args(wanted) for option in _options(part)]
    return [wanted]


def _against(value: Any, wanted: Any, where: str) -> Iterator[str]:
    origin = typing.get_origin(wanted)
    if isinstance(wanted, type) and attrs.has(wanted):
        yield from _members(value, wanted, where)
    elif isinstance(origin, type):
        yield from _contents(value, origin, typing.get_args(wanted), where)
    elif not _is(value, wanted, origin):
        yield f"{where}: {value!r} is not {wanted}"


def _is(value: Any, wanted: Any, origin: Any) -> bool:
    """Whether a single value is of its type."""
    if origin is typing.Literal:
        return value in typing.get_args(wanted)
    if wanted in (None, type(None)):
        return value is None
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is int:
        return type(value) is int and abs(value) <= UINT_MAX
    if issubclass(wanted, enum.Enum):
        return any(value == one.value and type(value) is type(one.value) for one in wanted)
    assert wanted in (str, bool, object), f"no rule for {wanted!r}"
    return isinstance(value, wanted)


def _contents(value: Any, origin: type, kinds: tuple[Any, ...], where: str) -> Iterator[str]:
    """What is wrong with a list's or a map's values."""
    shape = dict if issubclass(origin, Mapping) else list
    if not isinstance(value, shape) or (origin is tuple and len(value) != len(kinds)):
        yield f"{where}: {value!r} is not {origin}"
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from violations(one, kinds[1], f"{where}.{name}")
    else:
        assert issubclass(origin, Sequence), f"no rule for {origin!r}"
        for index, one in enumerate(value):
            yield from violations(one, kinds[index if origin is tuple else 0], f"{where}[{index}]")


def _members(value: Any, wanted: type, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is not {wanted.__name__}"
        return
    fields = _fields(wanted)
    for name in value.keys() - fields.keys():
        yield f"{where}.{name}: {wanted.__name__} has no such member"
    for name, (kind, needed, nullable, literal) in fields.items():
        if name not in value:
            if needed:
                yield f"{where}.{name}: {wanted.__name__} needs it"
        elif literal is not None and value[name] != literal:
            yield f"{where}.{name}: {value[name]!r} is not {literal!r}"
        elif value[name] is None and type(None) in _options(kind):
            # Python's optional member is LSP's absent one; null is sent only where the model has it.
            if not nullable:
                yield f"{where}.{name}: is null, and should be absent"
        else:
            yield from violations(value[name], kind, f"{where}.{name}")


@cache
def _fields(wanted: type) -> dict[str, tuple[Any, bool, bool, Any]]:
    """Wire name → type, whether it is needed, whether it may be null, and the only value allowed."""
    resolved = attrs.resolve_types(wanted, vars(types))
    return {
        _wire(field.name): (field.type, _needed(field), _nullable(wanted, field.name), _literal(field))
        for field in attrs.fields(resolved)
    }


def _nullable(wanted: type, name: str) -> bool:
    return types.is_special_property(wanted, name) or name in {"data", "value"}


def _literal(field: Any) -> Any:
    allowed = getattr(field.validator, "options", None)
    return allowed[0] if isinstance(allowed, list) and len(allowed) == 1 else None


def _needed(field: Any) -> bool:
    return field.default is attrs.NOTHING or _literal(field) is not None or field.name == "jsonrpc"


def _wire(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.title() for part in rest)
