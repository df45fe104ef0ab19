"""When an endpoint may be asked again, in every form it is said."""

import pytest

from rolecall.llm.problem import from_body
from rolecall.llm.retry_after import duration, retry_after

NOW = 1_700_000_000.0

FORMS = {
    "seconds": ({"retry-after": "7"}, b"", 7),
    "fractions": ({"retry-after": "0.25"}, b"", 0.25),
    "seconds with their unit": ({"retry-after": "20s"}, b"", 20),
    "minutes": ({"retry-after": "2m"}, b"", 120),
    "twice": ({"retry-after": "1, 7"}, b"", 7),
    "milliseconds first": ({"retry-after-ms": "1500", "retry-after": "9"}, b"", 1.5),
    "Azure's milliseconds": ({"x-ms-retry-after-ms": "250"}, b"", 0.25),
    "an old date": ({"retry-after": "Tuesday, 14-Nov-23 22:13:50 GMT"}, b"", 30),
    "a C date": ({"retry-after": "Tue Nov 14 22:13:50 2023"}, b"", 30),
    "a date beyond all": ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, b"", None),
    "the epoch's milliseconds": (
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030000"},
        b"",
        30,
    ),
    "the epoch's seconds": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030"}, b"", 30),
    "two used up, the later one counts": (
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "2s",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "30s",
        },
        b"",
        30,
    ),
    "the draft's seconds": ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, b"", 30),
    "Anthropic's moment": (
        {
            "anthropic-ratelimit-tokens-remaining": "0",
            "anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:50Z",
        },
        b"",
        30,
    ),
    "Anthropic's moment, spoilt": (
        {"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2023-99-99T1"},
        b"",
        None,
    ),
    "a date": ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, b"", 30),
    "a date that has passed": ({"retry-after": "Tue, 14 Nov 2023 22:13:10 GMT"}, b"", None),
    "zero": ({"retry-after": "0"}, b"", None),
    "negative": ({"retry-after": "-5"}, b"", None),
    "nonsense": ({"retry-after": "soon"}, b"", None),
    "not a number": ({"retry-after": "nan"}, b"", None),
    "infinite": ({"retry-after": "inf"}, b"", None),
    "a date without a zone": ({"retry-after": "Tue, 14 Nov 2023 22:13:50"}, b"", 30),
    "tokens used up": ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s"}, b"", 360),
    "requests used up": (
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"},
        b"",
        0.12,
    ),
    "nothing used up": ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, b"", None),
    "google": ({}, b'{"error": {"details": [{"@type": "x"}, {"retryDelay": "30s"}]}}', 30),
    "in words": (
        {},
        b'{"error": {"message": "Rate limit reached. Please try again in 1.208s. Visit"}}',
        1.208,
    ),
    "in words, short": ({}, b'{"error": {"message": "Please try again in 20ms."}}', 0.02),
    "in words, azure": ({}, b'{"error": {"message": "Please retry after 1 second."}}', 1),
    "in words, azure, several": ({}, b'{"error": {"message": "Please retry after 26 seconds. To"}}', 26),
    "in words, long": ({}, b'{"error": {"message": "Please try again in 1h2m3s."}}', 3723),
    "not at all": ({}, b'{"error": {"message": "slow down"}}', None),
}


@pytest.mark.parametrize(("headers", "body", "expected"), FORMS.values(), ids=FORMS.keys())
def test_the_wait_is_understood(headers, body, expected):
    found = retry_after(headers, from_body(body, status=429), now=NOW)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1),
        ("1m", 60),
        ("1m30s", 90),
        ("250ms", 0.25),
        ("7.66s", 7.66),
        ("12", 12),
        ("", None),
        ("x", None),
    ],
)
def test_durations_are_read(text, expected):
    assert duration(text) == expected
