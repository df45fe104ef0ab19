"""Test files: a new one whole, an existing one by edits that only add."""

from __future__ import annotations

import ast
import keyword
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.patches import Patch, split_lines, to_edits
from rolecall.llm.offline.testing.names import from_import
from rolecall.llm.offline.testing.styles import PytestStyle, Style, UnittestStyle
from rolecall.llm.offline.testing.values import quoted
from rolecall.llm.offline.testing.wording import snake

if TYPE_CHECKING:
    from rolecall.llm.offline.layout import Layout
    from rolecall.llm.offline.testing.names import Names
    from rolecall.llm.offline.testing.suite import Suite


def style_for(layout: Layout, *, typed: bool) -> Style:
    """How the project writes its tests."""
    return UnittestStyle() if layout.framework == "unittest" else PytestStyle(typed=typed)


def new_file(layout: Layout, suite: Suite, style: Style, source_path: str) -> str:
    """The text of a new test file."""
    names = suite.names
    style.prepare(names, suite.cases)
    body = style.write(suite.cases, _title(layout))
    lines = [
        f'"""Tests of {_plain(layout.module)}.',
        "",
        "Scaffolded from its code: expected values were read from it, not from a specification.",
        '"""',
        "",
    ]
    lines += [*own_imports(layout, names, source_path, layout.test_path), "", "", *body]
    if layout.framework == "unittest":
        lines += ["", "", 'if __name__ == "__main__":', "    unittest.main()"]
    return "\n".join(lines) + "\n"


def _plain(name: str) -> str:
    """A module's name inside a docstring."""
    return re.sub(r"[^\w.-]", "_", name)


def own_imports(layout: Layout, names: Names, source_path: str, test_path: str) -> list[str]:
    """The import block of a test file at ``test_path`` beside the module's own tests."""
    return names.import_lines_with(_preparation(layout, names, source_path, test_path.count("/")))


def _preparation(layout: Layout, names: Names, source_path: str, depth: int) -> list[str]:
    """What has to happen before the target can be imported from a file ``depth`` folders deep."""
    environment = _environment(names)
    if layout.by_path:
        names.load_by_path(layout.module)
        names.need("import importlib.util")
        names.need("import sys")
        names.need("from pathlib import Path")
        place = _from_test(depth, source_path)
        alias = names.alias(layout.module)
        unique = f"{alias}_under_test"
        return [
            *environment,
            "",
            f"# The name {layout.module} belongs to another module, too: this one is loaded by its path.",
            f"_spec = importlib.util.spec_from_file_location({quoted(unique)}, {place})",
            "assert _spec is not None",
            "assert _spec.loader is not None",
            f"{alias} = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)",
            f"_spec.loader.exec_module({alias})",
        ]
    lines = environment
    if not layout.findable:
        names.need("import sys")
        names.need("from pathlib import Path")
        place = _from_test(depth, layout.root)
        lines += [
            "",
            "# Nothing in the project says where tests find its code; once it is installed, or",
            "# pytest's `pythonpath` names its folder, this line can go.",
            f"sys.path.insert(0, str({place}))",
        ]
    if names.is_dynamic(layout.module):
        names.load_by_path(layout.module)
        names.need("import importlib")
        lines += ["", f"{names.alias(layout.module)} = importlib.import_module({quoted(layout.module)})"]
    return lines


def _environment(names: Names) -> list[str]:
    """Values for the variables without which the import fails; a number passes for a text, too."""
    if not names.environment:
        return []
    names.need("import os")
    return [
        "",
        "# TODO(rolecall): read while the code is imported; give values that the tests may use.",
        *(f'os.environ.setdefault({quoted(name)}, "1")' for name in names.environment),
    ]


def _from_test(depth: int, path: str) -> str:
    base = f"Path(__file__).resolve().parents[{depth}]"
    return base + "".join(f" / {quoted(part)}" for part in path.split("/") if part)


def _title(layout: Layout) -> str:
    words = snake(layout.module.rsplit(".", 1)[-1]).split("_")
    title = "".join(word.capitalize() for word in words if word) + "Test"
    return title if title.isidentifier() and not keyword.iskeyword(title) else "ModuleTest"


def additions(layout: Layout, suite: Suite, style: Style) -> list[tuple[str, str]] | None:
    """Edits that add the cases to the existing test file; None where they cannot be placed safely."""
    existing = layout.existing
    if existing is None:
        return None
    tree = ast.parse(existing.text)
    lines = split_lines(existing.text)
    style.prepare(suite.names, suite.cases)
    tests = style.write(suite.cases, _free_title(layout, tree))
    standard, own = suite.names.missing_imports(tree)
    end = _insertion(tree, lines)
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    patches: list[Patch] = []
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    if not imports:
        tests = [*standard, *flatten(own), "", "", *tests]
    else:
        patches += _import_patches(imports, standard, own)
    patches.append(Patch(end, end, ("", "", *tests)))
    return to_edits(lines, patches)


def _insertion(tree: ast.Module, lines: list[str]) -> int:
    """Index of the line before which tests go: the end, or the ``if __name__`` block at the end."""
    if tree.body and isinstance(tree.body[-1], ast.If) and "__name__" in ast.unparse(tree.body[-1].test):
        return tree.body[-1].lineno - 1
    return len(lines)


def _import_patches(
    imports: list[ast.Import | ast.ImportFrom], standard: list[str], own: dict[str, list[str]]
) -> list[Patch]:
    """New imports where a reader looks for them: the standard library first, names beside their like."""
    patches: list[Patch] = []
    rest = dict(own)
    for node in imports:
        names = rest.get(node.module or "") if isinstance(node, ast.ImportFrom) and not node.level else None
        if names is None or not isinstance(node, ast.ImportFrom) or any(alias.asname for alias in node.names):
            continue
        listed = sorted({*(alias.name for alias in node.names), *names})
        del rest[node.module or ""]
        lines = from_import(node.module or "", listed)
        patches.append(Patch(node.lineno - 1, node.end_lineno or node.lineno, tuple(lines)))
    first = next(
        (node for node in imports if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")),
        None,
    )
    if standard and first is not None:
        patches.append(Patch(first.lineno - 1, first.lineno - 1, (*standard, "")))
    elif standard:
        rest = {"": standard, **rest}
    end = imports[-1].end_lineno or imports[-1].lineno
    if rest:
        patches.append(Patch(end, end, tuple(flatten(rest)), imports[-1].lineno - 1))
    return patches


def flatten(own: dict[str, list[str]]) -> list[str]:
    """Import statements for names by module; those of the empty module are statements already."""
    lines: list[str] = []
    for module, names in own.items():
        lines += from_import(module, names) if module else names
    return lines


def _free_title(layout: Layout, tree: ast.Module) -> str:
    taken = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    title = _title(layout)
    number = 2
    while title in taken:
        title = f"{_title(layout)}{number}"
        number += 1
    return title
