"""Signs that a body is not the whole file: comments that stand for code left out."""

from __future__ import annotations

import re
from typing import Final

from rolecall.answer.names import is_markdown

_LONGEST: Final = 200
"""Characters; longer lines are content. Also bounds the regular expressions below."""

_OPENERS: Final = re.compile(r"(?:<!--|\{?/\*+|\{#|\(\*|\{-|//+|#+|--+|;+|%+|\*|\"\"\"|''')\s*")
_CLOSERS: Final = re.compile(r"\s*(?:-->|\*+/\}?|#\}|\*\)|-\}|\"\"\"|''')$")
_DOTS: Final = r"(?:\.{3,}|\u2026)"
_LEFT: Final = r"(?:existing|rest|remaining|remainder|other|previous|original|same|unchanged|omitted)\b"
_THING: Final = (
    r"\b(?:code|content|implementation|imports?|methods?|functions?|class(?:es)?|fields|tests?|lines|file"
    r"|module|script|config(?:uration)?|definitions?|as before|as above|unchanged|omitted)\b"
)
_LEADING: Final = re.compile(rf"[(\[]?{_DOTS}(?:\s*(?P<words>\S.*?))??\s*{_DOTS}?[)\]]?$", re.IGNORECASE)
_TRAILING: Final = re.compile(
    rf"[(\[]?(?:the |your |all |keep )*{_LEFT}.*{_THING}.*{_DOTS}[)\]]?$", re.IGNORECASE
)
_PLAIN: Final = re.compile(
    r"[(\[]?(?:(?:the )?(?:rest|remainder) of (?:the |your |this )?(?:\w+ )?"
    r"(?:file|code|class|function|method|module|implementation|script|content|methods|functions|tests|config)\b.*"
    r"|(?:the )?(?:existing|remaining|other|previous|original) (?:\w+ )?"
    r"(?:code|methods|functions|imports|content|implementation|tests)"
    r"(?: (?:goes |remains? |stays? |is |are )?(?:here|unchanged|the same|as is|below|above)))[)\]]?$",
    re.IGNORECASE,
)
_ABOUT_CODE: Final = re.compile(rf"\b{_LEFT}|{_THING}", re.IGNORECASE)
_BARE: Final = re.compile(rf"[\[(<{{]?\s*{_DOTS}\s*(?P<words>\w.*?)\s*{_DOTS}\s*[\])>}}]?$")


def is_elision(line: str, path: str) -> bool:
    """Whether a line is one like ``# ... existing code ...`` or ``// rest of the file unchanged``.

    In Markdown only HTML comments count: its code examples may well leave something out.
    """
    text = line.strip()
    if len(text) > _LONGEST or (is_markdown(path) and not text.startswith("<!--")):
        return False
    opener = _OPENERS.match(text)
    if opener is None:
        bare = _BARE.match(text)
        return bare is not None and _ABOUT_CODE.search(bare["words"]) is not None
    comment = _CLOSERS.sub("", text[opener.end() :]).strip()
    leading = _LEADING.match(comment)
    if leading is not None:
        return leading["words"] is None or _ABOUT_CODE.search(leading["words"]) is not None
    return _TRAILING.match(comment) is not None or _PLAIN.match(comment) is not None
