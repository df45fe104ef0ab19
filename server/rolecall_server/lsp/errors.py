"""The boundary of the LSP door: every failure becomes one JSON-RPC error, without exception text."""

from __future__ import annotations

from typing import Any

from lsprotocol.types import ErrorCodes, LSPErrorCodes
from pygls.exceptions import JsonRpcException

from rolecall.errors import ConfigurationInvalid, PathRefused, RolecallError

PARSE_ERROR = ErrorCodes.ParseError.value
INVALID_REQUEST = ErrorCodes.InvalidRequest.value
METHOD_NOT_FOUND = ErrorCodes.MethodNotFound.value
INVALID_PARAMS = ErrorCodes.InvalidParams.value
INTERNAL_ERROR = ErrorCodes.InternalError.value
NOT_INITIALIZED = ErrorCodes.ServerNotInitialized.value
CANCELLED = LSPErrorCodes.RequestCancelled.value
CONTENT_MODIFIED = LSPErrorCodes.ContentModified.value
REQUEST_FAILED = LSPErrorCodes.RequestFailed.value


class Refusal(Exception):
    """A request that is answered with an error of our own words."""

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """The ``error`` member of the response."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error | ({"data": self.data} if self.data else {})


def to_refusal(error: BaseException) -> Refusal:
    """What the client is told about any failure (invariant 6: mapped here and nowhere else)."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RolecallError):
        # What the request named is wrong: an unknown task, a file elsewhere.
        wrong = isinstance(error, ConfigurationInvalid | PathRefused)
        return Refusal(
            INVALID_PARAMS if wrong else REQUEST_FAILED,
            f"{error.message} {error.hint}".strip(),
            {"code": error.code.value, "hint": error.hint},
        )
    if isinstance(error, JsonRpcException) and error.code in {METHOD_NOT_FOUND, INVALID_PARAMS}:
        return Refusal(error.code, error.MESSAGE)
    return Refusal(INTERNAL_ERROR, "Rolecall failed on this request; its log has the details.")
