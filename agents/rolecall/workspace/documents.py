"""What files hold at this moment: an open buffer first, else the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


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
