"""Which install a process runs: a relay joins only a daemon that runs the very same code.

Standard library only: relays import this.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from rolecall._version import __version__

PACKAGES = (Path(__file__).parents[1], Path(sys.modules["rolecall"].__file__ or "").parent)
SUFFIXES = (".py", ".md")


def identity() -> str:
    """Twelve hex digits over version, interpreter, install path and install time, as they are now."""
    parts = [__version__, os.path.realpath(sys.executable), sys.version]
    parts += [f"{package}:{_newest(str(package))}" for package in PACKAGES]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _newest(folder: str) -> int:
    """The install time: the latest modification of any file below, in nanoseconds."""
    newest = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    newest = max(newest, _newest(entry.path))
            elif entry.name.endswith(SUFFIXES):
                newest = max(newest, entry.stat().st_mtime_ns)
    return newest
