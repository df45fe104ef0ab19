"""The symbol under the cursor: which function or class a line belongs to, found in the buffer alone."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rolecall_server.lsp.buffers import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WHOLE_LIMIT: Final = 48 * 1024
"""Characters of the largest file that is read as a whole while a menu waits, and with it every client of the
process; of a larger one only what lies around the cursor is."""

_DEFINITIONS_AROUND: Final = 2
"""So many at the margin are read before and behind the cursor: one may have its decorators beyond it."""

_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([a-z]+\))?|unsafe"
    r"|extern|inline|override|open|sealed|data|virtual|const|local)\s+)*"
)
_DEFINITION: Final = re.compile(
    rf"^(?P<indent>[ \t]*){_MODIFIERS}"
    r"(?:def|class|function\*?|func|fn|fun|sub|interface|struct|trait|enum|module|impl|type|record|object)\s+"
    r"(?:\([^()]*\)\s*)?"  # a Go receiver
    r"(?P<name>[A-Za-z_$][\w$]*(?:[.:][\w$]+)*[?!]?)"
)
_ARROW: Final = re.compile(
    rf"^(?P<indent>[ \t]*){_MODIFIERS}(?:const|let|var)?\s*(?P<name>[A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?"
    r"(?:function\b|\([^()]*\)\s*(?::[^=]+)?=>|[A-Za-z_$][\w$]*\s*=>)"
)
_CLOSING: Final = re.compile(r"[\s})\];,]*+(?:end\b.*|done|fi|esac)?[\s})\];,]*+\Z")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named piece of a file: ``name`` qualified by its classes, whole lines, 0-based and inclusive."""

    name: str
    start: int
    end: int

    def holds(self, first: int, last: int) -> bool:
        """Whether the lines lie in it."""
        return self.start <= first and last <= self.end


def symbol_at(symbols: Sequence[Symbol], first: int, last: int) -> Symbol | None:
    """The innermost symbol that holds the lines; else the only one that they hold."""
    around = [symbol for symbol in symbols if symbol.holds(first, last)]
    if around:
        return min(around, key=lambda symbol: symbol.end - symbol.start)
    within = [symbol for symbol in symbols if first <= symbol.start and symbol.end <= last]
    outer = [
        one for one in within if not any(two is not one and two.holds(one.start, one.end) for two in within)
    ]
    return outer[0] if len(outer) == 1 else None


@lru_cache(maxsize=8)
def outline(text: str, language: str) -> tuple[Symbol, ...]:
    """All symbols of a text. Cached: a menu is asked for at every move of the cursor."""
    if language == "python":
        try:
            return tuple(_parsed(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            pass  # half-written code is the usual state of a buffer
    return tuple(_scanned(split_lines(text)))


def symbol_around(lines: Sequence[str], language: str, first: int, last: int) -> Symbol | None:
    """The same as :func:`symbol_at`, of a large file: found in what lies around the lines.

    That is two definitions at the margin before them and behind, so that what holds them is read as a whole,
    but no more than ``WHOLE_LIMIT`` characters in all; what is not seen to end in there is not named.
    """
    if last - first > WHOLE_LIMIT or sum(map(len, lines[first : last + 1])) > WHOLE_LIMIT:
        return None
    start, _ = _reached(lines, range(first - 1, -1, -1), first)
    end, defined = _reached(lines, range(last + 1, len(lines)), last)
    cut = not defined and end + 1 < len(lines)
    end -= defined and end > last
    while end > last and (not lines[end].strip() or (defined and lines[end].startswith("@"))):
        end -= 1  # down to the last word, without the decorators of what is behind
    found = outline("".join(lines[start : end + 1]), language)
    if cut:
        found = tuple(one for one in found if one.end + start < end)
    symbol = symbol_at(found, first - start, last - start)
    return symbol and Symbol(symbol.name, symbol.start + start, symbol.end + start)


def _reached(lines: Sequence[str], indices: Iterable[int], start: int) -> tuple[int, bool]:
    """How far a walk over neighbouring lines comes, and whether it ends at a definition at the margin."""
    left, definitions, reached = WHOLE_LIMIT // 2, 0, start
    for index in indices:
        left -= len(lines[index])
        if left < 0:
            break
        reached = index
        match = _DEFINITION.match(lines[index])
        definitions += match is not None and not match["indent"]
        if definitions == _DEFINITIONS_AROUND:
            return reached, True
    return reached, False


def _parsed(text: str) -> Iterator[Symbol]:
    # ast ends lines where LSP does not, at form feeds for one.
    plain = "\n".join(line.rstrip("\r\n") for line in split_lines(text)).replace("\f", " ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(plain)
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, prefix = stack.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}"
                start = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                yield Symbol(name, start - 1, (child.end_lineno or child.lineno) - 1)
                stack.append((child, f"{name}." if isinstance(child, ast.ClassDef) else ""))
            else:
                stack.append((child, prefix))


def _scanned(lines: list[str]) -> Iterator[Symbol]:
    """Definitions by their first word, each as long as what follows is indented deeper."""
    open_symbols: list[tuple[int, str, int]] = []
    last_content = -1
    for number, line in enumerate(lines):
        content = line.strip()
        if not content:
            continue
        indent = _depth(line)
        closing = _CLOSING.match(content) is not None
        while open_symbols and (
            indent < open_symbols[-1][0] or (indent == open_symbols[-1][0] and not closing)
        ):
            _, name, start = open_symbols.pop()
            yield Symbol(name, start, last_content)
        match = _DEFINITION.match(line) or _ARROW.match(line)
        if match:
            open_symbols.append((indent, match["name"], number))
        last_content = number
        if closing and open_symbols and indent == open_symbols[-1][0]:
            _, name, start = open_symbols.pop()
            yield Symbol(name, start, number)
    for _, name, start in reversed(open_symbols):
        yield Symbol(name, start, last_content)


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
