"""Import aliases of TypeScript and JavaScript projects: ``paths`` of the nearest ``tsconfig.json``."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any, cast

from rolecall.workspace.parsing import Unparsable, json_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rolecall.context.index import PathIndex

_FILES = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json")
_MAX_CHARACTERS = 32_768
_MAX_EXTENDS = 3

# Strings are kept; comments and commas before a closing bracket are what JSON has not (microsoft/TypeScript
# calls the dialect "JSON with comments").
_NOT_JSON = re.compile(r'("(?:[^"\\]++|\\.)*+")|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/|,(?=\s*+[}\]])')


def alias_bases(path: str, index: PathIndex, read: Callable[[str], str | None]) -> Callable[[str], list[str]]:
    """Where a bare import in ``path`` may lead: a function from its name to paths without a suffix."""
    rules = list(_rules(path, index, read))

    def bases(name: str) -> list[str]:
        found = [base for pattern, target in rules for base in _applied(pattern, target, name)]
        if name.startswith(("@/", "~/")):
            # The alias most build tools are set up with: the source folder of the nearest package.
            found += [join(folder, "src", name[2:]) for folder in index.ancestors(path)]
        return found

    return bases


def _rules(path: str, index: PathIndex, read: Callable[[str], str | None]) -> Iterator[tuple[str, str]]:
    for folder in index.ancestors(path):
        for name in _FILES:
            if join(folder, name) in index:
                yield from _of_config(join(folder, name), read, _MAX_EXTENDS)
                return


def _of_config(path: str, read: Callable[[str], str | None], depth: int) -> Iterator[tuple[str, str]]:
    data = _parsed(read(path) or "")
    options = _table(data.get("compilerOptions"))
    base = normpath(join(dirname(path), str(options.get("baseUrl") or ".")))
    for pattern, targets in _table(options.get("paths")).items():
        for target in cast("list[object]", targets) if isinstance(targets, list) else ():
            yield pattern, normpath(join(base, str(target)))
    parent = data.get("extends")
    if isinstance(parent, str) and parent.startswith(".") and depth and "paths" not in options:
        named = parent if parent.endswith(".json") else f"{parent}.json"
        yield from _of_config(normpath(join(dirname(path), named)), read, depth - 1)


def _parsed(text: str) -> dict[str, Any]:
    try:
        plain = text[:_MAX_CHARACTERS]
        for _ in range(2):  # a comment may stand between a comma and the bracket
            plain = _NOT_JSON.sub(lambda match: match.group(1) or "", plain)
        return _table(json_value(plain))
    except Unparsable:
        return {}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _applied(pattern: str, target: str, name: str) -> Iterator[str]:
    before, star, after = pattern.partition("*")
    if not star:
        if name == pattern:
            yield target
    elif name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after):
        yield target.replace("*", name[len(before) : len(name) - len(after)], 1)
