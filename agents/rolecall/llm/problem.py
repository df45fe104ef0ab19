"""An endpoint's error body, whichever vendor wrote it, brought to one form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.shapes import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

EXCERPT_LIMIT = 300
"""Characters of an endpoint's own words that are shown."""

_WINDOW = (
    re.compile(r"maximum context length (?:is|of) (\d+)", re.IGNORECASE),
    re.compile(r"configured limit of (\d+)", re.IGNORECASE),
    re.compile(r">\s*(\d+)\s*maximum", re.IGNORECASE),
    re.compile(r"context (?:length|size|window)\D{0,30}?(\d{3,})", re.IGNORECASE),
    re.compile(r"maximum (?:number of tokens|allowed)\D{0,30}?(\d{3,})", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the endpoint told it.

    Attributes:
        status: of the response, or the one named within an error event; None where there is none.
        codes: its ``code``, ``type`` and ``status`` words, in lower case.
        message: its own words; empty where it is a page.
        structured: it was an error object, not just any text.
        fields: the error object itself.
    """

    status: int | None
    codes: frozenset[str]
    message: str
    structured: bool
    fields: dict[str, Any]

    def has_code(self, codes: AbstractSet[str]) -> bool:
        """Whether one of ``codes`` is among its own."""
        return not self.codes.isdisjoint(codes)

    def excerpt(self) -> str:
        """Its own words on one line, cut to a length that can be shown."""
        line = " ".join("".join(c if c.isprintable() else " " for c in self.message).split())
        return line if len(line) <= EXCERPT_LIMIT else line[: EXCERPT_LIMIT - 1] + "…"

    def window_tokens(self) -> int | None:
        """The model's window, where the error tells it."""
        named = self.fields.get("n_ctx")
        if isinstance(named, int):
            return named
        found = (pattern.search(self.message) for pattern in _WINDOW)
        return next((int(match[1]) for match in found if match), None)


def from_body(body: Any, *, status: int | None) -> Problem:
    """The problem an error body tells of. ``body``: bytes of a response, or JSON from an event."""
    value = _parsed(body) if isinstance(body, bytes | bytearray) else body
    fields = _error_object(value)
    if fields is None:
        text = value if isinstance(value, str) and not value.lstrip().startswith("<") else ""
        return Problem(status, frozenset(), text, structured=False, fields={})
    codes = frozenset(str(fields[key]).lower() for key in ("code", "type", "status") if fields.get(key))
    message = " ".join(_messages(fields))
    structured = "detail" not in fields
    return Problem(status or _status_within(fields), codes, message, structured, fields)


def _parsed(body: bytes | bytearray) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # also what is not UTF-8
        return bytes(body).decode("utf-8", "replace")


def _error_object(value: Any) -> dict[str, Any] | None:
    """The object that holds ``message``, ``code`` …: nested under ``error``, flat, or in a list of one."""
    fields = as_object(value)
    several = as_list(value) or as_list(fields.get("errors"))
    if several:
        return _error_object(several[0])
    inner = fields.get("error")
    if isinstance(inner, str):
        return {**fields, "message": inner}
    return as_object(inner) or fields or None


def _messages(fields: dict[str, Any]) -> Iterator[str]:
    for key in ("message", "detail"):
        text = fields.get(key)
        if isinstance(text, str) and text:
            yield text
        elif text:
            yield json.dumps(text)
    # OpenRouter wraps the words of the provider behind it.
    raw = as_object(fields.get("metadata")).get("raw")
    if isinstance(raw, str):
        yield raw


def _status_within(fields: dict[str, Any]) -> int | None:
    for key in ("code", "status", "status_code"):
        number = fields.get(key)
        if isinstance(number, str) and number.isdigit():
            number = int(number)
        if isinstance(number, int) and 400 <= number < 600:  # noqa: PLR2004  # the statuses of errors
            return number
    return None
