"""Type checks that leave a value dynamic: computed values have no static type."""

from __future__ import annotations

from typing import Any


def is_a(value: Any, *kinds: Any) -> bool:
    """``isinstance`` without narrowing, for values that stay ``Any`` on purpose."""
    return isinstance(value, kinds)


def kind_of(value: Any) -> Any:
    """``type(value)``, of no static type either."""
    found: Any = type
    return found(value)


def members_of(value: Any) -> dict[str, Any]:
    """A copy of ``vars(value)``; empty where the value has no attributes of its own."""
    found: Any = getattr(value, "__dict__", {})
    return dict(found)
