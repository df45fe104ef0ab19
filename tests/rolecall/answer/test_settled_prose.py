"""Prose while it comes: every line once, in order, and no line that names a file."""

from __future__ import annotations

from rolecall.answer import AnswerParser

ANSWER = (
    'First.\n\nSecond.\n\nsrc/a.py\n```python\nx = 1\n```\n\nThird.\n<file path="b.py">\ny\n</file>\nLast.'
)


def test_the_settled_lines_joined_are_the_prose_of_the_end():
    parser, lines = AnswerParser(), []
    for character in ANSWER:
        parser.feed(character)
        lines += parser.settled_prose(len(lines))
    prose = parser.finish().prose.split("\n")
    lines += prose[len(lines) :]
    assert lines == prose
    assert "src/a.py" not in "\n".join(lines)
    assert [line for line in lines if line] == ["First.", "Second.", "Third.", "Last."]
