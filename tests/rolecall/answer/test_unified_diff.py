from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse, proposal, refusal, written

FENCE = "```"


def fenced(*lines: str, info: str = "diff") -> str:
    return "\n".join([f"{FENCE}{info}", *lines, FENCE, ""])


def change(path: str = "a.py", header: str = "@@ -1 +1 @@") -> list[str]:
    return [f"--- a/{path}", f"+++ b/{path}", header, "-x", "+y"]


@pytest.mark.parametrize("info", ["diff", "patch", "diff a.py", "udiff"])
def test_a_diff_stands_in_a_marked_fence(info):
    assert written(fenced(*change(), info=info), {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_diff_with_git_headers_stands_in_any_fence():
    answer = fenced("diff --git a/a.py b/a.py", "index 1..2 100644", *change(), info="")

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_diff_with_git_headers_stands_bare_and_ends_where_prose_begins():
    lines = ["Patch:", "", "diff --git a/a.py b/a.py", *change(), "", "- a list", "- of points", ""]
    answer = "\n".join(lines)

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}
    assert "of points" in parse(answer).summary_text()


def test_a_diff_without_git_headers_in_an_unmarked_fence_is_held():
    answer = fenced(*change(), info="")

    assert "does not say that it is one" in refusal(answer, {"a.py": "x\n"})
    assert outcome(answer, {"a.py": "x\n"}, yes=True).files == {"a.py": "y\n"}


def test_a_diff_without_headers_goes_to_the_file_that_the_line_above_names():
    assert written("a.py\n" + fenced("-x", "+y"), {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_diff_that_names_no_file_is_a_snippet():
    assert parse("Change:\n\n" + fenced("-x", "+y")).blocks == ()


def test_a_diff_that_only_prose_names_is_a_suggestion():
    result = outcome("In `a.py`:\n\n" + fenced("-x", "+y"), {"a.py": "x\n"})

    assert [(c.path, c.state, c.after) for c in result.changes.changes] == [("a.py", "suggestion", "y\n")]


def test_a_fence_for_a_patch_file_holds_its_text():
    body = "\n".join(change()) + "\n"

    assert written(f"fix.patch\n{FENCE}diff\n{body}{FENCE}\n") == {"fix.patch": body}


@pytest.mark.parametrize(
    "header", ["@@ -1 +1 @@", "@@ -90,7 +95,9 @@ def f():", "@@ ... @@", "@@", "@@ def f(): @@"]
)
def test_line_numbers_are_hints(header):
    assert written(fenced(*change(header=header)), {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_line_number_decides_between_several_matches():
    assert written(fenced(*change(header="@@ -3 +3 @@")), {"a.py": "x\nz\nx\n"}) == {"a.py": "x\nz\ny\n"}


def test_a_line_number_that_is_none_of_several_matches_decides_nothing():
    assert "lines 1, 3" in refusal(fenced(*change(header="@@ -2 +2 @@")), {"a.py": "x\nz\nx\n"})


def test_names_without_prefixes_are_taken_as_they_stand():
    answer = fenced("--- dir/a b.py", "+++ dir/a b.py", "@@", "-x", "+y")

    assert written(answer, {"dir/a b.py": "x\n"}) == {"dir/a b.py": "y\n"}


def test_a_folder_called_a_is_no_prefix_unless_the_other_name_has_one():
    answer = fenced("--- a/m.py", "+++ a/m.py", "@@", "-x", "+y")

    assert written(answer, {"a/m.py": "x\n"}) == {"a/m.py": "y\n"}


def test_names_quoted_by_git_are_unquoted():
    answer = fenced(
        '--- "a/gr\\303\\266\\303\\237e.md"', '+++ "b/gr\\303\\266\\303\\237e.md"', "@@", "-x", "+y"
    )

    assert written(answer, {"größe.md": "x\n"}) == {"größe.md": "y\n"}


def test_a_time_behind_a_name_is_no_part_of_it():
    answer = fenced("--- a.py\t2026-01-01 10:00:00", "+++ a.py\t2026-01-02 10:00:00", "@@", "-x", "+y")

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_two_different_names_without_a_rename_fail():
    answer = fenced("--- a/a.py", "+++ b/b.py", "@@", "-x", "+y")

    assert "names two files" in refusal(answer, {"a.py": "x\n"})


def test_a_new_file_comes_from_dev_null():
    answer = fenced("--- /dev/null", "+++ b/n.py", "@@ -0,0 +1,2 @@", "+x", "+", "")

    assert written(answer) == {"n.py": "x\n\n"}


def test_a_new_file_may_lack_its_final_newline():
    answer = fenced("--- /dev/null", "+++ b/n.py", "@@ -0,0 +1 @@", "+x", "\\ No newline at end of file")

    assert written(answer) == {"n.py": "x"}


def test_a_new_file_that_exists_is_a_conflict():
    answer = fenced("--- /dev/null", "+++ b/n.py", "@@ -0,0 +1 @@", "+x")

    assert "it exists already" in refusal(answer, {"n.py": "y\n"})


def test_a_deleted_file_goes_to_dev_null():
    answer = fenced("--- a/n.py", "+++ /dev/null", "@@ -1,2 +0,0 @@", "-x", "-y")

    assert written(answer, {"n.py": "x\ny\n"}) == {}


def test_a_deletion_that_does_not_hold_the_whole_file_fails():
    answer = fenced("--- a/n.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-x")

    assert "does not hold all of it" in refusal(answer, {"n.py": "x\ny\n"})


@pytest.mark.parametrize("hunk", [[], ["--- a/a.py", "+++ b/b.py", "@@ -1 +1 @@", "-x", "+y"]])
def test_git_renames_a_file_with_or_without_edits(hunk):
    head = ["diff --git a/a.py b/b.py", "similarity index 90%", "rename from a.py", "rename to b.py"]

    assert written(fenced(*head, *hunk), {"a.py": "x\n"}) == {"b.py": "y\n" if hunk else "x\n"}


@pytest.mark.parametrize(("mode", "executable"), [("100755", True), ("100644", False)])
def test_a_new_file_can_be_run_where_the_diff_says_so(mode, executable):
    answer = (
        f"```diff\ndiff --git a/r b/r\nnew file mode {mode}\n--- /dev/null\n+++ b/r\n@@ -0,0 +1 @@\n+x\n```\n"
    )
    (change,) = proposal(answer).changes

    assert change.executable is executable
    assert f"new file mode {mode}\n" in change.diff()


@pytest.mark.parametrize(("mode", "what"), [("120000", "a symbolic link"), ("160000", "a submodule")])
def test_a_diff_that_makes_what_is_no_file_fails(mode, what):
    answer = f"```diff\ndiff --git a/l b/l\nnew file mode {mode}\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/x\n```\n"

    assert f"makes {what}" in refusal(answer)


def test_a_binary_change_fails():
    answer = fenced(
        "diff --git a/a.png b/a.png", "index 1..2 100644", "Binary files a/a.png and b/a.png differ"
    )

    assert "binary" in refusal(answer, {"a.png": "x\n"})


def test_removed_lines_that_look_like_headers_are_lines():
    answer = fenced("--- a/q.sql", "+++ b/q.sql", "@@ -1,3 +1,3 @@", "--- one", "+++ two", " x", " y")

    assert written(answer, {"q.sql": "-- one\nx\ny\n"}) == {"q.sql": "++ two\nx\ny\n"}


def test_a_second_file_begins_where_the_first_hunk_has_its_lines_though_no_hunk_header_follows():
    answer = fenced(*change("a.py"), "--- a/b.py", "+++ b/b.py", "-1", "+2")

    assert written(answer, {"a.py": "x\n", "b.py": "1\n"}) == {"a.py": "y\n", "b.py": "2\n"}


def test_a_context_line_that_is_a_fence_does_not_end_the_diff_while_lines_are_announced():
    answer = fenced("--- a/a.md", "+++ b/a.md", "@@ -1,3 +1,3 @@", f" {FENCE}", "-x", "+y", f" {FENCE}")

    assert written(answer, {"a.md": f"{FENCE}\nx\n{FENCE}\n"}) == {"a.md": f"{FENCE}\ny\n{FENCE}\n"}


def test_a_context_line_that_may_be_the_end_of_the_fence_is_not_applied_unseen():
    answer = fenced("--- a/a.md", "+++ b/a.md", "@@", "-x", "+y", f" {FENCE}", "-z")

    assert outcome(answer, {"a.md": f"x\n{FENCE}\nz\n"}).status == "error"


def test_an_unsigned_line_fails_the_diff():
    assert "begins with none of" in refusal(fenced(*change(), "oops"), {"a.py": "x\noops\n"})


def test_the_signature_of_a_mailed_patch_is_no_line_of_it():
    answer = fenced("diff --git a/a.py b/a.py", *change(), "-- ", "2.39.5")

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_diff_cut_off_in_a_hunk_is_incomplete():
    answer = parse("diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-x\n+y\n")

    assert answer.incomplete is not None
    assert answer.open_block is not None


def test_several_diffs_of_one_file_apply_in_order():
    second = fenced("--- a/a.py", "+++ b/a.py", "@@", "-y", "+z")

    assert written(fenced(*change()) + second, {"a.py": "x\n"}) == {"a.py": "z\n"}


def test_our_own_diffs_parse_back_to_the_same_change():
    before = {"src/a.py": "1\n2\n3\n", "old name.py": "x\ny\n", "gone.py": "g\n"}
    answer = (
        '<edit path="src/a.py">\n<<<<<<< SEARCH\n2\n=======\ntwo\n>>>>>>> REPLACE\n</edit>\n'
        '<file path="new.py">\nn\n</file>\n<move from="old name.py" to="p/b.py"/>\n<delete path="gone.py"/>\n'
    )
    result = outcome(answer, before)

    diffs = "".join(change.diff() for change in result.changes.changes)

    assert written(f"{FENCE}diff\n{diffs}{FENCE}\n", before) == result.files
