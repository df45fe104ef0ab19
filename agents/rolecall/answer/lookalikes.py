"""Lines that were meant to open a file block and do not: said, never passed over in silence."""

from __future__ import annotations

import re
from typing import Final

from rolecall.answer.search_replace import misread_search
from rolecall.answer.tags import tag_on_line

_TAG: Final = re.compile(r"<(file|edit|delete|move)(?:[ \t][^<>]{0,4000}\b(?:path|from|to)\b|[ \t]*>[ \t]*$)")
_OPERATION: Final = re.compile(r"\*\*\* (?:Add|Update|Delete) File: *\S")
_LONGEST: Final = 5_000


def lookalike(text: str, above: str | None = None) -> str | None:
    """What a line outside of all blocks looks like, and why it is none of it; None where it is prose.

    Args:
        text: the line.
        above: the nearest line of prose above it that is not blank.
    """
    sign = text[:1]
    if sign == "<" and len(text) <= _LONGEST:
        return misread_search(text) or _misread_tag(text)
    if sign == "*" and _OPERATION.match(text):
        return "a patch line that stands in no *** Begin Patch"
    if sign == "+" and text.startswith("+++ ") and above is not None and above.startswith("--- "):
        return "a diff that stands in no diff fence and has no git header"
    return None


def _misread_tag(text: str) -> str | None:
    found = _TAG.match(text)
    if found is None:
        return None
    if tag_on_line(text) is None:
        return f"a <{found[1]}> tag that cannot be read (it stands alone on its line, its values in quotes)"
    return f"a <{found[1]}> tag that names no file"
