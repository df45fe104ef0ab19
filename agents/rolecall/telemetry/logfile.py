"""A log file that is rotated by size, and that several processes may write to."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 10 << 20
"""Size at which the file is put aside."""

KEPT = 5
"""Files put aside that are kept: ``name.1`` is the newest."""


class RotatingFile:
    """Lines appended whole, so that those of several processes do not mix.

    Args:
        path: the file; its folder is made where it is missing. Readable by the user alone.
        max_bytes: size at which it is rotated.
        kept: files put aside that are kept.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._lock = threading.Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = self._open()

    def write(self, line: bytes) -> None:
        """Append one line, with its end. A full disk loses the line, never the program."""
        with self._lock:
            try:
                self._follow()
                os.write(self._descriptor, line)
            except OSError:
                return

    def close(self) -> None:
        """Close the file; what is written afterwards is lost, as on a full disk."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _follow(self) -> None:
        """Rotate a full file, and go on in the new one where another process has rotated."""
        ours = os.fstat(self._descriptor)
        if ours.st_size >= self._max_bytes and self._is_current(ours):
            self._rotate()
        if not self._is_current(ours):
            fresh = self._open()
            os.close(self._descriptor)
            self._descriptor = fresh

    def _is_current(self, ours: os.stat_result) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def _rotate(self) -> None:
        names = [
            self._path,
            *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._kept + 1)),
        ]
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            if newer.exists():
                newer.replace(older)
