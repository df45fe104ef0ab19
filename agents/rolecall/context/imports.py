"""What a file takes from other files of the workspace."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath, splitext
from typing import TYPE_CHECKING

from rolecall.context.aliases import alias_bases
from rolecall.context.python_imports import python_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rolecall.context.index import PathIndex

MAX_IMPORTS = 20
"""Files; the nearest concern of a target is in far fewer."""

_SCANNED_CHARACTERS = 400_000

# Each pattern starts at a fixed word and ends at a quote or line end, so that scanning stays linear.
_SCRIPT = re.compile(r"""\b(?:from|import|require)\s{0,20}\(?\s{0,20}["']([^"'\n]{1,300})["']""")
_GO_BLOCK = re.compile(
    r'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([^"\n]{1,300})"[ \t]*(?://.*)?$', re.MULTILINE
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,300})"', re.MULTILINE)
_RUST = re.compile(r"^[ \t]*(?:pub(?:\([^)\n]{0,50}\))?[ \t]+)?(mod|use)[ \t]+([\w:]{1,300})", re.MULTILINE)
_JVM = re.compile(r"^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.]{1,300})", re.MULTILINE)
_RUBY = re.compile(r"""^[ \t]*require_relative[ \t]*\(?[ \t]*["']([^"'\n]{1,300})["']""", re.MULTILINE)

_NAMESPACE = re.compile(
    r"^[ \t]*(?:global[ \t]+)?(?:using|namespace)[ \t]+([\w.]{1,300})[ \t]*[;{\r\n]", re.MULTILINE
)
_SOURCED = re.compile(r"^[ \t]*(?:source|\.)[ \t]+([^\n#;&|]{1,300})", re.MULTILINE)
_WORD = re.compile(r"\w+")

_SCRIPT_SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".json")


def imported_paths(path: str, text: str, index: PathIndex, read: Callable[[str], str | None]) -> list[str]:
    """Workspace paths of the files that ``path`` imports, in the order of the text, each once.

    Args:
        path: workspace path of the importing file.
        text: its whole text; may be half-written.
        index: the files there are.
        read: gives the text of a small file, such as ``go.mod`` or a package's ``__init__.py``.
    """
    scanner = _SCANNERS.get(splitext(path)[1].lower())
    if scanner is None:
        return []
    found = scanner(path, text[:_SCANNED_CHARACTERS], index, read)
    unique = dict.fromkeys(candidate for candidate in found if candidate != path)
    return list(unique)[:MAX_IMPORTS]


def _script(path: str, text: str, index: PathIndex, read: Callable[[str], str | None]) -> Iterator[str]:
    aliased = alias_bases(path, index, read)
    for match in _SCRIPT.finditer(text):
        name = match.group(1).split("?", 1)[0]
        bases = [normpath(join(dirname(path), name))] if name.startswith(".") else aliased(name)
        yield from _first(index, (candidate for base in bases for candidate in _script_candidates(base)))


def _script_candidates(base: str) -> Iterator[str]:
    stem, suffix = splitext(base)
    yield base
    if suffix in {".js", ".jsx", ".mjs", ".cjs"}:
        # TypeScript is imported by the name its output will have.
        yield stem + suffix.replace("j", "t", 1)
        yield stem + ".tsx"
    for extension in _SCRIPT_SUFFIXES:
        yield base + extension
    for extension in _SCRIPT_SUFFIXES:
        yield join(base, "index" + extension)


def _go(path: str, text: str, index: PathIndex, read: Callable[[str], str | None]) -> Iterator[str]:
    yield from _go_imports(path, text, index, read)
    # Files of one package see each other without an import.
    yield from index.children(dirname(path), ".go", leave_out="_test.go")


def _go_imports(path: str, text: str, index: PathIndex, read: Callable[[str], str | None]) -> Iterator[str]:
    for folder in index.ancestors(path):
        module = _go_module(read(join(folder, "go.mod"))) if join(folder, "go.mod") in index else None
        if module is None:
            continue
        for match in _GO_BLOCK.finditer(text):
            name = match.group(1)
            if name == module or name.startswith(f"{module}/"):
                package = normpath(join(folder, name[len(module) :].lstrip("/")))
                yield from index.children(package, ".go", leave_out="_test.go")
        return


def _go_module(text: str | None) -> str | None:
    match = re.search(r"^module[ \t]+(\S+)", text or "", re.MULTILINE)
    return match.group(1) if match else None


def _c(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    for match in _INCLUDE.finditer(text):
        name = match.group(1)
        near = normpath(join(dirname(path), name))
        found = list(_first(index, (near,)))
        yield from found or index.ending_with(name, near=path)[:1]


def _rust(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    stem = splitext(path)[0]
    inside = dirname(path) if stem.rpartition("/")[2] in {"mod", "lib", "main"} else stem
    for match in _RUST.finditer(text):
        word, name = match.groups()
        parts = name.split("::")
        if word == "mod":
            yield from _first(index, (join(inside, f"{name}.rs"), join(inside, name, "mod.rs")))
        elif parts[0] in {"crate", "super", "self"}:
            yield from _rust_use(path, inside, parts, index)


def _rust_use(path: str, inside: str, parts: list[str], index: PathIndex) -> Iterator[str]:
    base = {"super": dirname(inside), "self": inside}.get(parts[0]) or index.crate_root(path)
    for length in range(len(parts) - 1, 0, -1):
        stem = join(base, *parts[1 : length + 1])
        found = list(_first(index, (f"{stem}.rs", join(stem, "mod.rs"))))
        if found:
            yield from found
            return


def _jvm(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    for match in _JVM.finditer(text):
        tail = match.group(1).replace(".", "/")
        for suffix in (".java", ".kt", ".scala"):
            found = index.ending_with(tail + suffix, near=path)[:1]
            if found and "/" in tail:
                yield from found
                break
    # Types of one package see each other without an import, and each has a file of its name.
    folder = dirname(path)
    tested = re.sub(r"(^|/)src/test/", r"\1src/main/", folder)
    yield from _types_named(text, (folder, tested), index)


def _types_named(text: str, folders: Iterable[str], index: PathIndex) -> Iterator[str]:
    words = set(_WORD.findall(text))
    for folder in dict.fromkeys(folders):
        for other in index.children(folder, "", leave_out="\0"):
            stem, suffix = splitext(other.rpartition("/")[2])
            if suffix in {".java", ".kt", ".scala", ".cs"} and stem in words:
                yield other


def _csharp(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    """A namespace has a folder of its last name, a type a file of its own, by the habit of the language."""
    spaces = [space.split(".") for space in _NAMESPACE.findall(text)]
    # The namespaces around one's own need no using.
    names = {space[-1] for space in spaces} | {part for space in spaces[-1:] for part in space}
    beside = dirname(path)
    folders = [beside, *(folder for folder in index.folders() if folder.rpartition("/")[2] in names)]
    yield from _types_named(text, folders, index)


def _shell(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    for match in _SOURCED.finditer(text):
        name = re.sub(r"^.*[)}]/|^\$\w+/", "", match.group(1).strip().strip("\"'"))
        yield from _first(index, (normpath(join(dirname(path), name)), normpath(name)))


def _ruby(path: str, text: str, index: PathIndex, _read: Callable[[str], str | None]) -> Iterator[str]:
    for match in _RUBY.finditer(text):
        base = normpath(join(dirname(path), match.group(1)))
        yield from _first(index, (base, f"{base}.rb"))


def _first(index: PathIndex, candidates: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    for candidate in candidates:
        if candidate in index:
            yield candidate
            return


_SCANNERS: dict[str, Callable[[str, str, PathIndex, Callable[[str], str | None]], Iterator[str]]] = {
    **dict.fromkeys((".py", ".pyi"), python_imports),
    **dict.fromkeys((*_SCRIPT_SUFFIXES[:-1],), _script),
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh"), _c),
    **dict.fromkeys((".java", ".kt", ".scala"), _jvm),
    **dict.fromkeys((".sh", ".bash", ".bats"), _shell),
    ".cs": _csharp,
    ".go": _go,
    ".rs": _rust,
    ".rb": _ruby,
}
