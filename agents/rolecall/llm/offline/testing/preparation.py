"""What has to be there before a call can be made: values for its arguments, and instances to call it on."""

from __future__ import annotations

import ast
import enum
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.source.reading import Definition, Module, Parameter
from rolecall.llm.offline.testing.candidates import OMITTED, Candidates
from rolecall.llm.offline.testing.examples import example_seeds
from rolecall.llm.offline.testing.hints import Hints, read_hints
from rolecall.llm.offline.testing.outcomes import observe
from rolecall.llm.offline.testing.subjects import Recipe, Step, Subject, constructor_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope

_SETUPS = 4
_STEPS = 3


class Preparation:
    """Candidates for the arguments and receivers of one module's calls.

    Attributes:
        members: what can be called on each class, filled in by whoever lists the module's subjects.
    """

    def __init__(self, run: Run, scope: Scope, module: Module) -> None:
        self._run = run
        self._scope = scope
        self._helpers: dict[str, ast.AST] = {item.name: item.node for item in module.functions}
        self._aliases = _aliases(module.tree)
        self._constructing: list[type] = []
        self._steps: dict[type, list[Step]] = {}
        self.members: dict[type, list[Subject]] = {}

    def first(self, subject: Subject) -> dict[str, Any]:
        """The first candidate of each parameter that has one."""
        return {name: pool[0] for name, pool in self.pools(subject, subject.parameters).items() if pool}

    def setups(self, subject: Subject) -> list[Any]:
        """Receivers to call it on; one ``None`` where it needs none."""
        if subject.way not in {"method", "property"}:
            return [None]
        if issubclass(subject.cls, enum.Enum):
            return list(subject.cls)[:_SETUPS]
        made = self._construct(subject.cls, 0)[:_SETUPS]
        return [*made, *self._prepared(subject, made[0])] if made else []

    def _prepared(self, subject: Subject, fresh: Any) -> list[Any]:
        """Receivers that a call of another method has changed: a cart with something in it."""
        if not isinstance(fresh, Recipe):
            return []
        steps = self._steps.get(subject.cls)
        if steps is None:
            steps = self._steps[subject.cls] = list(self._find_steps(subject.cls, fresh))
        return [replace(fresh, steps=(step,)) for step in steps if step.subject.name != subject.name][:_STEPS]

    def _find_steps(self, cls: type, fresh: Recipe) -> Iterator[Step]:
        for subject in self.members.get(cls, []):
            if subject.way != "method" or subject.member.startswith("__") or subject.value is not None:
                continue
            pools = self.pools(subject, subject.parameters)
            if not all(pools.values()):
                continue
            first = {name: pool[0] for name, pool in pools.items()}
            if self._changes(subject, fresh, first):
                yield Step(subject, first)

    def _changes(self, subject: Subject, fresh: Recipe, arguments: dict[str, Any]) -> bool:
        try:
            outcome = observe(self._run, subject, fresh, arguments)
        except (NotUnderstood, Exception):  # noqa: BLE001 - a call that is not understood prepares nothing
            return False
        return outcome.error is None and bool(outcome.state)

    def pools(self, subject: Subject, listed: tuple[Parameter, ...]) -> dict[str, list[Any]]:
        """Candidate values by parameter."""
        if subject.way == "construct" and issubclass(subject.cls, enum.Enum):
            values = [member.value for member in subject.cls][:2]
            return {"value": [*values, "no such value" if values and isinstance(values[0], str) else -999]}
        hints = self._hints(subject)
        seeds = example_seeds(subject)
        candidates = Candidates(self._run, self._scope.names, hints, self._construct, seeds, self._aliases)
        return {parameter.name: candidates.values(parameter) for parameter in listed}

    def _hints(self, subject: Subject) -> Hints:
        if subject.definition is None:
            node = self._run.classes.get(subject.cls)
            after = [
                item for item in (node.body if node else []) if getattr(item, "name", "") == "__post_init__"
            ]
            if after and isinstance(after[0], ast.FunctionDef):
                return read_hints(after[0], self._scope.names, self._helpers)
            return Hints()
        return read_hints(subject.definition.node, self._scope.names, self._helpers)

    def _construct(self, cls: type, depth: int) -> list[Any]:
        """Recipes of instances that can be made: the typical one, and a few that differ in one argument."""
        if depth > 2 or cls in self._constructing:  # noqa: PLR2004 - instances inside instances inside arguments
            return []
        listed = constructor_parameters(self._run, cls)
        if listed is None:
            return []
        self._constructing.append(cls)
        try:
            subject = self._constructor(cls, listed)
            pools = self.pools(subject, listed)
        finally:
            self._constructing.pop()
        if not all(pools.values()):
            return []
        first = {name: pool[0] for name, pool in pools.items()}
        variants = [first, *({**first, name: value} for name, pool in pools.items() for value in pool[1:6])]
        found: list[Any] = []
        for arguments in variants[:24]:
            if self._makes(subject, arguments):
                found.append(_recipe(cls, listed, arguments))
            if len(found) >= _SETUPS:
                break
        return found

    def _constructor(self, cls: type, listed: tuple[Parameter, ...]) -> Subject:
        node = self._run.classes.get(cls)
        own = [
            item
            for item in (node.body if node else [])
            if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        ]
        definition = Definition("__init__", own[0], "constructor", cls.__qualname__, node) if own else None
        return Subject(cls.__qualname__, "construct", definition, cls, cls, (), listed)

    def _makes(self, subject: Subject, arguments: dict[str, Any]) -> bool:
        try:
            return observe(self._run, subject, None, arguments).error is None
        except NotUnderstood:
            return False
        except Exception:  # noqa: BLE001 - an instance that cannot be looked at is of no use
            return False


def _recipe(cls: type, listed: tuple[Parameter, ...], arguments: dict[str, Any]) -> Recipe:
    given = tuple(
        (name, value) for name, value in arguments.items() if value is not OMITTED and value not in ((), {})
    )
    positional = frozenset(parameter.name for parameter in listed if parameter.kind == "positional_only")
    return Recipe(cls, given, positional)


def _aliases(tree: ast.Module) -> dict[str, ast.expr]:
    """Type aliases, new types and bounds of type variables at the top level."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=head, args=[_, base, *_])) if (
                getattr(head, "id", getattr(head, "attr", "")) in {"NewType", "TypeVar"}
            ):
                found[name] = base
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Subscript() | ast.BinOp(op=ast.BitOr()) as value
            ):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if "TypeAlias" in ast.unparse(node.annotation):
                    found[name] = value
            case _:
                continue
    return found
