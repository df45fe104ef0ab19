"""Words made from names."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> str:
    """``parse_http_url`` and ``parseHTTPUrl`` become ``parse http url``."""
    parts = _CAMEL.sub(" ", name).replace("_", " ").replace(".", " ").split()
    return " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)


def sentence(name: str) -> str:
    """The words of a name as a short sentence: ``parse_port`` becomes ``Parse port``, with a full stop."""
    text = words(name) or name
    return f"{text[0].upper()}{text[1:]}."


def first_sentence(doc: str | None) -> str:
    """The first sentence of a docstring; empty where there is none."""
    if not doc:
        return ""
    paragraph = " ".join(doc.strip().split("\n\n", 1)[0].split())
    end = re.search(r"(?<=[.!?])\s", paragraph)
    return paragraph[: end.start()] if end else paragraph


def slug(text: str) -> str:
    """Lower case with hyphens, for file names and anchors."""
    return re.sub(r"[^a-z0-9]+", "-", words(text).lower()).strip("-") or "module"
