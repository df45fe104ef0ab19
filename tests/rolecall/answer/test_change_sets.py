from __future__ import annotations

import pytest

from corpus.in_memory import document, outcome, parse, proposal, refusal, written
from rolecall.answer import propose
from rolecall.errors import ConfigurationInvalid, EditConflict, EditNotFound, PathRefused
from rolecall.workspace.policy import Verdict


def whole(path: str, body: str) -> str:
    return f'<file path="{path}">\n{body}</file>\n'


def edit(path: str, old: str, new: str) -> str:
    return f'<edit path="{path}">\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n</edit>\n'


@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        ("a\r\nb\r\n", "x\ny\n", "x\r\ny\r\n"),
        ("a\nb", "x\ny\n", "x\ny"),
        ("a\r\nb", "x\ny\n", "x\r\ny"),
        ("a\r\nb\nc\r\n", "a\nb\nC\n", "a\r\nb\nC\r\n"),
        ("\ufeffa\n", "x\n", "\ufeffx\n"),
        ("\ufeffa\r\n", "\ufeffx\n", "\ufeffx\r\n"),
        ("a\rb\r", "x\ny\n", "x\ry\r"),
        ("", "x\n", "x\n"),
        ("a\n", "x\r\n", "x\n"),
        ("a\n", "x\n\n\n", "x\n\n\n"),
    ],
)
def test_a_whole_body_keeps_line_endings_byte_order_mark_and_final_newline_of_the_file(before, body, after):
    assert written(whole("a.txt", body), {"a.txt": before}) == {"a.txt": after}


def test_a_new_file_is_byte_exact_with_line_feeds():
    assert written(whole("a.txt", "\n x \t\r\n\x0c\u2028\n\n")) == {"a.txt": "\n x \t\n\x0c\u2028\n\n"}


def test_two_equal_bodies_collapse():
    assert written(whole("a.py", "x\n") + "a.py\n```\nx\n```\n") == {"a.py": "x\n"}


def test_two_different_bodies_are_a_conflict():
    assert "two different whole texts" in refusal(whole("a.py", "x\n") + whole("a.py", "y\n"))


def test_an_edit_and_a_different_whole_body_are_a_conflict():
    answer = edit("a.py", "x\n", "y\n") + whole("a.py", "z\n")

    assert "both edits it and gives it whole" in refusal(answer, {"a.py": "x\n"})


def test_writing_and_deleting_a_file_is_a_conflict():
    answer = whole("a.py", "y\n") + '<delete path="a.py"/>\n'

    assert "both writes and deletes" in refusal(answer, {"a.py": "x\n"})


def test_a_file_that_is_already_as_wanted_is_no_change_but_a_note():
    changes = proposal(whole("a.py", "x\n"), {"a.py": "x\n"})

    assert changes.changes == []
    assert changes.notes == ["a.py is already as the answer wants it."]


def test_an_edited_file_moves_and_a_moved_file_is_edited():
    move = '<move from="a.py" to="p/b.py"/>\n'
    before = {"a.py": "x\n"}

    assert written(edit("a.py", "x\n", "y\n") + move, before) == {"p/b.py": "y\n"}
    assert written(move + edit("p/b.py", "x\n", "y\n"), before) == {"p/b.py": "y\n"}


def test_a_rename_is_one_change():
    (change,) = proposal('<move from="a.py" to="b.py"/>\n', {"a.py": "x\n"}).changes

    assert (change.path, change.action, change.new_path, change.after) == ("a.py", "rename", "b.py", "x\n")


def test_a_file_may_move_and_leave_a_new_one_in_its_place():
    answer = '<move from="a.py" to="p/a.py"/>\n' + whole("a.py", "from p.a import *\n")

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "from p.a import *\n", "p/a.py": "x\n"}


def test_a_file_may_move_twice():
    answer = '<move from="a.py" to="b.py"/>\n<move from="b.py" to="c.py"/>\n'

    assert written(answer, {"a.py": "x\n"}) == {"c.py": "x\n"}


def test_a_move_onto_a_file_is_a_conflict_told_once():
    changes = proposal('<move from="a.py" to="b.py"/>\n', {"a.py": "x\n", "b.py": "y\n"})

    assert [(c.path, c.action, c.new_path, c.state) for c in changes.changes] == [
        ("a.py", "rename", "b.py", "conflict")
    ]
    assert changes.notes == []


def test_a_path_cannot_be_a_file_and_a_folder():
    assert "also makes a.d a file" in refusal(whole("a.d", "x\n") + whole("a.d/b.py", "y\n"))


@pytest.mark.parametrize("pair", [("src/a.py", "src/A.py"), ("src/a.py", "SRC/b.py"), ("é.py", "e\u0301.py")])
def test_two_spellings_of_one_path_are_refused(pair):
    assert "differs only in case or composition" in refusal("".join(whole(path, "x\n") for path in pair))


@pytest.mark.parametrize(
    "line",
    [
        "# ... existing code ...",
        "    # ... rest of the code remains the same ...",
        "// ... other methods ...",
        "// ... existing imports",
        "/* ... */",
        "<!-- ... rest of the page ... -->",
        "# ...",
        "-- … unchanged …",
        "# (rest of the file unchanged)",
        "# rest of the code here",
        "// existing code stays unchanged",
        "# The rest of the function...",
        "... existing code ...",
        "[... rest of the file ...]",
        "...existing code...",
        "// [...]",
        "# (…)",
        "{/* ... existing code ... */}",
    ],
)
def test_a_whole_body_that_leaves_code_out_over_an_existing_file_is_refused(line):
    result = outcome(whole("a.py", f"def f():\n{line}\n"), {"a.py": "def f():\n    pass\n"})

    (change,) = result.changes.changes
    assert change.state == "refused"
    assert "leaves code out (line 2" in (change.reason or "")
    assert written(whole("new.py", f"def f():\n{line}\n")) == {"new.py": f"def f():\n{line}\n"}


@pytest.mark.parametrize(
    "line",
    [
        "    ...",
        "x = [...]",
        "return {...rest, a}",
        "...existing,",
        "# Remove the existing code...",
        "# Running tests...",
        "# TODO: ...",
        'print("# ... existing code ...")',
        ">>> f()",
        "... return code",
        "# The rest is history",
        "# and so on ...",
    ],
)
def test_ordinary_lines_with_dots_are_content(line):
    assert written(whole("a.py", f"{line}\n"), {"a.py": "x\n"}) == {"a.py": f"{line}\n"}


def test_a_line_that_the_file_has_already_is_content():
    before = "# ... existing code ...\nx\n"

    assert written(whole("a.py", "# ... existing code ...\ny\n"), {"a.py": before})["a.py"].endswith("y\n")


def test_examples_in_markdown_may_leave_code_out():
    body = "```py\n# ... existing code ...\n```\n"

    assert written(whole("a.md", body), {"a.md": "x\n"}) == {"a.md": body}


def test_a_refused_path_is_never_read():
    def check(path: str) -> Verdict:
        return Verdict("refused", "it leaves the workspace")

    def read(path: str) -> None:
        raise AssertionError(path)

    changes = propose(parse(whole("../a.py", "x\n")), read, check)

    assert [(c.path, c.state, c.reason) for c in changes.changes] == [
        ("../a.py", "refused", "it leaves the workspace")
    ]
    assert changes.changes[0].error_type() is PathRefused


def test_a_protected_path_needs_a_confirmation_and_keeps_its_text():
    changes = proposal(
        whole(".env", "x\n"), {}, lambda path: Verdict("needs_confirmation", "it is protected")
    )

    (change,) = changes.changes
    assert (change.state, change.reason, change.after, change.held) == (
        "needs_confirmation",
        "it is protected",
        "x\n",
        False,
    )


def test_a_protected_source_or_target_protects_the_move():
    def check(path: str) -> Verdict:
        return Verdict("needs_confirmation", "protected") if path == ".env" else Verdict("allowed", None)

    for move in ('<move from="a" to=".env"/>\n', '<move from=".env" to="a"/>\n'):
        source = move.split('"')[1]
        assert proposal(move, {source: "x\n"}, check).changes[0].state == "needs_confirmation"


def test_a_file_that_cannot_be_read_is_a_conflict_with_the_readers_words():
    def read(path: str) -> None:
        raise ConfigurationInvalid("a.bin is no text file")

    changes = propose(parse(whole("a.bin", "x\n")), read, lambda path: Verdict("allowed", None))

    assert [(c.state, c.reason) for c in changes.changes] == [("conflict", "a.bin is no text file")]


def test_every_failure_has_its_error():
    changes = proposal(
        edit("a.py", "nowhere\n", "y\n") + whole("b.py", "x\n") + whole("b.py", "y\n"), {"a.py": "x\n"}
    )

    assert [change.error_type() for change in changes.changes] == [EditNotFound, EditConflict]


def test_an_ambiguous_answer_holds_every_change():
    changes = proposal(whole("a.py", "x\n") + "</file>\n" + whole("b.py", "x\n"))

    assert [(c.state, c.held) for c in changes.changes] == [("needs_confirmation", True)] * 2
    assert changes.blocked is None


def test_an_incomplete_answer_blocks_the_set_and_keeps_its_closed_blocks():
    changes = proposal(whole("a.py", "x\n") + '<done files="2"/>\n')

    assert [c.state for c in changes.changes] == ["proposed"]
    assert "cut off" in (changes.blocked or "")
    assert any("cut off" in message for message in changes.messages())


def test_an_open_block_of_a_file_with_closed_ones_makes_the_file_incomplete():
    changes = proposal(
        edit("a.py", "1\n", "2\n") + '<edit path="a.py">\n<<<<<<< SEARCH\n3', {"a.py": "1\n3\n"}
    )

    assert [(c.path, c.state, c.after) for c in changes.changes] == [("a.py", "incomplete", "2\n3\n")]


def test_an_open_block_for_a_refused_path_is_refused():
    changes = propose(parse('<file path="../a">\nx'), {}.get, lambda path: Verdict("refused", "no"))

    assert [(c.path, c.state) for c in changes.changes] == [("../a", "refused")]


def test_a_suggestion_never_blocks_nor_applies():
    answer = whole("a.py", "x\n") + "\nAlso `b.py`:\n\n```python\ny\n```\n"

    result = outcome(answer)

    assert result.files == {"a.py": "x\n"}
    assert [(c.path, c.state) for c in result.changes.changes] == [
        ("a.py", "proposed"),
        ("b.py", "suggestion"),
    ]


def test_changes_come_in_the_order_of_the_answer():
    answer = whole("z.py", "x\n") + '<delete path="m.py"/>\n' + whole("a.py", "x\n")

    assert [c.path for c in proposal(answer, {"m.py": "x\n"}).changes] == ["z.py", "m.py", "a.py"]


def test_the_document_as_read_is_the_base_of_a_change():
    base = document("a.py", "x\n")

    changes = propose(parse(whole("a.py", "y\n")), {"a.py": base}.get, lambda path: Verdict("allowed", None))

    assert changes.changes[0].base is base
