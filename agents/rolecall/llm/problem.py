"""An endpoint's error body, whichever vendor wrote it, brought to one form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.shapes import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

EXCERPT_LIMIT = 300
"""Characters of an endpoint's own words that are shown."""

_WINDOW = (
    re.compile(r"maximum context length (?:is|of) (\d+)", re.IGNORECASE),
    re.compile(r"configured limit of (\d+)", re.IGNORECASE),
    re.compile(r"n_ctx: (\d+)|limit (\d+), requested \d+", re.IGNORECASE),
    re.compile(r"\d+ \+ \d+ > (\d+)"),
    re.compile(r"(\d{3,}) maximum context length", re.IGNORECASE),
    re.compile(r"maximum (?:prompt|context|input) length(?: is|:) (\d+)", re.IGNORECASE),
    re.compile(r"input length should be \[\d+, (\d+)\]", re.IGNORECASE),
    re.compile(r"tokens` must be <= (\d+)|prompt cannot exceed (\d+)|while limit is (\d+)", re.IGNORECASE),
    re.compile(r">\s*(\d+)\s*maximum", re.IGNORECASE),
    # A number alone in parentheses is MiniMax's code of the error.
    re.compile(r"context (?:length|size|window)\D{0,30}?(\d{3,})\b(?!\))", re.IGNORECASE),
    re.compile(r"maximum (?:number of tokens|allowed)\D{0,30}?(\d{3,})", re.IGNORECASE),
    re.compile(r"model length of (\d+)|model token limit: (\d+)|less than (\d+) tokens", re.IGNORECASE),
    re.compile(r"exceeds the (?:limit of|maximum) (\d+)", re.IGNORECASE),
)

_PROMPT = (
    re.compile(r"tokens\. given: (\d+)|decoder prompt \(length (\d+)\)", re.IGNORECASE),
    re.compile(r"token (?:count of|length) (\d+)", re.IGNORECASE),
    re.compile(r"(\d+) (?:tokens? )?in the messages", re.IGNORECASE),
    re.compile(r"messages resulted in (\d+) tokens", re.IGNORECASE),
    re.compile(r"(?:prompt|request|input)\D{0,40}?(\d{3,}) (?:input |prompt )?tokens?\b", re.IGNORECASE),
    re.compile(r"prompt is too long: (\d+)", re.IGNORECASE),
    re.compile(r"context limit: (\d+) \+", re.IGNORECASE),
    re.compile(r"given: (\d+) `inputs` tokens|current length is (\d+)|n_keep: (\d+)", re.IGNORECASE),
    re.compile(r"limit \d+, requested (\d+)", re.IGNORECASE),
    re.compile(r"input token count \((\d+)\)|\(about (\d+) in the messages", re.IGNORECASE),
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

    def excerpt(self, scrub: Callable[[str], str] = str) -> str:
        """Its own words on one line, cut to a length that can be shown; ``scrub`` sees them whole."""
        line = " ".join("".join(c if c.isprintable() else " " for c in scrub(self.message)).split())
        return line if len(line) <= EXCERPT_LIMIT else line[: EXCERPT_LIMIT - 1] + "…"

    def window_tokens(self) -> int | None:
        """The model's window, where the error tells it."""
        named = self.fields.get("n_ctx")
        if isinstance(named, int):
            return named
        return _first_number(_WINDOW, self.message)

    def prompt_tokens(self) -> int | None:
        """What the endpoint counted in the prompt, where the error tells it."""
        named = self.fields.get("n_prompt_tokens")
        if isinstance(named, int):
            return named
        return _first_number(_PROMPT, self.message)


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


def _first_number(patterns: Iterable[re.Pattern[str]], text: str) -> int | None:
    found = (pattern.search(text) for pattern in patterns)
    return next((int(match[match.lastindex or 0]) for match in found if match), None)


def _parsed(body: bytes | bytearray) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # also what is not UTF-8, or nested to do harm
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
