"""What a definition promises and does, in the words of requirements and of Gherkin."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.source.wording import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.llm.offline.behaviour import Behaviour
    from rolecall.llm.offline.limits import Limit
    from rolecall.llm.offline.study import Sample

_KEYWORD = re.compile(
    r"^(?:Feature|Rule|Background|Scenario|Example|Given|When|Then|And|But)\b|^[*#@|]|^\"\"\"|^```"
)
_VERBS = re.compile(r"^(?P<verb>[A-Z][a-z]+?)(?P<s>s|es)? ")
_NOUNS = frozenset(
    {"This", "Always", "Its", "As", "Is", "Has", "Does", "Was", "Less", "Plus", "Minus", "Pounds", "Cents"}
)
_ARTICLES = frozenset(
    {"The", "A", "An", "All", "Each", "Every", "How", "What", "Where", "Which", "Who", "Number", "List"}
)


def response(item: Behaviour, said: str | None = None) -> str:
    """What the system does, as a verb phrase: from the docstring's first sentence, else from the name."""
    said = item.said.rstrip(".") if said is None else said
    if not said:
        return f"{words(item.name)} (TODO(rolecall): say what the result is)"
    first = said.split(" ", 1)[0]
    low = f"{said[0].lower()}{said[1:]}" if not first.isupper() else said
    if first in {"Whether", "If"}:
        return f"tell {low}"
    named = words(item.name).split(" ", 1)[0].capitalize()
    if first.rstrip("s") == named.rstrip("s") or first in {"Return", "Returns", "Give", "Gives"}:
        return re.sub(r"^(\w+?)s ", r"\1 ", low) if first != named else low
    if first in _ARTICLES or (item.gives and not _is_verb(first)):
        return f"give {low}"
    third = _VERBS.match(f"{said} ")
    if third and third["s"] and first not in _NOUNS:
        stem = f"{third['verb']}{'e' if third['s'] == 'es' and third['verb'][-1] in 'cgvzu' else ''}"
        return f"{stem.lower()}{low[len(first) :]}"
    return low


def _is_verb(word: str) -> bool:
    """Whether a docstring that begins so most likely says what is done."""
    return word not in _NOUNS | _ARTICLES and (word.endswith(("ate", "ise", "ize", "ify")) or word in _COMMON)


_COMMON: frozenset[str] = frozenset(
    re.split(
        r"\s+",
        """\
Add Append Apply Ask Build Bring Calculate Call Change Check Choose Clear Close Collect Compare
Compute Convert Copy Count Create Cut Decode Delete Do Draw Drop Encode Escape Fetch Fill Filter
Find Fit Format Get Group Handle Join Keep Lend List Load Look Make Map Match Merge Move Open Parse
Pay Pick Print Put Read Remove Render Replace Reserve Run Save Say Search Send Set Show Shorten Skip
Sort Split Start Stop Store Strip Sum Take Tell Test Turn Update Use Wait Walk Write""",
    )
)


def description(items: Sequence[Behaviour]) -> list[str]:
    """What the docstrings say, as free text of a feature."""
    lines: list[str] = []
    for item in items[:1] if len(items) == 1 else items[:6]:
        text = re.split(
            r"^\s*(?:Args|Arguments|Returns|Raises|Yields):|>>>|^\s*:\w+",
            item.doc,
            maxsplit=1,
            flags=re.MULTILINE,
        )[0]
        for line in text.splitlines():
            plain = re.sub(r"\b(?:TODO|FIXME|XXX)\b:?.*?(?:\.(?=\s)|$)", "", line).strip()
            if plain:
                lines.append(f"- {plain}" if _KEYWORD.match(plain) else plain)
    return lines


def scenarios(item: Behaviour, path: str) -> list[str]:
    """A success, each refusal, and an outline of the limits; every step with concrete values where known."""
    title = words(item.qualified)
    source = f"  # Source: {path}:{item.line}"
    works = [sample for sample in item.samples if sample.error is None]
    lines = _success(item, source, works)
    for name, when, number in _each_error(item):
        shown = _example_of(item, name, number)
        lines += _refusal(title, f"  # Source: {path}:{number}", name, when, shown)
    if item.limit is not None:
        return lines + _limit_outline(title, source, item.limit)
    return lines + (_call_outline(title, source, works) if len(works) > 1 else [])


def _success(item: Behaviour, source: str, works: list[Sample]) -> list[str]:
    title = words(item.qualified)
    if works:
        given, then = f"the call {_text(works[0].call)}", f"the result is {_text(works[0].shown)}"
        return [
            source,
            f"  Scenario: {title} succeeds",
            f"    Given {given}",
            "    When it is made",
            f"    Then {then}",
            "",
        ]
    return [
        source,
        f"  Scenario: {title} succeeds",
        "    Given TODO(rolecall): the state before",
        f"    When a caller asks it to {title}",
        f"    Then the result is {_flat(item.result)}"
        if item.result
        else "    Then TODO(rolecall): what can be seen",
        "",
    ]


def _each_error(item: Behaviour) -> list[tuple[str, str, int]]:
    known = {name for name, _, _ in item.refusals}
    shown = [
        (sample.error, "", item.line) for sample in item.samples if sample.error and sample.error not in known
    ]
    return [*item.refusals, *shown][:6]


def _example_of(item: Behaviour, name: str, line: int) -> Sample | None:
    """A call that this very line refuses; one error may have several lines, told apart by their messages."""
    same = [error for error in item.raised if error.name == name]
    found = [sample for sample in item.samples if sample.error == name.rsplit(".", 1)[-1]]
    if len(same) > 1:
        message = {error.line: error.message for error in same}.get(line)
        others = {error.message for error in same if error.line != line}
        if message in others:
            return None
        found = [
            sample for sample in found if (sample.shown == message if message else sample.shown not in others)
        ]
    return next(iter(found), None)


def _refusal(title: str, source: str, name: str, when: str, shown: Sample | None) -> list[str]:
    case = _flat(when.replace("`", "")) or "TODO(rolecall): say when"
    named = f"  Scenario: {title} is refused with {name}" + (f" where {case}" if when else "")
    if shown is not None:
        steps = [f"    Given the call {_text(shown.call)}", "    When it is made"]
    else:
        steps = [f"    Given {case}", f"    When a caller asks it to {title}"]
    return [source, named, *steps, f"    Then {name} is raised", ""]


def _limit_outline(title: str, source: str, limit: Limit) -> list[str]:
    column = limit.what.replace(" ", "_")
    lines = [
        source,
        f"  Scenario Outline: {title} around its limits",
        f"    Given the {limit.what} is <{column}>",
    ]
    lines += [f"    And the {name} is {_cell(value)}" for name, value in limit.others]
    lines += [
        f"    When a caller asks it to {title}",
        "    Then the outcome is <outcome>",
        "",
        "    Examples:",
    ]
    lines += [f"      | {column} | outcome |"]
    return [*lines, *(f"      | {value} | {_cell(outcome)} |" for value, outcome in limit.rows), ""]


def _call_outline(title: str, source: str, works: list[Sample]) -> list[str]:
    lines = [
        source,
        f"  Scenario Outline: {title} at its limits",
        "    Given the call <call>",
        "    When it is made",
    ]
    lines += ["    Then the result is <result>", "", "    Examples:", "      | call | result |"]
    return [*lines, *(f"      | {_cell(sample.call)} | {_cell(sample.shown)} |" for sample in works), ""]


def _text(value: str) -> str:
    return json.dumps(_flat(value), ensure_ascii=False)


def _flat(value: str) -> str:
    return " ".join(value.split())


def _cell(value: str) -> str:
    return _flat(value).replace("\\", "\\\\").replace("|", "\\|")
