"""Which install a process runs: a relay joins only a daemon that runs the very same code.

Standard library only, and little of it: relays import this.
"""

from __future__ import annotations

import os
import sys
from binascii import crc32

import rolecall

SUFFIXES = (".py", ".md")


def packages() -> tuple[str, str]:
    """The folders of the two packages."""
    here = os.path.dirname(os.path.abspath(__file__))
    core = os.path.abspath(rolecall.__file__ or "")
    return os.path.dirname(here), os.path.dirname(core)


def identity() -> str:
    """Sixteen hex digits over version, interpreter, install path and install time, as they are now.

    Raises:
        OSError: the install is gone.
    """
    install = [rolecall.__version__, sys.prefix, sys.version, *packages()]
    files: list[str] = []
    for package in packages():
        _stamp(package, files)
    return f"{_digest(install):08x}{_digest(files):08x}"


def _digest(parts: list[str]) -> int:
    return crc32("\0".join(parts).encode("utf-8", "surrogateescape"))


def _stamp(folder: str, files: list[str]) -> None:
    """Add each file's name and time of modification."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(SUFFIXES):
                files.append(f"{entry.name} {entry.stat().st_mtime_ns}")
            elif entry.name != "__pycache__" and entry.is_dir(follow_symlinks=False):
                files.append(entry.name)
                _stamp(entry.path, files)
