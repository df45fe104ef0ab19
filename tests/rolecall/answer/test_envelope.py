from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse, refusal, written

FENCE = "```"


def patch(*lines: str) -> str:
    return "\n".join(["*** Begin Patch", *lines, "*** End Patch", ""])


ADD = patch("*** Add File: a.py", "+x = 1")


@pytest.mark.parametrize(
    "answer",
    [
        ADD,
        f"Here:\n\n{ADD}\nDone.\n",
        f"{FENCE}\n{ADD}{FENCE}\n",
        f"{FENCE}patch\n{ADD}{FENCE}\n",
        f"{FENCE}bash\napply_patch <<'EOF'\n{ADD}EOF\n{FENCE}\n",
        f"apply_patch <<EOF\n{ADD}EOF\n",
        f"other.py\n{FENCE}\n{ADD}{FENCE}\n",
    ],
)
def test_an_envelope_stands_bare_in_a_fence_or_in_a_heredoc(answer):
    assert written(answer) == {"a.py": "x = 1\n"}


def test_adding_a_file_that_exists_is_a_conflict():
    assert "it exists already" in refusal(ADD, {"a.py": "x = 1\n"})


def test_a_file_may_be_deleted_and_added_anew():
    answer = patch("*** Delete File: a.py", "*** Add File: a.py", "+x = 1")

    assert written(answer, {"a.py": "old\n"}) == {"a.py": "x = 1\n"}


def test_a_line_of_a_new_file_without_its_plus_fails():
    assert "begins with none of" in refusal(patch("*** Add File: a.py", "+x", "y"))


def test_a_blank_line_inside_of_a_new_file_without_its_plus_fails():
    assert "begins with none of" in refusal(patch("*** Add File: a.py", "+x", "", "+y"))


def test_blank_lines_between_the_files_of_a_patch_are_layout():
    assert written(patch("", "*** Add File: a.py", "+x", "", "*** Add File: b.py", "+y", "")) == {
        "a.py": "x\n",
        "b.py": "y\n",
    }


def test_deleting_a_missing_file_fails():
    assert "there is no such file" in refusal(patch("*** Delete File: a.py"))


def test_a_file_moves_with_its_edits():
    answer = patch("*** Update File: a.py", "*** Move to: b/c.py", "@@", "-x", "+y")

    assert written(answer, {"a.py": "x\n"}) == {"b/c.py": "y\n"}


def test_a_move_onto_an_existing_file_is_a_conflict():
    answer = patch("*** Update File: a.py", "*** Move to: b.py", "@@", "-x", "+y")

    assert "which exists already" in refusal(answer, {"a.py": "x\n", "b.py": "b\n"})


CLASSES = "class A:\n    def run(self):\n        pass\n\nclass B:\n    def run(self):\n        pass\n"


def test_an_anchor_picks_the_one_place_below_it():
    answer = patch("*** Update File: a.py", "@@ class B:", "-        pass", "+        return 1")

    assert written(answer, {"a.py": CLASSES})["a.py"] == CLASSES[: -len("pass\n")] + "return 1\n"


def test_stacked_anchors_narrow_to_the_inner_scope():
    answer = patch(
        "*** Update File: a.py", "@@ class A:", "@@ def run(self):", "-        pass", "+        return 1"
    )

    assert written(answer, {"a.py": CLASSES})["a.py"] == CLASSES.replace("pass", "return 1", 1)


def test_an_anchor_with_several_matches_in_its_scope_fails():
    before = "def f():\n    a\n    a\n"

    assert "lines 2, 3" in refusal(
        patch("*** Update File: a.py", "@@ def f():", "-    a", "+    b"), {"a.py": before}
    )


def test_an_anchor_that_stands_nowhere_fails():
    assert "no line of the file reads 'def g():'" in refusal(
        patch("*** Update File: a.py", "@@ def g():", "-x", "+y"), {"a.py": "x\n"}
    )


def test_the_end_of_file_mark_picks_the_last_of_several():
    answer = patch("*** Update File: a.py", "@@", "-x", "+y", "*** End of File")

    assert written(answer, {"a.py": "x\nz\nx\n"}) == {"a.py": "x\nz\ny\n"}


def test_an_addition_at_the_end_of_the_file_needs_no_context():
    answer = patch("*** Update File: a.py", "@@", "+y", "*** End of File")

    assert written(answer, {"a.py": "x"}) == {"a.py": "x\ny"}


def test_an_addition_without_any_context_fails():
    assert "has no line to find" in refusal(patch("*** Update File: a.py", "@@", "+y"), {"a.py": "x\n"})


def test_a_blank_line_after_a_hunk_may_be_layout():
    answer = patch("*** Update File: a.py", "@@", "-x", "+y", "", "@@", "-z", "+q", "")

    assert written(answer, {"a.py": "x\nz\n"}) == {"a.py": "y\nq\n"}


def test_hunks_with_overlapping_context_apply_together():
    answer = patch(
        "*** Update File: a.py", "@@", " 1", "-2", "+two", " 3", " 4", "@@", " 3", "-4", "+four", " 5"
    )

    assert written(answer, {"a.py": "1\n2\n3\n4\n5\n"}) == {"a.py": "1\ntwo\n3\nfour\n5\n"}


def test_a_hunk_may_speak_of_lines_that_the_one_before_added():
    answer = patch("*** Update File: a.py", "@@", "-1", "+one", "@@", " one", "+two")

    assert written(answer, {"a.py": "1\n"}) == {"a.py": "one\ntwo\n"}


def test_lines_that_one_hunk_adds_do_not_make_the_next_ambiguous():
    answer = patch("*** Update File: a.py", "@@", " start", "+x", "@@", "-x", "+y", " end")

    assert written(answer, {"a.py": "start\nm\nx\nend\n"}) == {"a.py": "start\nx\nm\ny\nend\n"}


@pytest.mark.parametrize(
    "lines", [["*** Add File: a.py", "+x"], ["*** Update File: a.py", "@@", "-x", "+y"], []]
)
def test_an_envelope_without_its_end_is_an_incomplete_answer(lines):
    answer = parse("\n".join(["*** Begin Patch", *lines, ""]))

    assert answer.incomplete is not None
    assert answer.blocks == ()


def test_an_envelope_that_its_fence_ends_too_early_fails():
    assert "has no *** End Patch" in refusal(f"{FENCE}\n*** Begin Patch\n*** Add File: a.py\n+x\n{FENCE}\n")


def test_an_update_without_a_change_fails():
    result = outcome(patch("*** Update File: a.py"), {"a.py": "x\n"})

    assert result.changes.changes[0].state == "conflict"


def test_context_lines_keep_the_line_endings_and_spaces_of_the_file():
    answer = patch("*** Update File: a.py", "@@", " a", "-b", "+B", " c")

    assert written(answer, {"a.py": "a \r\nb\nc\t\r\n"}) == {"a.py": "a \r\nB\nc\t\r\n"}


def test_lines_put_behind_a_last_line_without_newline_stand_on_their_own():
    answer = "*** Begin Patch\n*** Update File: a.py\n@@\n+x\n*** End of File\n*** End Patch\n"

    assert written(answer, {"a.py": "1\n2"}) == {"a.py": "1\n2\nx"}
