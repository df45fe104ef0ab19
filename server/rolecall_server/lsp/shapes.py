"""JSON values whose shape a client chose: what must be looked at before it is used."""

from __future__ import annotations

from typing import Any, TypeGuard

Json = dict[str, Any]


def is_object(value: object) -> TypeGuard[Json]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_count(value: object) -> TypeGuard[int]:
    """Whether it is a whole number from 0; ``true`` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def at(value: Any, *keys: str) -> Any:
    """The member below some keys; None where the way ends before."""
    for key in keys:
        value = value.get(key) if is_object(value) else None
    return value


def is_position(value: object) -> TypeGuard[Json]:
    """Whether it is an LSP position."""
    return is_object(value) and is_count(value.get("line")) and is_count(value.get("character"))
