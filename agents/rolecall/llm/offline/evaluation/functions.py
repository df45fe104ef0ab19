"""Functions of the interpreted program: real Python callables whose bodies are walked."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.runtime import Call
from rolecall.llm.offline.evaluation.scope import Owner, Scope, bound_names
from rolecall.llm.offline.evaluation.streams import Pending, Stream, ends_properly
from rolecall.llm.offline.source.raises import own_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.llm.offline.evaluation.runtime import Run

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_STREAM_STEPS = 1_200
"""Nodes the body of one generator may visit, so that an endless one leaves budget for the rest."""


@dataclass(slots=True, eq=False)
class Routine:
    """What is known of one interpreted function."""

    node: FunctionNode
    scope: Scope
    name: str
    owner: Owner | None = None
    defaults: list[Any] = field(default_factory=list[Any])
    keyword_defaults: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Shape:
    """What the body of a function says about its names, found once for each body."""

    node: FunctionNode
    local: frozenset[str]
    outer: frozenset[str]
    generator: bool


def make_function(run: Run, node: FunctionNode, scope: Scope) -> Callable[..., Any]:
    """The callable a definition stands for, before its decorators.

    It is a real Python function, so that methods bind, properties work and native code can call it back.
    """
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    routine = Routine(node, scope, getattr(node, "name", "<lambda>"), scope.owner)
    routine.defaults = [evaluate(run, value, scope) for value in node.args.defaults]
    for parameter, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if value is not None:
            routine.keyword_defaults[parameter.arg] = evaluate(run, value, scope)

    def function(*arguments: Any, **keywords: Any) -> Any:
        return call_routine(run, routine, arguments, keywords)

    owner = f"{scope.owner.name}." if scope.owner and scope.kind == "class" else ""
    function.__name__ = routine.name
    function.__qualname__ = owner + routine.name
    function.__module__ = scope.module
    function.__doc__ = None if isinstance(node, ast.Lambda) else ast.get_docstring(node)
    run.routines[function] = routine
    return function


def call_routine(run: Run, routine: Routine, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call an interpreted function: run its body, or prepare a generator or coroutine."""
    if run.calls is not None and run.depth <= 1:
        return _watched(run, routine, arguments, keywords)
    return _call(run, routine, arguments, keywords)


def _watched(run: Run, routine: Routine, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call a function that a test calls itself, and remember it."""
    seen = Call(routine, arguments, dict(keywords))
    if run.calls is not None:
        run.calls.append(seen)
    try:
        return _call(run, routine, arguments, keywords)
    except Exception as error:
        seen.error = type(error).__name__
        raise


def _call(run: Run, routine: Routine, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    node = run.replaced.get(id(routine.node), routine.node)
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        raise NotUnderstood("a function is not understood")
    shape = run.shapes.get(id(node))
    if shape is None:
        shape = run.shapes[id(node)] = _read_shape(node)
    scope = Scope(
        "function",
        routine.scope.module,
        parent=routine.scope,
        owner=routine.owner,
        local=shape.local,
        outer=shape.outer,
    )
    if run.loading:
        run.made_while_loading.append(scope)
    scope.names.update(
        _bind(routine, node, arguments, keywords, run.other_defaults.get(id(routine.node), {}))
    )
    if isinstance(node, ast.Lambda):
        return _run_lambda(run, node, scope)
    if isinstance(node, ast.AsyncFunctionDef):
        if shape.generator:
            raise NotUnderstood("async generators are not understood")
        return Pending(lambda: ends_properly(run, "coroutine", lambda: _run_body(run, node, scope)))
    if shape.generator:
        return Stream(lambda items: _run_generator(run, node, scope, items))
    return _run_body(run, node, scope)


def _read_shape(node: FunctionNode) -> Shape:
    if isinstance(node, ast.Lambda):
        return Shape(node, frozenset(), frozenset(), generator=False)
    local = set(bound_names(node.body))
    outer: set[str] = set()
    generator = False
    for child in own_nodes(node):
        if isinstance(child, ast.Global):
            local.difference_update(child.names)
            outer.update(child.names)
        elif isinstance(child, ast.Nonlocal):
            outer.update(child.names)
        elif isinstance(child, (ast.Yield, ast.YieldFrom)):
            generator = True
    return Shape(node, frozenset(local), frozenset(outer), generator)


def _run_lambda(run: Run, node: ast.Lambda, scope: Scope) -> Any:
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    run.enter()
    try:
        return evaluate(run, node.body, scope)
    finally:
        run.depth -= 1


def _run_body(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Any:
    from rolecall.llm.offline.evaluation.statements import Return, execute  # noqa: PLC0415 - the walk is mutual

    run.enter()
    try:
        signal = execute(run, node.body, scope)
    finally:
        run.depth -= 1
    return signal.value if isinstance(signal, Return) else None


def _run_generator(
    run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, items: list[Any]
) -> None:
    scope.yields = items
    remaining = run.steps
    run.steps = min(remaining, _STREAM_STEPS)
    spent = run.steps
    try:
        ends_properly(run, "generator", lambda: _run_body(run, node, scope))
    finally:
        run.steps = remaining - (spent - run.steps)


def _bind(
    routine: Routine,
    node: FunctionNode,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    other_defaults: dict[str, Any],
) -> dict[str, Any]:
    """Bind arguments to parameters as Python does; a call that does not fit is not worth a test."""
    positional = [*node.args.posonlyargs, *node.args.args]
    names = [parameter.arg for parameter in positional]
    bound: dict[str, Any] = dict(zip(names, arguments, strict=False))
    if len(arguments) > len(names) and node.args.vararg is None:
        raise NotUnderstood("too many arguments")
    if node.args.vararg is not None:
        bound[node.args.vararg.arg] = tuple(arguments[len(names) :])
    extra = _bind_keywords(node, bound, keywords)
    if node.args.kwarg is not None:
        bound[node.args.kwarg.arg] = extra
    elif extra:
        raise NotUnderstood("an unexpected keyword")
    for name, value in other_defaults.items():
        bound.setdefault(name, value)
    first = len(names) - len(routine.defaults)
    for name, value in zip(names[first:], routine.defaults, strict=True):
        bound.setdefault(name, value)
    for name, value in routine.keyword_defaults.items():
        bound.setdefault(name, value)
    wanted = {*names, *(parameter.arg for parameter in node.args.kwonlyargs)}
    if not wanted <= bound.keys():
        raise NotUnderstood("an argument is missing")
    return bound


def _bind_keywords(node: FunctionNode, bound: dict[str, Any], keywords: dict[str, Any]) -> dict[str, Any]:
    accepted = {parameter.arg for parameter in (*node.args.args, *node.args.kwonlyargs)}
    extra: dict[str, Any] = {}
    for name, value in keywords.items():
        if name not in accepted:
            extra[name] = value
        elif name in bound:
            raise NotUnderstood("an argument is given twice")
        else:
            bound[name] = value
    return extra
