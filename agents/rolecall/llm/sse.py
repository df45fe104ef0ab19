"""Server-sent events, decoded by the book: https://html.spec.whatwg.org/multipage/server-sent-events.html.

Lines may end in LF, CR or CRLF and be split anywhere, also within a character. Fields other than ``data``
and ``event`` are of no use here; a comment is nothing. Beyond the book, the last event counts even without
the blank line after it, which some servers forget, and a field ``error`` is an event of that name, which
llama.cpp writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOM = b"\xef\xbb\xbf"


class EventTooLarge(Exception):  # a fact the caller makes an error of
    """One event has more bytes than allowed."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name (empty for the default) and its data, lines joined by LF."""

    name: bytes
    data: bytes


class SseDecoder:
    """Fed bytes as they come, gives events as they are complete.

    Args:
        limit: bytes one event may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head: bytes | None = b""
        self._parts: list[bytes] = []
        self._after_cr = False
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events ``chunk`` completes, in order. Raises EventTooLarge."""
        for line in self._lines(chunk):
            event = self._take(line)
            if event is not None:
                yield event

    def finish(self) -> ServerEvent | None:
        """The event the stream ended in, where it has data."""
        if self._head:
            self._parts.append(self._head)
        if self._parts:
            self._take(b"".join(self._parts))
        return self._dispatch()

    def _lines(self, chunk: bytes) -> Iterator[bytes]:
        chunk = self._without_bom(chunk)
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        for piece in chunk.splitlines(keepends=True):
            line = piece.rstrip(b"\r\n")
            if len(line) == len(piece):
                self._grow(len(piece))
                self._parts.append(piece)
            elif self._parts:
                yield b"".join((*self._parts, line))
                self._parts.clear()
            else:
                yield line
        self._after_cr = chunk.endswith(b"\r") or (self._after_cr and not chunk)

    def _without_bom(self, chunk: bytes) -> bytes:
        if self._head is None:
            return chunk
        self._head += chunk
        if len(self._head) < len(_BOM) and _BOM.startswith(self._head):
            return b""
        chunk, self._head = self._head.removeprefix(_BOM), None
        return chunk

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._limit:
            raise EventTooLarge

    def _take(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._grow(len(value) + 1)
        elif field == b"event":
            self._name = value
        elif field == b"error":
            self._name = field
            self._data.append(value)
        return None

    def _dispatch(self) -> ServerEvent | None:
        data, name = b"\n".join(self._data), self._name
        self._data.clear()
        self._name = b""
        self._size = 0
        return ServerEvent(name, data) if data or name == b"error" else None
