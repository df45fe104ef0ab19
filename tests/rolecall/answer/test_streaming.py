from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.in_memory import parse
from rolecall.answer import Answer, AnswerParser, BlockClosed

FENCE = "```"
ANSWERS = [
    json.loads(line)["answer"]
    for line in (Path(__file__).parents[2] / "corpus" / "cases.jsonl").read_text("utf-8").split("\n")
    if line
]
LINES = [
    "",
    "x = 1",
    "    y",
    "src/a.py",
    "`b.md`:",
    "Look at `c.py` here:",
    FENCE,
    f"{FENCE}python",
    f"{FENCE}python path=d.py",
    f"   {FENCE}md",
    "````",
    "~~~",
    "~~~diff",
    '<file path="e.py">',
    "</file>",
    '<edit path="a.py">',
    "</edit>",
    '<delete path="f.py"/>',
    '<done files="2"/>',
    "<<<<<<< SEARCH",
    "<<<<< SEARCH",
    "=======",
    ">>>>>>> REPLACE",
    "*** Begin Patch",
    "*** Update File: a.py",
    "*** Add File: g.py",
    "*** End Patch",
    "+x",
    "-y",
    " z",
    "@@",
    "@@ -1 +1 @@",
    "diff --git a/h.py b/h.py",
    "--- a/h.py",
    "+++ b/h.py",
    "# i.py",
    "<think>",
    "</think>",
    "naïve ✅ 🚀",
]


def fed(pieces: list[str]) -> tuple[list[BlockClosed], Answer]:
    parser = AnswerParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events, parser.finish()


def cut(text: str, points: list[int]) -> list[str]:
    places = [0, *sorted(point % (len(text) + 1) for point in points), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(places)]


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=30),
    ending=st.sampled_from(["\n", "\r\n"]),
    points=st.lists(st.integers(0, 2000), max_size=20),
)
def test_any_chunking_of_any_lines_gives_the_same_events_and_the_same_answer(lines, ending, points):
    text = ending.join(lines)

    assert fed(cut(text, points)) == fed([text])


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_fed_character_by_character_gives_the_same_events_and_the_same_answer(answer):
    assert fed(list(answer)) == fed([answer])


def test_a_block_is_told_as_soon_as_its_closing_line_is_complete():
    parser = AnswerParser()

    assert parser.feed('<file path="a.py">\nx\n</file>') == []
    assert parser.feed("\n") == [BlockClosed("a.py", "create")]


def test_a_block_that_the_end_closes_is_told_with_the_answer():
    parser = AnswerParser()
    parser.feed('<file path="a.py">\nx\n</file>')

    assert parser.finish().closed_at_end == [BlockClosed("a.py", "create")]


def test_events_tell_create_from_modify_where_the_parser_may_ask():
    parser = AnswerParser(exists={"old.py"}.__contains__)

    events = parser.feed(
        '<file path="old.py">\nx\n</file>\n<file path="new.py">\nx\n</file>\n<delete path="d"/>\n'
    )

    assert [(event.path, event.action) for event in events] == [
        ("old.py", "modify"),
        ("new.py", "create"),
        ("d", "delete"),
    ]


def test_a_carriage_return_and_its_line_feed_may_come_apart():
    assert fed(['<file path="a.py">\r', "\nx\r", "\n</file>\r", "\n"])[1].blocks[0].text == "x\n"


def test_a_surrogate_pair_may_come_apart():
    _, answer = fed(['<file path="a.txt">\n\ud83d', "\ude80\n</file>\n"])

    assert answer.blocks[0].text == "🚀\n"


def test_a_lone_surrogate_becomes_the_replacement_character():
    assert parse('<file path="a.txt">\n\ud83d\n</file>\n').blocks[0].text == "\ufffd\n"


def sizes(unit: str, count: int = 500, head: str = "", tail: str = "") -> tuple[str, str]:
    return head + unit * count + tail, head + unit * (10 * count) + tail


SHAPES = {
    "files": sizes('<file path="a.py">\n' + "x = 1\n" * 10 + "</file>\n"),
    "fences": sizes(f"src/a.py\n{FENCE}python\nx = 1\n{FENCE}\n\n"),
    "fence marks": sizes(f"{FENCE}\n", 4_000),
    "one line of backticks": sizes("`", 200_000),
    "one long token": sizes("a", 800_000),
    "one long path": sizes("a/", 400_000, tail=f"\n{FENCE}\nx\n{FENCE}\n"),
    "one long tag": sizes('a="b" ', 100_000, head="<file ", tail=">\n"),
    "one long info string": sizes("a=b ", 100_000, head=FENCE),
    "dividers": sizes("=======\n", 4_000, head="a.py\n<<<<<<< SEARCH\n"),
    "quoted markers": sizes("<<<<< SEARCH\n", 4_000, head="a.py\n<<<<<<< SEARCH\n"),
    "unnamed edits": sizes("<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\nfoo\n"),
    "patch": sizes("*** Add File: a.py\n+x\n", head="*** Begin Patch\n"),
    "diff": sizes("@@ -1 +1 @@\n-x\n+y\n", head=f"{FENCE}diff\n--- a/a.py\n+++ b/a.py\n", tail=f"{FENCE}\n"),
    "nested fences": sizes(f"{FENCE}py\nx\n{FENCE}\n", head=f"README.md\n{FENCE}md\n"),
    "prose": sizes("Here is `some` prose, with (brackets) and **bold**: a/b.py text.\n"),
    "spaces": sizes(" ", 200_000),
}


def seconds(text: str) -> float:
    """The least processor time of three runs: noise only adds."""
    times: list[float] = []
    for _ in range(3):
        begin = time.process_time()
        parse(text)
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_answer_costs_less_than_twenty_times_the_time(shape):
    small, large = SHAPES[shape]
    floor = 0.002  # below that the clock and the fixed costs decide

    assert seconds(large) < 20 * max(seconds(small), floor)


def test_many_small_pieces_of_one_long_line_cost_linear_time():
    def fed_by_piece(count: int) -> float:
        parser = AnswerParser()
        begin = time.process_time()
        for _ in range(count):
            parser.feed("aaaaaaaa")
        parser.finish()
        return time.process_time() - begin

    assert fed_by_piece(200_000) < 20 * max(fed_by_piece(20_000), 0.002)
