"""When an endpoint may be asked again, in every form endpoints say it."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from rolecall.llm.shapes import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rolecall.llm.problem import Problem

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_LIMITS = (
    ("x-ratelimit", "-requests"),
    ("x-ratelimit", "-tokens"),
    ("x-ratelimit", ""),
    ("ratelimit", ""),
    ("anthropic-ratelimit-requests", ""),
    ("anthropic-ratelimit-tokens", ""),
    ("anthropic-ratelimit-input-tokens", ""),
    ("anthropic-ratelimit-output-tokens", ""),
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT|\d{10,13}(?:\.\d+)?$")
_MILLISECONDS = 1e11
_IN_WORDS = re.compile(
    r"(?:try again|retry) (?:in|after) ((?:\d+h)?(?:\d+m(?!s))?(?:\d+(?:\.\d+)?(?:ms|s| seconds?))?)\b",
    re.IGNORECASE,
)


def retry_after(headers: Mapping[str, str], problem: Problem, *, now: float | None = None) -> float | None:
    """Seconds to wait, None where the endpoint does not say or the moment has passed.

    In this order: ``retry-after-ms``, Azure's ``x-ms-retry-after-ms``, ``retry-after`` (seconds or an HTTP
    date, RFC 9110 section 10.2.3), the rate-limit headers of what is used up, Google's ``RetryInfo``, the
    message's own words.

    Args:
        headers: of the response, names in lower case.
        problem: its body.
        now: seconds since the epoch, for dates.
    """
    moment = time.time() if now is None else now
    for seconds in _told(headers, problem, moment):
        if seconds is not None and math.isfinite(seconds) and seconds > 0:
            return seconds
    return None


def _told(headers: Mapping[str, str], problem: Problem, now: float) -> Iterator[float | None]:
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name))
        yield None if milliseconds is None else milliseconds / 1000
    yield _seconds_or_date(headers.get("retry-after"), now)
    yield max(_resets(headers, now), default=None)
    yield _retry_info(problem.fields.get("details"))
    said = _IN_WORDS.search(problem.message)
    yield duration(re.sub(" seconds?$", "s", said[1], flags=re.IGNORECASE)) if said else None


def duration(text: str) -> float | None:
    """Seconds of ``1h2m3.5s``, ``120ms`` or a plain number; None for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return _number(text)
    hours, minutes, seconds, milliseconds = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def _resets(headers: Mapping[str, str], now: float) -> Iterator[float]:
    for prefix, suffix in _LIMITS:
        if _number(headers.get(f"{prefix}-remaining{suffix}")) == 0:
            told = headers.get(f"{prefix}-reset{suffix}", "")
            seconds = _until(told, now) if _MOMENT.match(told) else duration(told)
            if seconds is not None:
                yield seconds


def _until(moment: str, now: float) -> float | None:
    """Seconds until a moment: ISO 8601 (Anthropic), or (milli)seconds since the epoch (OpenRouter)."""
    if "T" in moment:
        try:
            return datetime.fromisoformat(moment).timestamp() - now
        except (ValueError, OverflowError):
            return None
    number = float(moment)
    return (number / 1000 if number >= _MILLISECONDS else number) - now


def _seconds_or_date(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    # Sent twice, say by an endpoint and the gateway before it, it comes as a list; units some add themselves.
    several = [duration(one) for one in value.split(",")]
    told = [seconds for seconds in several if seconds is not None]
    if len(told) == len(several):
        return max(told)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    # HTTP dates are UTC, also where a server forgets to say so.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now


def _retry_info(details: Any) -> float | None:
    for detail in as_list(details):
        delay = as_object(detail).get("retryDelay")
        if isinstance(delay, str):
            return duration(delay)
    return None


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None
