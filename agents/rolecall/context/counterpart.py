"""A source file's tests, or the source a test file tests, by the naming habits of each language."""

from __future__ import annotations

import re
from posixpath import basename, dirname, splitext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.context.index import PathIndex

MAX_COUNTERPARTS = 2
"""Unit and integration tests of one file often stand apart; more would crowd out the imports."""

_TEST_STEM = re.compile(
    r"(?:test_(?P<prefixed>.+)"
    r"|(?P<suffixed>.+?)(?:_test|_spec|\.test|\.spec|-test|-spec)"
    r"|(?P<camel>.*[a-z0-9])(?:Tests?|IT|Spec)"
    r"|Test(?P<leading>[A-Z].*))"
)
_FAMILIES = (
    frozenset({".py"}),
    frozenset({".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte"}),
    frozenset({".java", ".kt", ".scala", ".groovy"}),
    frozenset({".c", ".cc", ".cpp", ".cxx"}),
    frozenset({".sh", ".bash", ".bats"}),
)
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing"})
_SOURCE_FOLDERS = frozenset({"src", "lib", "main", "java", "kotlin", "app", "python"})


def tested_stem(path: str) -> str | None:
    """The stem of what a test file tests (``config`` for ``test_config.py``), or None for no test file."""
    stem = splitext(basename(path))[0]
    match = _TEST_STEM.fullmatch(stem)
    if match:
        return next(group for group in match.groups() if group is not None)
    # Python collects by name alone, so that other files in a test folder are helpers.
    by_folder = not path.endswith(".py") and any(part in _TEST_FOLDERS for part in path.split("/")[:-1])
    return stem if by_folder else None


def counterparts(path: str, index: PathIndex) -> list[str]:
    """The files that test ``path``, or that ``path`` tests, the likeliest first; at most two."""
    stem, family = splitext(basename(path))[0], _family(path)
    tested = tested_stem(path)
    if tested is not None:
        found = [other for other in index if _stem(other) == tested and tested_stem(other) is None]
    else:
        found = [other for other in index if tested_stem(other) == stem]
    same = [other for other in found if splitext(other)[1].lower() in family and other != path]
    ranked = sorted(same, key=lambda other: _distance(path, other))
    return [other for other in ranked if _shared(path, other) == _shared(path, ranked[0])][:MAX_COUNTERPARTS]


def _stem(path: str) -> str:
    return splitext(basename(path))[0]


def _family(path: str) -> frozenset[str]:
    suffix = splitext(path)[1].lower()
    return next((family for family in _FAMILIES if suffix in family), frozenset({suffix}))


def _distance(path: str, other: str) -> tuple[int, int, int, str]:
    beside = dirname(path) != dirname(other)
    return (-_shared(path, other), int(beside), len(other.split("/")), other)


def _shared(path: str, other: str) -> int:
    """Folder names two paths have in common at their ends and beginnings, test and source folders aside."""
    mine, theirs = _folders(path), _folders(other)
    ahead = sum(1 for _ in _while_equal(mine, theirs))
    behind = sum(1 for _ in _while_equal(mine[::-1], theirs[::-1]))
    return max(ahead, behind)


def _folders(path: str) -> list[str]:
    return [part for part in path.split("/")[:-1] if part not in _TEST_FOLDERS | _SOURCE_FOLDERS]


def _while_equal(mine: list[str], theirs: list[str]) -> list[str]:
    equal: list[str] = []
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            break
        equal.append(one)
    return equal
