"""The behaviours of a file in another language: names, signatures, comments, and the errors it throws."""

from __future__ import annotations

import re
from posixpath import basename, dirname, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.behaviour import Behaviour, Topic
from rolecall.llm.offline.languages.cases import errors
from rolecall.llm.offline.languages.comments import Comment, read_comment
from rolecall.llm.offline.languages.declarations import Declaration, Source, is_readable, read
from rolecall.llm.offline.languages.names import names, todos
from rolecall.llm.offline.languages.thrown import thrown
from rolecall.llm.offline.source.promises import promised_limits
from rolecall.llm.offline.source.wording import first_sentence

if TYPE_CHECKING:
    from rolecall.context.items import ContextItem, Gathered
    from rolecall.llm.offline.source.raises import Raised
    from rolecall.task import Selection

_MAX = 20
_PROJECTS = frozenset({"node", "go", "rust", "jvm", "dotnet", "ruby", "php"})
_NOT_CALLED = frozenset({"constructor", "main"})
_NOTHING = frozenset({"", "void", "()", "Promise<void>", "Task", "undefined", "error"})
_THIRD_PERSON = re.compile(r"[A-Z][a-z]+[^s\W]s\b")
_MARK = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(rolecall)")
_DEFAULT = re.compile(r"^\s*(?P<name>[A-Za-z_$][\w$]*)\s*\??\s*(?::[^=]+)?=(?!>)\s*(?P<value>.+)$")


def topic(target: ContextItem, selection: Selection | None, gathered: Gathered) -> Topic:
    """What the analyst needs of a file in another language."""
    path = target.path
    items, about = _behaviours(target, selection)
    folders = [dirname(each.path) for each in gathered.facts.manifests if each.kind in _PROJECTS]
    return Topic(
        path=path,
        title=basename(splitext(path)[0]),
        home=max((each for each in folders if not each or path.startswith(f"{each}/")), key=len, default=""),
        paths={*gathered.facts.paths, *(item.path for item in gathered.items)},
        behaviours=tuple(items[:_MAX]),
        about=about,
        todos=tuple(_open_points(target.text)),
        documentation="comment",
    )


def callable_declarations(source: Source, selection: Selection | None) -> list[Declaration]:
    """What a caller sees; where nothing says what is public, everything, and so it is with a selection."""
    found = [item for item in source.declarations if item.name not in _NOT_CALLED]
    public = [item for item in found if item.public]
    return public if public and selection is None else found


def _behaviours(target: ContextItem, selection: Selection | None) -> tuple[list[Behaviour], str]:
    if not is_readable(target.path):
        found = names(target.path, target.text, selection)
        return [_behaviour_of_name(item.name, item.line, item.comment) for item in found], ""
    source = read(target.path, target.text, selection)
    about = " ".join(read_comment(kind.comment).text for kind in source.kinds)
    return [_behaviour(source, item) for item in callable_declarations(source, selection)], about


def _behaviour_of_name(name: str, line: int, comment: str) -> Behaviour:
    told = read_comment(comment)
    refusals = tuple((error, _when(when), line) for error, when in told.errors)
    said = _said(told, name)
    return Behaviour(
        name, name, line, told.text, said, refusals=refusals, limits=tuple(promised_limits(told.text))
    )


def _behaviour(source: Source, item: Declaration) -> Behaviour:
    told = read_comment(item.comment)
    said = _said(told, item.name)
    raised = thrown(source, item)
    return Behaviour(
        name=item.name,
        qualified=item.qualified,
        line=item.line,
        doc=told.text,
        said=said,
        result=_when(told.result[1]),
        gives=item.result not in _NOTHING and not _THIRD_PERSON.match(said),
        refusals=tuple(_refusals(source, item, raised)),
        raised=tuple(raised),
        defaults=tuple(_defaults(item)),
        limits=tuple(promised_limits(told.text)),
    )


def _said(told: Comment, name: str) -> str:
    """The first sentence, without the name that Go's comments begin with; else what is returned."""
    text = first_sentence(told.text)
    if not text and told.result[1]:
        text = f"Give {told.result[1]}"
    match = re.match(rf"{re.escape(name)}\s+(\w)(.*)", text)
    return f"{match[1].upper()}{match[2]}" if match else text


def _refusals(source: Source, item: Declaration, raised: list[Raised]) -> list[tuple[str, str, int]]:
    """In the author's words where there are some, else by the condition in the code; each with its line."""
    found: list[tuple[str, str, int]] = []
    told = {name for name, _ in read_comment(item.comment).errors}
    for name, when in errors(source, item):
        same = [error for error in raised if _last(error.name) == _last(name)]
        if name in told or not same:
            found.append((name, _when(when), same[0].line if same else item.line))
            continue
        for error in same:
            condition = f"`{error.condition}`" if error.condition else ""
            if (name, condition) not in [(known, case) for known, case, _ in found]:
                found.append((name, condition, error.line))
    return found


def _last(name: str) -> str:
    return re.split(r"\.|::", name)[-1]


def _when(text: str) -> str:
    return re.sub(r"\{@\w+\s+([^}]*)\}", r"\1", " ".join(text.split())).rstrip(".;,: ")


def _defaults(item: Declaration) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in re.split(r",(?![^(\[{<]*[)\]}>])", item.parameters):
        match = _DEFAULT.match(re.sub(r"^\s*(?:[\w<>\[\]?.]+\s+)+(?=\w+\s*=)", "", part))
        if match and match["value"].strip() not in {"null", "undefined", "default"}:
            found.append((match["name"], match["value"].strip()))
    return found


def _open_points(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for number, line in todos(text):
        mark = _MARK.search(line)
        if mark:
            found.append((number, re.sub(r"\s*(?:\*/|-->|</\w+>)\s*$", "", line[mark.start() :])))
    return found
