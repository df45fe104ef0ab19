"""Source with its strings and comments blanked, so that brackets and keywords in it are code."""

from __future__ import annotations

import re


def _any(*patterns: str) -> str:
    return "|".join(patterns)


_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_LINE = r"//[^\n]*"
_DOUBLE = r'"(?:\\.|[^"\\\n])*+"?'
_SINGLE = r"'(?:\\.|[^'\\\n])*+'?"
_TEMPLATE = r"`(?:\\[\s\S]|[^`\\])*+`?"
_LETTER = r"'(?:\\[^\n]{1,8}?|[^'\\\n])'"
# A slash after an operator, a bracket or `return` begins a regular expression in JavaScript.
_PATTERN = (
    r"(?:(?<=[(,=:\[!&|?{};\n])|(?<=return))[ \t]*+/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*+\]|[^/\\\[\n])++/"
)
_SCRIPT = re.compile(_any(_BLOCK, _LINE, _DOUBLE, _SINGLE, _TEMPLATE, _PATTERN))
_GO = re.compile(_any(_BLOCK, _LINE, _DOUBLE, _SINGLE, r"`[^`]*+`?"))
_RUST = re.compile(_any(_BLOCK, _LINE, r'r(#*)"[\s\S]*?(?:"\1|\Z)', r'"(?:\\[\s\S]|[^"\\])*+"?', _LETTER))
_TEXT_BLOCK = r'"""[\s\S]*?(?:"""|\Z)'
_JAVA = re.compile(_any(_BLOCK, _LINE, _TEXT_BLOCK, r'@"(?:""|[^"])*+"?', _DOUBLE, _LETTER))

SCRIPT_SUFFIXES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_BY_SUFFIX = {
    **dict.fromkeys(SCRIPT_SUFFIXES, _SCRIPT),
    ".go": _GO,
    ".rs": _RUST,
    **dict.fromkeys((".java", ".cs", ".kt"), _JAVA),
}


def masked(text: str, suffix: str) -> str:
    """The text, as long as before and with the same lines, its strings and comments made of spaces."""
    pattern = _BY_SUFFIX[suffix]
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def closing(code: str, start: int) -> int | None:
    """Where the bracket at ``start`` of masked code is closed; None where it is not."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    waiting: list[str] = []
    for found in _BRACKET.finditer(code, start):
        letter = found.group()
        if letter in pairs:
            waiting.append(pairs[letter])
        elif not waiting or waiting.pop() != letter:
            return None
        if not waiting:
            return found.start()
    return None


_BRACKET = re.compile(r"[()\[\]{}]")
