"""The exit codes of contract section 1, one for every way a command can end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.errors import ErrorCode

if TYPE_CHECKING:
    from rolecall.task import TaskResult

DONE = 0
INTERNAL = 1
USAGE = 2
UPSTREAM = 3
BREAKER_OPEN = 4
EDITS_REFUSED = 5
TIMED_OUT = 6
CANCELLED = 130
TERMINATED = 143

_BY_CODE = {
    ErrorCode.CONFIGURATION_INVALID: USAGE,
    ErrorCode.ENDPOINT_UNREACHABLE: UPSTREAM,
    ErrorCode.AUTHENTICATION_FAILED: UPSTREAM,
    ErrorCode.MODEL_NOT_FOUND: UPSTREAM,
    ErrorCode.RATE_LIMITED: UPSTREAM,
    ErrorCode.UPSTREAM_UNAVAILABLE: UPSTREAM,
    ErrorCode.UPSTREAM_PROTOCOL_ERROR: UPSTREAM,
    ErrorCode.CONTEXT_TOO_LARGE: UPSTREAM,
    ErrorCode.CONTENT_FILTERED: UPSTREAM,
    ErrorCode.ANSWER_TOO_LARGE: UPSTREAM,
    ErrorCode.ANSWER_INCOMPLETE: EDITS_REFUSED,
    ErrorCode.TIMED_OUT: TIMED_OUT,
    ErrorCode.BREAKER_OPEN: BREAKER_OPEN,
    ErrorCode.CANCELLED: CANCELLED,
    ErrorCode.PATH_REFUSED: EDITS_REFUSED,
    ErrorCode.EDIT_CONFLICT: EDITS_REFUSED,
    ErrorCode.EDIT_NOT_FOUND: EDITS_REFUSED,
    ErrorCode.INTERNAL_ERROR: INTERNAL,
}


def for_code(code: ErrorCode) -> int:
    """The exit code of an error code."""
    return _BY_CODE[code]


def for_result(result: TaskResult) -> int:
    """The exit code of a finished task."""
    return DONE if result.error is None else for_code(result.error.code)
