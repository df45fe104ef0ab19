"""Reading text files: never through a link that was swapped in, never a pipe or a device, never too much."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rolecall.errors import FileUnreadable
from rolecall.workspace.names import shown

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


NO_FOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)
CLOSE_ON_EXEC: Final[int] = getattr(os, "O_CLOEXEC", 0)
BINARY: Final[int] = getattr(os, "O_BINARY", 0)
FOLDER: Final[int] = getattr(os, "O_DIRECTORY", 0)
READ: Final[int] = os.O_RDONLY | NO_FOLLOW | CLOSE_ON_EXEC | BINARY | getattr(os, "O_NONBLOCK", 0)
BOM: Final = b"\xef\xbb\xbf"

ANCHORED: Final = os.open in os.supports_dir_fd and FOLDER != 0
"""Whether the system opens names relative to an open folder; Windows does not."""


@contextmanager
def open_folder(root: Path, parts: tuple[str, ...]) -> Generator[int | None]:
    """A descriptor of the folder ``parts`` below ``root``, opened one component at a time, no link followed.

    Yields None on systems without such descriptors. Raises OSError like ``os.open``.
    """
    if not ANCHORED:
        yield None
        return
    descriptor = os.open(root, os.O_RDONLY | FOLDER | NO_FOLLOW | CLOSE_ON_EXEC)
    try:
        for name in parts:
            inner = os.open(name, os.O_RDONLY | FOLDER | NO_FOLLOW | CLOSE_ON_EXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def read_bytes(root: Path, parts: tuple[str, ...], path: str, *, limit: int) -> bytes | None:
    """The bytes of the regular file ``parts`` below ``root``, or None where there is no file.

    Args:
        root: real path of a folder.
        parts: components below it, none of them a link.
        path: what to call the file in messages.
        limit: the largest size, in bytes.

    Raises:
        FileUnreadable: it is no regular file, larger than ``limit`` bytes, or cannot be opened.
    """
    *folders, name = parts
    try:
        with open_folder(root, tuple(folders)) as folder:
            target = name if folder is not None else str(root.joinpath(*parts))
            return _read_regular(target, folder, path, limit)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _unreadable(path, "it became a link while it was being opened") from error
        raise _unreadable(path, (error.strerror or "it cannot be opened").lower()) from error


def decode(path: str, data: bytes) -> tuple[str, bool]:
    """The text, without its byte order mark, and whether it had one.

    Raises:
        FileUnreadable: the bytes are not UTF-8 text.
    """
    bom = data.startswith(BOM)
    body = data[len(BOM) :] if bom else data
    if b"\0" in body:
        raise _unreadable(path, "it is a binary file")
    try:
        return body.decode(), bom
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8 text (byte {error.start + len(data) - len(body)})"
        raise _unreadable(path, message, hint="Convert it to UTF-8, or leave it out.") from None


def _read_regular(target: str, folder: int | None, path: str, limit: int) -> bytes:
    # Looked at before it is opened: opening a device or a pipe may already have an effect.
    before = os.stat(target, dir_fd=folder, follow_symlinks=False)
    _require_regular(path, before, limit)
    descriptor = os.open(target, READ, dir_fd=folder)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        _require_regular(path, os.fstat(descriptor), limit)
        data = bytearray()
        while len(data) <= limit and (chunk := file.read(min(limit + 1 - len(data), 1 << 20))):
            data += chunk
    if len(data) > limit:
        raise _too_large(path, limit)
    return bytes(data)


def _require_regular(path: str, status: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise _unreadable(path, "it is a folder", hint="Name a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(path, "it is a pipe, a device or a link, not a regular file")
    if status.st_size > limit:
        raise _too_large(path, limit)


def _too_large(path: str, limit: int) -> FileUnreadable:
    size = f"{limit // 1024:,} KiB" if limit >= 1024 else f"{limit} bytes"  # noqa: PLR2004  # a unit, not a limit
    hint = "Name a smaller file, or raise context.max_file_bytes where the file is only to be read."
    return _unreadable(path, f"it is larger than {size}", hint=hint)


def _unreadable(
    path: str, reason: str, *, hint: str = "Leave it out, or name a text file."
) -> FileUnreadable:
    return FileUnreadable(f"{shown(path)} cannot be read: {reason}.", hint=hint)
