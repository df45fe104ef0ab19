"""Addresses of endpoints: what may be configured, and the origin a key is bound to."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SECRET_PARAMETER = re.compile(r"key|token|secret|passw|sig|auth|code|cred", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(%[\w.-]+)?", re.IGNORECASE)


def check_address(text: str) -> str:
    """An http(s) address without surrounding white space.

    Raises:
        ValueError: with what is wrong about it, in words.
    """
    address = text.strip()
    if not address:
        raise ValueError("it is empty; remove it to leave it unset")
    if any(not character.isprintable() or character in ' \\"<>' for character in address):
        raise ValueError("it holds a space, a control character, a quotation mark or a backslash")
    parts = _split(address)
    if parts.query or "?" in address:
        raise ValueError("it has a query; end it before the ?")
    if parts.fragment or "#" in address:
        raise ValueError("it has a fragment; end it before the #")
    return address


def check_base_url(text: str) -> str:
    """An http(s) address that may end in a query without secrets: Azure's ``?api-version=…``.

    Raises:
        ValueError: with what is wrong about it, in words.
    """
    address, mark, query = text.strip().partition("?")
    base = check_address(address)
    if not mark:
        return base
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if not names or any(character in ' \\"<>#' or not character.isprintable() for character in query):
        raise ValueError("what follows its ? is no query of names and values")
    if any(_SECRET_PARAMETER.search(name) for name in names):
        raise ValueError("it has a secret in its query; give it as llm.api_key or in llm.extra_headers")
    return f"{base}?{query}"


def origin(address: str) -> str:
    """Scheme, host and port (RFC 6454), the port always named: ``https://api.example.com:443``."""
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _DEFAULT_PORTS[scheme]}"


def without_password(address: str) -> str:
    """The address with all that stands before ``@`` masked: a user name can be a token too."""
    return re.sub(r"(//)[^/?#]*@", r"\1********@", address)


def _split(address: str) -> SplitResult:
    if not address.lower().startswith(("http://", "https://")):
        bare = re.sub(r"^(\w+:)?/+", "", address)
        scheme = "https" if "://" in address or "localhost" not in bare else "http"
        tried = f"{scheme}://{bare}" if _looks_like_host(bare) else ""
        raise ValueError(
            "it does not begin with http:// or https://"
            + (f"; try {without_password(tried)}" if tried else "")
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read") from None
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise ValueError("it names no valid host")
    if port == 0:
        raise ValueError("its port is 0")
    return parts


def _looks_like_host(bare: str) -> bool:
    host = re.split(r"[/:?#]", bare, maxsplit=1)[0]
    return bool(re.fullmatch(r"[\w-]+(\.[\w-]+)+|localhost", host))
