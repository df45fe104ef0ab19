"""What a mistyped name most likely meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 80
"""Characters of a name that are compared: similarity costs quadratic time."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, or None where none is like it."""
    names = list(known)
    wanted = _plain(name)
    for candidate in names:
        plain = _plain(candidate)
        if plain and wanted and (wanted in plain or plain in wanted):
            return candidate
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    by_plain = {_plain(candidate): candidate for candidate in reversed(names)}
    found = get_close_matches(wanted, by_plain, n=1, cutoff=0.55)
    return by_plain[found[0]] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """``Did you mean …? `` for a hint; empty where no known name is like this one."""
    found = nearest(name, known)
    return f"Did you mean {found!r}? " if found else ""


def _plain(name: str) -> str:
    return name[:_LONGEST].strip().casefold().replace("-", "_").replace(" ", "_")
