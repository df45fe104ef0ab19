"""The business analyst without a model: requirements, stories and Gherkin traced to lines of code."""

from __future__ import annotations

import ast
import re
from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.criteria import description, disagreements, refusals, response, scenarios
from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.people import article, person
from rolecall.llm.offline.source.promises import promised_limits
from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.wording import first_sentence, slug, words

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Definition
    from rolecall.llm.offline.study import Study

_MAX = 20
_LONGEST_WANT = 90


def requirements(study: Study) -> Draft:
    """SMART requirements, one EARS sentence each, with source and verification."""
    lines = [
        f"# Requirements of {words(study.title)}",
        "",
        f"Read from `{study.target.path}`. Intent nobody wrote down is an open question.",
        "",
    ]
    number = 0
    for item in _items(study):
        for sentence, source_line, check in _rules(item):
            number += 1
            lines += [
                f"## REQ-{number}: {words(item.qualified)}",
                "",
                f"- Requirement: {sentence}",
                f"- Measure: {check}",
                "- Priority: TODO(rolecall): must, should or could, with the reason.",
                f"- Source: `{study.target.path}:{source_line}`",
                f"- Verified by: a test that calls `{item.qualified}`",
                "- Due: TODO(rolecall): nobody gave a date.",
                "",
            ]
    lines += _questions(study)
    return _page(study, "requirements", f"{slug(study.title)}.md", lines, number, "requirement")


def user_stories(study: Study) -> Draft:
    """INVEST stories, each with Gherkin acceptance criteria."""
    samples, limits = study.samples(), study.limits()
    lines = [
        f"# User stories of {words(study.title)}",
        "",
        f"Read from `{study.target.path}`, in the order of the code: do them in that order.",
        "",
    ]
    items = _items(study)
    for number, item in enumerate(items, 1):
        lines += [
            f"## US-{number}: {words(item.qualified)}",
            "",
            f"As {_role(item, study)}, I want {_want(item)}, so that TODO(rolecall): benefit.",
            "",
            f"Source: `{study.target.path}:{item.node.lineno}`",
            "",
            "```gherkin",
            f"Feature: {words(item.qualified)}",
            "",
            *scenarios(item, samples.get(item.qualified, []), limits.get(item.qualified), study.target.path),
            "```",
            "",
        ]
    lines += _questions(study)
    return _page(study, "requirements", f"{slug(study.title)}-stories.md", lines, len(items), "story")


def acceptance(study: Study) -> Draft:
    """One feature file with the acceptance criteria of the selection."""
    samples, limits = study.samples(), study.limits()
    items = _items(study)
    name = words(items[0].qualified) if len(items) == 1 else words(study.title)
    lines = [
        f"Feature: {name}",
        *(f"  {line}" for line in description(items)),
        "  TODO(rolecall): say for whom, and why.",
        "",
    ]
    for item in items:
        lines += scenarios(
            item, samples.get(item.qualified, []), limits.get(item.qualified), study.target.path
        )
    lines += [f"# {line.lstrip('#- ')}" for line in _questions(study) if line]
    draft = Draft()
    path = join("features", f"{slug(study.title)}.feature")
    if not items:
        draft.say(f"{study.target.path} has no function or method to write criteria for.")
    elif path in study.project.paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        draft.say(
            f"{path} holds the acceptance criteria of {name}; values and results were computed from the code."
        )
        draft.say("What the code leaves open is marked TODO(rolecall), and asked at the end of the file.")
    return draft


def _items(study: Study) -> list[Definition]:
    return [item for item in study.definitions() if not item.name.startswith("__")][:_MAX]


def _role(item: Definition, study: Study) -> str:
    found = person(item.doc(), ast.get_docstring(study.module.tree))
    return article(found) if found else "a TODO(rolecall): role"


def _rules(item: Definition) -> list[tuple[str, int, str]]:
    """EARS sentences a definition stands for: event-driven, unwanted behaviour, optional feature."""
    line = item.node.lineno
    limits = promised_limits(item.doc())
    measure = "the result equals the documented one for each example"
    if limits:
        measure = f"the documented result just below, at and just above {', '.join(map(str, limits))}"
    found = [(f"When a caller calls `{item.qualified}`, the system shall {response(item)}.", line, measure)]
    messages = {error.line: error.message for error in raised(item.node)}
    for name, when, source in refusals(item):
        case = when or "TODO(rolecall): say when"
        why = f' ("{messages[source]}")' if messages.get(source) else ""
        rule = f"If {case}, then the system shall refuse `{item.qualified}` with `{name}`{why}."
        found += [(rule, source, f"`{name}` is raised in that case, and in no other")]
    for parameter in item.parameters():
        if parameter.default not in {None, "None"}:
            rule = f"Where `{parameter.name}` is not given, the system shall use `{parameter.default}`."
            measure = f"leaving out `{parameter.name}` gives the same result as `{parameter.default}`"
            found += [(rule, line, measure)]
    return found


def _want(item: Definition) -> str:
    said = re.split(r"[,;:]\s", first_sentence(item.doc()).rstrip("."))[0]
    if not said or re.search(r"\band\b|TODO", said) or len(said) > _LONGEST_WANT:
        return f"to {words(item.name)}"
    act = response(item, said)
    return re.sub(r"^(?:tell|give)\b", r"to know", act) if re.match(r"(?:tell|give)\b", act) else f"to {act}"


def _questions(study: Study) -> list[str]:
    path = study.target.path
    lines = ["## Open questions", ""]
    for number, text in sorted({*study.module.todos, *_told_todos(study)}):
        lines.append(f"- `{path}:{number}` says: {re.sub(r'[`<>]', '', text)} What is decided?")
    for item in _items(study):
        if not item.doc():
            lines.append(f"- `{item.qualified}` has no docstring: what is it for, and who needs it?")
        lines += [f"- {question}" for question in disagreements(item, study.module, path)]
    return [*lines, "- Who uses this, and what changes for them? The code does not say.", ""]


def _told_todos(study: Study) -> list[tuple[int, str]]:
    """What docstrings leave to be decided."""
    found: list[tuple[int, str]] = []
    for item in _items(study):
        if item.doc() and "TODO" in (item.doc() or ""):
            lines = study.target.text.splitlines()
            first, last = item.node.body[0].lineno, item.node.body[0].end_lineno or item.node.body[0].lineno
            for number in range(first, min(last, len(lines)) + 1):
                mark = re.search(r"\b(?:TODO|FIXME|XXX)\b(?!\(rolecall)", lines[number - 1])
                if mark:
                    found.append((number, lines[number - 1][mark.start() :].strip().rstrip('"')))
    return found


def _page(study: Study, folder: str, name: str, lines: list[str], count: int, word: str) -> Draft:
    draft = Draft()
    path = join(study.project.home(study.target.path), "docs", folder, name)
    if not count:
        draft.say(f"{study.target.path} has no public function or method to read a {word} from.")
    elif path in study.project.paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        plural = word if count == 1 else {"story": "stories"}.get(word, f"{word}s")
        draft.say(f"{count} {plural} in {path}, each with the line of code it was read from.")
        draft.say(
            "Roles, benefits, priorities and dates stand in no code: they are marked TODO(rolecall) or "
            "asked under Open questions."
        )
    return draft
