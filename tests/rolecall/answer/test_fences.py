from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse, refusal, written

F = "```"


def test_a_shorter_mark_does_not_close_a_longer_fence():
    assert written(f"a.py\n````\nx\n{F}\ny\n````\n") == {"a.py": f"x\n{F}\ny\n"}


def test_a_mark_of_the_other_sign_does_not_close_a_fence():
    assert written(f"a.txt\n{F}\nx\n~~~\ny\n{F}\n") == {"a.txt": "x\n~~~\ny\n"}


def test_a_mark_with_an_info_string_does_not_close_a_fence_but_holds_it():
    assert "may end elsewhere" in refusal(f"a.py\n{F}\nx\n{F}python\ny\n{F}\n")


def test_an_indented_fence_gives_its_indentation_back():
    answer = f"1. `src/a.py`\n   {F}python\n   def f():\n\n       pass\n   {F}\n"

    assert written(answer) == {"src/a.py": "def f():\n\n    pass\n"}


def test_an_indented_mark_around_an_unindented_body_changes_nothing():
    assert written(f"src/a.py\n  {F}python\nx = 1\n  {F}\n") == {"src/a.py": "x = 1\n"}


def test_an_indented_fence_around_a_body_of_mixed_indentation_is_held():
    assert "indentation is unclear" in refusal(f"src/a.py\n  {F}python\ndef f():\n    pass\n  {F}\n")


def test_tagged_fences_nest_in_a_markdown_target():
    body = f"# T\n\n{F}bash\nmake\n{F}\n\n{F}py\nx\n{F}\n"

    assert written(f"README.md\n{F}markdown\n{body}{F}\n") == {"README.md": body}


def test_tagged_fences_nest_whatever_the_language_of_a_markdown_target():
    assert written(f"README.md\n{F}\n{F}sh\nx\n{F}\n{F}\n") == {"README.md": f"{F}sh\nx\n{F}\n"}


def test_a_bare_fence_inside_of_a_markdown_target_is_held():
    answer = f"README.md\n{F}markdown\n# T\n\n{F}\nmake\n{F}\n\nmore\n{F}\n"

    assert "may end elsewhere" in refusal(answer)


def test_a_bare_fence_inside_of_a_docstring_is_held():
    answer = f'src/a.py\n{F}python\nD = """\n{F}\nx\n{F}\n"""\n{F}\n'

    assert "may end elsewhere" in refusal(answer)


def test_a_bare_snippet_set_apart_from_the_file_before_it_is_just_that():
    assert written(f"README.md\n{F}markdown\n# T\n{F}\n\nNow run:\n\n{F}\nmake\n{F}\n") == {
        "README.md": "# T\n"
    }


def test_a_nested_fence_that_is_never_closed_leaves_the_file_open():
    result = outcome(f"README.md\n{F}markdown\n{F}bash\nmake\n{F}\n\nb.py\n{F}python\nx\n{F}\n")

    assert [(c.path, c.state) for c in result.changes.changes] == [("README.md", "incomplete")]


def test_a_heading_may_be_underlined():
    assert written(f"src/a.py\n--------\n\n{F}python\nx\n{F}\n") == {"src/a.py": "x\n"}


def test_a_name_above_a_closed_fence_does_not_name_the_next():
    assert written(f"a.py\n{F}\nx\n{F}\n\n{F}python\ny\n{F}\n") == {"a.py": "x\n"}


def test_a_path_that_leaves_the_workspace_is_named_not_ignored():
    assert [block.path for block in parse(f"{F}py path=/etc/x.py\nx\n{F}\n").blocks] == ["/etc/x.py"]


@pytest.mark.parametrize("language", ["sh", "bash", "console", "powershell", "zsh", "bat"])
def test_shell_fences_are_never_files(language):
    result = outcome(f"run.sh\n{F}{language}\necho hi\n{F}\n\n{F}{language}\n# scripts/a.sh\nx\n{F}\n")

    assert result.files == {}
    assert [(c.path, c.state) for c in result.changes.changes] == [("run.sh", "suggestion")]


def test_a_fence_that_prose_names_is_a_suggestion_with_its_diff():
    result = outcome(f"Now `a.py` becomes:\n\n{F}python\ny\n{F}\n", {"a.py": "x\n"})

    (change,) = result.changes.changes
    assert (change.state, change.after) == ("suggestion", "y\n")
    assert "+y" in change.diff()


@pytest.mark.parametrize(
    "prose", ["Both `a.py` and `b.py`:", "Run `python a.py`:", "See a.py:", "Call `f()`:"]
)
def test_other_prose_names_nothing(prose):
    assert parse(f"{prose}\n\n{F}python\ny\n{F}\n").blocks == ()


def test_a_suggestion_for_a_file_that_the_answer_changes_anyway_is_left_out():
    answer = f"a.py\n{F}\ny\n{F}\n\nIn `a.py` you find:\n\n{F}python\nz\n{F}\n"

    assert [(c.path, c.state) for c in outcome(answer).changes.changes] == [("a.py", "proposed")]


@pytest.mark.parametrize(
    ("comment", "language"),
    [
        ("# src/a", "python"),
        ("// src/a", "js"),
        ("/* src/a */", "css"),
        ("<!-- src/a -->", "html"),
        ("-- src/a", "sql"),
        ("; src/a", "ini"),
        ("% src/a", "tex"),
        ("# File: src/a", "yaml"),
        ("// filename: src/a (new)", "ts"),
        ("<!-- src/a -->", "markdown"),
    ],
)
def test_a_first_line_comment_that_is_a_path_names_the_file_and_stays(comment, language):
    assert written(f"{F}{language}\n{comment}\nrest\n{F}\n") == {"src/a": f"{comment}\nrest\n"}


def test_a_heading_of_markdown_is_no_comment():
    assert parse(f"{F}markdown\n# README.md\nx\n{F}\n").blocks == ()


def test_an_empty_body_over_a_file_with_text_is_held():
    assert "empties the file" in refusal(f"a.py\n{F}\n{F}\n", {"a.py": "x\n"})


def test_an_open_fence_without_a_name_does_not_make_the_answer_incomplete():
    assert written(f"a.py\n{F}\nx\n{F}\n\nRun:\n\n{F}sh\nmake\n") == {"a.py": "x\n"}


def test_an_open_fence_that_a_comment_names_is_an_open_block():
    answer = parse(f"{F}python\n# src/a.py\nx\n")

    assert answer.open_block is not None
    assert answer.open_block.path == "src/a.py"
