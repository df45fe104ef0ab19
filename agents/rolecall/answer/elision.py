"""Signs that a body is not the whole file: comments that stand for code left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST: Final = 200
_OPENERS: Final = re.compile(r"(?:<!--|/\*+|\{/\*|\{#|\(\*|\{-|//+|#+|--+|;+|%+|\*|\"\"\"|''')\s*")
_CLOSERS: Final = re.compile(r"\s*(?:-->|\*+/\}?|#\}|\*\)|-\}|\"\"\"|''')$")
_DOTS: Final = re.compile(r"\.{3,}|\u2026")
_SUBJECT: Final = re.compile(
    r"\b(?:existing|rest|remain(?:s|ing|der)?|unchanged|previous|omitted|other|same|original|before|above"
    r"|keep|code|content|implementation|imports?|methods?|functions?|class(?:es)?|fields|tests?|lines|as is"
    r"|here)\b",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(
    r"\(?(?:(?:the )?(?:rest|remainder) of (?:the |your |this )?(?:\w+ )?"
    r"(?:file|code|class|function|method|module|implementation|script|content|methods|functions|tests|config)\b.*"
    r"|(?:the )?(?:existing|remaining|other|previous|original) (?:\w+ )?"
    r"(?:code|methods|functions|imports|content|implementation|tests)"
    r"(?: (?:goes |remains? |stays? |is |are )?(?:here|unchanged|the same|as is|below|above)))\)?$",
    re.IGNORECASE,
)


def elision(lines: Iterable[str]) -> tuple[int, str] | None:
    """The first line (0-based) that stands for code left out, and its text; None where there is none."""
    for index, line in enumerate(lines):
        if is_elision(line):
            return index, line.strip()
    return None


def is_elision(line: str) -> bool:
    """Whether a line is a comment like ``# ... existing code ...`` or ``// rest of the file unchanged``."""
    text = line.strip()
    if len(text) > _LONGEST:
        return False
    opener = _OPENERS.match(text)
    if not opener:
        return text[:1] in "[(<\u2026." and _bracketed(text)
    comment = _CLOSERS.sub("", text[opener.end() :]).strip()
    if _PLAIN.match(comment):
        return True
    return _begins_or_ends_with_dots(comment) and (not _words(comment) or bool(_SUBJECT.search(comment)))


def _bracketed(text: str) -> bool:
    """``[... rest of the file ...]`` or ``... existing code ...`` without a comment sign."""
    inner = text.strip("[](){}<> ")
    return bool(_words(inner)) and _begins_or_ends_with_dots(inner) and bool(_SUBJECT.search(inner))


def _begins_or_ends_with_dots(text: str) -> bool:
    found = list(_DOTS.finditer(text))
    return bool(found) and (found[0].start() <= 1 or found[-1].end() >= len(text) - 1)


def _words(text: str) -> str:
    return _DOTS.sub("", text).strip(" ()[]")
