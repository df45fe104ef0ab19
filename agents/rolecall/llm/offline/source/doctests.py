"""Examples in docstrings: what the author says a call gives."""

from __future__ import annotations

import ast
import doctest
import re
from dataclasses import dataclass

_PARSER = doctest.DocTestParser()


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        setup: statements of the examples before it in the same docstring.
        call: source of the expression that is shown.
        want: the text Python shows for the result; None where an exception is shown.
        error: name of the exception that is shown, with its message.
        line: line of the example inside the docstring, from 0.
    """

    setup: tuple[str, ...]
    call: str
    want: str | None
    error: tuple[str, str] | None
    line: int


def examples(doc: str | None) -> list[Example]:
    """The examples of a docstring that show a result. Ellipses, skips and odd syntax are left out."""
    if not doc or ">>>" not in doc:
        return []
    try:
        parsed = _PARSER.get_examples(doc)
    except ValueError:
        return []
    found: list[Example] = []
    setup: list[str] = []
    for item in parsed:
        source = item.source.strip()
        if item.options or not _is_python(source):
            break
        if item.exc_msg is not None:
            error = _error(item.exc_msg)
            if error and _is_expression(source):
                found.append(Example(tuple(setup), source, None, error, item.lineno))
            continue
        if item.want:
            if "..." not in item.want and _is_expression(source):
                found.append(Example(tuple(setup), source, item.want.rstrip("\n"), None, item.lineno))
            continue
        setup.append(source)
    return found


def _error(text: str) -> tuple[str, str] | None:
    name, _, message = text.strip().partition(": ")
    return (name.rsplit(".", 1)[-1], message) if re.fullmatch(r"[\w.]+", name) else None


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_expression(source: str) -> bool:
    try:
        ast.parse(source, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True
