"""Where the daemon's socket is, and that nobody else can have put one there.

The search order and the rules are contract section 9. Standard library only: relays import this.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SOCKET_PATH = 100
"""Bytes. Socket addresses end at 104 (macOS) or 108 (Linux)."""

SOCKET_NAME_LENGTH = len("daemon-0123456789ab.sock")


class Unusable(Exception):
    """A folder or socket that must not be used; the text says why and what to do."""


def candidates(environment: Mapping[str, str], uid: int) -> list[Path]:
    """The folders a daemon may be in, best first."""
    named = environment.get("ROLECALL_RUNTIME_DIR")
    if named:
        return [_short(Path(named).absolute(), uid)]
    folders = [Path(f"/run/user/{uid}/rolecall")]
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        # A snap gives its editor a folder of its own, which often does not exist.
        parts = [part for part in Path(runtime).parts if not part.startswith("snap.")]
        folders.append(Path(*parts, "rolecall"))
    home = environment.get("HOME") or str(Path.home())
    cache = environment.get("XDG_CACHE_HOME", "")
    folders.append(Path(cache if cache.startswith("/") else Path(home, ".cache"), "rolecall", "run"))
    return list(dict.fromkeys(_short(folder, uid) for folder in folders))


def check(folder: Path, uid: int) -> None:
    """Raise Unusable unless the folder is the user's own and closed to all others."""
    status = folder.lstat()
    if stat.S_ISLNK(status.st_mode) or not stat.S_ISDIR(status.st_mode):
        raise Unusable(f"{folder} is not a folder; remove it, or set ROLECALL_RUNTIME_DIR")
    if status.st_uid != uid:
        raise Unusable(f"{folder} belongs to user {status.st_uid}, not to you; set ROLECALL_RUNTIME_DIR")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Unusable(f"{folder} is open to others (mode {stat.S_IMODE(status.st_mode):o}); chmod 700 it")


def check_socket(path: Path, uid: int) -> None:
    """Raise Unusable unless what is at the path is a socket of the user's own."""
    status = path.lstat()
    if not stat.S_ISSOCK(status.st_mode):
        raise Unusable(f"{path} is not a socket; remove it")
    if status.st_uid != uid:
        raise Unusable(f"{path} belongs to user {status.st_uid}, not to you; set ROLECALL_RUNTIME_DIR")


def make(folder: Path, uid: int) -> None:
    """Make the folder, mode 0700, where its parent allows it. Raises OSError or Unusable."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    check(folder, uid)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unusable(f"{folder} cannot be written to; set ROLECALL_RUNTIME_DIR")


def first_usable(environment: Mapping[str, str], uid: int) -> Path:
    """The first folder a daemon can be started in.

    Raises:
        Unusable: none can; the text names each and why.
    """
    reasons: list[str] = []
    for folder in candidates(environment, uid):
        # /run/user/UID is made by the system at login; a missing one is not ours to make.
        if folder.parent.parent == Path("/run/user") and not folder.parent.is_dir():
            continue
        try:
            make(folder, uid)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
        except Unusable as error:
            reasons.append(str(error))
        else:
            return folder
    raise Unusable("no folder for the daemon's socket: " + "; ".join(reasons))


def _short(folder: Path, uid: int) -> Path:
    """The folder itself, or one in the system's temporary folder where a socket's path would be too long."""
    if len(os.fsencode(folder)) + 1 + SOCKET_NAME_LENGTH <= LONGEST_SOCKET_PATH:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return Path(tempfile.gettempdir(), f"rolecall-{uid}-{digest}")
