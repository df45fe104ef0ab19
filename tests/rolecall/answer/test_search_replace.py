from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse, refusal, written


def edit(search: str, replace: str, *, path: str = "a.py", length: int = 7) -> str:
    left, middle, right = "<" * length, "=" * length, ">" * length
    return f'<edit path="{path}">\n{left} SEARCH\n{search}{middle}\n{replace}{right} REPLACE\n</edit>\n'


@pytest.mark.parametrize("length", [5, 6, 7, 8, 9])
def test_markers_have_five_to_nine_characters(length):
    assert written(edit("x\n", "y\n", length=length), {"a.py": "x\n"}) == {"a.py": "y\n"}


@pytest.mark.parametrize("length", [4, 10])
def test_other_lengths_are_no_markers(length):
    bare = edit("x\n", "y\n", length=length).replace('<edit path="a.py">', "a.py").replace("</edit>\n", "")

    assert parse(bare).blocks == ()


def test_of_several_dividers_the_one_as_long_as_the_opening_marker_wins():
    answer = edit("T\n=====\n", "U\n======\n")

    assert written(answer, {"a.py": "T\n=====\nx\n"}) == {"a.py": "U\n======\nx\n"}


def test_several_dividers_as_long_as_the_opening_marker_fail():
    message = refusal(edit("T\n=======\n", "U\n=======\n"), {"a.py": "T\n=======\n"})

    assert "several possible dividers" in message


def test_longer_markers_let_the_text_hold_shorter_ones():
    old = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"

    assert written(edit(old, "gone\n", length=9), {"a.py": old + "z\n"}) == {"a.py": "gone\nz\n"}


def test_a_search_without_its_replace_marker_fails():
    message = refusal('<edit path="a.py">\n<<<<<<< SEARCH\nx\n=======\ny\n</edit>\n', {"a.py": "x\n"})

    assert "answer line 2 is not closed" in message


def test_a_search_marker_inside_of_a_block_fails_the_block():
    body = "<<<<<<< SEARCH\nx\n=======\ny\n<<<<<<< SEARCH\nz\n=======\nq\n>>>>>>> REPLACE\n"

    assert "is not closed" in refusal(f"a.py\n{body}", {"a.py": "x\nz\n"})


def test_a_replace_marker_too_many_holds_the_set():
    answer = "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n\nText.\n>>>>>>> REPLACE\n"

    assert "without its SEARCH" in refusal(answer, {"a.py": "x\n"})


def test_edits_of_one_file_apply_in_order():
    answer = edit("1\n", "2\n") + edit("2\n", "3\n")

    assert written(answer, {"a.py": "1\n"}) == {"a.py": "3\n"}


def test_an_edit_may_follow_the_whole_text_of_a_new_file():
    answer = '<file path="a.py">\n1\n2\n</file>\n' + edit("2\n", "3\n")

    assert written(answer) == {"a.py": "1\n3\n"}


@pytest.mark.parametrize("before", [{}, {"a.py": ""}])
@pytest.mark.parametrize("search", ["", "\n"])
def test_an_empty_search_creates_a_file_that_is_absent_or_empty(before, search):
    assert written(edit(search, "x\n\ny\n"), before) == {"a.py": "x\n\ny\n"}


def test_an_empty_search_fails_on_a_file_that_has_text():
    assert "is not empty" in refusal(edit("", "y\n"), {"a.py": "x\n"})


def test_a_block_without_a_name_between_named_ones_holds_the_set():
    block = "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"

    message = refusal(f"a.py\n{block}\nAnd elsewhere:\n\n{block}", {"a.py": "x\n"})

    assert "names no file" in message


def test_blocks_directly_after_each_other_are_about_the_same_file():
    blocks = (
        "<<<<<<< SEARCH\n1\n=======\n2\n>>>>>>> REPLACE\n\n<<<<<<< SEARCH\n3\n=======\n4\n>>>>>>> REPLACE\n"
    )

    assert written(f"a.py\n{blocks}", {"a.py": "1\n3\n"}) == {"a.py": "2\n4\n"}


def test_a_name_inside_of_the_fence_goes_before_the_name_above_it():
    answer = "a.py\n```\nb.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n"

    assert written(answer, {"a.py": "x\n", "b.py": "x\n"}) == {"a.py": "x\n", "b.py": "y\n"}


def test_names_may_change_between_the_blocks_of_a_fence():
    block = "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"

    answer = f"```\na.py\n{block}\nb.py\n{block}```\n"

    assert written(answer, {"a.py": "x\n", "b.py": "x\n"}) == {"a.py": "y\n", "b.py": "y\n"}


def test_fences_inside_of_a_search_text_do_not_end_the_fence():
    answer = "a.md\n```\n<<<<<<< SEARCH\n```\nold\n```\n=======\n```\nnew\n```\n>>>>>>> REPLACE\n```\n"

    assert written(answer, {"a.md": "```\nold\n```\n"}) == {"a.md": "```\nnew\n```\n"}


def test_edits_need_no_closing_fence():
    answer = "a.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n"

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_edits_that_only_prose_names_are_suggestions():
    answer = "In `a.py` change:\n\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n"

    result = outcome(answer, {"a.py": "x\n"})

    assert [(c.path, c.state, c.after) for c in result.changes.changes] == [("a.py", "suggestion", "y\n")]
    assert result.files == {"a.py": "x\n"}


def test_one_failing_block_leaves_the_other_files_proposed_and_the_set_blocked():
    result = outcome(
        edit("x\n", "y\n") + edit("absent\n", "z\n", path="b.py"), {"a.py": "x\n", "b.py": "b\n"}
    )

    assert [(c.path, c.state) for c in result.changes.changes] == [("a.py", "proposed"), ("b.py", "conflict")]
    assert "b.py" in (result.changes.blocked or "")
