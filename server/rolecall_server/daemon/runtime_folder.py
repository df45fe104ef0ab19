"""Where the daemon's socket is, and that nobody else can have put one there.

The search order and the rules are contract section 9. Standard library only, and little of it: relays
import this, so paths are plain text here.
"""

from __future__ import annotations

import os
import stat

from rolecall.home import home_of

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SOCKET_PATH = 100
"""Bytes. Socket addresses end at 104 (macOS) or 108 (Linux)."""

LONGEST_NAME = len("daemon-0123456789abcdef-4194304.sock")
"""Of a daemon that drains: its process id is in the name then."""


class Unusable(Exception):
    """A folder or socket that must not be used; the text says why and what to do."""


def candidates(environment: Mapping[str, str], uid: int) -> list[str]:
    """The folders a daemon may be in, best first."""
    named = environment.get("ROLECALL_RUNTIME_DIR", "").strip()
    if named:
        return [_short(os.path.abspath(named), environment, uid)]
    folders = [f"/run/user/{uid}/rolecall"]
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        # A snap gives its editor a folder of its own, which often does not exist.
        parts = [part for part in runtime.split("/") if not part.startswith("snap.")]
        folders.append(os.path.normpath("/".join([*parts, "rolecall"])))
    cache = environment.get("XDG_CACHE_HOME", "")
    if not cache.startswith("/"):
        cache = os.path.join(home_of(environment), ".cache")
    folders.append(os.path.join(cache, "rolecall", "run"))
    return list(dict.fromkeys(_short(folder, environment, uid) for folder in folders))


def check(folder: str, uid: int) -> None:
    """Raise Unusable unless the folder is the user's own and closed to others; OSError where it is absent."""
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise Unusable(f"{folder} is not a folder; remove it, or set ROLECALL_RUNTIME_DIR to another")
    if status.st_uid != uid:
        raise Unusable(
            f"{folder} belongs to user {status.st_uid}, not to you; set ROLECALL_RUNTIME_DIR to another"
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Unusable(f"{folder} is open to others (mode {stat.S_IMODE(status.st_mode):o}); chmod 700 it")


def check_socket(path: str, uid: int) -> None:
    """Raise Unusable unless what is at the path is a socket of the user's own; OSError where it is absent."""
    status = os.lstat(path)
    if status.st_uid != uid:
        raise Unusable(
            f"{path} belongs to user {status.st_uid}, not to you; set ROLECALL_RUNTIME_DIR to another folder"
        )
    if not stat.S_ISSOCK(status.st_mode):
        raise Unusable(f"{path} is not a socket; remove it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Unusable(f"{path} is open to others (mode {stat.S_IMODE(status.st_mode):o}); chmod 600 it")


def first_usable(environment: Mapping[str, str], uid: int) -> str:
    """The first folder a daemon can be started in; made where it is missing.

    Raises:
        Unusable: none can; the text names each and why.
    """
    reasons: list[str] = []
    for folder in candidates(environment, uid):
        try:
            _make(folder, environment, uid)
        except Unusable as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
        else:
            return folder
    raise Unusable("there is no folder for the daemon's socket: " + "; ".join(reasons))


def _make(folder: str, environment: Mapping[str, str], uid: int) -> None:
    """Make the folder, mode 0700, where that is ours to do. Raises OSError or Unusable."""
    if not os.path.lexists(folder):
        # The system makes runtime folders at login; a missing one is not ours to make.
        if not _is_runtime_folder(os.path.dirname(folder), environment, uid):
            os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass  # another relay was faster
    check(folder, uid)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unusable(f"{folder} cannot be written to; set ROLECALL_RUNTIME_DIR to another folder")


def _is_runtime_folder(parent: str, environment: Mapping[str, str], uid: int) -> bool:
    if environment.get("ROLECALL_RUNTIME_DIR", "").strip():
        return False
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return parent == f"/run/user/{uid}" or bool(runtime and runtime.startswith(parent))


def _short(folder: str, environment: Mapping[str, str], uid: int) -> str:
    """The folder itself, or one in the system's temporary folder where a socket's path would be too long."""
    if _fits(folder):
        return folder
    from binascii import crc32  # noqa: PLC0415 - rarely needed

    name = f"rolecall-{uid}-{crc32(os.fsencode(folder)):08x}"
    short = os.path.join(os.path.abspath(environment.get("TMPDIR") or "/tmp"), name)  # noqa: S108 - owner-checked
    return short if _fits(short) else f"/tmp/{name}"  # noqa: S108


def _fits(folder: str) -> bool:
    return len(os.fsencode(folder)) + 1 + LONGEST_NAME <= LONGEST_SOCKET_PATH
