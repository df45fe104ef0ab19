"""Messages out of a byte stream, read so that no fault of one message costs the next.

A peer may write header names in any case, give lengths that are absurd, too short or too long, or send plain
garbage. A message that cannot be read is reported as such; reading goes on at the next header that is found.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import Protocol

    class Readable(Protocol):
        """Where bytes come from; ``asyncio.StreamReader`` is one."""

        async def read(self, n: int = -1) -> bytes:
            """At most ``n`` bytes; empty at the end."""
            ...


MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024
"""No editor sends a longer message; a longer one announced is a fault of its header."""

LARGE_BYTES: Final = 1024 * 1024
"""A longer message is decoded beside the event loop: one that computes for long is taken for hung."""

MAX_LINE_BYTES: Final = 64 * 1024
READ_BYTES: Final = 256 * 1024

# Anchored at the line's end only: after a message that was cut short, its rest stands before the next header.
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*([0-9]+)[ \t]*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Malformed:
    """What came was no message. ``reason`` is for the peer; ``is_json`` tells a wrong value from garbage."""

    reason: str
    is_json: bool = False


class MessageReader:
    """Reads one message after another.

    Args:
        stream: where the bytes come from.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def read(self) -> Any | Malformed | None:
        """The next message as JSON values, what was wrong with it, or None at the end of the stream."""
        length = await self._header()
        if length is None or isinstance(length, Malformed):
            return length
        body = await self._take(length)
        if body is None or len(body) <= LARGE_BYTES:
            return None if body is None else self._decode(body)
        return await asyncio.to_thread(self._decode, body)

    async def _header(self) -> int | Malformed | None:
        """The length that the next complete header block announces."""
        length: int | None = None
        while True:
            line = await self._line()
            if line is None:
                return None
            if not line:
                if length is None:
                    continue
                if length > MAX_MESSAGE_BYTES:
                    return Malformed(f"a message of {length} bytes; at most {MAX_MESSAGE_BYTES} are read")
                return length
            match = _LENGTH.search(line)
            if match:
                # The digits of an absurd number alone would take a while to convert.
                length = int(match[1]) if len(match[1]) < 20 else MAX_MESSAGE_BYTES + 1  # noqa: PLR2004

    async def _line(self) -> bytes | None:
        """The next line without its ending; of an endless line only its last part."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                del self._buffer[: -MAX_LINE_BYTES // 2]
            start = len(self._buffer)
            if not await self._fill():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    async def _take(self, length: int) -> bytes | None:
        while len(self._buffer) < length:
            if not await self._fill():
                return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    async def _fill(self) -> bool:
        data = await self._stream.read(READ_BYTES)
        self._buffer += data
        return bool(data)

    def _decode(self, body: bytes) -> Any | Malformed:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return Malformed("the message is not UTF-8")
        try:
            return _value(text)
        except json.JSONDecodeError as error:
            return self._decode_first(text, error)
        except (ValueError, RecursionError):
            return Malformed("the message is not readable JSON")

    def _decode_first(self, text: str, error: json.JSONDecodeError) -> Any | Malformed:
        """A length that is too long took in what follows: take the message, give back the rest."""
        if error.msg != "Extra data":
            return Malformed(f"the message is not JSON: {error.msg} at character {error.pos}")
        rest = text[error.pos :].encode()
        self._buffer[:0] = rest
        return _value(text[: error.pos])


def _value(text: str) -> Any | Malformed:
    """The JSON value; ``null`` is no message, and must not be taken for the end of the stream."""
    value = json.loads(text)
    return Malformed("a message is an object, not null", is_json=True) if value is None else value


def encode(message: bytes) -> bytes:
    """A message's bytes with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)
