"""The reader of Gherkin takes what runners take, and says the line of what they refuse."""

import pytest

from grading.gherkin import GherkinError, parse

GOOD = """\
# Source: user
@fast
Feature: Cart
  What it is for.

  Background:
    Given a cart

  Scenario: Add
    When tea is added
      | name | price |
      | tea  | 2     |
    Then it holds 1
    And the text is
      \"\"\"
      Anything | goes: here
      \"\"\"

  Scenario Outline: Limit
    When <count> are added
    Then <result>

    Examples:
      | count | result  |
      | 20    | taken   |
      | 21    | refused |
"""


def test_a_feature_is_read():
    feature = parse(GOOD)

    assert (feature.name, feature.background) == ("Cart", ["Given a cart"])
    assert [scenario.name for scenario in feature.scenarios] == ["Add", "Limit"]
    assert feature.scenarios[1].examples == [["20", "taken"], ["21", "refused"]]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Feature: Cart\n", "", "unexpected"),
        ("Feature: Cart\n  What it is for.\n", "", "Background before Feature"),
        ("    When tea is added\n", "    Whenever tea is added\n", "unexpected"),
        ("      | tea  | 2     |\n", "      | tea  |\n", "ragged"),
        ("  Scenario Outline: Limit\n", "  Scenario: Limit\n", "Examples without an outline"),
        ("      | 20    | taken   |\n      | 21    | refused |\n", "", "without examples"),
        ("Then <result>", "Then <outcome>", "without examples"),
        ("    When tea is added\n", "    And tea is added\n", "continues nothing"),
        ('      """\n\n', "\n", "open docstring"),
        ("  Scenario: Add\n", "  Scenario: Empty\n\n  Scenario: Add\n", "has no step"),
    ],
)
def test_what_a_runner_refuses_is_refused(old, new, says):
    assert old in GOOD

    with pytest.raises(GherkinError, match=says):
        parse(GOOD.replace(old, new, 1))
