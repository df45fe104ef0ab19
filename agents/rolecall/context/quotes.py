"""What points into a file that is shown without line numbers: selections and diagnostics, with their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.context.lines import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rolecall.context.items import ContextItem
    from rolecall.context.tags import Tag
    from rolecall.task import Diagnostic, Selection

LONG_SELECTION = 80
"""Lines; a longer selection is named by its first and last line where the file is shown whole."""

_LONGEST_LANDMARK = 160
_SEVERITIES = ("error", "warning", "information", "hint")


def quoted_selections(target: ContextItem, tag: Tag) -> str:
    """The selections of a file, each in full, byte for byte; long ones as landmarks."""
    if any(s.end_line - s.start_line >= LONG_SELECTION for s in target.selections):
        return landmarks(target, tag)
    lines = split_lines(target.text)
    texts = ("".join(lines[s.start_line - 1 : s.end_line]) for s in target.selections)
    return _wrapped(target, texts, tag)


def landmarks(target: ContextItem, tag: Tag) -> str:
    """The selections of a file by their first and last lines."""
    lines = split_lines(target.text)
    texts = (
        f"from: {_shortened(lines[s.start_line - 1])}\nto: {_shortened(lines[s.end_line - 1])}\n"
        for s in target.selections
    )
    return _wrapped(target, texts, tag)


def diagnostic_lines(diagnostics: Iterable[Diagnostic], target: ContextItem | None) -> list[str]:
    """One line a diagnostic, errors first, with the text of the line it is about."""
    lines = split_lines(target.text) if target else []
    ordered = sorted(diagnostics, key=lambda d: (_SEVERITIES.index(d.severity), d.line, d.message))
    return [_diagnostic(diagnostic, lines) for diagnostic in ordered]


def in_words(selection: Selection) -> str:
    """``line 3``, or ``lines 3 to 9``."""
    if selection.start_line == selection.end_line:
        return f"line {selection.start_line}"
    return f"lines {selection.start_line} to {selection.end_line}"


def in_figures(selections: Iterable[Selection]) -> str | None:
    """``3-9, 20-25``, or None where there are none."""
    return ", ".join(f"{s.start_line}-{s.end_line}" for s in selections) or None


def fewer(count: int) -> Iterator[int]:
    """All of them, then half as many, again and again."""
    while count:
        yield count
        count //= 2


def _wrapped(target: ContextItem, texts: Iterable[str], tag: Tag) -> str:
    pairs = zip(target.selections, texts, strict=True)
    return "".join(
        tag.wrap(text, kind="selection", path=target.path, lines=in_figures([selection])) + "\n"
        for selection, text in pairs
    )


def _diagnostic(diagnostic: Diagnostic, lines: list[str]) -> str:
    name = " ".join(part for part in (diagnostic.source, diagnostic.code) if part)
    message = " ".join(diagnostic.message.split())
    at = lines[diagnostic.line - 1] if 0 < diagnostic.line <= len(lines) else ""
    named = f" ({name})" if name else ""
    quoted = f" | {_shortened(at)}" if at.strip() else ""
    return f"line {diagnostic.line}: {diagnostic.severity}{named}: {message}{quoted}\n"


def _shortened(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _LONGEST_LANDMARK else f"{line[:_LONGEST_LANDMARK]}…"
