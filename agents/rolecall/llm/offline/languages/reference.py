"""The API reference of a file in another language: signatures as written, and what comments say."""

from __future__ import annotations

import re
from posixpath import basename, join, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.behaviours import callable_declarations
from rolecall.llm.offline.languages.comments import read_comment
from rolecall.llm.offline.languages.declarations import read
from rolecall.llm.offline.languages.documenting import parameter_names
from rolecall.llm.offline.languages.pages import page
from rolecall.llm.offline.languages.thrown import thrown
from rolecall.llm.offline.source.wording import slug

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.context.items import ContextItem
    from rolecall.llm.offline.languages.declarations import Declaration, Kind, Source
    from rolecall.task import Selection

_TODO = "TODO(rolecall): describe."
_PURPOSE = "TODO(rolecall): say what it is for."
_FENCES = {".cs": "csharp", ".rs": "rust", ".mjs": "js", ".cjs": "js", ".mts": "ts", ".cts": "ts"}
_END = re.compile(r";|=>|\n[ \t]*\n|\{\s*$")
_LONGEST = 600


def reference(target: ContextItem, selection: Selection | None, paths: Collection[str]) -> Draft:
    """One Markdown page with a section for each type and function that a caller sees."""
    draft = Draft()
    source = read(target.path, target.text, selection)
    items = callable_declarations(source, selection)
    path = join("docs", "reference", f"{slug(basename(target.path))}.md")
    if not items:
        return page(target, selection, paths, "reference", "Reference")
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, _page(source, items)):
        count = "one function" if len(items) == 1 else f"{len(items)} functions"
        draft.say(f"{path} lists {count} of {target.path}, each with its signature as written.")
        draft.say("Texts come from its comments; nothing was run. Each TODO(rolecall) needs a person.")
    return draft


def _page(source: Source, items: list[Declaration]) -> str:
    lines = [f"# Reference of `{source.path}`", ""]
    owners = list(dict.fromkeys(item.owner for item in items))
    for owner in owners:
        kind = next((each for each in source.kinds if each.name == owner), None)
        if owner:
            lines += [f"## `{owner}`", "", *(_about(kind) if kind else [])]
        elif len(owners) > 1:
            lines += ["## Functions", ""]
        level = "###" if len(owners) > 1 or owner else "##"
        for item in items:
            if item.owner == owner:
                lines += _entry(source, item, level)
    return "\n".join(lines).rstrip() + "\n"


def _about(kind: Kind) -> list[str]:
    return [f"{kind.kind.capitalize()}. {read_comment(kind.comment).text or _TODO}", ""]


def _entry(source: Source, item: Declaration, level: str) -> list[str]:
    suffix = splitext(source.path)[1].lower()
    told = read_comment(item.comment)
    lines = [f"{level} `{item.qualified}`", "", f"```{_FENCES.get(suffix, suffix[1:])}"]
    lines += [signature(source, item), "```", "", told.text or _PURPOSE, ""]
    named = parameter_names(suffix, item)
    if named:
        lines += ["| Parameter | Description |", "| --- | --- |"]
        lines += [
            f"| `{name}` | {_cell(told.parameters.get(name, ('', ''))[1]) or _TODO} |" for name in named
        ]
        lines.append("")
    if told.result[1]:
        lines += [f"Returns {told.result[1].rstrip('.')}.", ""]
    lines += _errors(source, item)
    return [*lines, f"Source: `{source.path}:{item.line}`", ""]


def _errors(source: Source, item: Declaration) -> list[str]:
    told = read_comment(item.comment).errors
    known = {re.split(r"\.|::", name)[-1] for name, _ in told}
    found = [(name, when.rstrip(".")) for name, when in told]
    found += [
        (error.name, f"`{error.condition}`" if error.condition else "")
        for error in thrown(source, item)
        if re.split(r"\.|::", error.name)[-1] not in known
    ]
    lines = [f"- `{name}`{f' if {when}' if when else ''}" for name, when in dict.fromkeys(found)]
    return ["Errors:", "", *lines, ""] if lines else []


def signature(source: Source, item: Declaration) -> str:
    """The declaration up to its body, on one line, as the file has it."""
    start = 0
    for _ in range(item.line - 1):
        start = source.text.index("\n", start) + 1
    stop = start + _LONGEST
    if item.body is not None:
        stop = item.body[0]
    elif found := _END.search(source.code, start, stop):
        stop = found.start()
    return re.sub(r"\s*=>$", "", " ".join(source.text[start:stop].split()))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
