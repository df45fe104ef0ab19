"""The imports of a Python file.

Read with patterns, not through the syntax tree: code is half-written most of the time, and CPython's parser
takes quadratic time, holding the interpreter, for what a hostile workspace may hold (``import a.a.a…``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import dirname, join
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rolecall.context.index import PathIndex

# Possessive, so that an unclosed string costs one pass.
_STRINGS_AND_COMMENTS = re.compile(
    r'''\#[^\n]*+
    |"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)
    |\'{3}(?:[^\'\\]++|\\.|\'(?!\'\'))*+(?:\'{3}|\Z)
    |"(?:[^"\\\n]++|\\.)*+"?
    |\'(?:[^\'\\\n]++|\\.)*+\'?''',
    re.DOTALL | re.VERBOSE,
)
_SPACE = re.compile(r"(?:[ \t\f]|\\\r?\n)+")
_STATEMENT = re.compile(
    r"(?:^|[;:]) ?(?:from\b ?(\.*) ?([\w.]{0,300}) ?import\b ?(\([^)]{0,2000}\)|[^\n;]{0,1000})"
    r"|import ([^\n;]{1,1000}))",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Imported:
    """``from`` ``level`` dots ``module`` ``import`` ``names``; no names for a plain ``import``."""

    level: int
    module: str
    names: tuple[str, ...]


def python_imports(
    path: str, text: str, index: PathIndex, read: Callable[[str], str | None]
) -> Iterator[str]:
    """Workspace paths of the modules that ``path`` imports.

    A name that a package's ``__init__.py`` only passes on leads to the module that defines it, too.
    """
    for imported in statements(text):
        for found in _modules(path, imported, index):
            yield found
            if found.endswith("/__init__.py") and imported.names:
                yield from _passed_on(found, imported.names, index, read)


def statements(text: str) -> Iterator[Imported]:
    """All import statements, in the order of the text."""
    code = _SPACE.sub(" ", _STRINGS_AND_COMMENTS.sub(_blank, text))
    for match in _STATEMENT.finditer(code):
        dots, module, names, plain = match.groups()
        if plain is None:
            yield Imported(len(dots), module, tuple(re.findall(r"(\w+)(?: as \w+)?", names)))
            continue
        for part in plain.split(","):
            name = part.strip().split(" ", 1)[0]
            if re.fullmatch(r"\w[\w.]*", name):
                yield Imported(0, name, ())


def _blank(match: re.Match[str]) -> str:
    return "" if match.group().startswith("#") else '""'


def _modules(path: str, imported: Imported, index: PathIndex) -> Iterator[str]:
    for root in _roots(path, imported, index):
        base = join(root, *imported.module.split(".")) if imported.module else root
        # `from package import name` may name a module of the package.
        submodules = [found for name in imported.names for found in _module(join(base, name), index)]
        found = [*_module(base, index), *submodules]
        if found:
            yield from found
            return


def _roots(path: str, imported: Imported, index: PathIndex) -> list[str]:
    """Folders that the module's name may begin in, the likeliest first."""
    if imported.level:
        folder = dirname(path)
        for _ in range(imported.level - 1):
            folder = dirname(folder)
        return [folder]
    return index.python_roots(path)


def _module(base: str, index: PathIndex) -> Iterator[str]:
    for candidate in (f"{base}.py", f"{base}/__init__.py", f"{base}.pyi"):
        if candidate.lstrip("/") in index:
            yield candidate.lstrip("/")
            return


def _passed_on(
    package: str, names: tuple[str, ...], index: PathIndex, read: Callable[[str], str | None]
) -> Iterator[str]:
    for imported in statements(read(package) or ""):
        if set(imported.names) & set(names):
            yield from _modules(package, imported, index)
