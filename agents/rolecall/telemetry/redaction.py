"""The last thing a log line passes: whatever looks like a secret, or is known to be one, is masked.

It works on the finished line, so that exceptions, library messages and nested values are covered too.
"""

from __future__ import annotations

import json
import re
import threading

MASK = "***"

MAX_SECRETS = 1_000
"""Secrets that are remembered; the oldest are forgotten first."""

SHORTEST = 6
"""Characters below which a secret is not masked wherever it stands: it would hit ordinary words."""

_SHAPES = (
    # A header, in any rendering: Authorization: Bearer x, 'authorization': 'Basic x', "api-key": "x".
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:x-)?api[-_]?key|x-goog-api-key)(\\?[\"']?\s*[:=]\s*\\?[\"']?)"
            r"(?:(bearer|basic|token)\s+)?[^\s\"',;\\]+"
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=://)[^/\s@\"'\\]+@"), f"{MASK}@"),
    (re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|glpat|AIza)[-_A-Za-z0-9]{16,}"), MASK),
)


class Redactor:
    """Masks secrets in text. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def register(self, *secrets: str | None) -> None:
        """Mask these from now on, wherever they stand."""
        new = [secret for secret in secrets if secret and len(secret) >= SHORTEST]
        with self._lock:
            if all(secret in self._known for secret in new):
                return
            for secret in new:
                self._known[secret] = None
            while len(self._known) > MAX_SECRETS:
                del self._known[next(iter(self._known))]
            forms = {form for secret in self._known for form in _forms(secret)}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, text: str) -> str:
        """``text`` with every secret masked."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text


REDACTOR = Redactor()
"""The one of this process: what one client's key is must not show in any log."""


def register_secrets(*secrets: str | None) -> None:
    """Mask these in every log line from now on."""
    REDACTOR.register(*secrets)


def _forms(secret: str) -> set[str]:
    """How a secret may be written: as it is, within JSON, within a Python string."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
