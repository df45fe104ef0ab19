"""The symbol under the cursor, in whole and in half-written files."""

from __future__ import annotations

import time

import pytest

from rolecall_server.lsp.instructions import instruction_in
from rolecall_server.lsp.symbols import SCAN_LIMIT, outline, symbol_at

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


def test_a_huge_file_has_a_menu_without_symbols_at_once():
    """Nobody of the process is served while a file is scanned."""
    text = "def f(): pass\n" * (SCAN_LIMIT // 14 + 1)
    assert outline(text[: SCAN_LIMIT // 100], "go")
    before = time.thread_time()
    outline(text[: SCAN_LIMIT // 10], "go")
    a_tenth = time.thread_time() - before
    before = time.thread_time()
    assert outline(text, "go") == ()
    assert time.thread_time() - before < a_tenth


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
