"""Small changes to a body that a good test notices: they tell which calls are worth a test."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.kinds import is_a

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change.

    Attributes:
        node: the function with its body changed, or as it is where a default is changed.
        line: of the changed statement; 0 for a default.
        defaults: changed defaults by parameter.
    """

    node: FunctionDef
    line: int
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


def mutants(node: FunctionDef, names: Mapping[str, Any]) -> Iterator[Mutant]:
    """Small changes to a function, at most `MAX_MUTANTS`.

    Args:
        node: the function.
        names: values of its module; those that are plain constants are changed, too.
    """
    yield from _default_mutants(node)
    constants = {
        name: value for name, value in names.items() if type(value) in {int, float} and name.isupper()
    }
    made = 0
    for index, (child, line) in enumerate(_inside(node)):
        for change in range(_changes(child, constants)):
            if made >= MAX_MUTANTS:
                return
            changed = copy.deepcopy(node)
            parent, name, position = _place(changed, index)
            _apply(parent, name, position, change, constants)
            made += 1
            yield Mutant(changed, line)


def _default_mutants(node: FunctionDef) -> Iterator[Mutant]:
    positional = [*node.args.posonlyargs, *node.args.args]
    pairs = list(
        zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True)
    )
    pairs += [
        (item, default)
        for item, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    ]
    for item, default in pairs:
        if isinstance(default, ast.Constant) and isinstance(default.value, (bool, int, float, str)):
            yield Mutant(node, 0, {item.arg: _other(default.value)})


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


def _place(node: FunctionDef, index: int) -> tuple[Any, str, int | None]:
    """Where the node of that number hangs: its parent, the field, and the place in a list."""
    target = next(item for number, (item, _) in enumerate(_inside(node)) if number == index)
    for parent in ast.walk(node):
        for name, value in ast.iter_fields(parent):
            if value is target:
                return parent, name, None
            for position, item in enumerate(value if is_a(value, list) else ()):
                if item is target:
                    return parent, name, position
    return target, "", None


def _changes(node: ast.AST, constants: Mapping[str, Any]) -> int:  # noqa: PLR0911 - one return for each kind
    match node:
        case ast.Compare(ops=[operator]):
            return len(_COMPARISONS.get(type(operator), ()))
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            return int(type(operator) in _OPERATORS)
        case ast.BoolOp() | ast.Return(value=ast.expr()) | ast.If() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.Constant(value=bool() | str()):
            return 1
        case ast.Constant(value=int() | float()):
            return 2
        case ast.Name(id=name, ctx=ast.Load()) if name in constants:
            return 2
        case _:
            return 0


def _apply(parent: Any, name: str, position: int | None, change: int, constants: Mapping[str, Any]) -> None:
    held: Any = getattr(parent, name)
    node: Any = held if position is None else held[position]
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
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _put(parent, name, position, operand)
        case ast.Constant(value=value):
            node.value = _other(value, -1 if change else 1)
        case ast.Name(id=constant):
            changed = ast.Constant(_other(constants[constant], -1 if change else 1))
            _put(parent, name, position, ast.copy_location(changed, node))
        case _:
            return


def _put(parent: Any, name: str, position: int | None, node: ast.AST) -> None:
    if position is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[position] = node


def _other(value: Any, step: int = 1) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + step
    return value + "X" if value else "X"
