"""The files of one task as they were when it first read them.

What the model saw is what its edits are computed against, however long it writes; the moment of applying
compares with the present state and rebases.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.workspace.documents import Document, Documents, Unseen


LARGE_CHARACTERS: Final = 1_000_000
"""Characters that take tens of milliseconds to work on, in which other clients should not have to wait."""


class Snapshot:
    """Documents, read once each. Safe to use from one thread at a time."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._read: dict[str, Document | None] = {}
        self._shown: set[str] = set()
        self._asked_ns: int | None = None
        self._open: dict[str, str] = {}
        self._seen: set[str] = set()
        self._cut: frozenset[str] = frozenset()

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

    @property
    def large(self) -> bool:
        """Whether work on what was read keeps a processor for more than a moment."""
        return sum(len(one.text) for one in self._read.values() if one is not None) > LARGE_CHARACTERS

    def read_again(self, path: str) -> Document | None:
        """The document as it is now, for a model that is to see it once more: secrets are refused."""
        self._read[path] = document = self._documents.read_for_context(path)
        self._shown.add(path)
        self._seen.add(path)
        return document

    def asked(self, prompt: str, cut: Collection[str]) -> None:
        """Note that a model is asked now.

        Args:
            prompt: all that it gets to see.
            cut: the paths of which it does not get to see all.
        """
        if self._asked_ns is None:
            self._asked_ns, self._open = time.time_ns(), self._buffers()
        self._seen = {path for path, document in self._read.items() if document and document.text in prompt}
        self._cut = frozenset(cut)

    def unseen(self, document: Document) -> Unseen | None:
        """What the model that was asked does not know of a file; None where none was asked."""
        if self._asked_ns is None or document.path in self._seen or not document.text:
            return None
        if document.path in self._cut:
            return "cut"
        if document.path in self._open and document.source == "buffer":
            return None if self._open[document.path] == document.digest else "newer"
        return "newer" if self._documents.changed_since(document.path, self._asked_ns) else None

    def _buffers(self) -> dict[str, str]:
        """The digests of what the editor has open."""
        buffers = self._documents.buffers
        found = [buffers.get(path) for path in buffers.paths()] if buffers is not None else []
        return {document.path: document.digest for document in found if document is not None}

    def forget(self) -> None:
        """Let go of all that was read: the task has ended."""
        for kept in (self._read, self._shown, self._open, self._seen):
            kept.clear()

    def exists(self, path: str) -> bool:
        """Whether there is a file at the path now."""
        return self._documents.exists(path)

    def list(self, limit: int) -> list[str]:
        """The workspace in outline, at most ``limit`` paths."""
        return self._documents.list(limit)
