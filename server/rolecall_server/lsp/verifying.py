"""What an editor really did with an edit, seen from its buffers and the disk, not from its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

from rolecall.answer.changeset import rebase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from rolecall.answer.changeset import Change
    from rolecall.session import Session
    from rolecall_server.lsp.buffers import TextBuffer
    from rolecall_server.lsp.documents import OpenDocuments

OPEN_S: Final = 2.0
"""Seconds the buffers of open documents get to show an edit that the client says it applied."""

CLOSED_S: Final = 0.5
"""Seconds the client gets to open what it created or changed; many never do."""


class Verification:
    """Watches the buffers from before an edit is sent until it was seen in them.

    Args:
        session: the client's session.
        documents: its open documents.
        changes: what the edit changes.
    """

    def __init__(self, session: Session, documents: OpenDocuments, changes: Sequence[Change]) -> None:
        self._session = session
        self._buffers = documents.seen_from(session.workspace)
        self._changes = {_place(change): change for change in changes if change.action != "delete"}
        self._deleted = [change for change in changes if change.action == "delete"]
        self._open = {path for path in self._changes if self._buffers.buffer_at(path) is not None}
        self._seen: set[str] = set()
        self._news = asyncio.Event()
        self._stop = documents.watch(self._look)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def complete(self) -> bool:
        """Whether the buffers have shown every change; those of documents that are not open never do."""
        return not self._deleted and self._changes.keys() <= self._seen

    async def completed(self) -> None:
        """Wait until it is complete."""
        while not self.complete:
            self._news.clear()
            await self._news.wait()

    async def done(self, *, applied: bool) -> set[str]:
        """The paths whose change was seen, or found on disk.

        Args:
            applied: what the client said. A client that says no gets no time to show the contrary.
        """
        if applied:
            await self._wait(self._open, OPEN_S)
            await self._wait(self._changes, CLOSED_S)
        for path in self._changes.keys() - self._seen:
            if self._is_there(path):
                self._seen.add(path)
        gone = {change.path for change in self._deleted if self._session.documents.read(change.path) is None}
        return gone | {self._changes[path].path for path in self._seen}

    async def _wait(self, paths: Iterable[str], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not set(paths) <= self._seen | {path for path in paths if self._on_disk(path)}:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    def _look(self, buffer: TextBuffer) -> None:
        for path, change in self._changes.items():
            if self._buffers.buffer_at(path) is buffer and _same(buffer.text, _after(change)):
                self._seen.add(path)
        self._news.set()

    def _is_there(self, path: str) -> bool:
        """Whether the file holds the change now, perhaps with other edits around it."""
        change, current = self._changes[path], self._session.documents.read(path)
        if current is None:
            return False
        if _same(current.text, _after(change)):
            return True
        return (
            _holds(change, current.text) if change.base is not None and change.action == "modify" else False
        )

    def _on_disk(self, path: str) -> bool:
        if self._buffers.buffer_at(path) is not None:
            return False
        current = self._session.documents.read(path)
        return current is not None and _same(current.text, _after(self._changes[path]))


def _holds(change: Change, text: str) -> bool:
    """Whether taking the change back would still match: then it is there."""
    from dataclasses import replace  # noqa: PLC0415 - rarely needed

    from rolecall.workspace.documents import digest  # noqa: PLC0415

    assert change.base is not None
    if _same(text, change.base.text):
        return False
    done = replace(change.base, text=_after(change), digest=digest(_after(change)))
    back = replace(change, base=done, after=change.base.text, state="proposed")
    current = replace(change.base, text=text, digest=digest(text))
    return rebase(back, current).state != "conflict"


def _place(change: Change) -> str:
    return change.new_path or change.path


def _after(change: Change) -> str:
    if change.after is not None:
        return change.after
    return change.base.text if change.base is not None else ""


def _same(one: str, other: str) -> bool:
    """Equal but for line endings and the final newline, which an editor may keep in its own way."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
