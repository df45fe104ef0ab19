"""Open documents follow the editor's edits exactly, in its own units."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.answer.changeset import Change
from rolecall.answer.lines import split_lines as core_lines
from rolecall.workspace.documents import Document, digest
from rolecall_server.lsp.buffers import Position, TextBuffer, split_lines
from rolecall_server.lsp.edits import text_edits

LETTERS = st.sampled_from(["a", "ß", "«", "\U0001d4b3", "\n", "\r", "\r\n", "\f", "\u2028", " "])
TEXTS = st.lists(LETTERS, max_size=12).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])
UNITS = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}


def position(text: str, offset: int, encoding: str) -> Position:
    """Where an offset is, computed the plain way."""
    before = re.split(r"\r\n|\r|\n", text[:offset])
    if text[:offset].endswith("\r") and text[offset : offset + 1] == "\n":
        return position(text, offset - 1, encoding)  # inside a line ending is no place of its own
    return Position(len(before) - 1, UNITS[encoding](before[-1]))


def snapped(text: str, offset: int) -> int:
    inside = text[:offset].endswith("\r") and text[offset : offset + 1] == "\n"
    return offset - 1 if inside else offset


@given(TEXTS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), TEXTS), max_size=4), ENCODINGS)
def test_incremental_edits_give_the_text_that_splicing_gives(text, edits, encoding):
    buffer = TextBuffer("file:///a", text, 1, "text", encoding)
    for version, (one, other, new) in enumerate(edits, start=2):
        start, end = sorted((snapped(text, min(one, len(text))), snapped(text, min(other, len(text)))))
        buffer.edit(position(text, start, encoding), position(text, end, encoding), new, version)
        text = text[:start] + new + text[end:]
        assert buffer.snapshot() == (text, version)
        assert buffer.lines() == split_lines(text)


@given(TEXTS, TEXTS, ENCODINGS)
def test_the_edits_sent_to_an_editor_turn_its_text_into_the_new_one(before, after, encoding):
    change = Change("a", "modify", base=Document("a", before, digest(before), version=1), after=after)
    buffer = TextBuffer("file:///a", before, 1, "text", encoding)
    for edit in reversed(text_edits(change, encoding)):
        start, end = (Position(**edit["range"][side]) for side in ("start", "end"))
        buffer.edit(start, end, edit["newText"], 2)
    assert buffer.text == after


@given(TEXTS)
def test_lines_are_counted_as_the_core_counts_them(text):
    assert split_lines(text) == core_lines(text)


@pytest.mark.parametrize(("line", "character"), [(0, 99), (99, 0)])
def test_a_place_beyond_the_text_is_at_its_end(line, character):
    buffer = TextBuffer("file:///a", "ab", 1, "text", "utf-16")
    buffer.edit(Position(line, character), Position(line, character), "!", 2)
    assert buffer.text == "ab!"
