"""The path policy: one function that every path passes, whoever named it (contract section 7)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from rolecall.errors import PathRefused
from rolecall.workspace.globs import compile_all, first_match, fold
from rolecall.workspace.names import components, escape_reason, portability_reason, protected_by, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rolecall.workspace.folder import Workspace

_LINK_HOPS: Final = 40
"""What Linux follows before it says ELOOP."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says about a path.

    Attributes:
        kind: whether it may be used.
        reason: why not, or why only after a confirmation.
        path: the one spelling of the workspace path; None when refused.
    """

    kind: Literal["allowed", "needs_confirmation", "refused"]
    reason: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace path really lies: every component below ``root`` is free of links.

    Attributes:
        path: the one spelling of the workspace path.
        root: index of the root it is in.
        parts: components below that root, links resolved.
        linked: whether the last component is itself a link.
    """

    path: str
    root: int
    parts: tuple[str, ...]
    linked: bool = False


class PathPolicy:
    """Judges paths in one workspace.

    Args:
        workspace: the folders outside of which nothing is read or written.
        protect: the user's ``apply.protect``: globs that need a confirmation too, in any folder.
    """

    def __init__(self, workspace: Workspace, protect: Sequence[str] = ()) -> None:
        self.workspace = workspace
        self._protect = compile_all(protect)

    def check(
        self, path: str, *, for_write: bool = True, home: str | None = None, others: Iterable[str] = ()
    ) -> Verdict:
        """Judge a workspace path by its letters and by the disk as it is now.

        Args:
            path: as the model or a door named it.
            for_write: False judges only whether reading stays inside the workspace.
            home: workspace path of the file the work is about; places paths that name no root.
            others: the other paths of the same change set, for collisions with them.
        """
        try:
            place = self.resolve(path, for_write=for_write, home=home, others=others)
        except PathRefused as refused:
            return Verdict("refused", refused.reason if isinstance(refused, _Refused) else refused.message)
        entry = self.protected(place) if for_write else None
        if entry is None:
            return Verdict("allowed", path=place.path)
        reason = f"{shown(place.path)} is protected ({entry}): tools run or obey it unasked"
        return Verdict("needs_confirmation", reason, place.path)

    def resolve(
        self, path: str, *, for_write: bool = True, home: str | None = None, others: Iterable[str] = ()
    ) -> Place:
        """Where a path really lies. Arguments as ``check``.

        Raises:
            PathRefused: the policy refuses it.
        """
        reason = escape_reason(path) or (portability_reason(components(path)) if for_write else None)
        if reason is not None:
            raise _Refused(path, reason)
        index, parts = self.workspace.place(path, home=home)
        if not parts:
            raise _Refused(path, "it is a workspace folder, not a file")
        self._refuse_label_variant(path, components(path)[0])
        normal = self.workspace.path_of(index, parts)
        for other in others if for_write else ():
            if twins := self.collision((other, normal), home=home):
                same = shown(twins[0])
                raise _Refused(
                    path, f"it differs only in case or composition from {same!r} in the same answer"
                )
        try:
            return self._walk(normal, index, parts, collisions=for_write)
        except OSError as error:
            raise _Refused(path, error.strerror or "the disk cannot tell what it is") from error
        except UnicodeEncodeError as error:
            raise _Refused(path, f"names on disk are {error.encoding} in this locale") from error

    def protected(self, place: Place) -> str | None:
        """The entry of §7's list or of ``apply.protect`` that a place matches, by name or through links."""
        for parts in (components(place.path), place.parts):
            if entry := protected_by(parts) or first_match(self._protect, parts):
                return entry
        return None

    def collision(self, paths: Iterable[str], *, home: str | None = None) -> tuple[str, str] | None:
        """Two of the paths that some file system takes for one, or for one's folder; None where all differ.

        The second is the first path in order that is a variant of an earlier one.
        """
        spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
        for path in paths:
            if escape_reason(path) is not None:
                continue  # refused anyway, wherever it is judged
            normal = self.workspace.normal(path, home=home)
            for key, spelling in _prefixes(components(normal)):
                twin = spelled.setdefault(key, spelling)
                if twin != spelling:
                    return "/".join(twin), normal
        return None

    def _refuse_label_variant(self, path: str, first: str) -> None:
        labels = self.workspace.labels
        if len(labels) > 1 and first not in labels and fold(first) in map(fold, labels):
            raise _Refused(path, f"{shown(first)!r} differs only in case from a workspace folder's name")

    def _walk(self, path: str, index: int, parts: tuple[str, ...], *, collisions: bool) -> Place:
        here = self.workspace.roots[index]
        linked = False
        for position, name in enumerate(parts):
            last = position == len(parts) - 1
            mode = _mode(here / name)
            if collisions:
                _refuse_collision_on_disk(path, here, name, exists=mode is not None)
            if mode is None:  # from here on nothing exists, so nothing can lead elsewhere
                return self._placed(path, here.joinpath(*parts[position:]), linked=False)
            here, linked = here / name, stat.S_ISLNK(mode)
            if linked:
                here = self._follow(path, here)
                mode = _mode(here)
            _refuse_kind(path, here, mode, last=last)
        return self._placed(path, here, linked=linked)

    def _follow(self, path: str, link: Path) -> Path:
        here = link
        for _ in range(_LINK_HOPS):
            target = here.parent / here.readlink()
            here = Path(os.path.realpath(target.parent)) / target.name
            if target.name in {"", ".", ".."}:
                here = Path(os.path.realpath(target))
            if not self.workspace.contains(here):
                raise _Refused(path, f"the link {shown(link.name)!r} leaves the workspace")
            mode = _mode(here)
            if mode is None:
                raise _Refused(path, f"the link {shown(link.name)!r} leads nowhere")
            if not stat.S_ISLNK(mode):
                return here
        raise _Refused(path, f"the link {shown(link.name)!r} leads in a circle")

    def _placed(self, path: str, real: Path, *, linked: bool) -> Place:
        index = self.workspace.root_of(real)
        if index is None:
            raise _Refused(path, "it is outside the workspace")
        parts = real.relative_to(self.workspace.roots[index]).parts
        # A link may give git's files or a device another name.
        if reason := escape_reason("/".join(parts)):
            raise _Refused(path, reason)
        return Place(path, index, parts, linked)


class _Refused(PathRefused):
    """Carries the reason alone too, for a verdict that stands beside its path."""

    def __init__(self, path: str, reason: str) -> None:
        hint = "Name a file inside the workspace by a plain relative path."
        super().__init__(f"{shown(path)!r} is refused: {reason}.", hint=hint)
        self.reason = reason


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _refuse_kind(path: str, here: Path, mode: int | None, *, last: bool) -> None:
    if mode is None:
        raise _Refused(path, f"{shown(here.name)!r} vanished")
    if not last and not stat.S_ISDIR(mode):
        raise _Refused(path, f"{shown(here.name)!r} is a file, not a folder")
    if last and not stat.S_ISREG(mode):
        raise _Refused(path, "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file")


def _refuse_collision_on_disk(path: str, folder: Path, name: str, *, exists: bool) -> None:
    # A variant of the name that is there already is the same file on some file systems (CVE-2025-59944).
    try:
        with os.scandir(folder) as scan:
            present = {entry.name for entry in scan}
    except OSError:  # unreadable or absent: what follows says so, or there is nothing to collide with
        return
    if name in present:
        return
    wanted = fold(name)
    if twin := next((other for other in present if fold(other) == wanted), None):
        raise _Refused(path, f"it differs only in case or composition from {shown(twin)!r}, which exists")
    if exists:
        raise _Refused(path, f"{shown(name)!r} is another name of something that exists")


def _prefixes(parts: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    folded = [fold(part) for part in parts]
    for end in range(1, len(parts) + 1):
        yield tuple(folded[:end]), tuple(parts[:end])
