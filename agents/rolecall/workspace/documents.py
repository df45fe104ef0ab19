"""What files hold at this moment: an open buffer first, else the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from rolecall.errors import FileUnreadable, PathRefused
from rolecall.workspace import outline
from rolecall.workspace.globs import compile_all, first_match
from rolecall.workspace.names import components, shown
from rolecall.workspace.reader import decode, read_bytes
from rolecall.workspace.secret_names import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rolecall.workspace.folder import Workspace
    from rolecall.workspace.policy import PathPolicy, Place

MAX_FILE_BYTES: Final = 262_144
"""The default of ``context.max_file_bytes``: what the model gets to see of one file."""

MAX_EDIT_BYTES: Final = 8 * 1024 * 1024
"""The largest file that an edit is computed for."""


Unseen = Literal["newer", "cut"]
"""What a model does not know of a file: ``newer`` than its request, or ``cut`` for want of room."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text file as it was read.

    Attributes:
        path: workspace path, ``/`` separated.
        text: the whole text with its own line endings, without a byte order mark.
        bom: whether the file began with a UTF-8 byte order mark.
        version: the editor's version of the buffer; None when read from disk.
        digest: SHA-256 (hex) of ``text`` as UTF-8; tells whether the file moved since.
        source: where the text came from.
    """

    path: str
    text: str
    digest: str
    bom: bool = False
    version: int | None = None
    source: Literal["buffer", "disk"] = "disk"


class Buffers(Protocol):
    """The open documents of an editor; the LSP door provides them."""

    def get(self, path: str) -> Document | None:
        """The open buffer at a workspace path, or None."""
        ...

    def paths(self) -> list[str]:
        """Workspace paths of all open buffers."""
        ...


def digest(text: str) -> str:
    """SHA-256 (hex) of the text as UTF-8; lone surrogates, which a buffer may hold, count as themselves."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class Documents:
    """Reads the files of one workspace as one client sees them.

    Args:
        workspace: the folders.
        policy: judges every path before the disk is asked.
        buffers: the client's open documents, where it has some.
        max_bytes: the largest file that context takes in (``context.max_file_bytes``).
        exclude: globs of files that context never takes in (``context.exclude``); secrets never are.
    """

    def __init__(
        self,
        workspace: Workspace,
        policy: PathPolicy,
        *,
        buffers: Buffers | None = None,
        max_bytes: int = MAX_FILE_BYTES,
        exclude: Sequence[str] = (),
    ) -> None:
        self.workspace = workspace
        self.policy = policy
        self.buffers = buffers
        self.max_bytes = max_bytes
        self._exclude = compile_all(exclude)

    def read(self, path: str, *, home: str | None = None) -> Document | None:
        """The file as it is now, or None where there is none. Arguments as ``PathPolicy.check``.

        Raises:
            PathRefused: outside the workspace, or not a readable UTF-8 text of at most 8 MiB.
        """
        return self._read(self.policy.resolve(path, for_write=False, home=home), MAX_EDIT_BYTES)

    def read_for_context(self, path: str, *, home: str | None = None) -> Document | None:
        """Like ``read``, for text that a model gets to see.

        Raises:
            PathRefused: as ``read``; also secrets, excluded files and files over ``max_bytes``.
        """
        place = self.policy.resolve(path, for_write=False, home=home)
        self._refuse_withheld(place)
        document = self._read(place, self.max_bytes)
        if document is not None and len(document.text.encode(errors="surrogatepass")) > self.max_bytes:
            message = f"{shown(place.path)} is not read: its buffer is larger than {self.max_bytes:,} bytes."
            raise FileUnreadable(message, hint="Raise context.max_file_bytes, or name a smaller file.")
        return document

    def exists(self, path: str, *, home: str | None = None) -> bool:
        """Whether a regular file or an open buffer is at the path; False for what may not be read."""
        try:
            place = self.policy.resolve(path, for_write=False, home=home)
        except PathRefused:
            return False
        if self.buffers is not None and self.buffers.get(place.path) is not None:
            return True
        return self.workspace.roots[place.root].joinpath(*place.parts).is_file()

    def changed_since(self, path: str, moment_ns: int) -> bool:
        """Whether the file was made or changed on disk after a moment (``time.time_ns``), or is not there."""
        try:
            place = self.policy.resolve(path, for_write=False)
            status = self.workspace.roots[place.root].joinpath(*place.parts).lstat()
        except FileNotFoundError:
            return True
        except (PathRefused, OSError):
            return False
        return status.st_ctime_ns > moment_ns  # the time that no program can set back

    def list(self, limit: int = 1_000) -> list[str]:
        """Workspace paths of at most ``limit`` files: shallow ones first, then by name; no secrets."""
        return outline.files(self.workspace, self._exclude, limit)

    def _read(self, place: Place, limit: int) -> Document | None:
        buffer = self.buffers.get(place.path) if self.buffers is not None else None
        if buffer is not None:
            return buffer
        data = read_bytes(self.workspace.roots[place.root], place.parts, place.path, limit=limit)
        if data is None:
            return None
        text, bom = decode(place.path, data)
        return Document(place.path, text, digest(text), bom=bom)

    def _refuse_withheld(self, place: Place) -> None:
        # A link may give a secret an innocent name.
        known_as = (place.path, "/".join(place.parts), *self._hard_links(place))
        if any(map(is_secret, known_as)):
            raise PathRefused(
                f"{shown(place.path)} is not read: files like it hold secrets, which never go to a model.",
                hint="Leave it out. If it holds none, rename it.",
            )
        if entry := first_match(self._exclude, components(place.path)):
            message = f"{shown(place.path)} is not read: context.exclude holds {entry}."
            raise PathRefused(message, hint="Leave it out, or take it out of context.exclude.")

    def _hard_links(self, place: Place) -> Iterator[str]:
        try:
            status = self.workspace.roots[place.root].joinpath(*place.parts).lstat()
        except OSError:  # absent, or unreadable: reading it says so
            return iter(())
        return outline.other_names(self.workspace, status) if status.st_nlink > 1 else iter(())
