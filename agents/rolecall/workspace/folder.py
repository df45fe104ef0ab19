"""The workspace: one or several root folders, and the paths by which files in them are called.

A workspace path is ``/`` separated and relative to the root. With several roots it begins with a root's
label, which is the folder's name, numbered where two are equal.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rolecall.errors import ConfigurationInvalid, PathRefused
from rolecall.workspace.globs import fold
from rolecall.workspace.names import components, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HINT_WORKSPACE = "Name the project folder with --workspace DIR."
_HINT_INSIDE = "Name a file inside the workspace, or start with --workspace DIR."
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<host>[^/]*))?(?P<path>/.*)", re.DOTALL)


class Workspace:
    """The folders whose files may be read and written.

    Attributes:
        roots: absolute, without symbolic links, each once; empty where there is no workspace.
        labels: what paths into each root begin with; empty strings for a single root.
    """

    __slots__ = ("_missing", "labels", "roots")

    def __init__(self, roots: Iterable[Path], *, missing: str = "No folder is open.") -> None:
        self.roots: tuple[Path, ...] = tuple(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
        self.labels: tuple[str, ...] = _labels(self.roots)
        self._missing = missing

    @classmethod
    def default(cls, cwd: Path, home: Path) -> Workspace:
        """The current folder, unless it is a file system's root or the home folder: those count as none."""
        real = Path(os.path.realpath(cwd))
        if real == Path(real.anchor):
            return cls((), missing=f"{real} is no workspace: it is the root of the file system.")
        if real == Path(os.path.realpath(home)):
            return cls((), missing=f"{real} is no workspace: it is the home folder.")
        return cls((real,))

    @classmethod
    def named(cls, folder: Path) -> Workspace:
        """The folder the user named with ``--workspace``.

        Raises:
            ConfigurationInvalid: it is absent or no folder.
        """
        if not folder.is_dir():
            message = f"The workspace {shown(str(folder))} is not a folder."
            raise ConfigurationInvalid(message, hint="Name an existing folder with --workspace DIR.")
        return cls((folder,))

    @property
    def key(self) -> tuple[str, ...]:
        """Identity: two clients with equal keys are in the same workspace."""
        return tuple(sorted(str(root) for root in self.roots))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workspace) and self.roots == other.roots

    def __hash__(self) -> int:
        return hash(self.roots)

    def __repr__(self) -> str:
        return f"Workspace({[str(root) for root in self.roots]})"

    def require(self) -> None:
        """Fail where there is no workspace.

        Raises:
            PathRefused: with the hint ``--workspace``.
        """
        if not self.roots:
            raise PathRefused(self._missing, hint=_HINT_WORKSPACE)

    def place(self, path: str, *, home: str | None = None) -> tuple[int, tuple[str, ...]]:
        """The index of the root a workspace path belongs to, and the components below that root.

        Args:
            path: workspace path; not yet judged by the policy.
            home: workspace path of the file the work is about; its root takes paths that name none.

        Raises:
            PathRefused: there is no workspace, or the path is absolute or climbs.
        """
        self.require()
        parts = tuple(components(path))
        if path.startswith("/") or ".." in parts:
            raise PathRefused(f"{shown(path)} is outside the workspace.", hint=_HINT_INSIDE)
        if len(self.roots) == 1:
            return 0, parts
        if parts and parts[0] in self.labels:
            return self._deepest(self.labels.index(parts[0]), parts[1:])
        return self._deepest(self.place(home)[0] if home else 0, parts)

    def locate(self, path: str, *, home: str | None = None) -> Path:
        """Where a workspace path lies on disk, links not resolved. Arguments and errors as ``place``."""
        index, parts = self.place(path, home=home)
        return self.roots[index].joinpath(*parts)

    def normal(self, path: str, *, home: str | None = None) -> str:
        """The one spelling of a workspace path: no ``./``, with the root's label where there are several."""
        return self.path_of(*self.place(path, home=home))

    def path_of(self, index: int, parts: Sequence[str]) -> str:
        """The workspace path of components below the root at ``index``."""
        return "/".join([self.labels[index], *parts] if self.labels[index] else parts)

    def name_of(self, location: Path) -> str | None:
        """The workspace path of what lies below one of the roots, without links; None elsewhere. No I/O."""
        index = self.root_of(location)
        if index is None:
            return None
        return self.path_of(index, location.relative_to(self.roots[index]).parts)

    def relative(self, user_path: str, cwd: Path) -> str:
        """The workspace path of a file the user named: absolute, a file URI, or relative to ``cwd``.

        A relative path that is not there from ``cwd`` is also tried as a workspace path, since assistants
        name files so whatever folder they were started in.

        Raises:
            PathRefused: the file is outside the workspace, or the URI is not a file's.
        """
        self.require()
        named = _without_scheme(user_path)
        if not named or "\0" in named:
            raise PathRefused(f"{shown(user_path)!r} names no file.", hint=_HINT_INSIDE)
        absolute = Path(cwd, named)
        here = self._inside(absolute)
        there = None if Path(named).is_absolute() else self._as_workspace_path(named)
        for path in (here, there):
            if path is not None and _exists(self.locate(path)):
                return path
        if here is None and (there is None or _exists(absolute)):
            folders = ", ".join(str(root) for root in self.roots)
            raise PathRefused(f"{shown(user_path)} is outside the workspace {folders}.", hint=_HINT_INSIDE)
        return here or there or ""

    def contains(self, real: Path) -> bool:
        """Whether a path without links is in one of the roots, compared by components."""
        return self.root_of(real) is not None

    def root_of(self, real: Path) -> int | None:
        """The index of the deepest root that a path without links is in, or None."""
        holding = [index for index, root in enumerate(self.roots) if real.is_relative_to(root)]
        return max(holding, key=lambda index: len(self.roots[index].parts), default=None)

    def _deepest(self, index: int, parts: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        # Roots may nest; one file then has one name, by its innermost root.
        whole = self.roots[index].joinpath(*parts)
        inner = self.root_of(whole)
        if inner is None or inner == index:
            return index, parts
        return inner, whole.relative_to(self.roots[inner]).parts

    def _as_workspace_path(self, named: str) -> str | None:
        try:
            real = os.path.realpath(self.locate(named))
        except PathRefused:
            return None
        return self.normal(named) if self.contains(Path(real)) else None

    def _inside(self, path: Path) -> str | None:
        if ".." in path.parts:  # after a link, only the disk knows where `..` leads
            path = Path(os.path.realpath(path))
        real = Path(os.path.realpath(path))
        if not self.contains(real):
            return None
        found = self._below_a_root(path)
        if found is None:  # reached through a link from elsewhere: only its real name is in the workspace
            found = self._below_a_root(real)
        if found is None or not found[1]:
            raise PathRefused(
                f"{shown(str(path))} is a workspace folder, not a file.", hint="Name a file in it."
            )
        return self.path_of(*found)

    def _below_a_root(self, path: Path) -> tuple[int, tuple[str, ...]] | None:
        # Innermost first. Compared by identity, since a root may be reached by another spelling.
        for ancestor in (path, *path.parents):
            for index, root in enumerate(self.roots):
                if ancestor == root or _same(ancestor, root):
                    return index, path.relative_to(ancestor).parts
        return None


def _labels(roots: Sequence[Path]) -> tuple[str, ...]:
    if len(roots) < 2:  # noqa: PLR2004  # "several" begins at two
        return ("",) * len(roots)
    taken: set[str] = set()
    labels: list[str] = []
    for root in roots:
        name = root.name or "root"
        label, number = name, 1
        while fold(label) in taken:
            number += 1
            label = f"{name}-{number}"
        taken.add(fold(label))
        labels.append(label)
    return tuple(labels)


def _without_scheme(user_path: str) -> str:
    if user_path.lower().startswith("untitled:"):
        raise PathRefused(f"{shown(user_path)} is not saved yet.", hint="Save it into the workspace first.")
    match = _URI.fullmatch(user_path)
    if match is None or (match["host"] is None and match["scheme"].lower() != "file"):
        return user_path
    if match["scheme"].lower() != "file" or (match["host"] or "").lower() not in {"", "localhost"}:
        message = f"{shown(user_path)} is not a file of this machine."
        raise PathRefused(
            message, hint="Save it into the workspace first, and name it by its path or a file:/// URI."
        )
    try:
        path = unquote(match["path"], errors="strict")
    except UnicodeDecodeError:
        raise PathRefused(f"{shown(user_path)} is not a valid file URI.", hint=_HINT_INSIDE) from None
    return path[1:] if re.match(r"/[A-Za-z]:", path) and os.name == "nt" else path


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
