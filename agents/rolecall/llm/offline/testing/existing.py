"""What the existing tests of a module call already: they are walked in the interpreter, never run."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.expressions import evaluate
from rolecall.llm.offline.evaluation.functions import make_function
from rolecall.llm.offline.evaluation.imports import load_module
from rolecall.llm.offline.evaluation.stdlib import Silent, StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.evaluation.runtime import Call, Run, TraceEntry
    from rolecall.llm.offline.evaluation.scope import Scope
    from rolecall.llm.offline.source.reading import FunctionDef

_MAX_VARIANTS = 40
_TEST_MODULE = "<existing tests>"


@dataclass(slots=True)
class Known:
    """What existing tests do.

    Attributes:
        calls: calls that tests make themselves, by the function's line.
        reached: what they reach in the target.
        mentioned: names that stand in them.
        test_names: their own names.
        unfinished: how many could not be walked to their end.
    """

    calls: dict[int, list[Call]] = field(default_factory=dict[int, "list[Call]"])
    reached: set[TraceEntry] = field(default_factory=set["TraceEntry"])
    mentioned: frozenset[str] = frozenset()
    test_names: frozenset[str] = frozenset()
    unfinished: int = 0


def read_existing(run: Run, module: str, text: str) -> Known:
    """Walk the tests of a file as far as they are understood."""
    tree = ast.parse(text)
    nodes = list(_tests(tree))
    known = Known(
        mentioned=frozenset(name for _, node in nodes for name in _names(node)),
        test_names=frozenset(node.name for _, node in nodes),
    )
    run.sources = {**run.sources, _TEST_MODULE: text}
    run.trees[_TEST_MODULE] = tree
    scope = load_module(run, _TEST_MODULE)
    scope.names["pytest"] = _Framework("pytest")
    for owner, node in nodes:
        for arguments in _variants(run, node, scope):
            _walk(run, node, scope, [_Framework("self")] if owner else [], arguments, known)
    known.reached = {entry for entry in known.reached if entry[0] == module}
    return known


def _tests(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, FunctionDef]]:
    for item in tree.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name.startswith("test"):
            yield None, item
        elif isinstance(item, ast.ClassDef):
            for method in item.body:
                if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name.startswith(
                    "test"
                ):
                    yield item, method


def _names(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute):
            yield child.attr


def _walk(
    run: Run, node: FunctionDef, scope: Scope, first: list[Any], arguments: dict[str, Any], known: Known
) -> None:
    try:
        run.begin()
        run.calls = []
        result = make_function(run, node, scope)(*first, **arguments)
        if hasattr(result, "result"):
            result.result()
    except (NotUnderstood, Exception):  # noqa: BLE001 - a test not understood to its end still showed its calls
        known.unfinished += 1
    finally:
        for call in run.calls or []:
            known.calls.setdefault(call.routine.node.lineno, []).append(call)
        known.reached |= run.trace
        run.calls = None


def _variants(run: Run, node: FunctionDef, scope: Scope) -> list[dict[str, Any]]:
    """The arguments pytest would give: each parameter set, and fixtures that are not understood."""
    wanted = [argument.arg for argument in node.args.args if argument.arg != "self"]
    sets = [
        _parameter_sets(run, decorator, scope)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("mark.parametrize")
    ]
    fixtures = {name: Opaque(name) for name in wanted}
    combined = [{**fixtures, **_joined(chosen)} for chosen in itertools.product(*sets)]
    return [
        {name: value for name, value in item.items() if name in wanted} for item in combined[:_MAX_VARIANTS]
    ]


def _joined(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _parameter_sets(run: Run, decorator: ast.Call, scope: Scope) -> list[dict[str, Any]]:
    try:
        run.begin()
        names, values = (evaluate(run, item, scope) for item in decorator.args[:2])
        listed = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
        if len(listed) == 1:
            return [{listed[0]: value} for value in values]
        return [dict(zip(listed, row, strict=True)) for row in values]
    except (NotUnderstood, Exception):  # noqa: BLE001 - parameters that are not understood show no calls
        return []


class _Framework(Silent):
    """The test framework: every assertion passes, and every expected error is swallowed."""

    __slots__ = ()

    def member(self, name: str) -> Any:
        """A callable that does nothing; a context manager that expects an error; the object itself."""
        if name in {"raises", "assertRaises", "assertRaisesRegex", "warns", "subTest"}:
            return StandIn(_expect)
        if name.startswith("assert") or name in {"fail", "skipTest"}:
            return StandIn(_nothing)
        return Opaque(f"{self.name}.{name}")


class Expectation:
    """``with pytest.raises(...)``: swallows what is raised inside."""

    def __enter__(self) -> Self:
        """Expect."""
        return self

    def __exit__(self, *_details: object) -> bool:
        """Whatever came is what was expected."""
        return True


def _expect(*arguments: Any, **_keywords: Any) -> Any:
    if len(arguments) > 1 and callable(arguments[1]):
        try:
            return arguments[1](*arguments[2:])
        except Exception:  # noqa: BLE001 - the form of assertRaises that makes the call itself
            return None
    return Expectation()


def _nothing(*_arguments: Any, **_keywords: Any) -> None:
    return
