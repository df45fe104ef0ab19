from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.in_memory import document
from rolecall.answer import Change, rebase


def change(before: str, after: str) -> Change:
    return Change("a.py", "modify", base=document("a.py", before), after=after)


def rebased(before: str, after: str, current: str) -> Change:
    return rebase(change(before, after), document("a.py", current))


LINES = [f"line {n}\n" for n in range(20)]
BEFORE = "".join(LINES)
AFTER = BEFORE.replace("line 10\n", "ten\nand more\n")


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("new\n" + BEFORE, "new\n" + AFTER),
        (BEFORE + "new\n", AFTER + "new\n"),
        (BEFORE.replace("line 0\n", ""), AFTER.replace("line 0\n", "")),
        (BEFORE.replace("line 4\n", "four\n"), AFTER.replace("line 4\n", "four\n")),
        (BEFORE.rstrip("\n"), AFTER.rstrip("\n")),
        (BEFORE, AFTER),
    ],
)
def test_hunks_follow_their_lines_where_other_lines_changed(current, expected):
    moved = rebased(BEFORE, AFTER, current)

    assert (moved.state, moved.after) == ("proposed", expected)
    assert moved.base is not None
    assert moved.base.text == current


@pytest.mark.parametrize(
    "current",
    [
        BEFORE.replace("line 10\n", "X\n"),
        BEFORE.replace("line 9\n", "X\n"),
        BEFORE.replace("line 10\n", ""),
        BEFORE + BEFORE,
        "",
    ],
)
def test_a_hunk_whose_lines_changed_or_stand_twice_is_a_conflict_that_keeps_the_proposal(current):
    moved = rebased(BEFORE, AFTER, current)

    assert moved.state == "conflict"
    assert "the file changed since it was read" in (moved.reason or "")
    assert moved.after == AFTER


def test_lines_that_were_not_unique_are_found_by_more_of_their_surroundings():
    block = "def f():\n    a\n    b\n    c\n    d\n    return 1\n"
    before = f"one\n{block}two\n{block}three\n"
    after = before[: -len("    return 1\nthree\n")] + "    return 2\nthree\n"

    assert rebased(before, after, "zero\n" + before).after == "zero\n" + after


def test_several_hunks_all_follow():
    after = BEFORE.replace("line 3\n", "three\n").replace("line 15\n", "")
    current = "new\n" + BEFORE.replace("line 9\n", "nine\n")

    assert rebased(BEFORE, after, current).after == "new\n" + after.replace("line 9\n", "nine\n")


def test_a_file_that_holds_the_result_already_needs_nothing():
    moved = rebased(BEFORE, AFTER, AFTER)

    assert (moved.state, moved.after) == ("proposed", AFTER)


def test_a_new_file_that_exists_now_is_a_conflict_unless_it_is_the_same():
    new = Change("a.py", "create", after="x\n")

    assert rebase(new, document("a.py", "y\n")).state == "conflict"
    assert rebase(new, document("a.py", "x\n")).state == "proposed"


def test_a_deletion_of_a_file_that_changed_is_a_conflict():
    gone = Change("a.py", "delete", base=document("a.py", "x\n"))

    assert rebase(gone, document("a.py", "y\n")).state == "conflict"
    assert rebase(gone, document("a.py", "x\n")).state == "proposed"


def test_a_rename_takes_the_present_text_along():
    moved = Change("a.py", "rename", new_path="b.py", base=document("a.py", "x\n"), after="x\n")

    assert rebase(moved, document("a.py", "x\ny\n")).after == "x\ny\n"


def test_an_addition_at_the_end_of_a_file_without_a_final_newline_follows():
    assert rebased("a\nb", "a\nb\nc", "new\na\nb").after == "new\na\nb\nc"


def test_the_change_itself_is_not_altered():
    original = change(BEFORE, AFTER)

    rebase(original, document("a.py", "new\n" + BEFORE))

    assert original.base is not None
    assert original.base.text == BEFORE


@settings(max_examples=200, deadline=None)
@given(
    ours=st.sets(st.integers(0, 9), max_size=3),
    theirs=st.sets(st.integers(20, 29), max_size=3),
    above=st.integers(0, 3),
)
def test_changes_apart_from_each_other_always_merge(ours, theirs, above):
    lines = [f"line {n}\n" for n in range(30)]

    def with_changes(*groups: tuple[set[int], str]) -> str:
        changed = list(lines)
        for numbers, text in groups:
            for number in numbers:
                changed[number] = f"{text} {number}\n"
        return "".join(changed)

    head = "new\n" * above
    moved = rebased("".join(lines), with_changes((ours, "ours")), head + with_changes((theirs, "theirs")))

    assert moved.after == head + with_changes((ours, "ours"), (theirs, "theirs"))
