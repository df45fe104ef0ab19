"""Small changes to a body that a good test notices: they tell which calls are worth a test."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import FunctionDef

MAX_MUTANTS = 40

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


def mutants(node: FunctionDef) -> Iterator[tuple[FunctionDef, int]]:
    """Changed copies of a function, each with the line of the changed statement. At most `MAX_MUTANTS`."""
    made = 0
    for index, (child, line) in enumerate(_inside(node)):
        for change in range(_changes(child)):
            if made >= MAX_MUTANTS:
                return
            changed = copy.deepcopy(node)
            target = next(item for number, (item, _) in enumerate(_inside(changed)) if number == index)
            _apply(target, change)
            made += 1
            yield changed, line


def _inside(node: FunctionDef) -> Iterator[tuple[ast.AST, int]]:
    """Nodes of the body without its docstring, each with the line of the statement it belongs to."""
    documented = ast.get_docstring(node, clean=False) is not None
    pending: list[tuple[ast.AST, int]] = [(item, item.lineno) for item in node.body[1 if documented else 0 :]]
    while pending:
        child, line = pending.pop(0)
        yield child, line
        pending += [
            (item, item.lineno if isinstance(item, ast.stmt) else line)
            for item in ast.iter_child_nodes(child)
        ]


def _changes(node: ast.AST) -> int:
    match node:
        case ast.Compare(ops=[operator]):
            return len(_COMPARISONS.get(type(operator), ()))
        case ast.BinOp(op=operator):
            return int(type(operator) in _OPERATORS)
        case ast.AugAssign(op=operator):
            return int(type(operator) in _OPERATORS)
        case ast.BoolOp() | ast.Return(value=ast.expr()) | ast.If() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.Constant(value=bool() | int() | float() | str()):
            return 1
        case _:
            return 0


def _apply(node: Any, change: int) -> None:
    match node:
        case ast.Compare(ops=[operator]):
            node.ops = [_COMPARISONS[type(operator)][change]()]
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            node.op = _OPERATORS[type(operator)]()
        case ast.BoolOp(op=operator):
            node.op = ast.Or() if isinstance(operator, ast.And) else ast.And()
        case ast.Return():
            node.value = ast.copy_location(ast.Constant(None), node)
        case ast.If(test=test):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
        case ast.UnaryOp(op=ast.Not()):
            node.op = ast.UAdd()
        case ast.Constant(value=value):
            node.value = _other(value)
        case _:
            return


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return value + "X" if value else "X"
