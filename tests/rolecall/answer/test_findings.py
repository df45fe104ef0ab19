"""Findings in an answer's prose."""

from __future__ import annotations

import pytest

from rolecall.answer.findings import MOST, Finding, SearchedText, findings

TEXT = (
    "def price(x, percent):\n    return x * percent\n\n\ndef twice(x):\n    return x * 2\n    return x * 2\n"
)


def only(line):
    (found,) = findings(f"Two things.\n\n{line}\n\nNothing was run.\n")
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "- `src/a.py`: `return x * percent`: error: percent is never checked",
            Finding("src/a.py", "percent is never checked", "error", None, "return x * percent"),
        ),
        ("src/a.py:12: note: odd", Finding("src/a.py", "odd", "information", 12)),
        ("  src/a.py:12:7: odd: really", Finding("src/a.py", "odd: really", "warning", 12)),
        ("2. **`a.py:3-9`**: Warning: too long", Finding("a.py", "too long", "warning", 3)),
        ("* a.py:3: `x = 1` — never used", Finding("a.py", "never used", "warning", 3, "x = 1")),
        ("- `a.md`: ``a ` b``: hint: a tick", Finding("a.md", "a tick", "hint", None, "a ` b")),
    ],
)
def test_a_finding_is_read_in_the_forms_people_write(line, expected):
    assert only(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "- `src/a.py`: renamed it",
        "See https://example.org:443: it says so",
        "Nothing was run; check with `pytest`.",
        "src/a.py:12",
        "src/a.py:12:   ",
        "x" * 5_000 + ":1: too long a line",
    ],
)
def test_other_prose_is_no_finding(line):
    assert [one for one in findings(line) if one.path.startswith(("src", "x"))] == []


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding("a.py", "m", quoted="return x * percent"), 1),
        (Finding("a.py", "m", quoted="x * percent"), 1),
        (Finding("a.py", "m", line=5), 4),
        (Finding("a.py", "m", line=7, quoted="return x * 2"), 6),
        (Finding("a.py", "m", quoted="return x * 2"), None),
        (Finding("a.py", "m", quoted="return x * 3"), None),
        (Finding("a.py", "m", line=99), None),
        (Finding("a.py", "m", line=0), None),
    ],
)
def test_the_line_is_the_only_one_that_fits_or_none(finding, line):
    assert finding.line_in(SearchedText(TEXT)) == line


def test_an_answer_of_nothing_but_findings_is_bounded():
    assert len(list(findings("a.py:1: m\n" * (MOST + 50)))) == MOST
