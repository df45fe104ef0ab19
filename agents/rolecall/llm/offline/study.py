"""A target read once: its definitions, its place in the project, and computed examples of its use."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from posixpath import basename, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.layout import Layout, Project
from rolecall.llm.offline.limits import Limit, around_limits
from rolecall.llm.offline.source.reading import Definition, Module, read_module, selected_definitions
from rolecall.llm.offline.testing.suite import SuiteBuilder
from rolecall.llm.offline.testing.values import Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.context.items import ContextItem, Gathered
    from rolecall.llm.offline.testing.names import Names
    from rolecall.llm.offline.testing.subjects import Subject
    from rolecall.task import Selection, TaskRequest

MAX_CHARACTERS = 600_000
"""Characters of a target; larger ones are data or generated."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A call and what it gives, computed from the code.

    Attributes:
        call: its source, with the arguments in place.
        shown: source of a value equal to what it gives; where it raises, the message.
        error: name of what it raises instead.
        imports: where the names in both come from, ``("decimal", "Decimal")``; a whole module has no name.
    """

    call: str
    shown: str
    error: str | None = None
    imports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """What is known about a Python target."""

    target: ContextItem
    module: Module
    project: Project
    layout: Layout
    selection: Selection | None

    @property
    def title(self) -> str:
        """The dotted name a reader imports."""
        return self.layout.module

    def definitions(self) -> list[Definition]:
        """What is selected; without a selection, everything public that a caller sees."""
        found = selected_definitions(self.module, self.selection)
        if self.selection is not None:
            return found
        return [item for item in found if item.is_public and item.name != "main"]

    def limits(self) -> dict[str, Limit]:
        """What happens around the limits that docstrings promise, by qualified name."""
        builder = self._builder()
        subjects = builder.subjects(self.selection)
        return {item.name: found for item in subjects if (found := around_limits(builder, item)) is not None}

    def _builder(self) -> SuiteBuilder:
        layout = self.layout
        sources = self.project.sources(layout.root, self.target)
        return SuiteBuilder(self.module, layout.module, sources, self.project.packages(layout.root))

    def samples(self) -> dict[str, list[Sample]]:
        """Up to three calls for each function and method, by qualified name."""
        builder = self._builder()
        found: dict[str, list[Sample]] = {}
        for subject in builder.subjects(self.selection):
            if subject.way in {"construct", "members"} or not subject.member.isidentifier():
                continue
            found[subject.name] = list(_samples(builder, subject))[:3]
        return found


def study(request: TaskRequest, gathered: Gathered, target: ContextItem) -> Study:
    """Read a Python target.

    Raises:
        SourceProblem: it does not parse.
    """
    module = read_module(target.text)
    project = Project(gathered)
    selection = request.target.selection if request.target else None
    return Study(target, module, project, project.layout(target, module.tree), selection)


def _samples(builder: SuiteBuilder, subject: Subject) -> Iterator[Sample]:
    for found in builder.probes(subject):
        try:
            call, shown, error = builder.sample(subject, found)
        except (Unwritable, NotUnderstood):
            continue
        sources = (call,) if error is not None else (call, shown)
        yield Sample(call, shown, error, tuple(_imports(builder.names, sources)))


def _imports(names: Names, sources: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    used = {node.id for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    for statement in sorted(names.standard):
        module, _, name = statement.removeprefix("from ").removeprefix("import ").partition(" import ")
        if (name or module) in used:
            yield module, name
    for name in sorted(used & names.bound.keys()):
        yield names.bound[name], name


def is_python(path: str) -> bool:
    """Whether the target is Python source."""
    return splitext(basename(path))[1] in {".py", ".pyi", ".pyw"}
