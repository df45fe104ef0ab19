"""The imports of a Python file, through its syntax tree, or line by line while it does not parse."""

from __future__ import annotations

import re
import threading
import warnings
from dataclasses import dataclass
from posixpath import dirname, join
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

    from rolecall.context.index import PathIndex

_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([^\n#]{0,1000})", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n#]{1,1000})", re.MULTILINE)
_parsing = threading.Lock()


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


def parse(text: str) -> ast.Module | None:
    """The syntax tree, or None where the text is not Python (yet)."""
    import ast  # noqa: PLC0415 - costs as much as the rest of this package

    # Bad escapes in somebody's code are no warning of ours; the filter is the process's, hence the lock.
    with _parsing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def statements(text: str) -> list[Imported]:
    """All import statements, in the order of the text."""
    tree = parse(text)
    return list(_from_tree(tree)) if tree else list(_from_lines(text))


def _from_tree(tree: ast.Module) -> Iterator[Imported]:
    import ast  # noqa: PLC0415 - imported by now

    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(0, alias.name, ())
        else:
            yield Imported(node.level, node.module or "", tuple(alias.name for alias in node.names))


def _from_lines(text: str) -> Iterator[Imported]:
    for match in _FROM.finditer(text):
        names = re.findall(r"(\w+)(?:[ \t]+as[ \t]+\w+)?", match.group(3))
        yield Imported(len(match.group(1)), match.group(2), tuple(names))
    for match in _IMPORT.finditer(text):
        for part in match.group(1).split(","):
            name = part.split(" as ")[0].strip()
            if re.fullmatch(r"[\w.]+", name):
                yield Imported(0, name, ())


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
