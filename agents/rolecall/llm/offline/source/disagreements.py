"""Where a docstring and its code say different things."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.source.promises import promised_errors
from rolecall.llm.offline.source.raises import raised

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Definition, Module


def disagreements(item: Definition, module: Module, path: str) -> list[str]:
    """Questions where a docstring's limits or errors are not those of the code."""
    told = [
        int(number) for number in re.findall(r"(?<![\w.])\d+(?![\w.]*\w)", (item.doc() or "").split(">>>")[0])
    ]
    used = [(value, name) for value, name in _numbers(item, module) if abs(value) > 1]
    found: list[str] = []
    near = {close for number in told for close in (number - 1, number, number + 1)}
    if told and used and not any(value in near for value, _ in used):
        value, name = used[0]
        said = (
            f"`{path}:{item.node.lineno}`: the docstring says {told[0]}, and the code compares with {value}"
        )
        found.append(f"{said}{f' ({name})' if name else ''}. Which holds?")
    names = {error.name for error in raised(item.node)}
    place = f"`{path}:{item.node.lineno}`"
    for name, _ in promised_errors(item.doc()):
        if name not in names and not _is_open(item):
            found.append(f"{place}: the docstring promises {name}, and no line raises it. Which holds?")
    return found


def _is_open(item: Definition) -> bool:
    """Whether something inside could raise without a line of its own: a call, an index, a missing body."""
    return any(isinstance(node, (ast.Subscript, ast.Call)) for node in ast.walk(item.node))


def _numbers(item: Definition, module: Module) -> list[tuple[int, str]]:
    """Numbers the code compares with, and the constants that hold them."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(item.node):
        if not isinstance(node, ast.Compare):
            continue
        for part in (node.left, *node.comparators):
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, int)
                and not isinstance(part.value, bool)
            ):
                found.append((part.value, ""))
            elif isinstance(part, ast.Name) and re.fullmatch(
                r"-?\d[\d_]*", module.constants.get(part.id, "")
            ):
                found.append((int(module.constants[part.id]), part.id))
    return found
