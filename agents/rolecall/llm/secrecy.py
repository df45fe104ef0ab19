"""Keeping secrets out of what is shown: URLs without credentials, texts without keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from rolecall.llm.types import Endpoint

MASK = "***"

_PORTS = {"http": 80, "https": 443}
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


def scrubbed(text: str, endpoint: Endpoint) -> str:
    """``text`` from the endpoint, without the secrets that were sent to it."""
    secrets = [endpoint.api_key, *endpoint.headers.values()]
    for secret in secrets:
        if secret and len(secret) > 3:  # noqa: PLR2004  # shorter values are no secrets, and too common
            text = text.replace(secret, MASK)
    return _USERINFO.sub(f"{MASK}@", text)
