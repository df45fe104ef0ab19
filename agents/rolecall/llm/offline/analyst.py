"""The business analyst without a model: requirements, stories and Gherkin traced to lines of code."""

from __future__ import annotations

import json
import re
from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.source.raises import Raised, raised
from rolecall.llm.offline.source.wording import first_sentence, slug, words

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Definition
    from rolecall.llm.offline.study import Sample, Study

_MAX = 20


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
    samples = study.samples()
    lines = [
        f"# User stories of {words(study.title)}",
        "",
        f"Read from `{study.target.path}`. Roles and benefits stand in no code: fill them in.",
        "",
    ]
    items = _items(study)
    for number, item in enumerate(items, 1):
        want = _want(item)
        lines += [
            f"## US-{number}: {words(item.qualified)}",
            "",
            f"As a TODO(rolecall): role, I want to {want}, so that TODO(rolecall): benefit.",
            "",
            f"Source: `{study.target.path}:{item.node.lineno}`",
            "",
            "```gherkin",
            f"Feature: {words(item.qualified)}",
            "",
            *_scenarios(item, samples.get(item.qualified, []), study),
            "```",
            "",
        ]
    lines += _questions(study)
    return _page(study, "requirements", f"{slug(study.title)}-stories.md", lines, len(items), "story")


def acceptance(study: Study) -> Draft:
    """One feature file with the acceptance criteria of the selection."""
    samples = study.samples()
    items = _items(study)
    name = words(items[0].qualified) if len(items) == 1 else words(study.title)
    lines = [
        f"Feature: {name}",
        f"  {_want(items[0]).capitalize() if items else ''}. TODO(rolecall): say for whom, and why.",
        "",
    ]
    for item in items:
        lines += _scenarios(item, samples.get(item.qualified, []), study)
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
        draft.say("What the code leaves open is marked TODO(rolecall).")
    return draft


def _items(study: Study) -> list[Definition]:
    return [item for item in study.definitions() if not item.name.startswith("__")][:_MAX]


def _rules(item: Definition) -> list[tuple[str, int, str]]:
    """EARS sentences a definition stands for: event-driven, unwanted behaviour, optional feature."""
    line = item.node.lineno
    what = first_sentence(item.doc()).rstrip(".")
    act = (
        f"{what[0].lower()}{what[1:]}"
        if what
        else f"{words(item.name)} (TODO(rolecall): say what the result is)"
    )
    found = [
        (
            f"When a caller calls `{item.qualified}`, the system shall {act}.",
            line,
            "the result equals the documented one for each example",
        )
    ]
    for error in raised(item.node):
        found += [
            (_refusal(item, error), error.line, f"`{error.name}` is raised in that case, and in no other")
        ]
    for parameter in item.parameters():
        if parameter.default not in {None, "None"}:
            rule = f"Where `{parameter.name}` is not given, the system shall use `{parameter.default}`."
            found += [
                (rule, line, f"leaving out `{parameter.name}` gives the same result as `{parameter.default}`")
            ]
    return found


def _refusal(item: Definition, error: Raised) -> str:
    when = f"`{error.condition}`" if error.condition else "TODO(rolecall): say when"
    why = f' ("{error.message}")' if error.message else ""
    return f"If {when}, then the system shall refuse `{item.qualified}` with `{error.name}`{why}."


def _want(item: Definition) -> str:
    said = first_sentence(item.doc()).rstrip(".")
    return f"{said[0].lower()}{said[1:]}" if said else words(item.name)


def _scenarios(item: Definition, samples: list[Sample], study: Study) -> list[str]:
    lines: list[str] = []
    works = [sample for sample in samples if sample.error is None]
    refused = [sample for sample in samples if sample.error is not None]
    source = f"  # Source: {study.target.path}:{item.node.lineno}"
    title = words(item.qualified)
    for number, sample in enumerate(works[:1]):
        lines += [source, f"  Scenario: {title} succeeds{number or ''}"]
        lines += [
            f"    Given the call {_text(sample.call)}",
            "    When it is made",
            f"    Then the result is {_text(sample.shown)}",
            "",
        ]
    for sample in refused[:1]:
        lines += [source, f"  Scenario: {title} is refused with {sample.error}"]
        lines += [
            f"    Given the call {_text(sample.call)}",
            "    When it is made",
            f"    Then {sample.error} is raised",
            "",
        ]
    if len(works) > 1:
        lines += [
            source,
            f"  Scenario Outline: {title} at its limits",
            "    Given the call <call>",
            "    When it is made",
            "    Then the result is <result>",
            "",
        ]
        lines += ["    Examples:", "      | call | result |"]
        lines += [f"      | {_cell(sample.call)} | {_cell(sample.shown)} |" for sample in works]
        lines.append("")
    if not samples:
        lines += [
            source,
            f"  Scenario: {title} succeeds",
            "    Given TODO(rolecall): the state before",
            f"    When a caller asks it to {title}",
            "    Then TODO(rolecall): what can be seen",
            "",
        ]
        for error in raised(item.node)[:2]:
            when = error.condition or "TODO(rolecall): say when"
            lines += [
                source,
                f"  Scenario: {title} is refused with {error.name}",
                f"    Given {_flat(when)}",
                f"    When a caller asks it to {title}",
                f"    Then {error.name} is raised",
                "",
            ]
    return lines


def _text(value: str) -> str:
    return json.dumps(_flat(value), ensure_ascii=False)


def _flat(value: str) -> str:
    return " ".join(value.split())


def _cell(value: str) -> str:
    return _flat(value).replace("\\", "\\\\").replace("|", "\\|")


def _questions(study: Study) -> list[str]:
    lines = ["## Open questions", ""]
    lines += [
        f"- `{study.target.path}:{number}` says: {re.sub(r'[`<>]', '', text)}. What is decided?"
        for number, text in study.module.todos
    ]
    for item in _items(study):
        if not item.doc():
            lines.append(f"- `{item.qualified}` has no docstring: what is it for, and who needs it?")
    return [*lines, "- Who uses this, and what changes for them? The code does not say.", ""]


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
