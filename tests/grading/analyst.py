"""What requirements, stories and acceptance criteria must hold to."""

from __future__ import annotations

import re

from grading.answers import Graded, grader

_BANNED = re.compile(r"\b(?:fast|easy|easily|appropriate|appropriately|etc\.|and/or)(?!\w)", re.IGNORECASE)
_SCENARIO = re.compile(r"^\s*Scenario(?: Outline)?:.*\n((?:(?!^\s*(?:Scenario|```|#)).*\n?)*)", re.MULTILINE)


def _texts(answer: Graded) -> list[str]:
    return answer.written(".md", ".feature")


def _scenarios(answer: Graded) -> list[str]:
    return [match.group() for text in _texts(answer) for match in _SCENARIO.finditer(text)]


@grader
def no_vague_words(answer: Graded) -> bool:
    """No word that nobody can check."""
    return not any(_BANNED.search(text) for text in _texts(answer))


@grader
def requirement_is_smart(answer: Graded) -> bool:
    """Each requirement has an EARS sentence and its parts."""
    parts = (r"\bshall\b", r"[Mm]easure", r"[Pp]riority", r"[Ss]ource", r"[Vv]erif")
    for text in _texts(answer):
        for requirement in re.split(r"^#+ .*REQ-\d+.*$", text, flags=re.MULTILINE)[1:]:
            body = re.split(r"^#+ ", requirement, maxsplit=1, flags=re.MULTILINE)[0]
            if not all(re.search(part, body) for part in parts):
                return False
    return True


@grader
def statement_has_source(answer: Graded) -> bool:
    """Each source is a place in a file, the user or an assumption."""
    sources = re.findall(r"[Ss]ource\W{1,6}(.+)", "\n".join(_texts(answer)))
    return bool(sources) and all(re.search(r"\S+:\d+|\buser\b|assumption", source) for source in sources)


@grader
def figure_is_given(answer: Graded) -> bool:
    """Figures with a unit, and dates, come from the context."""
    # Steps and tables hold concrete values of their own, as Gherkin wants it.
    told = re.sub(
        r"^\s*(?:(?:Given|When|Then|And|But) |\|).*$", "", "\n".join(_texts(answer)), flags=re.MULTILINE
    )
    found = re.findall(
        r"\b(\d+(?:\.\d+)?) ?(?:ms|seconds|minutes|hours|days|%|MB|GB|users)|\b(20\d\d-\d\d)", told
    )
    given = set(re.findall(r"\d[\d.-]*\d|\d", answer.given))
    return all((number or date) in given or (date and date in answer.given) for number, date in found)


@grader
def story_has_one_want(answer: Graded) -> bool:
    """As a …, I want one thing, so that ….."""
    stories = re.findall(r"^As an? .+$", "\n".join(_texts(answer)), re.MULTILINE)
    return all(
        re.fullmatch(
            r"As an? .+?, I want (?:(?! and ).)+, so that .+", story.split(", so that")[0] + ", so that x"
        )
        and ", so that " in story
        for story in stories
    )


@grader
def scenario_has_one_when(answer: Graded) -> bool:
    """Each scenario does one thing and looks at what comes of it."""
    return all(
        len(re.findall(r"^\s*When ", scenario, re.MULTILINE)) == 1
        and re.search(r"^\s*Then ", scenario, re.MULTILINE)
        for scenario in _scenarios(answer)
    )


@grader
def scenario_has_no_interface_steps(answer: Graded) -> bool:
    """Steps speak of the domain, not of screens."""
    return not any(
        re.search(r"\b(?:clicks?|button|screen|page|field|dropdown|scrolls?)\b", scenario, re.IGNORECASE)
        for scenario in _scenarios(answer)
    )


@grader
def boundary_is_an_outline(answer: Graded) -> bool:
    """Where there are scenarios, one is an Outline with Examples around the limit."""
    text = "\n".join(_texts(answer))
    return "Scenario" not in text or bool(re.search(r"Scenario Outline:(?:.*\n)+?\s*Examples:", text))


@grader
def gap_becomes_a_question(answer: Graded) -> bool:
    """A document with a TODO has the question that would settle it."""
    text = "\n".join(_texts(answer))
    return "TODO(rolecall)" not in text or bool(re.search(r"Open questions(?:.*\n)+?.*\?", text))
