"""State that a module's own functions change: what it holds depends on what ran before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, members_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope

MUTATING = frozenset(
    {
        *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "add", "discard"),
        *("update", "setdefault", "popitem", "appendleft", "popleft", "rotate", "subtract", "move_to_end"),
        *("intersection_update", "difference_update", "symmetric_difference_update", "extendleft"),
    }
)
"""Methods of builtin containers that change them."""


def forget_changing(run: Run, tree: ast.Module, scope: Scope) -> None:
    """Make opaque what functions of the module change: registries, caches, counters."""
    changed = set(_changed(tree))
    for name, attribute in changed:
        if not attribute and name in scope.names and not isinstance(scope.names[name], type):
            scope.names[name] = Opaque(f"{name} (calls change it)")
    attributes = {attribute for _, attribute in changed if attribute}
    for cls in list(run.classes):
        if cls.__module__ != scope.module:
            continue
        for name, value in members_of(cls).items():
            if name in attributes and is_container(value):
                setattr(cls, name, Opaque(f"{cls.__name__}.{name} (calls change it)"))


def is_container(value: Any) -> bool:
    """Whether a value can be changed in place."""
    return is_a(value, list, dict, set, bytearray)


def _changed(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names, and attributes of ``self``, ``cls`` or a class, that function bodies change in place."""
    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from ((name, "") for name in node.names)
            target = _target(node)
            match target:
                case ast.Name(id=name):
                    if not _is_local(function, name):
                        yield name, ""
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                    yield owner, attribute
                case _:
                    continue


def _target(node: ast.AST) -> ast.expr | None:
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in MUTATING:
            return value
        case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
            return value
        case ast.AugAssign(target=ast.Attribute() as target):
            return target
        case _:
            return None


def _is_local(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> bool:
    arguments = function.args
    listed = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    if any(item is not None and item.arg == name for item in listed):
        return True
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(function)
    )
