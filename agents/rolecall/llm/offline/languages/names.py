"""Names and comments of a file in any language, found by their keywords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import basename, join, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.source.wording import slug

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.context.items import ContextItem
    from rolecall.task import Selection

_MAX_NAMES = 40
_MAX_CHARACTERS = 400_000

# Each pattern begins at a keyword and stops at its line's end, so that scanning stays linear.
_PATTERNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts"),
        r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\*?|class)\s+(\w+)|^\s*export\s+const\s+(\w+)\s*=",
    ),
    ((".go",), r"^func\s+(?:\([^)\n]{1,100}\)\s*)?(\w+)|^type\s+(\w+)"),
    ((".rs",), r"^\s*(?:pub(?:\([^)\n]{1,30}\))?\s+)?(?:async\s+)?(?:fn|struct|enum|trait)\s+(\w+)"),
    (
        (".java", ".kt", ".cs", ".scala"),
        (
            r"^\s*(?:(?:public|protected|internal|static|final|abstract|override|suspend|open|data)\s+)*"
            r"(?:class|interface|record|enum|object|fun)\s+(\w+)"
            r"|^\s*public\s+[\w<>\[\], ]{1,80}?\s(\w+)\s*\("
        ),
    ),
    ((".rb",), r"^\s*(?:def|class|module)\s+([\w.?!]+)"),
    (
        (".php",),
        r"^\s*(?:(?:public|protected|private|static|abstract|final)\s+)*(?:function|class|interface)\s+(\w+)",
    ),
    ((".swift",), r"^\s*(?:public\s+)?(?:func|class|struct|enum|protocol)\s+(\w+)"),
    (
        (".c", ".h", ".cc", ".cpp", ".hpp"),
        r"^(?!\s*(?:return|else|if|for|while|switch)\b)[A-Za-z_][\w\s*&:<>]{0,80}?\b(\w+)\s*\([^;\n]{0,200}\)\s*\{",
    ),
    ((".sh", ".bash"), r"^\s*(?:function\s+)?(\w+)\s*\(\)"),
    ((".lua",), r"^\s*(?:local\s+)?function\s+([\w.:]+)"),
    (
        (".sql",),
        r"(?i)^\s*create\s+(?:or\s+replace\s+)?(?:table|view|function|procedure)\s+(?:if\s+not\s+exists\s+)?([\w.]+)",
    ),
)
_FALLBACK = (
    r"^\s*(?:export\s+|pub\s+|public\s+)?"
    r"(?:def|fn|func|function|class|struct|interface|module|sub|proc)\s+(\w+)"
)
_COMMENT = re.compile(r"^\s*(?://+|#+|--|;+|\*|/\*+)\s?(.*?)\s*(?:\*/)?$")
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b")


@dataclass(frozen=True, slots=True)
class Name:
    """A definition, the line it stands on, and the comment above it."""

    name: str
    line: int
    comment: str = ""


def names(path: str, text: str, selection: Selection | None) -> list[Name]:
    """The definitions of a file in any language, in the order of the text."""
    suffix = splitext(path)[1].lower()
    source = next((pattern for suffixes, pattern in _PATTERNS if suffix in suffixes), _FALLBACK)
    pattern = re.compile(source)
    found: dict[str, Name] = {}
    lines = text[:_MAX_CHARACTERS].split("\n")
    for number, line in enumerate(lines, 1):
        match = pattern.match(line[:300])
        if match is None or (selection and not selection.start_line <= number <= selection.end_line):
            continue
        name = next(group for group in match.groups() if group)
        found.setdefault(name, Name(name, number, _comment_above(lines, number - 1)))
    return list(found.values())[:_MAX_NAMES]


def _comment_above(lines: list[str], index: int) -> str:
    parts: list[str] = []
    for line in reversed(lines[max(0, index - 12) : index]):
        match = _COMMENT.match(line[:300])
        if match is None or not line.strip():
            break
        parts.append(re.sub(r"^@.*", "", match.group(1).strip("/*# ")))
    return " ".join(part for part in reversed(parts) if part)[:300]


def todos(text: str) -> list[tuple[int, str]]:
    """Lines with TODO or FIXME."""
    return [
        (number, " ".join(line.split())[:160])
        for number, line in enumerate(text[:_MAX_CHARACTERS].split("\n"), 1)
        if _TODO.search(line)
    ][:20]


def tests_of_names(target: ContextItem, found: list[Name], paths: Collection[str]) -> Draft:
    """Tests to fill in for Ruby, and a list of cases for any other language."""
    draft = Draft()
    if not found:
        draft.say(f"No function or class could be told apart in {target.path}; tests need names to call.")
        return draft
    path, text = (_ruby if target.path.endswith(".rb") else _test_list)(target.path, found)
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, text):
        draft.say(
            f"{len(found)} tests for {target.path} in {path}, each waiting to be filled in: in this "
            "language only names and comments were read."
        )
    return draft


def _ruby(path: str, found: list[Name]) -> tuple[str, str]:
    stem = basename(splitext(path)[0])
    lines = [f'RSpec.describe "{stem}" do']
    lines += [
        f'  it "{item.name} gives its documented result" # TODO(rolecall): pending without a block'
        for item in found
    ]
    return join("spec", f"{stem}_spec.rb"), "\n".join([*lines, "end", ""])


def _test_list(path: str, found: list[Name]) -> tuple[str, str]:
    lines = [
        f"# Tests to write for `{path}`",
        "",
        "| Name | Line | Case | Expected result |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{item.name}` | {item.line} | {case} | TODO(rolecall) |"
        for item in found
        for case in ("documented input", "empty input", "invalid input")
    ]
    return join("docs", "test-plans", f"{slug(basename(path))}.md"), "\n".join([*lines, ""])
