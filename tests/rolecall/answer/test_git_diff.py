from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.in_memory import document, outcome
from rolecall.answer import Change

if TYPE_CHECKING:
    from pathlib import Path


def git_applies(folder: Path, diff: str) -> None:
    ran = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=folder,
        input=diff.encode(),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, (ran.stderr.decode(), diff)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def applied_by_git(folder: Path, change: Change) -> dict[str, bytes]:
    if change.base is not None:
        target = folder / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((("\ufeff" if change.base.bom else "") + change.base.text).encode())
    git_applies(folder, change.diff())
    return tree(folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nB"),
        ("a\nb", "a\nb\nc"),
        ("a\nb\n", "a\nb"),
        ("a\nb", "a\nb\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\r\nb\nc\r\n", "a\r\nb\nC\r\n"),
        ("\ufeffa\nb\n", "\ufeffA\nb\n"),
        ("a\rb\nc\n", "a\rB\nc\n"),
        ("a\x0cb\u2028c\x85d\n", "a\x0cb\u2028c\x85e\n"),
        ("x\n", ""),
        ("", "x\n"),
        ("".join(f"{n}\n" for n in range(100)), "".join(f"{n * (n % 20 != 3)}\n" for n in range(100))),
        ("--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n@@ -1 +1 @@\n"),
    ],
)
def test_git_applies_the_diff_of_a_modified_file_byte_for_byte(tmp_path, before, after):
    base = document("src/a.txt", before)
    change = Change("src/a.txt", "modify", base=base, after=after.removeprefix("\ufeff"))

    assert applied_by_git(tmp_path, change) == {"src/a.txt": after.encode()}


@pytest.mark.parametrize("text", ["x\n", "x", "x\ny\n", "", "\ufeffx\n", "\n"])
def test_git_applies_the_diff_of_a_new_file(tmp_path, text):
    assert applied_by_git(tmp_path, Change("new/a.txt", "create", after=text)) == {"new/a.txt": text.encode()}


@pytest.mark.parametrize("text", ["x\n", "x", "x\ny\n", "", "\ufeffx\n"])
def test_git_applies_the_diff_of_a_deleted_file(tmp_path, text):
    assert applied_by_git(tmp_path, Change("a.txt", "delete", base=document("a.txt", text))) == {}


@pytest.mark.parametrize("after", ["x\ny\nz\n", "x\ny\nZ\n", "nothing left\n"])
def test_git_applies_the_diff_of_a_renamed_file(tmp_path, after):
    base = document("old/a.txt", "x\ny\nz\n")
    change = Change("old/a.txt", "rename", new_path="new/b.txt", base=base, after=after)

    assert applied_by_git(tmp_path, change) == {"new/b.txt": after.encode()}


@pytest.mark.parametrize(
    "path",
    [
        "my notes.md",
        "docs/größe ✅.md",
        'a"b.txt',
        "tab\there.txt",
        "back\\slash.txt",
        "b/a b/c.txt",
        "a'b.txt",
        " x",
    ],
)
@pytest.mark.parametrize("new_path", [None, "moved to/x y.txt"])
def test_git_takes_unusual_names(tmp_path, path, new_path):
    base = document(path, "x\n")
    action = "rename" if new_path else "modify"

    change = Change(path, action, new_path=new_path, base=base, after="y\n")

    assert applied_by_git(tmp_path, change) == {new_path or path: b"y\n"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\r\n", " \n"]), max_size=30),
    after=st.lists(st.sampled_from(["a\n", "b\n", "\n", "d\n"]), max_size=30),
    tail=st.sampled_from(["", "end"]),
)
def test_git_applies_the_diff_of_any_two_texts(tmp_path_factory, before, after, tail):
    old, new = "".join(before) + tail, "".join(after)
    if old == new:
        return
    folder = tmp_path_factory.mktemp("tree")

    assert applied_by_git(folder, Change("a", "modify", base=document("a", old), after=new)) == {
        "a": new.encode()
    }


def test_git_applies_the_joined_diffs_of_a_change_set(tmp_path):
    before = {"a.py": "x = 1\n", "old.py": "o\n", "gone.py": "g\n"}
    for path, text in before.items():
        (tmp_path / path).write_text(text)
    answer = (
        '<edit path="a.py">\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n</edit>\n'
        '<file path="pkg/b.py">\ny = 1\n</file>\n<move from="old.py" to="pkg/new.py"/>\n<delete path="gone.py"/>\n'
    )
    result = outcome(answer, before)

    git_applies(tmp_path, "".join(change.diff() for change in result.changes.changes))

    assert tree(tmp_path) == {path: text.encode() for path, text in result.files.items()}


def test_a_result_counts_the_lines_that_its_diff_adds_and_removes():
    change = Change("a.py", "modify", base=document("a.py", "1\n2\n3\n"), after="1\n3\n4\n5\n")

    result = change.to_result()

    assert (result.added, result.removed) == (2, 1)
    assert result.diff == (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,4 @@\n 1\n-2\n 3\n+4\n+5\n"
    )


def test_a_change_that_could_not_be_computed_has_no_diff():
    change = Change("a.py", "modify", base=document("a.py", "1\n"), state="conflict", reason="why")

    result = change.to_result()

    assert (result.diff, result.added, result.removed, result.reason) == (None, 0, 0, "why")
