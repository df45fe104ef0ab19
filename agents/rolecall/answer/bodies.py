"""Whole bodies over files that exist: their line endings and final newline stay, and nothing is left out."""

from __future__ import annotations

from rolecall.answer.editing import kept_lines
from rolecall.answer.elision import is_elision
from rolecall.answer.lines import content, ending, split_lines, usual_ending

_BOM = "\ufeff"


def fitted(body: str, before: str | None) -> str:
    """A body with the line endings and the final-newline state of the file it replaces.

    Args:
        body: LF line endings, as the answer has it.
        before: the file's text, None where it is new: then the body stays as it is.
    """
    if not before:
        return body if before is None else body.removeprefix(_BOM)
    old = split_lines(before)
    text = _with_endings(body.removeprefix(_BOM), old)
    last = ending(old[-1])
    if not last:
        return text[: len(text) - len(ending(text))]
    return text + usual_ending(map(ending, old)) if text and not ending(text) else text


def _with_endings(body: str, old: list[str]) -> str:
    if all(line.endswith("\n") and not line.endswith("\r\n") for line in old[:-1]) and "\r" not in old[-1]:
        return body
    usual = usual_ending(map(ending, old))
    contents = body.split("\n")
    last = contents.pop()
    endings = [usual] * len(contents)
    for new_index, old_index in kept_lines([content(line) for line in old], contents):
        endings[new_index] = ending(old[old_index]) or usual
    return "".join(line + sign for line, sign in zip(contents, endings, strict=True)) + last


def left_out(path: str, body: str, before: str) -> tuple[int, str] | None:
    """The first line (1-based) of a body that stands for code left out, and its text.

    A line that the file has already is content, whatever it looks like.
    """
    there = {line.strip() for line in before.split("\n")}
    for number, line in enumerate(body.split("\n"), 1):
        if is_elision(line, path) and line.strip() not in there:
            return number, line.strip()
    return None
