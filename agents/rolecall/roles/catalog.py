"""The roles on call at this moment: built-in ones, and the user's, which add to them or replace them."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall.errors import ConfigurationInvalid
from rolecall.roles.loader import load_role
from rolecall.roles.nearest import suggestion
from rolecall.roles.role import Role, RoleProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BUILT_IN_FOLDER = Path(__file__).parent
BUILT_IN_ORDER = ("business_analyst", "developer", "qa_engineer", "devops_engineer", "technical_writer")
MAX_FILES = 200
"""Role files that are read from a user's folder."""

_RACY_NS = 2_000_000_000
"""A file changed within this time of being read may change again without its time stamp moving: the coarsest
file systems in use keep time in steps of two seconds."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a folder looked like: its role files with their stat values, and why it could not be listed."""

    files: tuple[tuple[str, tuple[int, ...]], ...]
    problem: str | None = None

    def changed_around(self, now_ns: int) -> bool:
        """Whether a file was changed so close to this moment that its next change may not show."""
        return any(abs(now_ns - stamp) <= _RACY_NS for _, values in self.files for stamp in values[:2])


@dataclass(frozen=True, slots=True)
class _State:
    """Everything known at one moment; replaced as a whole, never changed."""

    roles: tuple[Role, ...]
    problems: tuple[RoleProblem, ...]


class RoleCatalog:
    """The roles of one user. Safe to share between threads.

    Args:
        user_folder: folder of the user's own role files; need not exist. None for built-in roles only.
        wall_clock_ns: nanoseconds on the clock that stamps files.
    """

    def __init__(self, user_folder: Path | None, *, wall_clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = user_folder
        self._wall_clock_ns = wall_clock_ns
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._settled = False
        self._state = _State((), ())
        self.refresh()

    def roles(self) -> list[Role]:
        """All roles: the built-in ones in their own order, then the user's by file name."""
        return list(self._state.roles)

    def problems(self) -> list[RoleProblem]:
        """What is wrong with the user's role files."""
        return list(self._state.problems)

    def get(self, role_id: str) -> Role:
        """The role of that id.

        Raises:
            ConfigurationInvalid: there is none; the hint names the nearest and lists all.
        """
        state = self._state
        for role in state.roles:
            if role.id == role_id:
                return role
        ids = [role.id for role in state.roles]
        broken = f" Role files with problems: {len(_files(state.problems))}." if state.problems else ""
        raise ConfigurationInvalid(
            f"There is no role {role_id!r}.",
            hint=f"{suggestion(role_id, ids)}Roles: {', '.join(ids)}.{broken}",
        )

    def refresh(self) -> bool:
        """Take up what was saved since. Costs a stat of each role file while nothing changed.

        Returns:
            Whether a role or a problem is different now.
        """
        with self._lock:
            now = self._wall_clock_ns()
            seen = _look(self._folder)
            if seen == self._seen and self._settled:
                return False
            self._seen = seen
            self._settled = not seen.changed_around(now)
            state = _load(self._folder, seen)
            changed = state != self._state
            self._state = state
            return changed


def _look(folder: Path | None) -> _Seen:
    if folder is None:
        return _Seen(())
    try:
        with os.scandir(folder) as entries:
            # Hidden names are editors' lock and swap files.
            found = [e for e in entries if e.name.casefold().endswith(".md") and not e.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError) as error:
        is_there = isinstance(error, NotADirectoryError) and folder.exists()
        return _Seen((), "a file, where the folder of role files should be" if is_there else None)
    except OSError as error:
        return _Seen((), f"the folder of role files cannot be read: {error.strerror or error}")
    return _Seen(tuple(sorted((entry.name, _stat_values(entry)) for entry in found)))


def _stat_values(entry: os.DirEntry[str]) -> tuple[int, ...]:
    try:
        status = entry.stat()
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)


def _load(folder: Path | None, seen: _Seen) -> _State:
    roles = {role.id: role for role in _built_in()}
    problems: list[RoleProblem] = []
    if folder is not None:
        if seen.problem:
            problems.append(RoleProblem(folder, 1, seen.problem))
        names = [name for name, _ in seen.files]
        if len(names) > MAX_FILES:
            problems.append(
                RoleProblem(folder, 1, f"{len(names)} role files; only the first {MAX_FILES} are read")
            )
        for name in names[:MAX_FILES]:
            _add(folder / name, roles, problems)
    return _State(tuple(roles.values()), tuple(problems))


def _add(file: Path, roles: dict[str, Role], problems: list[RoleProblem]) -> None:
    loaded = load_role(file)
    problems.extend(loaded.problems)
    if loaded.role is None:
        return
    other = roles.get(loaded.role.id)
    if other is not None and not other.built_in:
        problems.append(
            RoleProblem(
                file, 1, f"the id {other.id!r} is already taken by {other.source.name}; this file is not used"
            )
        )
        return
    roles[loaded.role.id] = loaded.role


_built_in_roles: list[Role] = []


def _built_in() -> Iterable[Role]:
    """The roles that come with Rolecall, read once in the life of the process."""
    if not _built_in_roles:
        _built_in_roles.extend(built_in_roles())
    return _built_in_roles


def built_in_roles() -> list[Role]:
    """Read the roles that come with Rolecall, in their order."""
    roles: list[Role] = []
    for role_id in BUILT_IN_ORDER:
        loaded = load_role(BUILT_IN_FOLDER / f"{role_id}.md", built_in=True)
        if loaded.role is None:
            raise RuntimeError(f"a built-in role is damaged: {'; '.join(map(str, loaded.problems))}")
        roles.append(loaded.role)
    return roles


def _files(problems: Iterable[RoleProblem]) -> set[Path]:
    return {problem.file for problem in problems}
