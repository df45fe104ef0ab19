"""Characters beyond the first plane, which JSON may write as two halves, and some servers cut in between.

A model's token can end within a character. A server that escapes what it has so far then sends half a
surrogate pair in one chunk and the other half in the next: JSON by its grammar (RFC 8259 section 8.2), but
no text. The halves are joined here; one that stays alone becomes U+FFFD, so that everything behind is text.
"""

from __future__ import annotations

import json
from typing import Any

import jiter

_HIGH = ("\ud800", "\udbff")


def parsed(data: bytes) -> Any:
    """JSON, halves of characters included. Raises ValueError."""
    try:
        return jiter.from_json(data)
    except ValueError:
        if b"\\u" not in data:
            raise
        try:
            return json.loads(data.decode())  # takes halves, at five times the cost
        except RecursionError:
            raise ValueError("nested too deeply") from None


class Halves:
    """Makes text of pieces that may end, or begin, within a character."""

    def __init__(self) -> None:
        self._held = ""

    def whole(self, piece: str) -> str:
        """What ``piece`` completes; a first half at its end is held until the next."""
        text, self._held = self._held + piece, ""
        if _HIGH[0] <= text[-1] <= _HIGH[1]:
            text, self._held = text[:-1], text[-1]
        return _joined(text)

    def rest(self) -> str:
        """What stayed a half."""
        rest, self._held = self._held, ""
        return _joined(rest)


def _joined(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
