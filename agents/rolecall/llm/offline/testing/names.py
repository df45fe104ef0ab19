"""The names a test file uses: what it imports, and which names its own variables must avoid."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESERVED = frozenset(
    [
        "pytest",
        "unittest",
        "asyncio",
        "math",
        "itertools",
        "dataclasses",
        "datetime",
        "decimal",
        "fractions",
        "pathlib",
        "uuid",
        "re",
        "mock",
        "result",
        "value",
        "self",
        "cls",
        "capsys",
        "caught",
        "replaced",
    ]
)


@dataclass(slots=True)
class Names:
    """What the test file imports.

    Attributes:
        module: dotted name the tests import the target by.
        taken: names of the target's top level, which local variables must not hide.
        direct: imported names by module.
        whole: modules that are imported as a whole, because their names would clash.
        standard: imports of the standard library and of pytest, as statements.
        environment: variables without which importing the target fails.
    """

    module: str
    taken: frozenset[str] = frozenset()
    direct: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    whole: set[str] = field(default_factory=set[str])
    standard: set[str] = field(default_factory=set[str])
    bound: dict[str, str] = field(default_factory=dict[str, str])
    loaded: set[str] = field(default_factory=set[str])
    environment: tuple[str, ...] = ()

    def symbol(self, name: str, module: str | None = None) -> str:
        """How the test writes a name of a module; it is imported.

        Args:
            name: perhaps dotted, for members of classes.
            module: dotted module name; None for the target.
        """
        source = module or self.module
        top = name.split(".", maxsplit=1)[0]
        if self._clashes(top, source):
            self.whole.add(source)
            return f"{self.alias(source)}.{name}"
        self.bound[top] = source
        self.direct.setdefault(source, set()).add(top)
        return name

    def need(self, statement: str) -> None:
        """Import something of the standard library, or pytest."""
        self.standard.add(statement)

    def local(self, name: str, used: set[str]) -> str:
        """A variable name close to ``name`` that hides nothing."""
        candidate = name.lstrip("_") or "value"
        while (
            candidate in used
            or candidate in self.taken
            or candidate in self.bound
            or candidate in _RESERVED
            or keyword.iskeyword(candidate)
            or hasattr(builtins, candidate)
            or candidate in {self.alias(module) for module in (self.module, *self.whole)}
        ):
            candidate += "_value" if not candidate.endswith("_value") else "_2"
        used.add(candidate)
        return candidate

    def _clashes(self, top: str, source: str) -> bool:
        collected = top.startswith(("test", "Test"))
        hides = top in _RESERVED or hasattr(builtins, top)
        return (
            collected
            or hides
            or source in self.loaded
            or self.is_dynamic(source)
            or top.startswith("__")
            or self.bound.get(top, source) != source
        )

    def alias(self, module: str) -> str:
        """The variable that holds a module imported as a whole."""
        last = re.sub(r"\W", "_", module.rsplit(".", 1)[-1])
        if last in self.taken or last in _RESERVED:
            return f"{last}_module"
        return last if last.isidentifier() and not keyword.iskeyword(last) else f"module_{last}"

    def is_dynamic(self, module: str) -> bool:
        """Whether no import statement can name the module."""
        return not all(part.isidentifier() and not keyword.iskeyword(part) for part in module.split("."))

    def load_by_path(self, module: str) -> None:
        """The module is loaded by statements of the test file, not by an import."""
        self.loaded.add(module)
        self.whole.discard(module)

    def import_lines_with(self, preparation: list[str]) -> list[str]:
        """The import statements, with what has to run before the target is imported."""
        own = self._own_lines("  # noqa: E402" if preparation else "")
        groups = [
            self._standard_lines(),
            ["import pytest"] if "import pytest" in self.standard else [],
            preparation,
            own,
        ]
        lines: list[str] = []
        for group in groups:
            if group:
                lines += ["", *group] if lines and group[0] else group
        return lines

    def missing_imports(self, tree: ast.Module) -> tuple[list[str], dict[str, list[str]]]:
        """What an existing file lacks: statements for the standard library and pytest, and names by module.

        Modules imported as a whole stand under the empty name, as statements.
        """
        present = {(module, name) for module, name, bound in _imported(tree) if bound == name}
        wanted = [*self._standard_lines(), *sorted(self.standard & {"import pytest"})]
        standard = [line for line in wanted if not _is_present(line, present)]
        whole = [self._whole_line(module) for module in sorted(self.whole - self.loaded)]
        own: dict[str, list[str]] = {}
        lacking = [line for line in whole if " as " in line or not _is_present(line, present)]
        if lacking:
            own[""] = lacking
        for module in sorted(self.direct):
            names = sorted(name for name in self.direct[module] if (module, name) not in present)
            if names:
                own[module] = names
        return standard, own

    def _whole_line(self, module: str) -> str:
        package, _, last = module.rpartition(".")
        line = f"from {package} import {last}" if package else f"import {last}"
        return line if self.alias(module) == last else f"{line} as {self.alias(module)}"

    def _standard_lines(self) -> list[str]:
        plain = sorted(
            line for line in self.standard if line.startswith("import ") and line != "import pytest"
        )
        return plain + sorted(line for line in self.standard if line.startswith("from "))

    def _own_lines(self, suffix: str) -> list[str]:
        lines = [self._whole_line(module) + suffix for module in sorted(self.whole - self.loaded)]
        for module in sorted(self.direct):
            lines += from_import(module, sorted(self.direct[module]), suffix)
        return lines


def _imported(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Module, name and bound name of each import at the top level; the module is empty for plain imports."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (("", alias.name, alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module or "", alias.name, alias.asname or alias.name) for alias in node.names)


def _is_present(line: str, present: set[tuple[str, str]]) -> bool:
    words = line.split()
    key = ("", words[1]) if words[0] == "import" else (words[1], words[3])
    return key in present


def from_import(module: str, names: list[str], suffix: str = "") -> list[str]:
    """``from module import names``, in several lines where one would be long."""
    one = f"from {module} import {', '.join(names)}"
    if len(one) <= 88:  # noqa: PLR2004 - the default width of the common formatters
        return [one + suffix]
    return [f"from {module} import ({suffix}", *(f"    {name}," for name in names), ")"]
