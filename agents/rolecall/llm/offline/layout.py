"""Where things stand in a Python project: source roots, import names, its tests and their framework."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath, splitext
from typing import TYPE_CHECKING, Any, Literal, cast

from rolecall.workspace.parsing import Unparsable, toml_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.context.items import ContextItem, Gathered

Framework = Literal["pytest", "unittest"]

_TEST_FILE = re.compile(r"(?:test_(?P<a>.+)|(?P<b>.+)_test)\.py")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the tests of one module need to know.

    Attributes:
        module: dotted name the module is imported by.
        root: workspace folder that name begins in; empty for the workspace itself.
        test_path: where its tests belong.
        existing: its test file, where there is one.
        framework: the project's test framework.
        findable: whether the project already lets its tests import the module.
        by_path: the module's name collides with another one, so that only its path tells it apart.
    """

    module: str
    root: str
    test_path: str
    existing: ContextItem | None
    framework: Framework
    findable: bool
    by_path: bool


class Project:
    """Questions about a project, answered from what was gathered."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self.paths = {*gathered.facts.paths, *(item.path for item in gathered.items)}
        self._tests = [path for path in gathered.facts.paths if _TEST_FILE.fullmatch(basename(path))]
        self._configured = list(self._pythonpath())

    def layout(self, target: ContextItem, tree: ast.Module) -> Layout:
        """The layout for one module of the project."""
        existing, module = self._existing(target)
        root = self._root_of(target.path, module) if module else self._root(target.path, tree)
        name = module or dotted(target.path, root)
        by_path = name.split(".")[0] in _TAKEN and existing is None
        framework = self._framework(existing)
        test_path = existing.path if existing else self._test_path(target.path, root, framework)
        return Layout(
            module=name,
            root=root,
            test_path=test_path,
            existing=existing,
            framework=framework,
            findable=existing is not None or self._findable(root, test_path),
            by_path=by_path,
        )

    def sources(self, root: str, target: ContextItem) -> dict[str, str]:
        """Dotted names and texts of the target and of the modules it imports."""
        found = {dotted(target.path, root): target.text}
        for item in self._gathered.items:
            if item.kind == "import" and item.path.endswith(".py"):
                home = max(
                    (base for base in (root, *self._configured) if is_under(item.path, base)),
                    key=len,
                    default="",
                )
                found.setdefault(dotted(item.path, home), item.text)
        return found

    def packages(self, root: str) -> frozenset[str]:
        """Dotted names of the packages among the gathered modules."""
        inside = [item.path for item in self._gathered.items if basename(item.path) == "__init__.py"]
        return frozenset(dotted(path, root) for path in inside if is_under(path, root))

    def home(self, path: str) -> str:
        """The folder of the project a file belongs to: the nearest one above it with a Python manifest."""
        folders = [
            dirname(manifest.path) for manifest in self._gathered.facts.manifests if manifest.kind == "python"
        ]
        return max((folder for folder in folders if is_under(path, folder)), key=len, default="")

    def _existing(self, target: ContextItem) -> tuple[ContextItem | None, str | None]:
        for item in self._gathered.of("counterpart"):
            if not item.path.endswith(".py"):
                continue
            module = _imported_as(item.text, target.path)
            if module is not None:
                return item, module
        return None, None

    def _root_of(self, path: str, module: str) -> str:
        parts = _parts(path)
        return "/".join(parts[: len(parts) - len(module.split("."))])

    def _root(self, path: str, tree: ast.Module) -> str:
        configured = [root for root in self._configured if is_under(path, root)]
        if configured:
            return max(configured, key=len)
        by_imports = _root_by_imports(path, tree)
        if by_imports is not None:
            return by_imports
        parts = path.split("/")[:-1]
        if "src" in parts and join(*parts[: parts.index("src") + 1], "__init__.py") not in self.paths:
            return "/".join(parts[: parts.index("src") + 1])
        folder = dirname(path)
        if join(folder, "__init__.py") in self.paths:
            while folder and join(folder, "__init__.py") in self.paths:
                folder = dirname(folder)
            return folder
        if any(join(folder, f"{name}.py") in self.paths for name in _plain_imports(tree)):
            return folder
        return self.home(path)

    def _pythonpath(self) -> Iterator[str]:
        for manifest in self._gathered.facts.manifests:
            folder = dirname(manifest.path)
            for entry in _configured_roots(basename(manifest.path), manifest.text):
                yield "" if join(folder, entry) in {".", ""} else normpath(join(folder, entry))

    def _framework(self, existing: ContextItem | None) -> Framework:
        if existing is not None:
            uses_unittest = re.search(
                r"^\s*(?:import|from) unittest(?!\.mock)\b", existing.text, re.MULTILINE
            )
            cases = "TestCase" in existing.text
            return (
                "unittest" if uses_unittest and cases and "import pytest" not in existing.text else "pytest"
            )
        return "unittest" if self._gathered.facts.test_runner == "unittest" else "pytest"

    def _test_path(self, path: str, root: str, framework: Framework) -> str:
        del framework
        stem = _stem(path)
        folder = self._test_folder(path, root)
        suffixed = sum(1 for test in self._tests if basename(test).endswith("_test.py"))
        pattern = "{}_test.py" if suffixed > len(self._tests) / 2 else "test_{}.py"
        package = "_".join(part for part in _parts(path)[:-1][-1:] if part.isidentifier())
        names = [
            stem,
            f"{package}_{stem}" if package else stem,
            f"{stem}_unit",
            f"{stem}_unit_2",
            f"{stem}_unit_3",
        ]
        for name in dict.fromkeys(names):
            candidate = join(folder, pattern.format(name))
            if candidate not in self.paths and not self._collides(candidate):
                return candidate
        return join(folder, pattern.format(f"{stem}_unit_4"))

    def _collides(self, candidate: str) -> bool:
        """Pytest's default import mode takes test files of one name in several plain folders for one."""
        same = [path for path in self.paths if basename(path) == basename(candidate)]
        if not same or join(dirname(candidate), "__init__.py") in self.paths:
            return False
        return not any("importlib" in manifest.text for manifest in self._gathered.facts.manifests)

    def _test_folder(self, path: str, root: str) -> str:
        home = self.home(path)
        beside = dirname(path)
        local = [test for test in self._tests if dirname(test) == beside]
        own = [folder for folder in (join(beside, "tests"), join(beside, "test")) if self._has_tests(folder)]
        if own:
            return own[0]
        top = next(
            (
                folder
                for base in dict.fromkeys([home, *_ancestors(beside)])
                for folder in (join(base, "tests"), join(base, "test"))
                if self._has_tests(folder)
            ),
            None,
        )
        if top is None:
            if local or (self._tests and all(not re.search(r"(?:^|/)tests?/", test) for test in self._tests)):
                return beside
            return join(home, "tests")
        return join(top, *self._mirrored(path, root, top))

    def _has_tests(self, folder: str) -> bool:
        return any(is_under(test, folder) for test in self._tests)

    def _mirrored(self, path: str, root: str, top: str) -> list[str]:
        """The folders below the test folder, by what most other tests do."""
        votes: Counter[str] = Counter()
        sources: dict[str, list[list[str]]] = {}
        for source in self.paths:
            if source.endswith(".py") and not is_under(source, top):
                sources.setdefault(_stem(source), []).append(_below(source, root))
        for test in self._tests:
            match = _TEST_FILE.fullmatch(basename(test))
            if not is_under(test, top) or match is None:
                continue
            folders = [part for part in dirname(test)[len(top) :].split("/") if part]
            for package in sources.get(match["a"] or match["b"] or "", []):
                votes["full"] += bool(folders) and folders == package
                votes["short"] += bool(folders) and folders == package[1:]
                votes["flat"] += not folders and bool(package)
        package = _below(path, root)
        best = max(("flat", "short", "full"), key=lambda way: votes[way])
        return {"flat": [], "short": package[1:], "full": package}[best if votes[best] else "flat"]

    def _findable(self, root: str, test_path: str) -> bool:
        if root in self._configured:
            return True
        if join(root, "conftest.py") in self.paths and not self._imports_by_importlib():
            return True
        folder = dirname(test_path)
        while join(folder, "__init__.py") in self.paths:
            folder = dirname(folder)
        return folder == root and not self._imports_by_importlib()

    def _imports_by_importlib(self) -> bool:
        return any("import-mode=importlib" in manifest.text for manifest in self._gathered.facts.manifests)


_TAKEN = frozenset(sys.stdlib_module_names) | {"pytest", "tests", "test"}
"""Top-level names that mean something else as soon as tests run."""


def dotted(path: str, root: str) -> str:
    """The dotted name of a module: ``src/shop/cart.py`` below ``src`` is ``shop.cart``."""
    parts = _parts(path[len(root) :].lstrip("/") if root else path)
    return ".".join(parts)


def is_under(path: str, folder: str) -> bool:
    """Whether a path is inside a folder; the empty folder holds everything."""
    return not folder or path.startswith(f"{folder.rstrip('/')}/")


def _parts(path: str) -> list[str]:
    parts = splitext(path)[0].split("/")
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def _stem(path: str) -> str:
    return re.sub(r"\W", "_", _parts(path)[-1]).strip("_") or "module"


def _below(path: str, root: str) -> list[str]:
    parts = _parts(path[len(root) :].lstrip("/") if is_under(path, root) else path)
    return parts[:-1]


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""


def _imported_as(test: str, path: str) -> str | None:
    """The dotted name under which a test imports the module at ``path``; None where it does not."""
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    parts = _parts(path)
    names = {".".join(parts[index:]) for index in range(len(parts))}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in names:
                    return whole
            if node.module in names:
                return node.module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in names:
                    return alias.name
    return None


def _root_by_imports(path: str, tree: ast.Module) -> str | None:
    """The folder above the one that the module's own absolute imports begin with."""
    folders = path.split("/")[:-1]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            top = name.split(".")[0]
            if top in folders and top not in sys.stdlib_module_names:
                return "/".join(folders[: folders.index(top)])
    return None


def _plain_imports(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.append(node.module)
    return [name for name in found if "." not in name and name not in sys.stdlib_module_names]


def _configured_roots(name: str, text: str) -> list[str]:
    """Source folders that a manifest makes importable for tests."""
    if name == "pyproject.toml":
        try:
            data = toml_table(text)
        except Unparsable:
            return []
        pytest_table = _table(data, "tool", "pytest", "ini_options") or _table(data, "tool", "pytest")
        value = pytest_table.get("pythonpath", [])
        return [value] if isinstance(value, str) else [str(item) for item in cast("list[Any]", value)]
    if name in {"pytest.ini", "tox.ini", "setup.cfg"}:
        found = re.search(r"^pythonpath\s*=\s*(.+(?:\n[ \t]+.+)*)", text, re.MULTILINE)
        return found.group(1).split() if found else []
    return []


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        value = data.get(key)
        if not isinstance(value, dict):
            return {}
        data = cast("dict[str, Any]", value)
    return data
