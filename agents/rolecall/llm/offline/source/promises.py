"""What a docstring promises: the errors it tells of and when, in any of the usual styles, and its limits."""

from __future__ import annotations

import re

_NAME = r"[A-Z][\w.]*"
_SECTION = re.compile(r"^(?P<indent>[ ]*)Raises:\s*\n(?P<body>(?:(?P=indent)[ ]+.*\n?|\s*\n)+)", re.MULTILINE)
_NUMPY = re.compile(r"^[ ]*Raises\s*\n[ ]*-{3,}\s*\n(?P<body>(?:.+\n?|\n(?=[ ]+\S))+)", re.MULTILINE)
_FIELD = re.compile(rf"^[ ]*:raises?\s+(?P<name>{_NAME}):[ ]*(?P<when>.*(?:\n[ ]{{2,}}\S.*)*)", re.MULTILINE)
_TAG = re.compile(
    rf"^[ ]*@(?:throws|exception|raises?)\s+(?:\{{(?:@link )?)?(?P<name>{_NAME})\}}?[ ]*(?P<when>.*)",
    re.MULTILINE,
)
_TOLD = re.compile(
    rf"\b(?:[Rr]aises?|[Tt]hrows?)\s+(?:an?\s+)?`*(?P<name>{_NAME})`*\s*(?P<rest>(?:[^.;]|\.(?=\w))*)"
)
_AND = re.compile(
    r",\s*(?:and\s+)?`*(?P<name>[A-Z]\w*(?:Error|Exception|Found|Exists|Denied))`*\s+(?=(?:where|if|when|for)\b)"
)
_LEAD = re.compile(r"^(?:-\s*)?(?:if|where|when|in case|for|on)\s+", re.IGNORECASE)


def promised_errors(doc: str | None) -> list[tuple[str, str]]:
    """Errors by name, each with the condition in the author's words; empty where the author gives none."""
    if not doc:
        return []
    found: dict[str, str] = {}
    for name, when in _listed(doc):
        text = _LEAD.sub("", " ".join(when.split())).rstrip(".;,: ")
        if name not in found or (text and not found[name]):
            found[name] = text
    return list(found.items())


def _listed(doc: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for section in _SECTION.finditer(doc):
        found += _entries(section["body"], r":")
    for section in _NUMPY.finditer(doc):
        found += _entries(section["body"], r"$")
    found += [(item["name"], item["when"]) for item in (*_FIELD.finditer(doc), *_TAG.finditer(doc))]
    if found:
        return found
    for told in _TOLD.finditer(" ".join(doc.split())):
        parts = _AND.split(told["rest"])
        found.append((told["name"], _when(parts[0])))
        found += [(name, _when(rest)) for name, rest in zip(parts[1::2], parts[2::2], strict=True)]
    return found


def _entries(body: str, end: str) -> list[tuple[str, str]]:
    lines = body.split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    found: list[tuple[str, str]] = []
    for line in lines:
        match = re.match(rf"[ ]{{{indent}}}`?(?P<name>{_NAME})`?[ ]*{end}(?P<when>.*)", line)
        if match:
            found.append((match["name"], match["when"]))
        elif found and line.strip() and len(line) - len(line.lstrip()) > indent:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def _when(text: str) -> str:
    """The condition alone; what comes after a comma that begins another thought is left out."""
    return re.split(r";|,\s+(?:and|the|then|so)\b(?=[^,]*\b(?:stays?|is|are|remains?)\b)", text)[0]


_NUMBER = r"-?\d[\d_,]*"
_LIMITS = tuple(
    re.compile(pattern.replace("N", f"({_NUMBER})"))
    for pattern in (
        r"\bN\s+(?:to|and|through|-|\u2013)\s+N",
        r"\b(?:at most|up to|no more than|maximum of|at least|from|after|below|above|over|under) N",
        r"\bN or (?:more|less|fewer)",
    )
)


def promised_limits(doc: str | None) -> list[int]:
    """Numbers that limit something by the docstring, in its order, each once."""
    text = " ".join((doc or "").split())
    found = [
        (match.start(index), int(re.sub(r"[_,]", "", match.group(index)).rstrip("-") or 0))
        for pattern in _LIMITS
        for match in pattern.finditer(text)
        for index in range(1, (match.lastindex or 0) + 1)
    ]
    return list(dict.fromkeys(value for _, value in sorted(found)))
