"""What an endpoint's failure means: one table from status and body to an error class.

Vendors share OpenAI's protocol but not its errors. Each row of :data:`TABLE` is one thing that can be wrong;
the first that fits decides. Rows look at the body's own fields, never at an exception's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLarge,
    EndpointUnreachable,
    ModelNotFound,
    RateLimited,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.llm.dialect import ParameterRefused, refused_parameter
from rolecall.llm.problem import Problem, from_body
from rolecall.llm.retry_after import retry_after
from rolecall.llm.secrecy import host_of, masked_url, scrubbed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rolecall.llm.types import Endpoint


PROXY_LOGIN = 407
"""The status by which a proxy asks for a login (RFC 9110 section 15.5.8)."""


class HttpFailure(Exception):  # a fact to classify, not yet an error
    """The endpoint answered with a status that is not 2xx.

    Attributes:
        status: the HTTP status.
        headers: of the response, names in lower case.
        body: its first bytes.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body


def from_status(failure: HttpFailure, endpoint: Endpoint) -> UpstreamError:
    """The error a response with an error status means."""
    problem = from_body(failure.body, status=failure.status)
    error = _decide(problem, endpoint, failure.headers)
    parameter = refused_parameter(problem) if type(error) is UpstreamProtocolError else None
    if parameter is not None:
        refusal = ParameterRefused(error.message, hint=error.hint, status=error.status)
        refusal.parameter = parameter
        return refusal
    verdict = failure.headers.get("x-should-retry")
    if verdict in {"true", "false"} and isinstance(error, RateLimited | UpstreamUnavailable):
        error.retriable = verdict == "true"
    return error


def from_event(body: Any, endpoint: Endpoint) -> UpstreamError:
    """The error that an error object within a response of status 200 means. ``body``: JSON, or raw bytes."""
    return _decide(from_body(body, status=None), endpoint, {})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that can be wrong: when it is, which error it is, and what to say.

    ``what`` and ``hint`` may name ``{host}``, ``{proxy}``, ``{model}``, ``{status}`` and ``{location}``.
    """

    fits: Callable[[Problem], bool]
    error: type[UpstreamError]
    what: str
    hint: str
    retriable: bool | None = None
    quote: bool = True


def _decide(problem: Problem, endpoint: Endpoint, headers: Mapping[str, str]) -> UpstreamError:
    row = next(row for row in TABLE if row.fits(problem))
    words = {
        "host": _speaker(problem, endpoint),
        "proxy": f"proxy {masked_url(endpoint.proxy)}" if endpoint.proxy else "proxy",
        "model": endpoint.model,
        "status": f"HTTP {problem.status}" if problem.status else "an error within its answer",
        "location": scrubbed(_target(headers), endpoint),
    }
    said = problem.excerpt(lambda text: scrubbed(text, endpoint)) if row.quote else ""
    error = row.error(
        row.what.format(**words) + (f" It said: {said}" if said else ""),
        hint=row.hint.format(**words)
        if endpoint.api_key or row.error is not AuthenticationFailed
        else NO_KEY,
        retry_after_s=retry_after(headers, problem) if row.error in _MAY_WAIT else None,
        status=problem.status,
        retriable=row.retriable,
    )
    if isinstance(error, ContextTooLarge):
        error.limit_tokens = problem.window_tokens()
        error.prompt_tokens = problem.prompt_tokens()
    return error


def _speaker(problem: Problem, endpoint: Endpoint) -> str:
    """Who answered: where a proxy reads what it passes on, it may have been the proxy itself."""
    host = host_of(endpoint)
    if endpoint.proxy is None or endpoint.origin.startswith("https:"):
        return host
    if problem.structured or problem.status == PROXY_LOGIN:
        return host
    return f"{host}, or the proxy {masked_url(endpoint.proxy)} before it,"


def _target(headers: Mapping[str, str]) -> str:
    """Where a redirect leads."""
    location = headers.get("location", "")
    if not location:
        return "an address it does not name"
    return masked_url(location) if "://" in location else location.partition("?")[0]


_MAY_WAIT: Final = (RateLimited, UpstreamUnavailable)

NO_KEY = "No key was sent: set llm.api_key, llm.api_key_command or OPENAI_API_KEY."

_OVERFLOW_CODES = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "context_window_exceeded",
    "model_max_prompt_tokens_exceeded",
    "string_above_max_length",
    "tokens_limit_reached",
}
_OVERFLOW = re.compile(
    r"maximum context length|context[ _]length[ _]exceeded"
    r"|exceed\w* the (?:model'?s? |available |maximum )*context"
    r"|longer than the (?:model'?s? |maximum )*(?:context|model length)"
    r"|prompt is too long|input is too long|prompt too long"
    r"|tokens? exceeds? the (?:configured|maximum)|tokens to keep"
    r"|context (?:size|window|length) (?:is )?exceeded"
    r"|exceeds? (?:the )?(?:\w+ ){0,3}context (?:size|window|length)|too many (?:input |prompt )?tokens"
    r"|input token count|reduce the length of the|context overflow|context the overflows"
    r"|exceeds? (?:the )?(?:maximum )?context limit|maximum prompt length is|range of input length"
    r"|maximum length, range|tokens` must be <=|total number of tokens in the prompt cannot exceed"
    r"|must have less than \d+ tokens|token (?:count|length) .{0,40}?exceeds? the|exceeded model token limit"
    r"|prompt exceeds max|context window exceeds",
    re.IGNORECASE,
)
_OVERFLOW_STATUSES = {None, 400, 413, 422, 500}
_TOO_LARGE_TO_EVER_PASS = re.compile(r"request too large for .*limit \d+, requested \d+", re.IGNORECASE)

_FILTER_CODES = {
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "moderation_blocked",
}
_FILTERED = re.compile(r"content exists risk|content management policy|flagged|safety system", re.IGNORECASE)

_QUOTA_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_balance",
}
_QUOTA = re.compile(
    r"insufficient (?:quota|balance|credits?)|exceeded your current quota|credit balance is too low"
    r"|requires more credits",
    re.IGNORECASE,
)

_MODEL_CODES = {
    "model_not_found",
    "model_not_available",
    "deploymentnotfound",
    "invalid_model",
    "unknown_model",
}
_MODEL = re.compile(
    r"model\b.{0,200}?(?:not found|not exist|not supported|not available|is not loaded|no longer"
    r"|(?:been|was|is) (?:deprecated|decommissioned|retired|shut ?down))"
    r"|(?:unknown|invalid|no such|not a valid) model|no models? loaded|not a valid model|try pulling it",
    re.IGNORECASE | re.DOTALL,
)

_KEY_CODES = {"invalid_api_key", "invalid_authentication", "authentication_error", "unauthorized"}
_KEY = re.compile(
    r"api key not valid|incorrect api key|invalid api key|api key (?:is )?(?:missing|required)", re.IGNORECASE
)

_RATE_CODES = {
    "rate_limit_exceeded",
    "rate_limit_error",
    "too_many_requests",
    "rate_limited",
    "resource_exhausted",
}
_BUSY_CODES = {"overloaded_error", "server_error", "internal_server_error", "api_error", "unavailable_error"}
_BUSY = re.compile(
    r"overloaded|maximum pending requests|loading model|try again later|no available", re.IGNORECASE
)

_WRONG_PATH = re.compile(
    r"\burl\b|\bpath\b|\broute\b|\bpage\b|\bendpoint or method\b|^not found$", re.IGNORECASE
)

_CLIENT_ERRORS = range(400, 500)
_TRANSIENT = {408, 409, 424, 425, 498}  # 424: TGI failed while it wrote; 498: Groq's flexible tier is full
_PERMANENT_SERVER_ERRORS = {501, 505}


def _is_overflow(problem: Problem) -> bool:
    if problem.status == 413:  # noqa: PLR2004  # also Groq's "rate limit": the one request is too large to ever pass
        return True
    if problem.status == 429:  # noqa: PLR2004  # OpenAI's words for the same
        return bool(_TOO_LARGE_TO_EVER_PASS.search(problem.message))
    known = problem.has_code(_OVERFLOW_CODES) or bool(_OVERFLOW.search(problem.message))
    return known and problem.status in _OVERFLOW_STATUSES


def _is_filtered(problem: Problem) -> bool:
    if problem.status == 451:  # noqa: PLR2004  # RFC 7725
        return True
    known = problem.has_code(_FILTER_CODES) or bool(_FILTERED.search(problem.message))
    return known and problem.status in {None, 400, 403, 422}


def _is_model(problem: Problem) -> bool:
    if problem.has_code(_MODEL_CODES):
        return True
    if problem.status not in {None, 400, 404, 410, 422}:
        return False
    if _MODEL.search(problem.message):
        return True
    return problem.status == 404 and problem.structured and not _WRONG_PATH.search(problem.message)  # noqa: PLR2004


def _is_key(problem: Problem) -> bool:
    if problem.status in {401, 403}:
        return True
    known = problem.has_code(_KEY_CODES) or bool(_KEY.search(problem.message))
    return known and problem.status in {None, 400}


def _is_quota(problem: Problem) -> bool:
    if problem.status == 402:  # noqa: PLR2004  # Payment Required
        return True
    # Gemini says "exceeded your current quota" of a limit by the minute too; it is no account that is empty.
    said = bool(_QUOTA.search(problem.message)) and not problem.has_code(_RATE_CODES)
    return (said or problem.has_code(_QUOTA_CODES)) and problem.status in {None, 400, 403, 429}


def _is_busy(problem: Problem) -> bool:
    status = problem.status
    if status is None:
        return problem.has_code(_BUSY_CODES) or bool(_BUSY.search(problem.message))
    return (status >= 500 and status not in _PERMANENT_SERVER_ERRORS) or status in _TRANSIENT  # noqa: PLR2004


TABLE: Final = (
    Row(
        lambda p: p.status is not None and p.status < 400,  # noqa: PLR2004
        UpstreamProtocolError,
        "{host} redirects to {location}; redirects are not followed, since the prompt would go there.",
        "If you trust that address, set llm.base_url to it.",
        retriable=False,
        quote=False,
    ),
    Row(
        lambda p: p.status == PROXY_LOGIN,
        EndpointUnreachable,
        "The {proxy} in front of {host} asks for a login.",
        "Put user and password into the address of the proxy (HTTPS_PROXY, HTTP_PROXY), or exempt the host "
        "with NO_PROXY.",
        retriable=False,
        quote=False,
    ),
    Row(
        _is_overflow,
        ContextTooLarge,
        "The request does not fit the window of {model} at {host}.",
        "Select less, lower context.max_total_tokens, or use a model with a larger window.",
    ),
    Row(
        _is_filtered,
        ContentFiltered,
        "{host} withheld the answer of {model} by its content policy.",
        "Rephrase the instruction, or leave out the file it objects to.",
    ),
    Row(
        _is_quota,
        RateLimited,
        "The quota of your account at {host} is used up.",
        "Check plan and billing there, or use another key or endpoint. Waiting does not help.",
        retriable=False,
    ),
    Row(
        _is_model,
        ModelNotFound,
        "{host} does not know the model {model}.",
        "Set llm.model to one it has; `rolecall doctor` lists them.",
    ),
    Row(
        _is_key,
        AuthenticationFailed,
        "{host} refused the key ({status}).",
        "Check the key for this host (llm.api_key, llm.api_key_command or OPENAI_API_KEY) and its rights.",
        quote=False,  # some quote the key they refuse
    ),
    Row(
        lambda p: p.status == 429 or (p.status is None and p.has_code(_RATE_CODES)),  # noqa: PLR2004
        RateLimited,
        "{host} limits the rate of requests to {model}.",
        "Wait a little, lower concurrency.max_tasks, or set llm.fallback_models.",
    ),
    Row(
        _is_busy,
        UpstreamUnavailable,
        "{host} failed on a request to {model} ({status}).",
        "Try again in a while; `rolecall doctor` tells whether it is reachable.",
    ),
    Row(
        lambda p: p.status in {404, 405} or (p.status is None and "unexpected endpoint" in p.message.lower()),
        UpstreamProtocolError,
        "{host} has no chat completions under llm.base_url ({status}).",
        "Check llm.base_url; it usually ends in /v1.",
        retriable=False,
    ),
    Row(
        lambda p: p.status in _CLIENT_ERRORS,
        UpstreamProtocolError,
        "{host} refused the request to {model} ({status}).",
        "Check llm.temperature, llm.max_output_tokens and llm.extra_headers against what this model takes.",
        retriable=False,
    ),
    Row(
        lambda p: p.status in _PERMANENT_SERVER_ERRORS,
        UpstreamProtocolError,
        "{host} does not support chat completions ({status}).",
        "Check llm.base_url; it usually ends in /v1.",
        retriable=False,
    ),
    Row(
        lambda _: True,
        UpstreamUnavailable,
        "{host} reported a failure of {model} ({status}).",
        "Try again in a while; `rolecall doctor` tells whether it is reachable.",
    ),
)
"""What can be wrong, most specific first. The last row fits everything: an error without a status."""
