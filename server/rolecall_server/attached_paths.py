"""One file under two names: workspace paths of clients whose folders differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.workspace.folder import Workspace


def covers(outer: Workspace, inner: Workspace) -> bool:
    """Whether every folder of ``inner`` is one of ``outer``'s, or below one."""
    return bool(inner.roots) and all(outer.contains(root) for root in inner.roots)


def translated(path: str, here: Workspace, there: Workspace) -> str | None:
    """What ``there`` calls the file that ``here`` calls ``path``; None where that is outside. No I/O."""
    if here.roots == there.roots:
        return path
    index, parts = here.place(path)
    return there.name_of(here.roots[index].joinpath(*parts))
