"""The files of one task as they were when it first read them.

What the model saw is what its edits are computed against, however long it writes; the moment of applying
compares with the present state and rebases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.workspace.documents import Document, Documents


class Snapshot:
    """Documents, read once each. Safe to use from one thread at a time."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._read: dict[str, Document | None] = {}
        self._shown: set[str] = set()

    def read(self, path: str) -> Document | None:
        """The document as first read; None when it was absent. Raises what ``Documents.read`` raises."""
        if path not in self._read:
            self._read[path] = self._documents.read(path)
        return self._read[path]

    def read_for_context(self, path: str) -> Document | None:
        """The same for text a model gets to see: secrets are refused."""
        if path not in self._shown:
            document = self._documents.read_for_context(path)
            self._read.setdefault(path, document)
            self._shown.add(path)
        return self._read[path]

    def read_again(self, path: str) -> Document | None:
        """The document as it is now, for a model that is to see it once more: secrets are refused."""
        self._read[path] = document = self._documents.read_for_context(path)
        self._shown.add(path)
        return document

    def exists(self, path: str) -> bool:
        """Whether there is a file at the path now."""
        return self._documents.exists(path)

    def list(self, limit: int) -> list[str]:
        """The workspace in outline, at most ``limit`` paths."""
        return self._documents.list(limit)
