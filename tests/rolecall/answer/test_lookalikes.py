"""What looks like a file block and is none is said, with its line; prose is left alone."""

from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse

PAIR = "old\n=======\nnew\n>>>>>>> REPLACE\n"


@pytest.mark.parametrize(
    ("answer", "line", "says"),
    [
        ("Here:\n\n<<<<<<< SEARCH a.py\n" + PAIR, 3, "SEARCH marker"),
        ("a.py\n<<<<<<<<<< SEARCH\n" + PAIR, 2, "SEARCH marker"),
        ("a.py\n<<<< SEARCH\n" + PAIR, 2, "SEARCH marker"),
        ("a.py\n<<<<<<< SEARCH:\n" + PAIR, 2, "SEARCH marker"),
        ("a.py\n```python\n<<<<<<< SEARCH a.py\n" + PAIR + "```\n", 3, "SEARCH marker"),
        ("```\n<<<<<<< SEARCH a.py\n" + PAIR + "```\n", 2, "SEARCH marker"),
        ("<file>\nx = 1\n</file>\n", 1, "names no file"),
        ("<edit>\n<<<<<<< SEARCH\n" + PAIR + "</edit>\n", 1, "names no file"),
        ('<file path="a.py>\nx = 1\n</file>\n', 1, "<file> tag"),
        ('<file path="a.py"> x = 1\n</file>\n', 1, "<file> tag"),
        ('<move from="a.py"/>\n', 1, "names no file"),
        ("*** Update File: a.py\n@@\n-old\n+new\n", 1, "*** Begin Patch"),
        ("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old\n+new\n", 2, "diff"),
    ],
)
def test_a_block_that_cannot_be_read_is_named_with_its_line(answer, line, says):
    problems = parse(answer).problems
    assert any(f"answer line {line} is" in problem and says in problem for problem in problems), problems
    result = outcome(answer, {"a.py": "old\n"})
    assert result.files == {"a.py": "old\n"}


def test_such_a_block_holds_the_others_for_confirmation():
    answer = "<<<<<<< SEARCH a.py\n" + PAIR + '<file path="b.py">\nx = 1\n</file>\n'
    assert outcome(answer, {"a.py": "old\n"}).status == "error"
    assert outcome(answer, {"a.py": "old\n"}, yes=True).files == {"a.py": "old\n", "b.py": "x = 1\n"}


def test_a_body_that_begins_with_such_a_marker_is_held():
    answer = '<file path="a.py">\n<<<<<<< SEARCH a.py\n' + PAIR + "</file>\n"
    assert outcome(answer, {"a.py": "old\n"}).status == "error"


@pytest.mark.parametrize(
    "prose",
    [
        "Use `<<<<<<< SEARCH` to mark it.\n",
        "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> main\n",
        "The <file path=...> tag names a file.\n",
        "<files> is an element, and <edition> too.\n",
        "*** Note: this matters ***\n",
        "---\n\n+++ plus plus plus\n",
        "```html\n<file>\n```\n",
    ],
)
def test_prose_is_left_alone(prose):
    assert parse(prose).problems == ()
