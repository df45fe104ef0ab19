"""The lines that may stand behind a file somebody names: ``src/app.py:12`` or ``src/app.py:10-40``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.errors import ConfigurationInvalid
from rolecall.task import Selection
from rolecall.workspace.names import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_RANGE = re.compile(r"(?P<start>\d+)(?:-(?P<end>\d+))?")
_MEANT_AS_LINES = re.compile(r"[\s\d\-–.,:+L]*\d[\s\d\-–.,:+L]*|-?")  # noqa: RUF001 - people write the dash
_DIGITS = 9
"""Of a line's number; no file has a line that needs more."""


def split(named: str, is_there: Callable[[str], bool]) -> tuple[str, str | None]:
    """The file and what stands behind it, None where nothing does.

    Whatever follows the name of a file that is there was meant as its lines, in any form: as a file's name
    it would be found nowhere, and nobody would learn why.

    Args:
        named: as it was given.
        is_there: whether a name is that of a file.
    """
    if is_there(named):
        return named, None
    # A slash behind it makes a mark part of a path, or of a URI's scheme.
    parts = [(named[: m.start()], named[m.end() :]) for m in re.finditer(r"[:#](?=[^/\\]*\Z)", named)]
    for name, behind in parts:
        if name and is_there(name):
            return name, behind
    return next(
        ((name, lines) for name, lines in parts if name and _MEANT_AS_LINES.fullmatch(lines)), (named, None)
    )


def selection(lines: str, path: str, count: int | None) -> Selection:
    """The lines that ``split`` found behind a file, those it has; the end may lie behind the file's.

    Args:
        lines: as they were given.
        path: the file's workspace path.
        count: how many lines it has; None where that cannot be known.

    Raises:
        ConfigurationInvalid: they are no lines of the file.
    """
    match = _RANGE.fullmatch(lines)
    if match is None:
        raise _no_range(lines, path, count)
    start = _number(match["start"])
    end = _number(match["end"] or match["start"])
    if start == 0:
        raise ConfigurationInvalid(
            f"{path}:{shown(lines)} names line 0; lines are counted from 1.",
            hint=f"Write {path}:1-{max(1, end)}.",
        )
    if end < start:
        raise ConfigurationInvalid(
            f"The lines of {path}:{shown(lines)} run backwards.", hint=f"Write {path}:{max(1, end)}-{start}."
        )
    if count is not None and start > count:
        has = f"{count} line{'' if count == 1 else 's'}"
        raise ConfigurationInvalid(
            f"{path} has {has}; line {shown(match['start'])} is behind its end.",
            hint="Name lines that it has, or the file alone.",
        )
    return Selection(start, end if count is None else min(end, count))


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _DIGITS else 10**_DIGITS


def _no_range(lines: str, path: str, count: int | None) -> ConfigurationInvalid:
    """What is missing or too much, with what was most likely meant."""
    named = f"{path}:{shown(lines)}"
    numbers = [max(1, _number(digits)) for digits in re.findall(r"\d+", lines)]
    if re.fullmatch(r"\d+-", lines):
        end = count if count and count >= numbers[0] else "END"
        return ConfigurationInvalid(
            f"The lines of {named} have no end.", hint=f"Write {path}:{numbers[0]}-{end}."
        )
    if re.fullmatch(r"-\d+", lines):
        return ConfigurationInvalid(
            f"The lines of {named} have no start.", hint=f"Write {path}:1-{numbers[0]}."
        )
    meant = "-".join(map(str, sorted(numbers))) if len(numbers) in {1, 2} else "10-40"
    return ConfigurationInvalid(
        f"What stands behind {path} in {named} is no range of lines.",
        hint=f"Write START-END in numbers, such as {path}:{meant}, or the file alone.",
    )
