"""The files of a workspace in outline: bounded, in a fixed order, without what tools generate."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from rolecall.workspace.globs import Glob, first_match, fold
from rolecall.workspace.names import is_git_folder
from rolecall.workspace.reader import READ
from rolecall.workspace.secret_names import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rolecall.workspace.folder import Workspace

GENERATED: Final = frozenset(
    {
        ".hg",
        ".svn",
        "node_modules",
        "bower_components",
        ".venv",
        "venv",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".cache",
        ".gradle",
        ".next",
        ".nuxt",
        ".terraform",
        ".eggs",
        "site-packages",
        ".idea",
        ".vs",
        ".ds_store",
    }
)
"""Folders that hold what tools fetched or made; compared case-folded."""

_SCANNED_ENTRIES: Final = 50_000
_FOLDER_ENTRIES: Final = 10_000
_IGNORE_BYTES: Final = 65_536
_IGNORE_PATTERNS: Final = 500


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One line of a ``.gitignore``: the folder it stands in, by depth, and what it says."""

    depth: int
    glob: Glob
    folders_only: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path
    root: int
    parts: tuple[str, ...]
    rules: tuple[IgnoreRule, ...]


def files(workspace: Workspace, exclude: Sequence[Glob], limit: int) -> list[str]:
    """Workspace paths of at most ``limit`` files, shallow ones first; links are not followed."""
    found: list[str] = []
    waiting = deque(_Folder(root, index, (), ()) for index, root in enumerate(workspace.roots))
    budget = _SCANNED_ENTRIES
    while waiting and len(found) < limit and budget > 0:
        folder = waiting.popleft()
        rules = (*folder.rules, *ignore_rules(folder.path / ".gitignore", len(folder.parts)))
        for name, is_folder in _entries(folder.path):
            budget -= 1
            parts = (*folder.parts, name)
            if _left_out(parts, is_folder=is_folder, rules=rules, exclude=exclude):
                continue
            if not is_folder:
                found.append(workspace.path_of(folder.root, parts))
            elif folder.path / name not in workspace.roots:  # a nested root lists its own files
                waiting.append(_Folder(folder.path / name, folder.root, parts, rules))
    return found[:limit]


def other_names(workspace: Workspace, status: os.stat_result) -> Iterator[str]:
    """Workspace paths of the file with this status: more than one where it has hard links.

    Ignored files are looked at, too; the search is bounded like the outline.
    """
    waiting: deque[tuple[Path, int, tuple[str, ...]]]
    waiting = deque((root, index, ()) for index, root in enumerate(workspace.roots))
    left, budget = status.st_nlink, _SCANNED_ENTRIES
    while waiting and left > 0 and budget > 0:
        folder, root, above = waiting.popleft()
        for name, inode, is_folder in _inodes(folder):
            budget -= 1
            if is_folder and fold(name) not in GENERATED and not is_git_folder(name):
                waiting.append((folder / name, root, (*above, name)))
            elif inode == status.st_ino and not is_folder:
                left -= 1
                yield workspace.path_of(root, (*above, name))


def _inodes(folder: Path) -> list[tuple[str, int, bool]]:
    try:
        with os.scandir(folder) as scan:
            return [
                (entry.name, entry.inode(), entry.is_dir(follow_symlinks=False))
                for entry in islice(scan, _FOLDER_ENTRIES)
            ]
    except OSError:  # unreadable: what is in it cannot be read by anybody who asks here
        return []


def ignore_rules(path: Path, depth: int) -> Iterator[IgnoreRule]:
    """The rules of one ``.gitignore`` (gitignore(5), less its escapes); none where it cannot be read."""
    for line in _ignore_lines(path):
        pattern = line.rstrip()
        negated = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        if not pattern.strip("/") or pattern.startswith("#"):
            continue
        anchored = "/" in pattern.rstrip("/")
        yield IgnoreRule(depth, Glob.compile(pattern, anchored=anchored), pattern.endswith("/"), negated)


def _ignore_lines(path: Path) -> Sequence[str]:
    try:
        descriptor = os.open(path, READ)
    except OSError:
        return ()
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ()
        return file.read(_IGNORE_BYTES).decode(errors="replace").splitlines()[:_IGNORE_PATTERNS]


def _entries(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as scan:
            kept = [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in islice(scan, _FOLDER_ENTRIES)
                if not entry.is_symlink() and (entry.is_dir() or entry.is_file())
            ]
    except OSError:  # unreadable or just removed: an outline goes without it
        return []
    return sorted((name, is_folder) for name, is_folder in kept if name.isprintable())


def _left_out(
    parts: tuple[str, ...], *, is_folder: bool, rules: Sequence[IgnoreRule], exclude: Sequence[Glob]
) -> bool:
    name = parts[-1]
    if is_git_folder(name) or (is_folder and fold(name) in GENERATED):
        return True
    if is_secret("/".join(parts)) or first_match(exclude, parts):
        return True
    return _ignored(parts, is_folder=is_folder, rules=rules)


def _ignored(parts: tuple[str, ...], *, is_folder: bool, rules: Sequence[IgnoreRule]) -> bool:
    folded = [fold(part) for part in parts]
    ignored = False
    for rule in rules:  # the last rule that matches decides
        if (
            rule.negated == ignored
            and (is_folder or not rule.folders_only)
            and rule.glob.matches(folded[rule.depth :])
        ):
            ignored = not rule.negated
    return ignored
