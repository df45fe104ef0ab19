"""The errors that the body of a function in another language throws or returns, each with its condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.cases import RAISED, SAYS_MISSING
from rolecall.llm.offline.source.raises import Raised

if TYPE_CHECKING:
    from rolecall.llm.offline.languages.declarations import Declaration, Source

_BEFORE = 400
_BRACKETED = re.compile(r"\bif\s*\((?P<condition>[^{};]{1,200})\)\s*\{?\s*$")
_PLAIN = re.compile(r"\bif\s+(?P<condition>[^{};\n]{1,200}?)\s*\{\s*(?:return\s+)?$")
_MESSAGE = re.compile(r"\s*\(\s*(?P<quote>[\"'])(?P<text>[^\"'\\\n]{1,160})(?P=quote)\s*[,)]")


def thrown(source: Source, item: Declaration) -> list[Raised]:
    """What the body throws, in the order of the text; what only says that a body is missing is left out."""
    found: list[Raised] = []
    if item.body is None:
        return found
    for match in RAISED.finditer(source.code, *item.body):
        name = next(group for group in match.groups() if group)
        if SAYS_MISSING.match(source.text, match.end()) or "NotImpl" in name or "UnsupportedOp" in name:
            continue
        told = _MESSAGE.match(source.text, match.end())
        found.append(
            Raised(
                name=name,
                condition=_condition(source, item.body[0], match.start()),
                message=told["text"] if told else None,
                line=source.code.count("\n", 0, match.start()) + 1,
            )
        )
    return found


def _condition(source: Source, start: int, place: int) -> str:
    """The condition right before a statement, as written; empty where more stands between."""
    first = max(start, place - _BEFORE)
    pattern = _PLAIN if source.path.lower().endswith((".go", ".rs")) else _BRACKETED
    places = [found.start() for found in re.finditer(r"\bif\b", source.code[first:place])]
    if not places:
        return ""
    match = pattern.match(source.code[first:place], places[-1])
    if match is None:
        return ""
    return " ".join(source.text[first + match.start("condition") : first + match.end("condition")].split())
