"""One writer at a time in each workspace folder, across processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rolecall.errors import ConfigurationInvalid, EditConflict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

_POLL_S: Final = 0.02
_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def hold(state_folder: Path, roots: Iterable[str], *, wait_s: float) -> Generator[None]:
    """Hold the locks of these workspace folders; a process that dies gives its locks back.

    Args:
        state_folder: where the lock files are.
        roots: real paths of the workspace folders.
        wait_s: how long to wait for another writer.

    Raises:
        EditConflict: another writer still holds one of them.
        ConfigurationInvalid: the state folder cannot be written.
    """
    deadline = time.monotonic() + wait_s
    with contextlib.ExitStack() as stack:
        for root in sorted(set(roots)):  # always in one order, so that two writers never wait for each other
            descriptor = _open(state_folder, root)
            stack.callback(os.close, descriptor)
            while not _try(descriptor):
                if time.monotonic() >= deadline:
                    raise EditConflict(
                        f"Another Rolecall command is writing to {root}. Nothing was changed.",
                        hint="Try again when it has finished.",
                    )
                time.sleep(_POLL_S)
        yield


def _open(state_folder: Path, root: str) -> int:
    folder = state_folder / "locks"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
        return os.open(folder / f"{name}.lock", _FLAGS, 0o600)
    except OSError as error:
        raise state_folder_error(state_folder, error) from error


def state_folder_error(state_folder: Path, error: OSError) -> ConfigurationInvalid:
    """What to say when Rolecall's own folder cannot be written."""
    return ConfigurationInvalid(
        f"The state folder {state_folder} cannot be written: {error.strerror}. Nothing was changed.",
        hint="Make it writable, or set XDG_STATE_HOME to a folder that is.",
    )


if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
