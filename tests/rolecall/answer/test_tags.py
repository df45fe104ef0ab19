from __future__ import annotations

import pytest

from corpus.in_memory import outcome, parse, refusal, written


@pytest.mark.parametrize(
    "tag",
    [
        '<file path="src/a.py">',
        "<file path='src/a.py'>",
        '<file path="src/a.py" >',
        '<file  path = "src/a.py">',
        "<file path=src/a.py>",
        '<file path="src/a.py" lang="python">',
        '<file path="./src/a.py">',
    ],
)
def test_the_opening_tag_may_be_spelled_in_several_ways(tag):
    assert written(f"{tag}\nx = 1\n</file>\n") == {"src/a.py": "x = 1\n"}


@pytest.mark.parametrize("tag", ['<file path="p/__init__.py"/>', '<file path="p/__init__.py"></file>'])
def test_a_file_tag_without_a_body_makes_an_empty_file(tag):
    assert written(f'{tag}\n<done files="1"/>\n') == {"p/__init__.py": ""}


def test_a_tag_that_is_not_alone_on_its_line_is_text():
    answer = parse('See <file path="a.py">\n  <delete path="a.py"/>\n')

    assert answer.blocks == ()
    assert answer.incomplete is None


def test_a_stray_closing_tag_holds_the_set_until_it_is_confirmed():
    answer = '<file path="a.md">\nx\n</file>\n</file>\n<done files="1"/>\n'

    assert "stray </file> stands at answer line 4" in refusal(answer)
    assert outcome(answer, yes=True).files == {"a.md": "x\n"}


def test_an_opening_tag_inside_of_a_body_holds_it():
    assert "was a </file> forgotten?" in refusal('<file path="a.py">\nx\n<file path="b.py">\ny\n</file>\n')


def test_fewer_blocks_than_announced_make_the_answer_incomplete():
    answer = parse('<file path="a.py">\nx\n</file>\n<done files="2"/>\n')

    assert answer.incomplete == "it announces 2 file blocks and has 1"
    assert [block.path for block in answer.blocks] == ["a.py"]


def test_a_stream_that_the_model_cut_off_is_incomplete_even_between_blocks():
    assert parse('<file path="a.py">\nx\n</file>\n', truncated=True).incomplete is not None


def test_an_open_block_keeps_the_closed_ones_and_the_text_so_far():
    result = outcome('<file path="a.py">\nx\n</file>\n<file path="b.py">\ny = [\n')

    assert [(c.path, c.state, c.partial) for c in result.changes.changes] == [
        ("a.py", "proposed", None),
        ("b.py", "incomplete", "y = ["),
    ]
    assert result.changes.blocked is not None
    assert result.files == {}


def test_a_file_tag_around_edits_is_an_edit():
    answer = '<file path="a.py">\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n</file>\n'

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_an_edit_tag_around_a_diff_is_an_edit():
    assert written('<edit path="a.py">\n@@ -1 +1 @@\n-x\n+y\n</edit>\n', {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_an_edit_tag_without_an_edit_fails():
    assert "holds no SEARCH/REPLACE block" in refusal('<edit path="a.py">\nx = 2\n</edit>\n', {"a.py": "x\n"})


def test_code_fences_inside_of_an_edit_tag_are_ignored():
    answer = '<edit path="a.py">\n```python\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n</edit>\n'

    assert written(answer, {"a.py": "x\n"}) == {"a.py": "y\n"}


def test_a_code_file_wrapped_in_a_fence_is_held_since_the_fence_would_be_written():
    assert "between code fences" in refusal('<file path="a.py">\n```python\nx\n```\n</file>\n')


def test_a_text_file_may_consist_of_a_fence():
    assert written('<file path="a.txt">\n```\nx\n```\n</file>\n') == {"a.txt": "```\nx\n```\n"}


def test_tags_that_fill_a_code_fence_count():
    assert written('```xml\n<file path="a.py">\nx\n</file>\n<done files="1"/>\n```\n') == {"a.py": "x\n"}


def test_tags_both_in_a_fence_and_outside_are_held():
    example = '```\n<file path="ex.py">\nx\n</file>\n```\n'

    assert "some may be examples" in refusal(example + '<file path="a.py">\nx\n</file>\n')


def test_tags_behind_a_fence_that_is_never_closed_make_the_answer_incomplete():
    assert "is not closed" in refusal(
        '```python\nprint()\n<file path="a.py">\nx\n</file>\n<done files="1"/>\n'
    )


def test_what_the_model_thought_aloud_is_neither_file_nor_prose():
    answer = '<think>\n<file path="a.py">\ndraft\n</file>\n</think>\nDone.\n<file path="a.py">\nx\n</file>\n'

    assert written(answer) == {"a.py": "x\n"}
    assert parse(answer).summary_text() == "Done."


@pytest.mark.parametrize("torn", ["<edit p", '<edit path="b.', '<move from="b.py" to=', '<done files="2"'])
def test_an_answer_that_ends_inside_a_tag_is_incomplete(torn):
    name = torn[1:].split()[0]

    assert parse(f'<file path="a.py">\nx\n</file>\n{torn}').incomplete == f"it ends inside a <{name}> tag"
    assert parse(f'<file path="a.py">\nx\n</file>\n{torn}\nand so on\n').incomplete is None


def test_a_thought_without_an_end_is_an_incomplete_answer():
    assert parse('<think>\n<file path="a.py">\nx\n</file>\n').incomplete == "it ends before </think>"


def test_the_summary_is_the_prose_without_blocks_names_and_tags():
    answer = 'Intro.\n\n\nsrc/a.py\n```python\nx\n```\n\nOutro.\n<done files="1"/>\n'

    assert parse(answer).summary_text() == "Intro.\n\nOutro."


def test_a_snippet_is_part_of_the_summary():
    assert parse("Run:\n\n```sh\nmake\n```\n").summary_text() == "Run:\n\n```sh\nmake\n```"
