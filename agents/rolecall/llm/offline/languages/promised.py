"""Functions that a comment promises and nothing declares: ``// TODO: add area(side: number): number``."""

from __future__ import annotations

import re
from posixpath import splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.cases import quoted
from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES
from rolecall.llm.offline.patches import Patch
from rolecall.llm.offline.source.wording import words

if TYPE_CHECKING:
    from rolecall.llm.offline.languages.declarations import Source

_PROMISE = re.compile(
    r"^//+\s*(?:TODO|FIXME):?\s*(?:(?:implement|add|write|provide|support)\s+)?`?(?P<name>[A-Za-z_$][\w$]*)"
    r"(?P<parameters>\([^()\n]{0,200}\))?(?P<result>\s*(?:->|:)?\s*[\w$<>\[\]| .*,]{1,80}?)?`?\.?$"
)
_TYPED = frozenset({".ts", ".tsx", ".mts", ".cts"})


def promised(source: Source, lines: list[str]) -> list[tuple[str, Patch]]:
    """Name and stub of each, to stand right below its comment."""
    suffix = splitext(source.path)[1].lower()
    known = {item.name for item in source.declarations}
    found: list[tuple[str, Patch]] = []
    for number, line in enumerate(lines):
        match = _PROMISE.match(line)
        follows = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if match is None or follows or suffix not in _STUBS or match["name"] in known:
            continue
        result = (match["result"] or "").strip()
        if not match["parameters"] and result:
            continue
        parameters = (match["parameters"] or "()")[1:-1]
        stub = _stub(suffix, match["name"], parameters, re.sub(r"^(?:->|:)\s*", "", result))
        known.add(match["name"])
        found.append((match["name"], Patch(number + 1, number + 1, tuple(stub))))
    return found


def _stub(suffix: str, name: str, parameters: str, result: str) -> list[str]:
    message = quoted(f"not implemented: {name}")
    head, fails = _STUBS[suffix]
    gives = ""
    if suffix in _TYPED:
        gives = f": {result or 'unknown'}"
    elif suffix == ".go":
        gives = f" {result}" if result else ""
    elif suffix == ".rs":
        gives = f" -> {result}" if result else ""
    step = "    " if suffix == ".rs" else "\t" if suffix == ".go" else "  "
    return [
        f"{head} {name}({parameters}){gives} {{",
        f"{step}// TODO(rolecall): {words(name)}",
        f"{step}{fails.format(message=message)}",
        "}",
    ]


_STUBS = {
    **dict.fromkeys(SCRIPT_SUFFIXES, ("function", "throw new Error({message});")),
    **dict.fromkeys(_TYPED, ("export function", "throw new Error({message});")),
    ".go": ("func", "panic({message})"),
    ".rs": ("fn", "todo!({message})"),
}
