"""The business analyst without a model: requirements, stories and Gherkin traced to lines of code."""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.criteria import description, response, scenarios
from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.people import article, person
from rolecall.llm.offline.source.wording import slug, words

if TYPE_CHECKING:
    from rolecall.llm.offline.behaviour import Behaviour, Topic

_LONGEST_WANT = 90


def requirements(topic: Topic) -> Draft:
    """SMART requirements, one EARS sentence each, with source and verification."""
    lines = [
        f"# Requirements of {words(topic.title)}",
        "",
        f"Read from `{topic.path}`. Intent nobody wrote down is an open question.",
        "",
    ]
    number = 0
    for item in topic.behaviours:
        for sentence, source_line, check in _rules(item):
            number += 1
            lines += [
                f"## REQ-{number}: {words(item.qualified)}",
                "",
                f"- Requirement: {sentence}",
                f"- Measure: {check}",
                "- Priority: TODO(rolecall): must, should or could, with the reason.",
                f"- Source: `{topic.path}:{source_line}`",
                f"- Verified by: a test that calls `{item.qualified}`",
                "- Due: TODO(rolecall): nobody gave a date.",
                "",
            ]
    lines += _questions(topic)
    return _page(topic, "requirements", f"{slug(topic.title)}.md", lines, number, "requirement")


def user_stories(topic: Topic) -> Draft:
    """INVEST stories, each with Gherkin acceptance criteria."""
    lines = [
        f"# User stories of {words(topic.title)}",
        "",
        f"Read from `{topic.path}`, in the order of the code: do them in that order.",
        "",
    ]
    items = topic.behaviours
    for number, item in enumerate(items, 1):
        lines += [
            f"## US-{number}: {words(item.qualified)}",
            "",
            f"As {_role(item, topic)}, I want {_want(item)}, so that TODO(rolecall): benefit.",
            "",
            f"Source: `{topic.path}:{item.line}`",
            "",
            "```gherkin",
            f"Feature: {words(item.qualified)}",
            "",
            *scenarios(item, topic.path),
            "```",
            "",
        ]
    lines += _questions(topic)
    return _page(topic, "requirements", f"{slug(topic.title)}-stories.md", lines, len(items), "story")


def acceptance(topic: Topic) -> Draft:
    """One feature file with the acceptance criteria of the selection."""
    items = topic.behaviours
    name = words(items[0].qualified) if len(items) == 1 else words(topic.title)
    lines = [
        f"Feature: {name}",
        *(f"  {line}" for line in description(items)),
        "  TODO(rolecall): say for whom, and why.",
        "",
    ]
    for item in items:
        lines += scenarios(item, topic.path)
    lines += [f"# {line.lstrip('#- ')}" for line in _questions(topic) if line]
    draft = Draft()
    path = join("features", f"{slug(topic.title)}.feature")
    if not items:
        draft.say(f"{topic.path} has no function or method to write criteria for.")
    elif path in topic.paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        draft.say(f"{path} holds the acceptance criteria of {name}; {_origin(topic)}.")
        draft.say("What the code leaves open is marked TODO(rolecall), and asked at the end of the file.")
    return draft


def _origin(topic: Topic) -> str:
    if any(item.samples for item in topic.behaviours):
        return "values and results were computed from the code"
    return "they were read from names, signatures and comments, and nothing was run"


def _role(item: Behaviour, topic: Topic) -> str:
    found = person(item.doc, topic.about)
    return article(found) if found else "a TODO(rolecall): role"


def _rules(item: Behaviour) -> list[tuple[str, int, str]]:
    """EARS sentences a definition stands for: event-driven, unwanted behaviour, optional feature."""
    line = item.line
    measure = "the result equals the documented one for each example"
    if item.limits:
        measure = f"the documented result just below, at and just above {', '.join(map(str, item.limits))}"
    found = [(f"When a caller calls `{item.qualified}`, the system shall {response(item)}.", line, measure)]
    messages = {error.line: error.message for error in item.raised}
    for name, when, source in item.refusals:
        case = when or "TODO(rolecall): say when"
        why = f' ("{messages[source]}")' if messages.get(source) else ""
        rule = f"If {case}, then the system shall refuse `{item.qualified}` with `{name}`{why}."
        found += [(rule, source, f"`{name}` is raised in that case, and in no other")]
    for name, value in item.defaults:
        rule = f"Where `{name}` is not given, the system shall use `{value}`."
        found += [(rule, line, f"leaving out `{name}` gives the same result as `{value}`")]
    return found


def _want(item: Behaviour) -> str:
    said = re.split(r"[,;:]\s", item.said.rstrip("."))[0]
    if not said or re.search(r"\band\b|TODO", said) or len(said) > _LONGEST_WANT:
        return f"to {words(item.name)}"
    act = response(item, said)
    return re.sub(r"^(?:tell|give)\b", r"to know", act) if re.match(r"(?:tell|give)\b", act) else f"to {act}"


def _questions(topic: Topic) -> list[str]:
    lines = ["## Open questions", ""]
    for number, text in topic.todos:
        lines.append(f"- `{topic.path}:{number}` says: {re.sub(r'[`<>]', '', text)} What is decided?")
    lines += [
        f"- `{item.qualified}` has no {topic.documentation}: what is it for, and who needs it?"
        for item in topic.behaviours
        if not item.doc
    ]
    lines += [f"- {question}" for question in topic.questions]
    return [*lines, "- Who uses this, and what changes for them? The code does not say.", ""]


def _page(topic: Topic, folder: str, name: str, lines: list[str], count: int, word: str) -> Draft:
    draft = Draft()
    path = join(topic.home, "docs", folder, name)
    if not count:
        draft.say(f"{topic.path} has no public function or method to read a {word} from.")
    elif path in topic.paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        plural = word if count == 1 else {"story": "stories"}.get(word, f"{word}s")
        draft.say(f"{count} {plural} in {path}, each with the line of code it was read from.")
        draft.say(
            "Roles, benefits, priorities and dates stand in no code: they are marked TODO(rolecall) or "
            "asked under Open questions."
        )
    return draft
