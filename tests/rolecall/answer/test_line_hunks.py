from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.answer import LineHunk, hunks
from rolecall.answer.lines import split_lines

PIECES = st.sampled_from(["a\n", "b\n", "c\r\n", "d\r", "\n", "\x0c\n", "é\u2028\n"])
TEXTS = st.builds(
    lambda lines, tail: "".join(lines) + tail, st.lists(PIECES, max_size=40), st.sampled_from(["", "z"])
)


def applied(before: str, found: list[LineHunk]) -> str:
    lines = split_lines(before)
    for hunk in reversed(found):
        lines[hunk.start_line : hunk.end_line] = hunk.lines
    return "".join(lines)


@settings(max_examples=500, deadline=None)
@given(before=TEXTS, after=TEXTS)
def test_the_hunks_of_any_two_texts_turn_one_into_the_other(before, after):
    assert applied(before, hunks(before, after)) == after


@settings(max_examples=200, deadline=None)
@given(before=TEXTS, after=TEXTS)
def test_hunks_rise_and_never_touch(before, after):
    found = hunks(before, after)

    assert all(one.end_line < other.start_line for one, other in itertools.pairwise(found))


def test_equal_texts_have_no_hunks():
    assert hunks("a\nb", "a\nb") == []


def test_only_the_changed_lines_are_in_a_hunk():
    before = "".join(f"line {n}\n" for n in range(50))
    after = before.replace("line 7\n", "seven\n").replace("line 30\n", "")

    assert hunks(before, after) == [LineHunk(7, 8, ("seven\n",)), LineHunk(30, 31, ())]


def test_a_last_line_without_a_line_feed_is_replaced_where_lines_follow_it():
    assert hunks("a\nb", "a\nb\nc") == [LineHunk(1, 2, ("b\n", "c"))]


def test_lines_are_counted_as_lsp_counts_them():
    assert split_lines("a\rb\r\nc\x0cd\u2028e\nf") == ["a\r", "b\r\n", "c\x0cd\u2028e\n", "f"]


def numbered(count: int, step: int) -> str:
    return "".join(f"line {n}\n" if n % step else f"changed {n}\n" for n in range(count))


@pytest.mark.parametrize(
    "pair",
    [
        lambda n: ("a\n" * n, "b\n" * n),
        lambda n: ("a\nb\n" * n, "b\na\n" * n),
        lambda n: (numbered(n, n + 1), numbered(n, 7)),
        lambda n: (numbered(n, n + 1), "".join(reversed(numbered(n, n + 1).splitlines(keepends=True)))),
        lambda n: ("a\nb\nc\n" * n, "c\nb\n\n" * n),
    ],
    ids=["all other", "shifted", "each seventh", "reversed", "repetitive"],
)
def test_ten_times_the_lines_cost_less_than_twenty_times_the_time(pair):
    def seconds(count: int) -> float:
        before, after = pair(count)
        times = []
        for _ in range(3):
            begin = time.process_time()
            found = hunks(before, after)
            times.append(time.process_time() - begin)
        assert applied(before, found) == after
        return min(times)

    assert seconds(30_000) < 20 * max(seconds(3_000), 0.002)
