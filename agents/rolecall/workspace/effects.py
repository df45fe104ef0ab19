"""Every change that writing makes to the disk, one method each, so that a test can stop between any two.

Names are resolved in an open folder that was reached without following a link, so a link swapped in
between the check and the write cannot lead elsewhere (CVE-2026-21523).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rolecall.errors import PathRefused
from rolecall.workspace.reader import BINARY, CLOSE_ON_EXEC, NO_FOLLOW, open_folder, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | CLOSE_ON_EXEC | BINARY
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
_LINK_FOLLOWS: Final = os.link not in os.supports_follow_symlinks  # Windows has no choice
_PERMISSIONS: Final = 0o777
_NEW_FILE: Final = 0o666
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_NO_LIMIT: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in a folder below a root, no component of which is a link.

    Attributes:
        root: real path of the workspace folder.
        folder: components of the folder below it.
        name: the entry in that folder.
    """

    root: str
    folder: tuple[str, ...]
    name: str

    def beside(self, name: str) -> Spot:
        """Another name in the same folder."""
        return Spot(self.root, self.folder, name)

    def path(self) -> Path:
        """The whole path; for messages and for systems without folder descriptors."""
        return Path(self.root, *self.folder, self.name)


@dataclass(frozen=True, slots=True)
class Look:
    """What a new file is like besides its bytes.

    Attributes:
        like: a file whose mode and owner it takes over.
        mode: its exact permission bits, where there is no such file any more.
        executable: else, whether it can be run; the mask closes it as any new file.
    """

    like: os.stat_result | None = None
    mode: int | None = None
    executable: bool = False


USUAL: Final = Look()


class Effects:
    """The disk, as far as it is written to.

    Args:
        before: called with a label before each effect; the seam where tests crash or fail.
        umask: what new files and folders are closed to; None for the process's own mask.
    """

    def __init__(self, before: Callable[[str], None] | None = None, *, umask: int | None = None) -> None:
        self._before: Callable[[str], None] = before or _nothing
        self._umask = umask

    def make_folder(self, spot: Spot) -> None:
        """Make a folder; one that is there already will do, a link will not."""
        self._before(f"mkdir {spot.name}")
        with _opened(spot) as (folder, name), contextlib.suppress(FileExistsError):
            os.mkdir(name(spot.name), dir_fd=folder)
            if self._umask is not None and folder is not None:
                made = os.open(spot.name, _FOLDER, dir_fd=folder)
                try:
                    os.fchmod(made, _PERMISSIONS & ~self._umask)
                finally:
                    os.close(made)

    def remove_folder(self, spot: Spot) -> None:
        """Remove a folder if it is empty; one that is in use or gone stays as it is."""
        self._before(f"rmdir {spot.name}")
        with contextlib.suppress(FileNotFoundError), _opened(spot) as (folder, name):
            try:
                os.rmdir(name(spot.name), dir_fd=folder)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
                    raise

    def write_new(self, spot: Spot, data: bytes, look: Look = USUAL) -> None:
        """Write a file that must not exist yet to stable storage."""
        self._before(f"open {spot.name}")
        usual = _PERMISSIONS if look.executable else _NEW_FILE
        with _opened(spot) as (folder, name):
            mode = usual if look.like is None and look.mode is None else 0o600
            descriptor = os.open(name(spot.name), _NEW, mode, dir_fd=folder)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            self._fill(file.fileno(), data, spot.name)
            if look.like is not None:
                _take_after(file.fileno(), look.like)
            elif look.mode is not None:
                _set_mode(file.fileno(), look.mode)
            elif self._umask is not None:
                _set_mode(file.fileno(), usual & ~self._umask)
            self._before(f"fsync {spot.name}")
            os.fsync(file.fileno())

    def link(self, spot: Spot, new: str) -> bool:
        """Give a file a second name in its folder; False where the file system has no hard links.

        Raises:
            FileExistsError: the new name is taken; nothing is overwritten.
        """
        self._before(f"link {spot.name} {new}")
        with _opened(spot) as (folder, name):
            try:
                source, target = name(spot.name), name(new)
                os.link(source, target, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=_LINK_FOLLOWS)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                return False
            return True

    def rename(self, spot: Spot, new: str) -> None:
        """Give an entry another name in its folder at one stroke, over whatever has it."""
        self._before(f"rename {spot.name} {new}")
        with _opened(spot) as (folder, name):
            os.replace(name(spot.name), name(new), src_dir_fd=folder, dst_dir_fd=folder)

    def unlink(self, spot: Spot) -> None:
        """Remove a name; one that is gone already will do."""
        self._before(f"unlink {spot.name}")
        with contextlib.suppress(FileNotFoundError), _opened(spot) as (folder, name):
            os.unlink(name(spot.name), dir_fd=folder)

    def sync(self, spot: Spot) -> None:
        """Bring the names in the folder of ``spot`` to stable storage."""
        self._before(f"sync {'/'.join(spot.folder)}/")
        with _opened(spot) as (folder, _):
            if folder is not None:
                os.fsync(folder)

    def save(self, path: Path, data: bytes) -> None:
        """Replace a private file of Rolecall's own at one stroke; its folder is made, closed to others."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        spot = Spot(str(path.parent), (), f".{path.name}.new")
        self.unlink(spot)
        try:
            self._before(f"open {spot.name}")
            descriptor = os.open(spot.path(), _NEW, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                self._fill(file.fileno(), data, spot.name)
                os.fsync(file.fileno())
            self.rename(spot, path.name)
        except OSError:
            with contextlib.suppress(OSError):
                self.unlink(spot)
            raise
        self.sync(spot)

    def forget(self, path: Path) -> None:
        """Remove a private file of Rolecall's own."""
        spot = Spot(str(path.parent), (), path.name)
        self.unlink(spot)
        self.sync(spot)

    def _fill(self, descriptor: int, data: bytes, name: str) -> None:
        # In two halves, so that a crash can leave a torn file in a test as it can in the world.
        for start, end in ((0, len(data) // 2), (len(data) // 2, len(data))):
            self._before(f"write {name}")
            rest = memoryview(data)[start:end]
            while rest:
                rest = rest[os.write(descriptor, rest) :]


def status(spot: Spot) -> os.stat_result | None:
    """What the entry is, links not followed; None where there is none."""
    try:
        with _opened(spot) as (folder, name):
            return os.stat(name(spot.name), dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # a folder on the way became a link: nothing of ours is there
            return None
        raise


def content(spot: Spot) -> bytes | None:
    """The bytes of a regular file; None for anything else, and where there is none."""
    try:
        return read_bytes(Path(spot.root), (*spot.folder, spot.name), spot.name, limit=_NO_LIMIT)
    except PathRefused:
        return None


def byte_digest(data: bytes) -> str:
    """SHA-256 (hex) of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def same_file(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Whether both are there and are the same file."""
    return one is not None and other is not None and os.path.samestat(one, other)


def is_read_only(found: os.stat_result) -> bool:
    """Whether nobody may write it; asked of the mode, since a privileged user could write anything."""
    return found.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) == 0


def _nothing(_label: str) -> None:
    """What happens before an effect, outside tests."""


@contextmanager
def _opened(spot: Spot) -> Generator[tuple[int | None, Callable[[str], str]]]:
    with open_folder(Path(spot.root), spot.folder) as folder:
        base = None if folder is not None else Path(spot.root, *spot.folder)
        yield folder, lambda name: name if base is None else str(base / name)


def _take_after(descriptor: int, like: os.stat_result) -> None:
    mine = os.fstat(descriptor)
    if hasattr(os, "fchown") and (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(OSError):  # only a privileged user may give files away
            os.fchown(descriptor, like.st_uid, like.st_gid)
    _set_mode(descriptor, stat.S_IMODE(like.st_mode))


def _set_mode(descriptor: int, mode: int) -> None:
    if hasattr(os, "fchmod"):  # Windows has none before Python 3.13
        os.fchmod(descriptor, mode & _PERMISSIONS)
