from __future__ import annotations

import pytest

from corpus.in_memory import outcome, refusal, written


def edit(search: str, replace: str) -> str:
    return f'<edit path="a">\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n</edit>\n'


def edited(before: str, search: str, replace: str) -> str:
    return written(edit(search, replace), {"a": before})["a"]


def test_an_exact_match_wins_over_one_that_differs_in_trailing_white_space():
    assert edited("x  \nx\n", "x\n", "y\n") == "x  \ny\n"


def test_trailing_white_space_is_ignored_where_nothing_matches_exactly():
    assert edited("a  \nb\t\nc\n", "a\nb\n", "A\nB\n") == "A\nB\nc\n"


def test_lines_that_the_edit_keeps_stay_as_the_file_has_them():
    assert edited("a  \nb\t\nc \n", "a\nb\nc\n", "a\nB\nc\n") == "a  \nB\nc \n"


@pytest.mark.parametrize(
    ("before", "search", "replace", "after"),
    [
        ("    a\n    b\n", "a\nb\n", "a\nc\n", "    a\n    c\n"),
        ("a\n  b\n", "    a\n      b\n", "    a\n      c\n", "a\n  c\n"),
        ("\ta\n\t\tb\n", "a\n\tb\n", "a\n\tc\n", "\ta\n\t\tc\n"),
        ("  a\n\n  b\n", "a\n\nb\n", "a\n\nc\n", "  a\n\n  c\n"),
        ("  a \n  b\n", "a\nb\n", "a\nc\n", "  a \n  c\n"),
        ("    a\n", "a\n", "if b:\n    a\n\n", "    if b:\n        a\n\n"),
    ],
)
def test_one_uniform_shift_of_the_indentation_is_allowed(before, search, replace, after):
    assert edited(before, search, replace) == after


@pytest.mark.parametrize(
    ("before", "search"),
    [
        ("    a\n  b\n", "a\nb\n"),
        ("\ta\n", "    a\n\tb\n"),
        ("if x:\n\ty\n", "if x:\n    y\n"),
        ("hello\n", "Hello\n"),
        ("x = 1\n", "x  = 1\n"),
        ("x = 'a'\n", 'x = "a"\n'),
        ("abc\n", "b\n"),
        ("a\n", "a\n\n"),
    ],
)
def test_nothing_else_is_ignored(before, search):
    assert "matches nothing in a" in refusal(edit(search, "z\n"), {"a": before})


def test_a_replacement_that_cannot_lose_the_shifted_indentation_fails():
    assert "cannot be shifted" in refusal(edit("    a\n    b\n", "c\n"), {"a": "a\nb\n"})


def test_several_matches_are_listed_by_line():
    assert "lines 1, 3, 4" in refusal(edit("x\n", "y\n"), {"a": "x\nz\nx\nx\n"})


def test_overlapping_matches_are_several():
    assert "matches 2 places in a: lines 1, 2" in refusal(edit("x\nx\n", "y\n"), {"a": "x\nx\nx\n"})


def test_a_near_miss_names_the_first_line_that_differs():
    message = refusal(edit("def f():\n    a\n    b\n", "y\n"), {"a": "# f\ndef f():\n    a\n    c\n"})

    assert "its first line stands at line 2" in message
    assert "the first difference is line 4, which reads 'c' where the answer has 'b'" in message


def test_a_miss_says_which_line_the_file_has_not():
    assert "no line of the file reads 'nowhere'" in refusal(edit("nowhere\n", "y\n"), {"a": "x\n"})


def test_an_edit_of_a_missing_file_says_so():
    assert "there is no such file" in refusal(edit("x\n", "y\n"), {})


@pytest.mark.parametrize(
    ("before", "search", "replace", "after"),
    [
        ("a\r\nb\r\n", "b\n", "c\nd\n", "a\r\nc\r\nd\r\n"),
        ("a\r\nb\nc\r\n", "b\n", "B\n", "a\r\nB\nc\r\n"),
        ("a\r\nb\nc\r\n", "a\nb\nc\n", "a\nb\nC\n", "a\r\nb\nC\r\n"),
        ("a\nb", "b\n", "c\n", "a\nc"),
        ("a\nb", "b\n", "b\nc\n", "a\nb\nc"),
        ("a\r\nb", "b\n", "b\nc\n", "a\r\nb\r\nc"),
        ("a\nb", "b\n", "", "a"),
        ("a\nb\n", "b\n", "", "a\n"),
        ("a", "a\n", "", ""),
        ("a\rb\r", "b\n", "c\nd\n", "a\rc\rd\r"),
        ("\ufeffa\nb\n", "a\n", "c\n", "\ufeffc\nb\n"),
        ("a\x0cb\n\x0c\nc\u2028d\n", "c\u2028d\n", "e\n", "a\x0cb\n\x0c\ne\n"),
    ],
)
def test_line_endings_byte_order_mark_and_final_newline_stay(before, search, replace, after):
    assert edited(before, search, replace) == after


def test_an_edit_of_thousands_of_equal_lines_is_refused_without_delay():
    before = "x\n" * 50_000

    assert "matches" in refusal(edit("  x\n" * 20_000, "y\n"), {"a": before})


def test_many_edits_of_a_long_file_keep_their_order():
    before = "".join(f"line {n}\n" for n in range(3_000))
    answer = "".join(edit(f"line {n}\n", f"line {n}\nmore {n}\n") for n in range(0, 3_000, 10))

    after = "".join(f"line {n}\n" + f"more {n}\n" * (n % 10 == 0) for n in range(3_000))
    assert outcome(answer, {"a": before}).files == {"a": after}
