"""Reading a settings file, whatever stands at its path: a folder, a pipe, a link, a huge or a binary file."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

USER_LIMIT = 1_024 * 1_024
"""Bytes a file of the user's may have."""

WORKSPACE_LIMIT = 64 * 1_024
"""Bytes a workspace file may have: parsing it must stay quick, whoever wrote it."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Unreadable(Exception):
    """What stands at a path is no file of settings. The text says why."""


def read_text(path: Path, *, limit: int = USER_LIMIT) -> str | None:
    """The text of a file, without a byte order mark; None where there is none.

    Raises:
        Unreadable: it is no regular file, too large, not UTF-8, or may not be read.
    """
    return _read(str(path), _FLAGS, limit)


def read_text_inside(path: Path, root: Path, *, limit: int = WORKSPACE_LIMIT) -> str | None:
    """Like `read_text`, of a file that must not lead out of ``root``, whose author may be hostile."""
    resolved = os.path.realpath(path)
    home = os.path.realpath(root)
    if os.path.commonpath([resolved, home]) != home:
        raise Unreadable("it is a link that leads out of the workspace")
    return _read(resolved, _FLAGS | getattr(os, "O_NOFOLLOW", 0), limit)


def _read(path: str, flags: int, limit: int) -> str | None:
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Unreadable(f"it cannot be read: {_reason(error)}") from None
    try:
        return _decoded(_bytes(descriptor, path, limit))
    except OSError as error:
        raise Unreadable(f"it cannot be read: {_reason(error)}") from None
    finally:
        os.close(descriptor)


def _bytes(descriptor: int, path: str, limit: int) -> bytes:
    mode = os.fstat(descriptor).st_mode
    if path == os.devnull:
        return b""
    if stat.S_ISDIR(mode):
        raise Unreadable("it is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise Unreadable("it is not a regular file")
    content = bytearray()
    while len(content) <= limit and (chunk := os.read(descriptor, 1 << 16)):
        content += chunk
    if len(content) > limit:
        raise Unreadable(f"it is larger than {limit // 1_024:,} KiB")
    return bytes(content)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line} is not UTF-8 text; save the file as UTF-8") from None


def _reason(error: OSError | ValueError) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror).lower() if strerror else "its name is not valid"
