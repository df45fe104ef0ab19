"""The files of a workspace, ready to be asked where a name leads."""

from __future__ import annotations

from functools import cached_property
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SOURCE_FOLDERS = ("src", "lib", "python")


class PathIndex:
    """Workspace paths by folder and by name.

    Args:
        paths: the files there are, in a fixed order.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = dict.fromkeys(paths)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def ancestors(self, path: str) -> list[str]:
        """The folders a file stands in, the nearest first; the workspace itself is the empty string."""
        folders = [dirname(path)]
        while folders[-1]:
            folders.append(dirname(folders[-1]))
        return folders

    def named(self, name: str) -> list[str]:
        """The files of this base name, compared case-folded."""
        return self._by_name.get(name.casefold(), [])

    def children(self, folder: str, suffix: str, *, leave_out: str) -> list[str]:
        """The files directly in a folder whose names end with ``suffix`` but not with ``leave_out``."""
        folder = "" if folder == "." else folder
        return [
            path
            for path in self._by_folder.get(folder, [])
            if path.endswith(suffix) and not path.endswith(leave_out)
        ]

    def folders(self) -> Iterable[str]:
        """The folders that hold files, in the order of the files."""
        return self._by_folder.keys()

    def ending_with(self, tail: str, *, near: str) -> list[str]:
        """The files whose paths end with these components, those nearest to ``near`` first."""
        found = [path for path in self.named(basename(tail)) if f"/{path}".endswith(f"/{tail}")]
        return nearest_first(found, near)

    def python_roots(self, path: str) -> list[str]:
        """Folders that absolute imports in ``path`` may begin in, the likeliest first."""
        ancestors = self.ancestors(path)
        beside = [join(folder, name) for folder in ancestors for name in _SOURCE_FOLDERS]
        outside = [folder for folder in ancestors if join(folder, "__init__.py") not in self]
        return list(dict.fromkeys([*outside, *beside, *nearest_first(self._package_roots, path)]))

    def crate_root(self, path: str) -> str:
        """The ``src`` folder of the Rust crate a file belongs to."""
        for folder in self.ancestors(path):
            if join(folder, "Cargo.toml") in self:
                return join(folder, "src")
        return dirname(path)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for path in self._paths:
            names.setdefault(basename(path).casefold(), []).append(path)
        return names

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        folders: dict[str, list[str]] = {}
        for path in self._paths:
            folders.setdefault(dirname(path), []).append(path)
        return folders

    @cached_property
    def _package_roots(self) -> list[str]:
        packages = [dirname(path) for path in self.named("__init__.py")]
        tops = [package for package in packages if join(dirname(package), "__init__.py") not in self]
        return list(dict.fromkeys(dirname(package) for package in tops if package))


def nearest_first(paths: Iterable[str], near: str) -> list[str]:
    """Sort by how many leading folders a path shares with ``near``, then by depth, then by name."""
    folders = near.split("/")[:-1]

    def distance(path: str) -> tuple[int, int, str]:
        parts = path.split("/")
        shared = next(
            (number for number, pair in enumerate(zip(folders, parts, strict=False)) if pair[0] != pair[1]),
            min(len(folders), len(parts)),
        )
        return (-shared, len(parts), path)

    return sorted(paths, key=distance)
