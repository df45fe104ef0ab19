"""The argument objects of the commands, checked: an error names the field and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rolecall_server.lsp import errors
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.lines import lines_of
from rolecall_server.lsp.shapes import is_list, is_object, is_position

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.task import ApplyMode, Diagnostic, Selection

    Json = dict[str, Any]
    Check = Callable[[Any], bool]

_SEVERITIES: Final = ("error", "warning", "information", "hint")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an argument object; ``allowed`` says in words what ``check`` takes."""

    allowed: str
    check: Check
    required: bool = False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_range(value: Any) -> bool:
    if not (is_object(value) and is_position(value.get("start")) and is_position(value.get("end"))):
        return False
    start, end = value["start"], value["end"]
    return (start["line"], start["character"]) <= (end["line"], end["character"])


def _is_diagnostics(value: Any) -> bool:
    return is_list(value) and all(
        is_object(one) and _is_range(one.get("range")) and "message" in one for one in value
    )


def _is_paths(value: Any) -> bool:
    return is_list(value) and bool(value) and all(_is_word(path) for path in value)


_TASK_ID: Final = Field("the task_id of a result, as text", _is_word, required=True)
FIELDS: Final[dict[str, dict[str, Field]]] = {
    "rolecall.run": {
        "role": Field("the id of a role, as text", _is_word, required=True),
        "task": Field("the id of one of the role's tasks, as text", _is_word),
        "uri": Field("the file URI of a document in the workspace, as text", _is_word, required=True),
        "range": Field("an LSP range, its start not behind its end", _is_range),
        "version": Field("a document version, as a number", lambda value: isinstance(value, int)),
        "instruction": Field("text", _is_text),
        "diagnostics": Field("a list of LSP diagnostics", _is_diagnostics),
        "apply": Field('"ask", "auto" or "never"', lambda value: value in {"ask", "auto", "never"}),
    },
    "rolecall.cancel": {"task_id": _TASK_ID},
    "rolecall.apply": {
        "task_id": _TASK_ID,
        "paths": Field("a list of at least one path of the task's files", _is_paths),
    },
    "rolecall.discard": {"task_id": _TASK_ID},
    "rolecall.revert": {"task_id": _TASK_ID},
    "rolecall.result": {"task_id": _TASK_ID},
    "rolecall.tasks": {},
    "rolecall.status": {},
}


def read(command: str, arguments: Any) -> Json:
    """The one argument object of a command; the bare object is taken like the list that holds it.

    Members that are null count as left out.

    Raises:
        Refusal: -32602, naming the field and what is allowed.
    """
    fields = FIELDS.get(command)
    if fields is None:
        raise _invalid(f"There is no command {command!r}; there are {', '.join(FIELDS)}.")
    given = _single(command, arguments)
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise _invalid(f"{command}: unknown field `{unknown[0]}`; {_listed(fields)}.")
    values = {name: value for name, value in given.items() if value is not None}
    for name, field in fields.items():
        if name not in values:
            if field.required:
                raise _invalid(f"{command}: the field `{name}` is missing; it takes {field.allowed}.")
        elif not _passes(field, values[name]):
            raise _invalid(f"{command}: the field `{name}` takes {field.allowed}.")
    return values


def selection(values: Json) -> Selection | None:
    """The whole lines of ``range``; an empty range selects nothing."""
    from rolecall.task import Selection  # noqa: PLC0415 - not before the handshake

    asked = values.get("range")
    if asked is None or asked["start"] == asked["end"]:
        return None
    lines = lines_of(asked["start"], asked["end"])
    return Selection(lines.first + 1, lines.last + 1)


def diagnostics(values: Json) -> tuple[Diagnostic, ...]:
    """The diagnostics as the road takes them."""
    return tuple(_diagnostic(one) for one in values.get("diagnostics", ()))


def apply_mode(values: Json) -> ApplyMode:
    """What to do with the edits; ``ask`` where it is not said."""
    mode: ApplyMode = values.get("apply", "ask")
    return mode


def _diagnostic(raw: Json) -> Diagnostic:
    from rolecall.task import Diagnostic  # noqa: PLC0415 - not before the handshake

    severity, code, message = raw.get("severity"), raw.get("code"), raw["message"]
    if is_object(message):  # MarkupContent, LSP 3.18
        message = message.get("value", "")
    if is_object(code):  # as some old clients nest it
        code = code.get("value")
    known = isinstance(severity, int) and 1 <= severity <= len(_SEVERITIES)
    return Diagnostic(
        line=raw["range"]["start"]["line"] + 1,
        message=str(message),
        severity=_SEVERITIES[severity - 1] if known else "error",  # type: ignore[arg-type, operator, index, unused-ignore] # one of the four
        source=str(raw["source"]) if raw.get("source") else None,
        code=str(code) if code not in {None, ""} else None,
    )


def _single(command: str, arguments: Any) -> Json:
    given: Any = arguments or {}
    if is_list(given) and len(given) == 1:
        given = {} if given[0] is None else given[0]
    if not is_object(given):
        raise _invalid(f"{command} takes one object as its argument; {_listed(FIELDS[command])}.")
    return given


def _passes(field: Field, value: Any) -> bool:
    try:
        return field.check(value)
    except TypeError:  # an unhashable value where a word is expected
        return False


def _listed(fields: dict[str, Field]) -> str:
    return f"allowed: {', '.join(fields)}" if fields else "it has no fields"


def _invalid(message: str) -> Refusal:
    return Refusal(errors.INVALID_PARAMS, message)
