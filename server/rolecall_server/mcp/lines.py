"""Lines of a byte stream, and the messages in them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import mcp_types as types
from mcp_types.jsonrpc import PARSE_ERROR, jsonrpc_message_adapter
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE_BYTES = 16 * 2**20
"""Longest message; a longer line is skipped, so that a peer that never ends a line cannot fill the memory."""

_SURROGATE = rb"\ud"


class Lines:
    """Cuts chunks of bytes into lines, in linear time."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The lines that this chunk completes; None for one that was too long."""
        *complete, rest = data.split(b"\n")
        for part in complete:
            self._keep(part)
            yield self._take()
        self._keep(rest)

    def finish(self) -> bytes | None:
        """What stood behind the last newline; empty where nothing did."""
        return self._take()

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._limit:
            self._parts.append(part)

    def _take(self) -> bytes | None:
        line = b"".join(self._parts) if self._size <= self._limit else None
        self._parts.clear()
        self._size = 0
        return line


def parse(line: bytes | None) -> types.JSONRPCMessage | None:
    """The message of a line; None where the line is empty, or holds an answer nobody can use.

    Raises:
        MalformedLine: it holds no message; with what to answer.
    """
    if line is None:
        raise MalformedLine(PARSE_ERROR, f"Parse error: a message is at most {MAX_LINE_BYTES} bytes long")
    if not line.strip():
        return None
    try:
        message = _validated(line)
    except ValidationError:
        _explain(line)
        return None
    if isinstance(message, types.JSONRPCNotification) and b'"id"' in line and "id" in json.loads(line):
        raise MalformedLine(types.INVALID_REQUEST, "Invalid request: the id must be a string or an integer")
    return message


def _validated(line: bytes) -> types.JSONRPCMessage:
    """The message, with U+FFFD for halves of characters: clients cut texts in the middle of them."""
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        if _SURROGATE not in line.lower():
            raise
        with suppress(ValueError, RecursionError):  # what is wrong with it is said elsewhere
            text = json.dumps(json.loads(line), ensure_ascii=False)
            whole = text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
            return jsonrpc_message_adapter.validate_json(whole, by_name=False)
        raise


class MalformedLine(Exception):
    """A line that is no message.

    Attributes:
        reply: what to answer.
    """

    def __init__(self, code: int, message: str, number: str | int | None = None) -> None:
        super().__init__(message)
        self.reply = types.JSONRPCError(
            jsonrpc="2.0", id=number, error=types.ErrorData(code=code, message=message)
        )


def _explain(line: bytes) -> None:
    """Say what is wrong with a line that is no message; nothing where it is a broken answer.

    Raises:
        MalformedLine: always, but for answers: those are never answered.
    """
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise MalformedLine(PARSE_ERROR, "Parse error: a line must hold one JSON object in UTF-8") from None
    if isinstance(value, list):
        raise MalformedLine(types.INVALID_REQUEST, "Invalid request: no batches, send one message a line")
    if not isinstance(value, dict):
        raise MalformedLine(types.INVALID_REQUEST, "Invalid request: a message is a JSON object")
    message = cast("dict[str, Any]", value)
    if "result" in message or "error" in message:
        return
    number = message.get("id")
    known = number if isinstance(number, str | int) and not isinstance(number, bool) else None
    raise MalformedLine(types.INVALID_REQUEST, "Invalid request: not a JSON-RPC 2.0 message", known)
