"""What a documentation comment says: its text, parameters, result and errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TAG = re.compile(r"^@(\w+)\s*(.*)$")
_XML = re.compile(r'<(summary|param|returns|exception)(?: (?:name|cref)="([^"]*)")?>(.*?)</\1>', re.DOTALL)
_INLINE = re.compile(
    r'<(?:see|paramref|typeparamref)\s+(?:cref|name|langword)="([^"]*)"\s*/>'
    r"|<c>([^<]*)</c>|\{@code\s+([^}]*)\}|\[(`[^`\]]+`)\](?:\([^)]*\))?"
)
_TOLD = re.compile(
    r"\b(?:throws|raises|returns|gives|fails with|panics with)\s+(?:an?\s+|the\s+)?"
    r"`?(?:Err\()?(?P<name>\w*Err\w*::\w+|(?:\w+\.)?(?:Err\w+|\w+(?:Error|Exception)))\)?`?\s+(?:if|where|when|for)\s+(?P<when>[^.]{1,160})",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"`(?P<name>\w*Err\w*::\w+)`\s+(?:if|where|when|for|at)\s+(?P<when>[^.,;]{1,160})")
_LEAD = re.compile(r"^(?:-\s*)?(?:thrown\s+)?(?:if|where|when|in case)\s+", re.IGNORECASE)
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b:?\s*(.*)")


@dataclass(slots=True)
class Comment:
    """A comment taken apart.

    Attributes:
        text: what it says first, in one line.
        parameters: name to type (perhaps empty) and text.
        result: type (perhaps empty) and text.
        errors: name and condition of each error it tells of.
        todos: what is left to do.
    """

    text: str = ""
    parameters: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    result: tuple[str, str] = ("", "")
    errors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    todos: list[str] = field(default_factory=list[str])


def read_comment(text: str) -> Comment:
    """Take a JSDoc, TSDoc, Javadoc, XML or plain comment apart."""
    made = Comment()
    plain: list[str] = []
    lines = _joined(_XML.sub(_as_tags, _INLINE.sub(_inline, text)))
    current: list[str] = []
    for line in lines:
        tag = _TAG.match(line.strip())
        if tag:
            current = ["@" + tag.group(1), tag.group(2)]
            _take(made, tag.group(1), tag.group(2))
        elif todo := _TODO.search(line):
            made.todos.append(todo.group(1).strip() or "left to do")
            before = line[: todo.start()].strip()
            if before and not current:
                plain.append(before)
        elif line.strip() and not current:
            plain.append(line.strip())
    told = re.sub(r"<[^<>\n]{1,80}>", "", " ".join(plain))
    told = re.sub(r"\{@\w+\s+([^}]*)\}", r"\1", told).strip()
    made.text = re.split(r"(?:^|\s)#+ (?:Errors|Panics|Examples?|Safety)\b", told)[0].strip()
    made.errors += _told_errors(told)
    return made


def _joined(text: str) -> list[str]:
    """The lines, those that go on with a tag joined to it."""
    lines: list[str] = []
    for line in text.split("\n"):
        plain = line.strip()
        goes_on = lines and lines[-1].startswith("@") and plain and not _TODO.search(plain)
        if goes_on and not _TAG.match(plain):
            lines[-1] = f"{lines[-1]} {plain}"
        else:
            lines.append(plain)
    return lines


def _inline(found: re.Match[str]) -> str:
    """What stands for `<see cref="Order"/>`, `{@code null}` and a Rust link in a sentence."""
    return next(group for group in found.groups() if group is not None).removeprefix("T:")


def _as_tags(found: re.Match[str]) -> str:
    kind, name, text = found.group(1), found.group(2) or "", " ".join(found.group(3).split())
    if kind == "summary":
        return text
    return f"\n@{kind} {name} {text}"


def _take(made: Comment, tag: str, rest: str) -> None:
    kind = ""
    if rest.startswith("{") and not rest.startswith("{@") and "}" in rest:
        kind, _, rest = rest[1:].partition("}")
        rest = rest.strip()
    if tag == "param":
        found = re.match(r"\[?([\w$]+)(?:=([^\]]*))?\]?\s*(?:-\s*)?(.*)", rest)
        if found:
            made.parameters[found.group(1)] = (kind, found.group(3))
    elif tag in {"returns", "return"}:
        made.result = (kind, rest)
    elif tag in {"throws", "exception"}:
        link = re.match(r"\{@link\s+([\w.]+)\}\s*(.*)", rest)
        name, text = (link.group(1), link.group(2)) if link else (kind, rest)
        if not name:
            name, _, text = rest.partition(" ")
        made.errors.append((name, _LEAD.sub("", text.strip())))


def _told_errors(text: str) -> list[tuple[str, str]]:
    """Errors that plain sentences tell of: "Returns ErrEmpty when the text is empty"."""
    told = [(found["name"], " ".join(found["when"].split())) for found in _TOLD.finditer(text)]
    known = {name for name, _ in told}
    listed = [(found["name"], " ".join(found["when"].split())) for found in _ENTRY.finditer(text)]
    return told + [entry for entry in listed if entry[0] not in known]
