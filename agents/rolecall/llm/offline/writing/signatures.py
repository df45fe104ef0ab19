"""Signatures as the code has them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import ClassInfo, Definition


def signature(definition: Definition) -> str:
    """``def name(parameters) -> result``, normalized to one line; without ``self`` or ``cls``."""
    node = definition.node
    arguments = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0]
    listed = arguments.args if isinstance(arguments, ast.FunctionDef) else node.args
    if definition.kind in {"method", "classmethod", "property", "constructor"}:
        _drop_first(listed)
    head = "async def" if definition.is_async else "def"
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{head} {definition.name}({ast.unparse(listed)}){result}"


def _drop_first(arguments: ast.arguments) -> None:
    if arguments.posonlyargs:
        del arguments.posonlyargs[0]
    elif arguments.args:
        del arguments.args[0]
    total = len(arguments.posonlyargs) + len(arguments.args)
    del arguments.defaults[: max(0, len(arguments.defaults) - total)]


def class_signature(info: ClassInfo) -> str:
    """``class Name(Base)``."""
    bases = [ast.unparse(base) for base in info.node.bases]
    return f"class {info.node.name}" + (f"({', '.join(bases)})" if bases else "")
