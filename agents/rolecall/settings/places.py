"""Where the user's files are, and the one place they may not be: inside a workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.caller import Caller

WORKSPACE_FILE = ".rolecall.yaml"


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the user's.

    Attributes:
        named: how the user asked for it (``--config``, a variable); None for the standard place.
        refused: why it is not read, if it is not.
    """

    path: Path
    named: str | None = None
    refused: str | None = None


def user_file(caller: Caller, roots: Sequence[Path]) -> Place:
    """``--config``, else ``$ROLECALL_CONFIG``, else ``config.yaml`` in the standard folder."""
    if caller.config_file is not None:
        return Place(_absolute(caller, str(caller.config_file)), "--config")
    if named := caller.environment.get("ROLECALL_CONFIG", "").strip():
        path = _absolute(caller, named)
        # A relative value kept in a profile would make every folder's file of that name the user's own.
        relative = not Path(named).is_absolute() and not named.startswith("~")
        inside = relative and _inside(path, roots)
        return Place(path, "ROLECALL_CONFIG", "a relative path led into the workspace" if inside else None)
    return Place(caller.config_folder() / "config.yaml")


def env_file(caller: Caller, user: Place, roots: Sequence[Path]) -> Place:
    """``$ROLECALL_ENV_FILE``, else the ``.env`` beside the user file; never one of a workspace."""
    named = caller.environment.get("ROLECALL_ENV_FILE", "").strip()
    path = _absolute(caller, named) if named else user.path.parent / ".env"
    standard = path.parent == caller.config_folder()
    refused = not standard and _inside(path, roots)
    return Place(
        path, "ROLECALL_ENV_FILE" if named else None, "a workspace's .env is never read" if refused else None
    )


def expanded(caller: Caller, path: Path) -> Path:
    """A path as the user meant it: ``~`` is their home, a relative one starts in their folder."""
    return _absolute(caller, str(path))


def _absolute(caller: Caller, text: str) -> Path:
    if text == "~" or text.startswith("~/"):
        return caller.home() / text[2:]
    return caller.cwd / text


def _inside(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a path is in one of the folders, by name or where its links lead."""
    spellings = {os.path.normpath(path), os.path.realpath(path)}
    folders = {spelling for root in roots for spelling in (os.path.normpath(root), os.path.realpath(root))}
    return any(Path(spelling).is_relative_to(folder) for spelling in spellings for folder in folders)
