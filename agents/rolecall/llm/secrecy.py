"""Keeping secrets out of what is shown: URLs without credentials, texts without keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.llm.types import Endpoint

MASK = "***"

_PORTS = {"http": 80, "https": 443}
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


def masked_url(url: str) -> str:
    """``url`` without user, password, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def host_of(endpoint: Endpoint) -> str:
    """How messages call an endpoint: ``host``, with the port where it is not the scheme's own."""
    scheme, _, rest = endpoint.origin.partition("://")
    host, _, port = rest.rpartition(":")
    return host if port == str(_PORTS.get(scheme)) else rest


def secret_values(headers: Mapping[str, str]) -> list[str]:
    """The values of those headers whose names say that they are secret."""
    return [value for name, value in headers.items() if value and _SECRET_HEADER.search(name)]


def scrubbed(text: str, endpoint: Endpoint) -> str:
    """``text`` from the endpoint, without the secrets that were sent to it."""
    for secret in (endpoint.api_key, *secret_values(endpoint.headers)):
        if secret:
            text = text.replace(secret, MASK)
    return _USERINFO.sub(f"{MASK}@", text)
