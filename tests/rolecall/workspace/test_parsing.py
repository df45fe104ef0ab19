"""Parsers of the workspace's texts: whatever is wrong, one error, and little time and memory."""

import time

import pytest

from rolecall.workspace.parsing import Unparsable, json_value, python_tree, toml_table


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (json_value, "[" * 100_000),
        (json_value, ""),
        (json_value, "9" * 5_000),
        (toml_table, "a = " + "[" * 100_000),
        (toml_table, "a" + ".b" * 100_000 + " = 1"),
        (toml_table, "[a" + ' . "b"' * 100_000 + "]"),
        (toml_table, "a = 9999-99-99"),
        (python_tree, "(" * 100_000),
        (python_tree, "x = " + "-" * 100_000 + "1"),
        (python_tree, "x = a" + ".b" * 100_000),
        (python_tree, "a\0"),
        (python_tree, "def"),
    ],
)
def test_what_a_parser_cannot_take_is_one_error(parse, text):
    begun = time.process_time()

    with pytest.raises(Unparsable):
        parse(text)

    assert time.process_time() - begun < 2


def test_what_it_can_take_is_read():
    assert json_value('{"a": [1]}') == {"a": [1]}
    assert toml_table('[a.b]\nc = "1.2.3"\n') == {"a": {"b": {"c": "1.2.3"}}}
    assert python_tree("x = '\\d'\n").body
