"""The ``files`` of a call: single files, folders and patterns, the latter two within a budget."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rolecall.errors import ConfigurationInvalid, RolecallError
from rolecall.task import FileRef
from rolecall.workspace.globs import Glob, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.session import Session

MOST_FILES: Final = 50
"""Files that one call takes in through folders and patterns; the prompt's own budget is tighter still."""

LISTED: Final = 200
"""Paths of a folder that the model is told of."""

SCANNED: Final = 5_000
"""Files of the workspace that are looked at."""

_PATTERN = re.compile(r"[*?]|\[[^\]]+\]")


@dataclass(slots=True)
class Named:
    """What the entries stand for.

    Attributes:
        target: the first entry, where it is one file.
        others: all other files, each once.
        listings: what is in the folders that were named, for the model.
    """

    target: FileRef | None = None
    others: tuple[FileRef, ...] = ()
    listings: list[str] = field(default_factory=list[str])


class NamedFiles:
    """Resolves what a client named in its workspace. Does I/O; call it in a thread.

    Raises:
        RolecallError: from ``of``: an entry is outside the workspace, names nothing, or too much.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paths: list[str] | None = None

    def of(self, entries: Sequence[str]) -> Named:
        """The files that the entries stand for, in their order."""
        named = Named()
        files: list[FileRef] = []
        for index, entry in enumerate(entries):
            found = self._found(entry, named.listings)
            if index == 0 and len(found) == 1:
                named.target = found[0]
            else:
                files += found
        named.others = tuple(dict.fromkeys(files))
        return named

    def _found(self, entry: str, listings: list[str]) -> list[FileRef]:
        folder = self._folder(entry)
        if folder is not None:
            inside = self._inside(folder)
            listings.append(_listing(folder or ".", inside))
            return [FileRef(path) for path in inside[:MOST_FILES]]
        if _PATTERN.search(entry) and not self._is_there(entry):
            return [FileRef(path) for path in self._matching(entry)]
        return [self._session.file_ref(entry)]

    def _folder(self, entry: str) -> str | None:
        """The workspace path of the folder that is named, empty for the workspace's own; None for others."""
        workspace = self._session.workspace
        if len(workspace.roots) == 1 and os.path.realpath(self._absolute(entry)) == str(workspace.roots[0]):
            return ""
        try:
            path = workspace.relative(entry.rstrip("/") or entry, self._session.caller.cwd)
            return path if workspace.locate(path).is_dir() else None
        except (RolecallError, OSError, ValueError):
            return None

    def _absolute(self, entry: str) -> str:
        return os.path.join(self._session.caller.cwd, entry.replace("\0", ""))  # noqa: PTH118 - pathlib drops a trailing slash

    def _inside(self, folder: str) -> list[str]:
        inside = [path for path in self._all() if not folder or path.startswith(f"{folder}/")]
        if not inside:
            raise ConfigurationInvalid(
                f"{folder or 'The workspace'} holds no file that may be read.", hint="Name the files."
            )
        return inside

    def _is_there(self, entry: str) -> bool:
        try:
            path = self._session.workspace.relative(entry, self._session.caller.cwd)
            return self._session.documents.exists(path)
        except RolecallError:
            return False

    def _matching(self, pattern: str) -> list[str]:
        glob = Glob.compile(pattern, anchored="/" in pattern.strip("/"))
        found = [path for path in self._all() if glob.matches([fold(part) for part in path.split("/")])]
        if not found:
            raise ConfigurationInvalid(
                f"No file of the workspace matches {pattern[:200]}.",
                hint="Patterns are relative to the workspace, such as src/**/*.py, without lines.",
            )
        if len(found) > MOST_FILES:
            raise ConfigurationInvalid(
                f"{pattern[:200]} matches {len(found)} files; a call takes at most {MOST_FILES}.",
                hint="Name a narrower pattern, or the files that matter.",
            )
        return found

    def _all(self) -> list[str]:
        if self._paths is None:
            self._session.workspace.require()
            self._paths = self._session.documents.list(SCANNED)
        return self._paths


def _listing(folder: str, inside: Sequence[str]) -> str:
    more = len(inside) - LISTED
    rest = [f"... and {more} more"] if more > 0 else []
    read = "" if len(inside) <= MOST_FILES else f"; the first {MOST_FILES} are given"
    return "\n".join([f"Files in {folder} ({len(inside)}{read}):", *inside[:LISTED], *rest])
