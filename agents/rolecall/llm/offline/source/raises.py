"""Which exceptions leave a function, and under which condition."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import FunctionDef

_BROAD = frozenset({"Exception", "BaseException"})
_MAX_CONDITION = 100


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that a ``raise`` statement lets out.

    Attributes:
        name: as it is written, ``errors.NotFound`` included.
        condition: source of the condition around it; empty where there is none.
        message: its first argument, where that is a constant text.
        line: of the statement.
    """

    name: str
    condition: str
    message: str | None
    line: int


def raised(node: FunctionDef) -> list[Raised]:
    """Exceptions raised by the function itself and not caught inside it, in the order of the text."""
    reader = _Reader()
    reader.block(node.body, (), frozenset(), ())
    turned = _turned(node)
    return [
        replace(item, name="RuntimeError", message=None) if item.name in turned else item
        for item in reader.found
    ]


def _turned(node: FunctionDef) -> frozenset[str]:
    """Exceptions that leave generators and coroutines as ``RuntimeError`` (PEP 479)."""
    generator = any(isinstance(child, (ast.Yield, ast.YieldFrom)) for child in own_nodes(node))
    if isinstance(node, ast.AsyncFunctionDef):
        return frozenset({"StopIteration", "StopAsyncIteration"} if generator else {"StopIteration"})
    return frozenset({"StopIteration"} if generator else ())


def own_nodes(node: FunctionDef) -> Iterator[ast.AST]:
    """Nodes of the body, without those of functions and classes inside it."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        child = pending.pop()
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(child))


def raised_names(node: FunctionDef) -> list[str]:
    """The names alone, each once."""
    return list(dict.fromkeys(item.name for item in raised(node)))


class _Reader:
    """Walks the blocks of a body with the conditions and handlers around them."""

    def __init__(self) -> None:
        self.found: list[Raised] = []

    def block(
        self,
        body: list[ast.stmt],
        conditions: tuple[str, ...],
        caught: frozenset[str],
        handling: tuple[str, ...],
    ) -> None:
        """Read the statements of one block."""
        for statement in body:
            match statement:
                case ast.Raise():
                    self._raise(statement, conditions, caught, handling)
                case ast.If(test=test):
                    text = ast.unparse(test)
                    self.block(statement.body, (*conditions, text), caught, handling)
                    self.block(statement.orelse, (*conditions, _negated(test)), caught, handling)
                case ast.Try() | ast.TryStar():
                    self._try(statement, conditions, caught, handling)
                case ast.Match(cases=cases):
                    for case in cases:
                        self.block(case.body, conditions, caught, handling)
                case ast.For() | ast.AsyncFor() | ast.While():
                    self.block(statement.body, conditions, caught, handling)
                    self.block(statement.orelse, conditions, caught, handling)
                case ast.With() | ast.AsyncWith():
                    swallowed = _suppressed(statement)
                    self.block(statement.body, conditions, caught | swallowed, handling)
                case _:
                    continue

    def _try(
        self,
        node: ast.Try | ast.TryStar,
        conditions: tuple[str, ...],
        caught: frozenset[str],
        handling: tuple[str, ...],
    ) -> None:
        own = frozenset(name for handler in node.handlers for name in handled(handler))
        self.block(node.body, conditions, caught | own, handling)
        for handler in node.handlers:
            names = handled(handler)
            when = f"{' or '.join(names)} occurs" if names else "an exception occurs"
            self.block(handler.body, (*conditions, when), caught, (handler.name or "", *names))
        self.block(node.orelse, conditions, caught, handling)
        self.block(node.finalbody, conditions, caught, handling)

    def _raise(
        self, node: ast.Raise, conditions: tuple[str, ...], caught: frozenset[str], handling: tuple[str, ...]
    ) -> None:
        for name in _names(node, handling):
            if _is_caught(name, caught):
                continue
            condition = conditions[-1] if conditions else ""
            if len(condition) > _MAX_CONDITION:
                condition = ""
            self.found.append(Raised(name, condition, _message(node), node.lineno))


def handled(handler: ast.ExceptHandler) -> tuple[str, ...]:
    """Names of what an except clause catches; a bare one catches ``BaseException``."""
    if handler.type is None:
        return ("BaseException",)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return tuple(ast.unparse(kind) for kind in kinds)


def _names(node: ast.Raise, handling: tuple[str, ...]) -> tuple[str, ...]:
    if node.exc is None:
        return handling[1:]
    head = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    if isinstance(head, ast.Name) and handling and head.id == handling[0]:
        return handling[1:]
    name = ast.unparse(head)
    last = name.rsplit(".", 1)[-1]
    return (name,) if last[:1].isupper() and name.replace(".", "").isidentifier() else ()


def _is_caught(name: str, caught: frozenset[str]) -> bool:
    if name in caught or caught & _BROAD:
        return True
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type):
        return False
    return any(
        isinstance(other := getattr(builtins, item, None), type) and issubclass(kind, other)
        for item in caught
    )


def _message(node: ast.Raise) -> str | None:
    match node.exc:
        case ast.Call(args=[ast.Constant(value=str(text)), *_]):
            return text
        case _:
            return None


def _suppressed(node: ast.With | ast.AsyncWith) -> frozenset[str]:
    names: set[str] = set()
    for item in node.items:
        match item.context_expr:
            case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=kinds):
                names.update(ast.unparse(kind) for kind in kinds)
            case _:
                continue
    return frozenset(names)


def _negated(test: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand)
    return ast.unparse(ast.UnaryOp(ast.Not(), test))
