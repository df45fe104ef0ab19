"""The state of an evaluation, and the boundary between interpreted code and native operations."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import MAX_DEPTH, MAX_STEPS, NotUnderstood, check_size
from rolecall.llm.offline.evaluation.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rolecall.llm.offline.evaluation.functions import Routine, Shape

TraceEntry = tuple[str, int, int, str]
"""Module, line, column and what happened there: a statement ran, or a condition came out one way."""


@dataclass(slots=True)
class Call:
    """A call of an interpreted function seen while watching."""

    routine: Routine
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    error: str | None = None


@dataclass(slots=True)
class Run:
    """Everything one evaluation knows.

    Attributes:
        sources: dotted module names and their texts; what is not here is not understood.
        steps: nodes that may still be visited.
        trace: what was reached, for choosing between argument sets.
        settled: ids of mutable values that belong to a module and must not change.
        replaced: mutated bodies by the id of the original node.
        other_defaults: mutated defaults of parameters, likewise.
    """

    sources: Mapping[str, str]
    packages: frozenset[str] = frozenset()
    steps: int = MAX_STEPS
    total: int = 1_500_000
    depth: int = 0
    loading: int = 0
    trace: set[TraceEntry] = field(default_factory=set[TraceEntry])
    trees: dict[str, ast.Module] = field(default_factory=dict[str, ast.Module])
    modules: dict[str, Scope] = field(default_factory=dict[str, Scope])
    routines: dict[Any, Routine] = field(default_factory=dict[Any, "Routine"])
    classes: dict[type, ast.ClassDef] = field(default_factory=dict[type, ast.ClassDef])
    settled: dict[int, Any] = field(default_factory=dict[int, Any])
    replaced: dict[int, ast.AST] = field(default_factory=dict[int, ast.AST])
    other_defaults: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    shapes: dict[int, Shape] = field(default_factory=dict[int, "Shape"])
    known_errors: list[BaseException] = field(default_factory=list[BaseException])
    raised: list[BaseException] = field(default_factory=list[BaseException])
    printed: list[str] = field(default_factory=list[str])
    calls: list[Call] | None = None
    made_while_loading: list[Scope] = field(default_factory=list[Scope])

    def begin(self, steps: int = MAX_STEPS) -> None:
        """Start a fresh call: its own budget, trace, output and errors.

        Raises:
            NotUnderstood: the whole budget of this run is used up.
        """
        if self.total <= 0:
            raise NotUnderstood("the budget for this file is used up")
        self.steps = steps
        self.depth = 0
        self.trace = set()
        self.known_errors.clear()
        self.raised.clear()
        self.printed.clear()

    def spend(self) -> None:
        """Pay for one node."""
        self.steps -= 1
        self.total -= 1
        if self.steps <= 0:
            raise NotUnderstood("the evaluation takes too long")

    def reach(self, node: ast.stmt | ast.expr, scope: Scope, outcome: str) -> None:
        """Note that the node was reached, and how it came out."""
        self.trace.add((scope.module, node.lineno, node.col_offset, outcome))

    def enter(self) -> None:
        """Go one interpreted call deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotUnderstood("the calls nest too deeply")

    def native(self, operation: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Perform an operation of the host on safe values; its exceptions are the program's own.

        Raises:
            NotUnderstood: the result is too large, or the host itself gave up.
        """
        try:
            return check_size(operation(*arguments, **keywords))
        except (RecursionError, MemoryError) as error:
            raise NotUnderstood(type(error).__name__) from error
        except Exception as error:
            self.note(error)
            raise

    def note(self, error: BaseException) -> None:
        """Remember that this exception belongs to the interpreted program, not to the interpreter."""
        if not self.is_known(error):
            self.known_errors.append(error)

    def is_known(self, error: BaseException) -> bool:
        """Whether the interpreted program itself raised the exception."""
        return any(error is known for known in self.known_errors)

    def is_explicit(self, error: BaseException) -> bool:
        """Whether a ``raise`` statement raised the exception."""
        return any(error is known for known in self.raised)

    def check_unsettled(self, value: Any) -> None:
        """Refuse to change what belongs to a module rather than to the call."""
        if not self.loading and id(value) in self.settled:
            raise NotUnderstood("the call changes state outside itself")
