"""Every way a task can fail, one class and one code each.

The tree (contract section 2 names the codes)::

    RolecallError
    ├── ConfigurationInvalid      configuration_invalid
    ├── UpstreamError             the model's side; retriable or not
    │   ├── EndpointUnreachable   endpoint_unreachable
    │   ├── AuthenticationFailed  authentication_failed
    │   ├── ModelNotFound         model_not_found
    │   ├── RateLimited           rate_limited
    │   ├── UpstreamUnavailable   upstream_unavailable
    │   ├── UpstreamProtocolError upstream_protocol_error
    │   ├── ContextTooLarge       context_too_large
    │   ├── ContentFiltered       content_filtered
    │   ├── AnswerTooLarge        answer_too_large
    │   └── TimedOut              timed_out
    ├── BreakerOpen               breaker_open
    ├── AnswerIncomplete          answer_incomplete
    ├── TaskCancelled             cancelled
    ├── EditError                 the answer's edits cannot be applied
    │   ├── PathRefused           path_refused
    │   │   └── FileUnreadable    path_refused
    │   ├── EditConflict          edit_conflict
    │   └── EditNotFound          edit_not_found
    └── InternalError             internal_error

A message says what happened and to what (host, file, setting); a hint says what to do next. Neither ever
holds a secret or a traceback. Failures keep their type until one boundary per door maps them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The public codes, the same at every door."""

    CONFIGURATION_INVALID = "configuration_invalid"
    ENDPOINT_UNREACHABLE = "endpoint_unreachable"
    AUTHENTICATION_FAILED = "authentication_failed"
    MODEL_NOT_FOUND = "model_not_found"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_PROTOCOL_ERROR = "upstream_protocol_error"
    CONTEXT_TOO_LARGE = "context_too_large"
    CONTENT_FILTERED = "content_filtered"
    ANSWER_TOO_LARGE = "answer_too_large"
    ANSWER_INCOMPLETE = "answer_incomplete"
    TIMED_OUT = "timed_out"
    BREAKER_OPEN = "breaker_open"
    CANCELLED = "cancelled"
    PATH_REFUSED = "path_refused"
    EDIT_CONFLICT = "edit_conflict"
    EDIT_NOT_FOUND = "edit_not_found"
    INTERNAL_ERROR = "internal_error"


class RolecallError(Exception):
    """Base of all failures a user is told about.

    Args:
        message: what happened, to what.
        hint: what to do next.
        retry_after_s: seconds after which the same request may succeed, where that is known.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_ERROR

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s


class ConfigurationInvalid(RolecallError):
    """A setting, role, task or argument is wrong; nothing was sent anywhere."""

    code = ErrorCode.CONFIGURATION_INVALID


class UpstreamError(RolecallError):
    """The model's side failed.

    Attributes:
        retriable: whether another attempt at the same endpoint can succeed.
        status: the HTTP status, where there was one.
    """

    retriable: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retry_after_s: float | None = None,
        status: int | None = None,
        retriable: bool | None = None,
    ) -> None:
        super().__init__(message, hint=hint, retry_after_s=retry_after_s)
        self.status = status
        if retriable is not None:
            self.retriable = retriable


class EndpointUnreachable(UpstreamError):
    """No connection to the endpoint: refused, no such host, TLS failure, proxy failure."""

    code = ErrorCode.ENDPOINT_UNREACHABLE
    retriable = True


class AuthenticationFailed(UpstreamError):
    """The endpoint refused the key (401, 403)."""

    code = ErrorCode.AUTHENTICATION_FAILED


class ModelNotFound(UpstreamError):
    """The endpoint does not know the model, or no model could be chosen."""

    code = ErrorCode.MODEL_NOT_FOUND


class RateLimited(UpstreamError):
    """The endpoint asks to wait (429), or the quota is used up."""

    code = ErrorCode.RATE_LIMITED
    retriable = True


class UpstreamUnavailable(UpstreamError):
    """The endpoint failed (5xx, overloaded) or broke the connection."""

    code = ErrorCode.UPSTREAM_UNAVAILABLE
    retriable = True


class UpstreamProtocolError(UpstreamError):
    """The endpoint answered with something that is not the protocol."""

    code = ErrorCode.UPSTREAM_PROTOCOL_ERROR
    retriable = True


class ContextTooLarge(UpstreamError):
    """The request does not fit the model's window.

    Attributes:
        limit_tokens: the window the endpoint named, where it did.
        prompt_tokens: what the endpoint counted in the prompt, where it told.
    """

    code = ErrorCode.CONTEXT_TOO_LARGE
    limit_tokens: int | None = None
    prompt_tokens: int | None = None


class ContentFiltered(UpstreamError):
    """The endpoint withheld the answer by policy."""

    code = ErrorCode.CONTENT_FILTERED


class AnswerTooLarge(UpstreamError):
    """The answer grew past ``llm.max_answer_bytes``."""

    code = ErrorCode.ANSWER_TOO_LARGE


class TimedOut(UpstreamError):
    """A deadline passed: connect, first token, idle or total. The message says which."""

    code = ErrorCode.TIMED_OUT
    retriable = True


class BreakerOpen(RolecallError):
    """The endpoint failed too often lately; nothing was sent."""

    code = ErrorCode.BREAKER_OPEN


class AnswerIncomplete(RolecallError):
    """The answer was cut off; its closed blocks are kept as proposals."""

    code = ErrorCode.ANSWER_INCOMPLETE


class TaskCancelled(RolecallError):
    """Somebody cancelled the task, or its client went away. Nothing was applied."""

    code = ErrorCode.CANCELLED


class EditError(RolecallError):
    """The edits of an answer cannot be applied. The files are as they were."""


class PathRefused(EditError):
    """The path policy refuses the path, or it needs a confirmation that was not given."""

    code = ErrorCode.PATH_REFUSED


class FileUnreadable(PathRefused):
    """The file is no UTF-8 text of a readable size, so it can be neither shown to a model nor edited."""


class EditConflict(EditError):
    """The file changed since it was read, or the answer contradicts itself about it."""

    code = ErrorCode.EDIT_CONFLICT


class EditNotFound(EditError):
    """A SEARCH text stands nowhere in the file, or in several places."""

    code = ErrorCode.EDIT_NOT_FOUND


class InternalError(RolecallError):
    """A fault of Rolecall's own. The log has the details under the correlation id."""
