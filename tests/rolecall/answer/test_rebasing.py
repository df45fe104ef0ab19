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
        (BEFORE.replace("line 9\n", "X\n"), AFTER.replace("line 9\n", "X\n")),
        (BEFORE.replace("line 11\n", "X\nY\n"), AFTER.replace("line 11\n", "X\nY\n")),
        (
            BEFORE.replace("line 9\n", "").replace("line 11\n", ""),
            AFTER.replace("line 9\n", "").replace("line 11\n", ""),
        ),
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
        BEFORE.replace("line 10\n", ""),
        BEFORE.replace("line 10\n", "line 10\r\n"),
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


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("a\nb\nX\nd\n", "a\nb\nnew\nX\nd\n"),
        ("a\nX\nc\nd\n", "a\nX\nnew\nc\nd\n"),
        ("X\na\nb\nc\nd\nY\n", "X\na\nb\nnew\nc\nd\nY\n"),
        ("a\nb\nX\nc\nd\n", None),
        ("a\nX\nY\nd\n", None),
        ("a\nb\nc\nb\nc\nd\n", None),
    ],
    ids=[
        "line below changed",
        "line above changed",
        "moved",
        "put in at the same place",
        "both gone",
        "twice",
    ],
)
def test_lines_put_in_follow_the_lines_next_to_them(current, expected):
    moved = rebased("a\nb\nc\nd\n", "a\nb\nnew\nc\nd\n", current)

    assert (moved.after if moved.state == "proposed" else None) == expected


@pytest.mark.parametrize(
    ("after", "current", "expected"),
    [
        ("new\na\nb\n", "x\na\nb\n", "x\nnew\na\nb\n"),
        ("new\na\nb\n", "a\ny\n", "new\na\ny\n"),
        ("a\nb\nnew\n", "x\nb\n", "x\nb\nnew\n"),
        ("a\nb\nnew\n", "a\nb\nx\n", "a\nb\nnew\nx\n"),
        ("a\nnew\n", "x\nb\n", "x\nnew\n"),
        ("new\nb\n", "a\nx\n", "new\nx\n"),
    ],
    ids=["put in first", "first, below changed", "last, above changed", "last", "last line", "first line"],
)
def test_hunks_at_the_ends_of_a_file_follow(after, current, expected):
    moved = rebased("a\nb\n", after, current)

    assert (moved.state, moved.after) == ("proposed", expected)


def test_repeated_lines_are_told_apart_by_the_side_that_did_not_change():
    before = "def f():\n    pass\n\ndef g():\n    pass\n"
    after = "def f():\n    pass\n\ndef g():\n    return 1\n"

    assert rebased(before, after, before.replace("f()", "k()")).after == after.replace("f()", "k()")
    assert rebased(before, after, before.replace("def g", "def h")).state == "conflict"


def test_an_empty_line_is_not_taken_for_another():
    assert rebased("a\n\nb\n", "a\nnew\nb\n", "\na\nb\n").state == "conflict"


def test_line_endings_of_the_present_file_are_kept():
    before, after = "a\r\nb\r\nc", "a\r\nB\r\nc\r\nd"

    assert rebased(before, after, "x\r\na\r\nb\r\nc").after == "x\r\na\r\nB\r\nc\r\nd"


def test_a_file_that_was_empty_takes_lines_only_while_it_is():
    assert rebased("", "new\n", "x\n").state == "conflict"


def test_several_hunks_all_follow():
    after = BEFORE.replace("line 3\n", "three\n").replace("line 15\n", "")
    current = "new\n" + BEFORE.replace("line 9\n", "nine\n")

    assert rebased(BEFORE, after, current).after == "new\n" + after.replace("line 9\n", "nine\n")


def test_hunks_follow_lines_that_changed_places():
    after = BEFORE.replace("line 3\n", "three\nand more\n").replace("line 15\n", "")
    turned = "".join(LINES[10:] + LINES[:10])

    moved = rebased(BEFORE, after, turned)

    assert moved.after == turned.replace("line 3\n", "three\nand more\n").replace("line 15\n", "")


def test_hunks_whose_places_overlap_by_now_are_a_conflict():
    assert rebased("p\nq\nz\nq\nr\n", "P\nz\nR\n", "p\nq\nr\n").state == "conflict"


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
    ours=st.sets(st.integers(0, 29), max_size=6),
    theirs=st.sets(st.integers(0, 29), max_size=6),
    above=st.integers(0, 3),
)
def test_changes_of_different_lines_always_merge(ours, theirs, above):
    theirs -= ours
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
