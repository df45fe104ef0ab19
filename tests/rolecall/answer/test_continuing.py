"""A cut-off answer and what continues it: joined where the seam is exact, else not at all."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corpus.in_memory import parse
from rolecall.answer.continuing import continued, last_lines

CUT = 'Here.\n\n<file path="a.py">\nimport os\n\ndef first():\n    return os.name\n\ndef sec'
REST = 'ond():\n    return 2\n</file>\n<done files="1"/>\n'
WHOLE = CUT + REST


def joined(rest: str, text: str = CUT) -> str | None:
    return continued(text, rest, parse(text).open_block.line)


def test_what_goes_on_at_the_very_character_is_joined():
    assert joined(REST) == WHOLE


@pytest.mark.parametrize("repeated", ["def sec", "    return os.name\n\ndef sec", CUT[CUT.index("import") :]])
def test_lines_that_are_repeated_as_asked_stand_once(repeated):
    assert joined(repeated + REST) in {WHOLE, None if repeated == "def sec" else WHOLE}


def test_the_lines_asked_for_are_enough_to_be_sure():
    line = parse(CUT).open_block.line
    assert joined(last_lines(CUT, line) + REST) == WHOLE


def test_a_block_opened_anew_is_joined_where_it_repeats_the_last_lines():
    line = parse(CUT).open_block.line
    assert joined('<file path="a.py">\n' + last_lines(CUT, line) + REST) == WHOLE


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "\n \n",
        "Sure, here is the rest:\n" + REST,
        "```python\ndef second():\n    return 2\n```\n",
        '<file path="a.py">\ndef second():\n    return 2\n</file>\n',
        '<file path="b.py">\nx = 1\n</file>\n',
        "    return os.name\n\ndef third():\n    return 3\n</file>\n",
        "import os\n\ndef second():\n    return 2\n</file>\n",
    ],
    ids=[
        "nothing",
        "blank",
        "talk",
        "fence",
        "the-rest-as-a-file",
        "another-file",
        "jumped-back",
        "begun-again",
    ],
)
def test_what_does_not_plainly_go_on_is_not_joined(rest):
    assert joined(rest) is None


def test_a_line_that_may_be_repeated_or_go_on_is_not_joined():
    text = '<file path="a.c">\nint f() {\n  if (x) {\n  }\n'
    assert joined("  }\n}\n</file>\n", text) is None


def test_lines_that_overlap_with_themselves_are_asked_for_until_they_stand_there_once():
    text = '<file path="a.py">\n' + "  return x\n" * 2 + " "
    assert last_lines(text, 1) == "  return x\n" * 2 + " "


def test_an_indentation_is_not_doubled():
    text = '<file path="a.py">\ndef f():\n    '
    assert joined("    return 1\n</file>\n", text) is None
    assert joined("return 1\n</file>\n", text) == text + "return 1\n</file>\n"


def test_a_fence_that_is_open_may_be_closed():
    text = "`a.py`\n```python\nx = 1\n"
    assert joined("```\n", text) == text + "```\n"


WORDS = st.sampled_from(["alpha", "beta", "gamma", "}", "", "  return x", "x = 1", "</edit>", "```", "é"])


@given(st.lists(WORDS, min_size=1, max_size=30), st.data())
def test_an_answer_cut_anywhere_and_continued_as_asked_is_the_whole_answer(lines, data):
    head = '<file path="a.txt">\n'
    whole = head + "".join(f"{line}\n" for line in lines) + "</file>\n"
    at = data.draw(st.integers(len(head), len(whole) - len("</file>\n")))
    text, rest = whole[:at], whole[at:]
    asked = last_lines(text, 1)
    assert text.endswith(asked)
    assert continued(text, asked + rest, 1) == whole


@given(st.lists(WORDS, min_size=1, max_size=30), st.data())
def test_a_bare_rest_is_joined_exactly_or_not_at_all(lines, data):
    head = '<file path="a.txt">\n'
    whole = head + "".join(f"{line}\n" for line in lines) + "</file>\n"
    at = data.draw(st.integers(len(head), len(whole) - len("</file>\n")))
    text, rest = whole[:at], whole[at:]
    # One that begins with the very lines that were to be repeated cannot be told from one that repeats them.
    asked_at = len(text) - len(last_lines(text, 1))
    assume(not any(rest.startswith(text[start:]) for start in range(asked_at + 1)))
    assert continued(text, rest, 1) in {whole, None}
