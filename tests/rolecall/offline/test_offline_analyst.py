"""Requirements, stories and Gherkin from what the code and its docstrings promise."""

import re

import pytest

from grading import gherkin
from rolecall.llm.offline.source.promises import promised_errors, promised_limits

BASKET = '''
"""The basket of a shop, for its buyers."""

MOST = 14


def add(basket: dict[str, int], article: str, count: int) -> None:
    """Put pieces of an article into the basket, at most 20 of each.

    Raises ValueError where it would be more, or count is below 1; the basket stays as it was.
    TODO: may a member have more?
    """
    total = basket.get(article, 0) + count
    if count < 1 or total > 20:
        raise ValueError("1 to 20 pieces")
    basket[article] = total


def fetch(address: str) -> bytes:
    """Get a page.

    Raises:
        OSError: if nobody answers.
    """
    return open(address).read()


def may_return(days: int) -> bool:
    """Whether goods may go back: for 30 days."""
    return days <= MOST
'''


def feature(text):
    fences = re.findall(r"^```gherkin\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [gherkin.parse(fence) for fence in fences or [text]]


def test_every_documented_error_has_a_scenario_also_one_that_no_line_raises(project):
    shop = project({"basket.py": BASKET})

    shop.ask("business_analyst", "acceptance", "basket.py")

    (found,) = feature(shop.files["features/basket.feature"])
    names = [scenario.name for scenario in found.scenarios]
    assert "fetch is refused with OSError where nobody answers" in names
    assert "add is refused with ValueError where it would be more, or count is below 1" in names


def test_limits_of_the_docstring_are_tried_below_at_and_above(project):
    shop = project({"basket.py": BASKET})

    shop.ask("business_analyst", "acceptance", "basket.py")

    (found,) = feature(shop.files["features/basket.feature"])
    outline = next(
        scenario for scenario in found.scenarios if scenario.outline and scenario.header[0] == "count"
    )
    assert ["0", "refused with ValueError"] in outline.examples
    assert ["1", "accepted"] in outline.examples
    assert ["20", "accepted"] in outline.examples
    assert ["21", "refused with ValueError"] in outline.examples


def test_requirements_are_ears_sentences_with_their_source(project):
    shop = project({"basket.py": BASKET})

    shop.ask("business_analyst", "requirements", "basket.py")

    text = shop.files["docs/requirements/basket.md"]
    sentences = re.findall(r"^- Requirement: (.+)$", text, re.MULTILINE)
    assert all(
        re.fullmatch(r"(?:When .+,|If .+, then|Where .+,) the system shall .+\.", line) for line in sentences
    )
    assert "When a caller calls `fetch`, the system shall get a page." in sentences
    assert (
        "When a caller calls `may_return`, the system shall tell whether goods may go back: for 30 days."
        in sentences
    )
    assert "If nobody answers, then the system shall refuse `fetch` with `OSError`." in sentences
    for line in re.findall(r"basket\.py:(\d+)", text):
        assert 0 < int(line) <= len(BASKET.splitlines())


def test_what_is_open_or_contradicts_itself_becomes_a_question(project):
    shop = project({"basket.py": BASKET})

    shop.ask("business_analyst", "requirements", "basket.py")

    questions = shop.files["docs/requirements/basket.md"].split("## Open questions")[1]
    assert "may a member have more?" in questions
    assert re.search(r"docstring says 30, and the code compares with 14 \(MOST\)\. Which holds\?", questions)


def test_stories_name_the_person_that_the_code_speaks_of_and_one_want(project):
    shop = project({"basket.py": BASKET})

    shop.ask("business_analyst", "user_stories", "basket.py")

    text = shop.files["docs/requirements/basket-stories.md"]
    stories = re.findall(r"^As .+$", text, re.MULTILINE)
    assert len(feature(text)) == len(stories) == 3
    assert any(story.startswith("As a buyer, I want to get a page, so that ") for story in stories)
    assert not any(" and " in story.split(", so that")[0] for story in stories)


ODD = [
    '"""Given a | table."""\n\n\ndef f(a: str) -> str:\n    """Given `a`|b, return <it>.\n\n    | x |\n    @tag\n    # no\n    Scenario: none\n    """\n    return a\n',
    "def ä(ö: int) -> int:\n    '''Überprüft ö: 1 bis 3, at most 3.'''\n    if ö > 3:\n        raise ValueError('zu groß | \"x\"')\n    return ö\n",
    "class A:\n    @property\n    def b(self) -> int:\n        return 1\n\n    async def c(self, *d, e=1, **f): ...\n\n    @staticmethod\n    def test(x, /, y): ...\n",
    'def f(text: str = \'\\n"""\\n\') -> str:\n    return text * 2\n',
]


@pytest.mark.parametrize("task", ["acceptance", "user_stories"])
@pytest.mark.parametrize("code", ODD)
def test_gherkin_parses_whatever_the_docstrings_hold(project, task, code):
    shop = project({"a.py": code})

    answer = shop.ask("business_analyst", task, "a.py")

    (path,) = [block.path for block in answer.blocks]
    assert feature(shop.files[path])


@pytest.mark.parametrize(
    ("doc", "errors"),
    [
        (
            "X.\n\nArgs:\n    a: b.\n\nRaises:\n    ValueError: if a is\n        empty.\n    KeyError: When gone.\n",
            [("ValueError", "a is empty"), ("KeyError", "gone")],
        ),
        (
            "X.\n\n:raises ValueError: if empty\n:raise OSError: never",
            [("ValueError", "empty"), ("OSError", "never")],
        ),
        (
            "X.\n\nRaises\n------\nValueError\n    If empty.\nKeyError\n    If gone.\n",
            [("ValueError", "empty"), ("KeyError", "gone")],
        ),
        ("@throws IOException if closed", [("IOException", "closed")]),
        (
            "Raises KeyError for an unknown name, ValueError where it is empty.",
            [("KeyError", "an unknown name"), ("ValueError", "it is empty")],
        ),
        ("Raises its hand.", []),
        (None, []),
    ],
)
def test_promised_errors_are_read_in_every_usual_style(doc, errors):
    assert promised_errors(doc) == errors


@pytest.mark.parametrize(
    ("doc", "limits"),
    [
        ("12 to 64 characters", [12, 64]),
        ("at most 1_000", [1000]),
        ("from 5 years on", [5]),
        ("3 or more", [3]),
        ("version 3", []),
    ],
)
def test_promised_limits_are_numbers_that_bound_something(doc, limits):
    assert promised_limits(doc) == limits


TOLLS = '''
"""Tolls."""

from decimal import Decimal


class TollError(ValueError):
    """No toll can be told."""


class Axle:
    """An axle."""

    def __init__(self, load: int) -> None:
        self.load = load


def toll(axles: list[Axle], *, share: Decimal = Decimal(0)) -> int:
    """Sum the loads of 1 to 5 axles, less a share between 0 and 1.

    Raises:
        TollError: if there is no axle.
    """
    if not axles:
        raise TollError("no axles")
    if not 0 <= share < 1:
        raise TollError("share outside of 0 to 1")
    return sum(axle.load for axle in axles)


def gate(text: str, number: int) -> str:
    """Name a gate."""
    if "-" not in text:
        raise ValueError(f"no dash in {text}")
    if number < 1:
        raise ValueError("number below 1")
    return text
'''


def test_each_refusal_is_shown_by_a_call_that_its_own_line_refuses(project):
    road = project({"tolls.py": TOLLS})

    road.ask("business_analyst", "acceptance", "tolls.py")

    text = road.files["features/tolls.feature"]
    steps = dict(re.findall(r"Scenario: (.+)\n    Given (.+)\n", text))
    assert steps["toll is refused with TollError where there is no axle"] == 'the call "toll([])"'
    assert "share=" in steps["toll is refused with TollError where not 0 <= share < 1"]
    assert ", 0)" in steps["gate is refused with ValueError where number < 1"]
    assert "-" not in steps["gate is refused with ValueError where '-' not in text"]


def test_no_outline_is_made_from_values_that_do_not_suit_the_function(project):
    road = project({"tolls.py": TOLLS})

    road.ask("business_analyst", "acceptance", "tolls.py")

    text = road.files["features/tolls.feature"]
    assert "AttributeError" not in text
    assert "OMITTED" not in text
