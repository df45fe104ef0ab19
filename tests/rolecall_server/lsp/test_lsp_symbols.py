"""The symbol under the cursor, in whole and in half-written files."""

from __future__ import annotations

import time

import pytest

from rolecall_server.lsp.buffers import TextBuffer, split_lines
from rolecall_server.lsp.instructions import instruction_in
from rolecall_server.lsp.lines import Lines, symbol_in
from rolecall_server.lsp.symbols import WHOLE_LIMIT, outline, symbol_around, symbol_at

PYTHON = '''import os


@decorated(
    1
)
def outer(a):
    """Doc."""

    def inner():
        return 1

    return inner


class Config:
    LIMIT = 1

    async def load(self):
        pass


value = 1
'''


def name_at(text: str, language: str, first: int, last: int | None = None) -> str | None:
    symbol = symbol_at(outline(text, language), first, first if last is None else last)
    return symbol.name if symbol else None


@pytest.mark.parametrize(
    ("line", "name"),
    [(0, None), (3, "outer"), (6, "outer"), (9, "inner"), (10, "inner"), (12, "outer"), (15, "Config"), (16, "Config"),
     (19, "Config.load"), (22, None)],
)  # fmt: skip
def test_python_is_read_by_its_grammar(line, name):
    assert name_at(PYTHON, "python", line) == name


@pytest.mark.parametrize("broken", ["def half(", "x = (", "class", "    return\n  odd", "\0"])
@pytest.mark.parametrize(("line", "name"), [(6, "outer"), (9, "inner"), (18, "load"), (22, None)])
def test_a_half_written_python_file_still_has_symbols(broken, line, name):
    assert name_at(f"{PYTHON}\n{broken}\n", "python", line) == name


@pytest.mark.parametrize(
    ("language", "text", "line", "name"),
    [
        ("javascript", "export async function load(a) {\n  return 1\n}\nlet x\n", 1, "load"),
        ("javascript", "export async function load(a) {\n  return 1\n}\nlet x\n", 3, None),
        ("typescript", "const add = (a: number): number => {\n  return a\n}\n", 1, "add"),
        ("go", "func (s *Server) Serve(a int) error {\n\treturn nil\n}\n", 1, "Serve"),
        ("rust", "pub fn parse(a: &str) -> u8 {\n    1\n}\n", 2, "parse"),
        ("ruby", "class A\n  def valid?\n    1\n  end\nend\n", 2, "valid?"),
        ("ruby", "class A\n  def valid?\n    1\n  end\nend\nputs 1\n", 5, None),
        ("lua", "local function setup(a)\n  x()\nend\n", 1, "setup"),
        ("java", "public final class A {\n  int x;\n}\n", 1, "A"),
        ("text", "nothing here\n", 0, None),
    ],
)
def test_other_languages_are_scanned(language, text, line, name):
    assert name_at(text, language, line) == name


def test_a_selection_that_holds_one_symbol_is_named_by_it():
    assert name_at(PYTHON, "python", 14, 20) == "Config"
    assert name_at(PYTHON, "python", 0, 20) is None


FILLER = "".join(f"def filler_{number}():\n    return {number}\n\n\n" for number in range(4_000))


def symbol_in_middle(
    text: str, line: int, language: str = "python", last: int | None = None, filler: str = FILLER
):
    """The symbol around a line of a text that stands in the middle of a large file, and its lines in it."""
    before = filler.count("\n")
    lines = split_lines(f"{filler}{text}\n\n{filler}")
    assert sum(map(len, lines)) > 3 * WHOLE_LIMIT
    found = symbol_around(lines, language, line + before, (line if last is None else last) + before)
    return found and (found.name, found.start - before, found.end - before)


@pytest.mark.parametrize("line", range(23))
def test_in_a_large_file_a_symbol_is_the_same_as_in_a_small_one(line):
    small = symbol_at(outline(PYTHON, "python"), line, line)
    assert symbol_in_middle(PYTHON, line) == (small and (small.name, small.start, small.end))


def test_in_a_large_file_decorators_of_the_next_definition_do_not_hide_this_one():
    text = "@one\nclass A:\n    def f(self):\n        pass\n\n\n@two\n@three(1)\ndef g():\n    pass\n"
    assert symbol_in_middle(text, 3) == ("A.f", 2, 3)
    assert symbol_in_middle(text, 0) == ("A", 0, 3)
    assert symbol_in_middle(text, 6) == ("g", 6, 9)


def test_in_a_large_file_of_another_language_symbols_are_scanned():
    text = "pub fn parse(a: &str) -> u8 {\n    1\n}\n"
    filler = FILLER.replace("def", "fn").replace("():", "() {").replace("\n\n\n", "\n}\n\n")
    assert symbol_in_middle(text, 1, "rust", filler=filler) == ("parse", 0, 2)


def test_a_symbol_whose_end_is_far_away_is_not_named_and_one_inside_it_is():
    text = "class Huge:\n" + "".join(f"    def m_{n}(self):\n        pass\n\n" for n in range(5_000))
    lines = split_lines(text)
    assert symbol_around(lines, "python", 0, 0) is None
    assert symbol_around(lines, "python", 7_502, 7_502).name == "m_2500"
    assert symbol_around(lines, "python", len(lines) - 3, len(lines) - 3).name == "m_4999"


def test_a_selection_of_most_of_a_large_file_has_no_symbol():
    lines = split_lines(FILLER * 10)
    assert symbol_around(lines, "python", 10, len(lines) - 10) is None


@pytest.mark.parametrize("text", ["]" * 2_000_000 + "x\n", "x = 1\n" * 500_000, "a" * 5_000_000])
def test_a_symbol_is_looked_for_in_little_of_a_huge_file(text):
    """Nobody of the process is served while a file is scanned."""
    buffer = TextBuffer("file:///a", text, 1, "javascript", "utf-16")
    line = text.count("\n") // 2
    before = time.thread_time()
    symbol_in(buffer, "a.js", Lines(line, line))
    assert time.thread_time() - before < 0.5


def test_a_line_of_closing_brackets_is_scanned_at_once():
    before = time.thread_time()
    assert outline("]" * 40_000 + "x\n", "javascript") == ()
    assert time.thread_time() - before < 0.5


@pytest.mark.parametrize(
    ("line", "role", "words"),
    [
        ("# rolecall: split this", None, "split this"),
        ("x = 1  # rolecall(qa_engineer): test the limit", "qa_engineer", "test the limit"),
        ("// rolecall( QA Engineer ) : cover it", "QA Engineer", "cover it"),
        ("/* rolecall: split */", None, "split"),
        ("<!-- rolecall: shorten -->", None, "shorten"),
        ("-- Rolecall: an index", None, "an index"),
        ("# TODO rolecall: nothing", None, None),
        ("rolecall: a key of some YAML", None, None),
        ("# rolecall:", None, None),
        ("# rolecall:   ", None, None),
        ("see https://x.y/rolecall: not this", None, None),
    ],
)
def test_comments_that_speak_to_rolecall_are_instructions(line, role, words):
    found = instruction_in(line)
    assert (found.role, found.words) == (role, words) if words else found is None
