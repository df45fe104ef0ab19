"""The cases a function of another language asks for: its result, and each error it tells of or raises."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.comments import read_comment
from rolecall.llm.offline.source.wording import words

if TYPE_CHECKING:
    from rolecall.llm.offline.languages.declarations import Declaration, Source

RAISED = re.compile(
    r"\bthrow\s+(?:new\s+)?([A-Z][\w.]*)|\breturn\b[^\n;]*?\b((?:\w+\.)?Err[A-Z]\w*)|\bErr\((\w+(?:::\w+)?)"
)
SAYS_MISSING = re.compile(r"\s*\(\s*[\"'`](?:not |un)(?:yet )?implemented|\s*\(\s*[\"'`]TODO", re.IGNORECASE)
_MAX_TITLE = 110


@dataclass(frozen=True, slots=True)
class Case:
    """One test to write: what its title says, and a name in words."""

    title: str
    name: str


def errors(source: Source, item: Declaration) -> list[tuple[str, str]]:
    """Errors by name with the condition that the comment gives; those it tells of come first."""
    told = read_comment(item.comment).errors
    found = list(dict.fromkeys(told))
    if item.body:
        for match in RAISED.finditer(source.code, item.body[0], item.body[1]):
            name = next(group for group in match.groups() if group)
            if SAYS_MISSING.match(source.text, match.end()) or "NotImpl" in name or "UnsupportedOp" in name:
                continue
            last = re.split(r"\.|::", name)[-1]
            if not any(re.split(r"\.|::", known)[-1] == last for known, _ in found):
                found.append((name, ""))
    return found


def cases(source: Source, item: Declaration) -> list[Case]:
    """The cases of one function, the result first."""
    told = read_comment(item.comment)
    result = told.result[1].rstrip(".")
    found = [
        Case(f"gives {result}" if result else "gives its documented result", "gives its documented result")
    ]
    for name, when in errors(source, item):
        short = re.split(r"\.|::", name)[-1]
        title = f"refuses with {short}" + (f" where {when.rstrip('.')}" if when else "")
        found.append(Case(title, f"refuses with {words(short)}"))
    if len(found) == 1 and item.parameters:
        found.append(Case("refuses invalid input", "refuses invalid input"))
    return [Case(" ".join(case.title.split())[:_MAX_TITLE].rstrip(), case.name) for case in found]


def identifier(*parts: str, camel: bool = False) -> str:
    """A name made of words: ``gives_its_result``, or ``givesItsResult``."""
    found = re.findall(r"\w+", " ".join(words(part) for part in parts).lower())
    if not camel:
        return "_".join(found)
    return found[0] + "".join(word[:1].upper() + word[1:] for word in found[1:]) if found else "works"


def quoted(text: str) -> str:
    """A text in double quotes, as all of these languages take it."""
    return json.dumps(text, ensure_ascii=False)
