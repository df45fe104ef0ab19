"""All settings by key path, read off the model once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from rolecall.settings.model import Allowed, Group, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Kind = Literal["boolean", "whole", "number", "choice", "text", "list", "map"]

_KINDS: dict[Any, Kind] = {
    bool: "boolean",
    int: "whole",
    float: "number",
    Literal: "choice",
    tuple: "list",
    dict: "map",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        path: its key path, ``retry.max_attempts``.
        kind: what its value is.
        allowed: what it must be, in words.
        choices: the words it can be, where only some are possible.
    """

    path: str
    kind: Kind
    allowed: str
    choices: tuple[str, ...]
    description: str
    default: Any


@cache
def settings() -> dict[str, Setting]:
    """Every setting, in the order of the model."""
    return {
        f"{group}.{name}": _setting(f"{group}.{name}", field)
        for group, model in groups().items()
        for name, field in model.model_fields.items()
    }


@cache
def groups() -> dict[str, type[Group]]:
    """The groups and their models."""
    return {name: _model(field) for name, field in Settings.model_fields.items()}


def _model(field: FieldInfo) -> type[Group]:
    assert isinstance(field.annotation, type)
    assert issubclass(field.annotation, Group)
    return field.annotation


def _setting(path: str, field: FieldInfo) -> Setting:
    annotation, words = _unwrapped(field.annotation)
    words += [note.words for note in field.metadata if isinstance(note, Allowed)]
    kind = _KINDS.get(get_origin(annotation) or annotation, "text")
    choices: tuple[str, ...] = get_args(annotation) if kind == "choice" else ()
    return Setting(
        path=path,
        kind=kind,
        allowed=words[0] if words else _allowed(kind, choices, _bounds(field)),
        choices=choices,
        description=field.description or "",
        default=field.default,
    )


def _unwrapped(annotation: Any) -> tuple[Any, list[str]]:
    """The type without ``None`` and without what stands beside it, and what ``Allowed`` says."""
    if get_origin(annotation) in {Union, UnionType}:
        (annotation,) = (part for part in get_args(annotation) if part is not NoneType)
    words: list[str] = []
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        words = [note.words for note in notes if isinstance(note, Allowed)]
    return annotation, words


def _bounds(field: FieldInfo) -> dict[str, float]:
    return {
        name: getattr(note, name)
        for note in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(note, name)
    }


def _allowed(kind: Kind, choices: tuple[str, ...], bounds: dict[str, float]) -> str:
    if kind == "boolean":
        return "true or false"
    if kind == "choice":
        return "one of: " + ", ".join(choices)
    noun = "a whole number" if kind == "whole" else "a number"
    if "gt" in bounds:
        return f"{noun} above {bounds['gt']}, at most {bounds['le']}"
    return f"{noun} from {bounds['ge']} to {bounds['le']}"
