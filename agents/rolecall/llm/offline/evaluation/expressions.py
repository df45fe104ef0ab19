"""Evaluating expressions, one small function per kind of node."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation import operators
from rolecall.llm.offline.evaluation.attributes import get_attribute, private_name
from rolecall.llm.offline.evaluation.budget import MAX_SIZE, NotUnderstood, check_size
from rolecall.llm.offline.evaluation.calls import call, call_super, iterate
from rolecall.llm.offline.evaluation.functions import make_function
from rolecall.llm.offline.evaluation.natives import BUILTINS
from rolecall.llm.offline.evaluation.scope import Scope
from rolecall.llm.offline.evaluation.streams import Pending, Stream, ends_properly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rolecall.llm.offline.evaluation.runtime import Run


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Any:
    """The value of an expression.

    Raises:
        NotUnderstood: the expression is outside the subset.
        Exception: whatever the interpreted program raises.
    """
    run.spend()
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise NotUnderstood(f"{type(node).__name__} is not understood")
    return handler(run, node, scope)


def condition(run: Run, node: ast.expr, scope: Scope) -> bool:
    """The truth of an expression, noted in the trace."""
    outcome = truth(run, evaluate(run, node, scope))
    run.reach(node, scope, "true" if outcome else "false")
    return outcome


def truth(run: Run, value: Any) -> bool:
    """``bool(value)`` as the program would see it."""
    if isinstance(value, (Stream, Pending)):
        return True
    return bool(run.native(bool, value))


def _constant(_run: Run, node: ast.Constant, _scope: Scope) -> Any:
    return check_size(node.value)


def _name(_run: Run, node: ast.Name, scope: Scope) -> Any:
    return scope.lookup(node.id, BUILTINS)


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Any:
    target = evaluate(run, node.value, scope)
    return get_attribute(run, target, private_name(node.attr, scope))


def _call(run: Run, node: ast.Call, scope: Scope) -> Any:
    function = evaluate(run, node.func, scope)
    arguments, keywords = _arguments(run, node, scope)
    if function is super:
        return call_super(scope, arguments)
    return call(run, function, arguments, keywords)


def _arguments(run: Run, node: ast.Call, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
    arguments = list(_elements(run, node.args, scope))
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        value = evaluate(run, keyword.value, scope)
        if keyword.arg is None:
            if type(value) is not dict:
                raise NotUnderstood("** of something that is no dict")
            keywords |= value
        else:
            keywords[keyword.arg] = value
    return arguments, keywords


def _elements(run: Run, nodes: list[ast.expr], scope: Scope) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, ast.Starred):
            yield from iterate(run, evaluate(run, node.value, scope))
        else:
            yield evaluate(run, node, scope)


def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    right = evaluate(run, node.right, scope)
    return operators.binary(run, type(node.op), left, right)


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Any:
    if isinstance(node.op, ast.Not):
        return not truth(run, evaluate(run, node.operand, scope))
    return operators.unary(run, type(node.op), evaluate(run, node.operand, scope))


def _boolean(run: Run, node: ast.BoolOp, scope: Scope) -> Any:
    stop_at = isinstance(node.op, ast.Or)
    value: Any = None
    for operand in node.values:
        value = evaluate(run, operand, scope)
        last = operand is node.values[-1]
        if not last or isinstance(operand, (ast.Compare, ast.UnaryOp)):
            outcome = truth(run, value)
            run.reach(operand, scope, "true" if outcome else "false")
            if outcome is stop_at and not last:
                return value
    return value


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Any:
    left = evaluate(run, node.left, scope)
    result: Any = True
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(run, right_node, scope)
        result = operators.compare(run, type(operator), left, right)
        if right_node is not node.comparators[-1] and not truth(run, result):
            return result
        left = right
    return result


def _choice(run: Run, node: ast.IfExp, scope: Scope) -> Any:
    return evaluate(run, node.body if condition(run, node.test, scope) else node.orelse, scope)


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Any:
    target = evaluate(run, node.value, scope)
    key = evaluate(run, node.slice, scope)
    return operators.get_item(run, target, key)


def _slice(run: Run, node: ast.Slice, scope: Scope) -> slice:
    parts = (node.lower, node.upper, node.step)
    return slice(*(None if part is None else evaluate(run, part, scope) for part in parts))


def _list(run: Run, node: ast.List, scope: Scope) -> list[Any]:
    return list(_elements(run, node.elts, scope))


def _tuple(run: Run, node: ast.Tuple, scope: Scope) -> tuple[Any, ...]:
    return tuple(_elements(run, node.elts, scope))


def _set(run: Run, node: ast.Set, scope: Scope) -> set[Any]:
    values = list(_elements(run, node.elts, scope))
    return run.native(set, values)  # type: ignore[no-any-return]  # native() cannot name its result


def _dict(run: Run, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        if key_node is None:
            spread = evaluate(run, value_node, scope)
            if type(spread) is not dict:
                raise NotUnderstood("** of something that is no dict")
            result |= spread
        else:
            key = evaluate(run, key_node, scope)
            run.native(result.__setitem__, key, evaluate(run, value_node, scope))
    return result


def _joined(run: Run, node: ast.JoinedStr, scope: Scope) -> str:
    text = "".join(evaluate(run, part, scope) for part in node.values)
    return str(check_size(text))


def _formatted(run: Run, node: ast.FormattedValue, scope: Scope) -> str:
    value = evaluate(run, node.value, scope)
    convert = {-1: None, 115: str, 114: repr, 97: ascii}[node.conversion]
    if convert is not None:
        value = operators.describe(run, convert, value)
    spec = evaluate(run, node.format_spec, scope) if node.format_spec else ""
    return operators.format_value(run, value, spec)


def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Any:
    return make_function(run, node, scope)


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    scope.bind_walrus(node.target.id, value)
    return value


def _await(run: Run, node: ast.Await, scope: Scope) -> Any:
    value = evaluate(run, node.value, scope)
    if not isinstance(value, Pending):
        raise NotUnderstood("an awaited value is not understood")
    return value.result()


def _yield(run: Run, node: ast.Yield, scope: Scope) -> None:
    collected = scope.function().yields
    if collected is None or len(collected) >= MAX_SIZE:
        raise NotUnderstood("yield is not understood here")
    collected.append(evaluate(run, node.value, scope) if node.value else None)


def _yield_from(run: Run, node: ast.YieldFrom, scope: Scope) -> None:
    collected = scope.function().yields
    if collected is None:
        raise NotUnderstood("yield from is not understood here")
    for value in iterate(run, evaluate(run, node.value, scope)):
        run.spend()
        collected.append(value)


def _comprehension(
    run: Run, generators: list[ast.comprehension], scope: Scope, add: Callable[[Scope], None]
) -> None:
    first = generators[0]
    if first.is_async:
        raise NotUnderstood("async comprehensions are not understood")
    for value in iterate(run, evaluate(run, first.iter, scope)):
        run.spend()
        assign(run, first.target, value, scope)
        if all(condition(run, test, scope) for test in first.ifs):
            if len(generators) > 1:
                _comprehension(run, generators[1:], scope, add)
            else:
                add(scope)


def _list_comprehension(run: Run, node: ast.ListComp, scope: Scope) -> list[Any]:
    result: list[Any] = []
    inner = Scope("comprehension", scope.module, parent=scope, owner=scope.owner)
    _comprehension(run, node.generators, inner, lambda level: result.append(evaluate(run, node.elt, level)))
    return result


def _set_comprehension(run: Run, node: ast.SetComp, scope: Scope) -> set[Any]:
    result: set[Any] = set()
    inner = Scope("comprehension", scope.module, parent=scope, owner=scope.owner)
    _comprehension(
        run, node.generators, inner, lambda level: run.native(result.add, evaluate(run, node.elt, level))
    )
    return result


def _dict_comprehension(run: Run, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    inner = Scope("comprehension", scope.module, parent=scope, owner=scope.owner)

    def add(level: Scope) -> None:
        key = evaluate(run, node.key, level)
        run.native(result.__setitem__, key, evaluate(run, node.value, level))

    _comprehension(run, node.generators, inner, add)
    return result


def _generator(run: Run, node: ast.GeneratorExp, scope: Scope) -> Stream:
    inner = Scope("comprehension", scope.module, parent=scope, owner=scope.owner)

    def fill(items: list[Any]) -> None:
        _comprehension(
            run, node.generators, inner, lambda level: items.append(evaluate(run, node.elt, level))
        )

    def produce(items: list[Any]) -> None:
        ends_properly(run, "generator", lambda: fill(items))

    return Stream(produce)


def assign(run: Run, target: ast.expr, value: Any, scope: Scope) -> None:
    """Bind a value to a target: a name, an attribute, an item, or a pattern of them."""
    match target:
        case ast.Name(id=name):
            scope.bind(name, value)
        case ast.Attribute(value=owner, attr=attribute):
            operators.set_attribute(run, evaluate(run, owner, scope), private_name(attribute, scope), value)
        case ast.Subscript(value=container, slice=key):
            operators.set_item(run, evaluate(run, container, scope), evaluate(run, key, scope), value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, targets, value, scope)
        case _:
            raise NotUnderstood("an assignment is not understood")


def _unpack(run: Run, targets: list[ast.expr], value: Any, scope: Scope) -> None:
    values = list(iterate(run, value))
    starred = [index for index, target in enumerate(targets) if isinstance(target, ast.Starred)]
    missing = len(values) < len(targets) - len(starred)
    if missing or (not starred and len(values) != len(targets)):
        error = ValueError("values to unpack")
        run.note(error)
        raise error
    if starred:
        first, after = starred[0], len(targets) - starred[0] - 1
        end = len(values) - after
        values[first:end] = [values[first:end]]
    for target, item in zip(targets, values, strict=True):
        assign(run, target.value if isinstance(target, ast.Starred) else target, item, scope)


_HANDLERS: dict[type[ast.expr], Callable[[Run, Any, Scope], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.ListComp: _list_comprehension,
    ast.SetComp: _set_comprehension,
    ast.DictComp: _dict_comprehension,
    ast.GeneratorExp: _generator,
}
