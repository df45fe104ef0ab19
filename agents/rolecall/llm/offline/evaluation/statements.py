"""Executing statements. A signal says how a block ended: it fell through, returned, broke or continued."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation import operators
from rolecall.llm.offline.evaluation.attributes import private_name
from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.calls import call, iterate
from rolecall.llm.offline.evaluation.classes import make_class
from rolecall.llm.offline.evaluation.expressions import assign, condition, evaluate
from rolecall.llm.offline.evaluation.functions import make_function
from rolecall.llm.offline.evaluation.imports import bind_import, bind_import_from
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.evaluation.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope


@dataclass(frozen=True, slots=True)
class Return:
    """The block returned a value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Jump:
    """The block reached a ``break`` or a ``continue``."""

    again: bool


BREAK = Jump(again=False)
CONTINUE = Jump(again=True)
Signal = Return | Jump | None


def execute(run: Run, body: list[ast.stmt], scope: Scope) -> Signal:
    """Execute statements in order.

    Raises:
        NotUnderstood: a statement is outside the subset.
        Exception: whatever the interpreted program raises.
    """
    for statement in body:
        run.spend()
        run.reach(statement, scope, "ran")
        handler = _HANDLERS.get(type(statement))
        if handler is None:
            raise NotUnderstood(f"{type(statement).__name__} is not understood")
        signal = handler(run, statement, scope)
        if signal is not None:
            return signal
    return None


def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    evaluate(run, node.value, scope)


def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    value = evaluate(run, node.value, scope)
    for target in node.targets:
        assign(run, target, value, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(run, node.target, evaluate(run, node.value, scope), scope)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    kind = type(node.op)
    match node.target:
        case ast.Name(id=name):
            current = evaluate(run, ast.Name(name, ast.Load()), scope)
            scope.bind(name, operators.in_place(run, kind, current, evaluate(run, node.value, scope)))
        case ast.Attribute(value=owner_node, attr=attribute):
            owner = evaluate(run, owner_node, scope)
            name = private_name(attribute, scope)
            current = operators.get_plain_attribute(run, owner, name)
            value = operators.in_place(run, kind, current, evaluate(run, node.value, scope))
            operators.set_attribute(run, owner, name, value)
        case ast.Subscript(value=container_node, slice=key_node):
            container = evaluate(run, container_node, scope)
            key = evaluate(run, key_node, scope)
            current = operators.get_item(run, container, key)
            value = operators.in_place(run, kind, current, evaluate(run, node.value, scope))
            operators.set_item(run, container, key, value)


def _return(run: Run, node: ast.Return, scope: Scope) -> Return:
    return Return(None if node.value is None else evaluate(run, node.value, scope))


def _if(run: Run, node: ast.If, scope: Scope) -> Signal:
    return execute(run, node.body if condition(run, node.test, scope) else node.orelse, scope)


def _for(run: Run, node: ast.For, scope: Scope) -> Signal:
    for value in iterate(run, evaluate(run, node.iter, scope)):
        run.spend()
        assign(run, node.target, value, scope)
        signal = execute(run, node.body, scope)
        if isinstance(signal, Return):
            return signal
        if signal is BREAK:
            return None
    return execute(run, node.orelse, scope)


def _while(run: Run, node: ast.While, scope: Scope) -> Signal:
    while condition(run, node.test, scope):
        signal = execute(run, node.body, scope)
        if isinstance(signal, Return):
            return signal
        if signal is BREAK:
            return None
    return execute(run, node.orelse, scope)


def _raise(run: Run, node: ast.Raise, scope: Scope) -> None:
    if node.exc is None:
        current = scope.function().names.get(_HANDLED)
        if not isinstance(current, BaseException):
            raise NotUnderstood("a bare raise is not understood here")
        raise current
    error = evaluate(run, node.exc, scope)
    if is_a(error, type):
        error = call(run, error, [], {})
    if not isinstance(error, Exception):
        raise NotUnderstood("what is raised is not understood")
    if node.cause is not None:
        evaluate(run, node.cause, scope)
    run.note(error)
    run.raised.append(error)
    raise error


def _try(run: Run, node: ast.Try, scope: Scope) -> Signal:
    try:
        signal = _guarded(run, node, scope)
    except NotUnderstood:
        raise
    except BaseException:
        final = execute(run, node.finalbody, scope)
        if final is not None:
            return final
        raise
    final = execute(run, node.finalbody, scope)
    return signal if final is None else final


def _guarded(run: Run, node: ast.Try, scope: Scope) -> Signal:
    try:
        signal = execute(run, node.body, scope)
    except NotUnderstood:
        raise
    except BaseException as error:
        if not run.is_known(error):
            raise NotUnderstood(f"an inner fault: {error!r}") from error
        for handler in node.handlers:
            if handler.type is None or _catches(run, handler.type, error, scope):
                return _handle(run, handler, error, scope)
        raise
    return execute(run, node.orelse, scope) if signal is None else signal


_HANDLED = "<handled>"


def _handle(run: Run, handler: ast.ExceptHandler, error: BaseException, scope: Scope) -> Signal:
    run.reach(handler.body[0], scope, "caught")
    names = scope.function().names
    before = names.get(_HANDLED)
    names[_HANDLED] = error
    if handler.name:
        scope.bind(handler.name, error)
    try:
        return execute(run, handler.body, scope)
    finally:
        names[_HANDLED] = before
        if handler.name:
            names.pop(handler.name, None)


def _catches(run: Run, node: ast.expr, error: BaseException, scope: Scope) -> bool:
    kinds = evaluate(run, node, scope)
    for kind in kinds if is_a(kinds, tuple) else (kinds,):
        if isinstance(kind, Opaque) or not is_a(kind, type):
            raise NotUnderstood("what an except clause catches is not understood")
        if isinstance(error, kind):
            return True
    return False


def _with(run: Run, node: ast.With, scope: Scope) -> Signal:
    return _with_items(run, node.items, node.body, scope)


def _with_items(run: Run, items: list[ast.withitem], body: list[ast.stmt], scope: Scope) -> Signal:
    if not items:
        return execute(run, body, scope)
    manager = evaluate(run, items[0].context_expr, scope)
    if not operators.is_manager(run, manager):
        raise NotUnderstood("a context manager is not understood")
    value = run.native(kind_of(manager).__enter__, manager)
    if items[0].optional_vars is not None:
        assign(run, items[0].optional_vars, value, scope)
    try:
        signal = _with_items(run, items[1:], body, scope)
    except NotUnderstood:
        raise
    except BaseException as error:
        if not run.is_known(error):
            raise NotUnderstood(f"an inner fault: {error!r}") from error
        if run.native(kind_of(manager).__exit__, manager, type(error), error, None):
            return None
        raise
    run.native(kind_of(manager).__exit__, manager, None, None, None)
    return signal


def _assert(run: Run, node: ast.Assert, scope: Scope) -> None:
    if not condition(run, node.test, scope):
        raise NotUnderstood("a failed assert depends on how the program is started")


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        match target:
            case ast.Name(id=name) if name in scope.names and not scope.settled:
                del scope.names[name]
            case ast.Subscript(value=container, slice=key):
                operators.delete_item(run, evaluate(run, container, scope), evaluate(run, key, scope))
            case _:
                raise NotUnderstood("del is not understood here")


def _match(run: Run, node: ast.Match, scope: Scope) -> Signal:
    subject = evaluate(run, node.subject, scope)
    for case in node.cases:
        bound: dict[str, Any] = {}
        if not matches(run, case.pattern, subject, scope, bound):
            continue
        for name, value in bound.items():
            scope.bind(name, value)
        if case.guard is None or condition(run, case.guard, scope):
            return execute(run, case.body, scope)
    return None


def _define(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    value: Any = make_function(run, node, scope)
    for decorator_node in reversed(node.decorator_list):
        decorator = evaluate(run, decorator_node, scope)
        value = Opaque(node.name) if isinstance(decorator, Opaque) else call(run, decorator, [value], {})
        if isinstance(value, Opaque):
            break
    scope.bind(node.name, value)


def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    scope.bind(node.name, make_class(run, node, scope))


def _import(run: Run, node: ast.Import, scope: Scope) -> None:
    bind_import(run, node, scope)


def _import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    bind_import_from(run, node, scope)


def _nothing(_run: Run, _node: ast.stmt, _scope: Scope) -> None:
    return


def _break(_run: Run, _node: ast.Break, _scope: Scope) -> Jump:
    return BREAK


def _continue(_run: Run, _node: ast.Continue, _scope: Scope) -> Jump:
    return CONTINUE


_HANDLERS: dict[type[ast.stmt], Callable[[Run, Any, Scope], Signal]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.If: _if,
    ast.For: _for,
    ast.While: _while,
    ast.Raise: _raise,
    ast.Try: _try,
    ast.With: _with,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Match: _match,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Pass: _nothing,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
    ast.Break: _break,
    ast.Continue: _continue,
}
