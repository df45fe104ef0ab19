"""Moving a switch out of a long function: a chain of conditions that does nothing but choose one value."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.llm.offline.patches import Patch
from rolecall.llm.offline.source.reading import decorators, parameters

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Definition, Module

_LEAST_BRANCHES = 3
_MOST_PARAMETERS = 4


@dataclass(frozen=True, slots=True)
class Switch:
    """A chain that can become a function of its own."""

    node: ast.If
    target: str
    branches: tuple[tuple[ast.expr | None, ast.expr], ...]
    reads: tuple[str, ...]
    owner: Definition


def switches(definition: Definition) -> list[Switch]:
    """Chains of a plain function in which every branch sets the same variable, and nothing else happens."""
    if decorators(definition.node) and definition.kind not in {"staticmethod", "classmethod"}:
        return []
    local = _local(definition)
    found: list[Switch] = []
    for node in definition.node.body:
        if not isinstance(node, ast.If) or (chain := _chain(node)) is None:
            continue
        target, branches = chain
        used = [item for test, value in branches for item in (test, value) if item is not None]
        if any(isinstance(child, _UNMOVABLE) for part in used for child in ast.walk(part)):
            continue
        names = [child.id for part in used for child in ast.walk(part) if isinstance(child, ast.Name)]
        reads = tuple(dict.fromkeys(name for name in names if name in local))
        if len(reads) <= _MOST_PARAMETERS and target not in reads:
            found.append(Switch(node, target, tuple(branches), reads, definition))
    return found


_UNMOVABLE = (
    ast.Await,
    ast.Yield,
    ast.YieldFrom,
    ast.NamedExpr,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def _local(definition: Definition) -> set[str]:
    from rolecall.llm.offline.evaluation.scope import bound_names  # noqa: PLC0415 - one caller

    return {item.name for item in parameters(definition.node)} | set(bound_names(definition.node.body))


def _chain(node: ast.If) -> tuple[str, list[tuple[ast.expr | None, ast.expr]]] | None:
    target = ""
    branches: list[tuple[ast.expr | None, ast.expr]] = []
    while True:
        setting = _set(node.body)
        if setting is None or (target and setting[0] != target):
            return None
        target = setting[0]
        branches.append((node.test, setting[1]))
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            continue
        last = _set(node.orelse)
        if last is None or last[0] != target or len(branches) + 1 < _LEAST_BRANCHES:
            return None
        return target, [*branches, (None, last[1])]


def _set(body: list[ast.stmt]) -> tuple[str, ast.expr] | None:
    match body:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value)]:
            return name, value
        case _:
            return None


def extracted(switch: Switch, module: Module, lines: list[str]) -> tuple[str, list[Patch]] | None:
    """Name of the new function, and the patches that move the chain into it; None where comments would go."""
    node = switch.node
    end = node.end_lineno or node.lineno
    if any("#" in line for line in lines[node.lineno - 1 : end]):
        return None
    name = _free(switch, module)
    types = {item.name: item.annotation for item in parameters(switch.owner.node)}
    typed = [f"{read}: {types[read]}" if types.get(read) else read for read in switch.reads]
    body: list[str] = []
    for test, value in switch.branches:
        if test is not None:
            body += [f"    if {ast.unparse(test)}:", f"        return {ast.unparse(value)}"]
        else:
            body.append(f"    return {ast.unparse(value)}")
    indent = " " * node.col_offset
    call = f"{indent}{switch.target} = {name}({', '.join(switch.reads)})"
    top: ast.stmt = switch.owner.node
    for statement in module.tree.body:
        if statement.lineno <= switch.owner.node.lineno <= (statement.end_lineno or statement.lineno):
            top = statement
    after = top.end_lineno or top.lineno
    return name, [
        Patch(node.lineno - 1, end, (call,)),
        Patch(after, after, ("", "", f"def {name}({', '.join(typed)}):", *body)),
    ]


def _free(switch: Switch, module: Module) -> str:
    taken = module.top_level_names() | set(dir(builtins))
    name = f"_{switch.target.lstrip('_')}"
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique
