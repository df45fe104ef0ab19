"""Texts put together from values by f-strings, ``%``, ``+`` and ``format``, taken apart again."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """A value inside a text; ``spec`` is what follows it inside its braces, such as ``!r:>10``."""

    node: ast.expr
    spec: str = ""

    @property
    def source(self) -> str:
        """The value's own source."""
        return ast.unparse(self.node)


Part = str | Value


def parts(node: ast.expr) -> list[Part] | None:  # noqa: PLR0911 - one return for each form
    """The parts of a text, in order; None where they cannot be told."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return [_part(item) for item in values]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = parts(left), parts(right)
            if before is None and after is None:
                return None
            return [*(before or [Value(left)]), *(after or [Value(right)])]
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            values = right.elts if isinstance(right, ast.Tuple) else [right]
            return _filled(re.split(r"(%[sdr])", text), values)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=args, keywords=[]
        ):
            return _filled(re.split(r"(\{\d*\})", text), args)
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return [Value(inner)]
        case _:
            return None


def _part(node: ast.expr) -> Part:
    if isinstance(node, ast.FormattedValue):
        conversion = f"!{chr(node.conversion)}" if node.conversion > 0 else ""
        spec = ast.unparse(node.format_spec)[2:-1] if node.format_spec is not None else ""
        return Value(node.value, conversion + (f":{spec}" if spec else ""))
    return str(node.value) if isinstance(node, ast.Constant) else Value(node)


def _filled(pieces: list[str], values: list[ast.expr]) -> list[Part] | None:
    marks = pieces[1::2]
    special = "%" if any(mark.startswith("%") for mark in marks) else "{"
    if len(marks) != len(values) or any(special in piece for piece in pieces[::2]):
        return None
    if any(mark[1:-1].isdigit() for mark in marks):
        return None
    found: list[Part] = []
    for index, piece in enumerate(pieces):
        found.append(Value(values[index // 2]) if index % 2 else piece)
    return [part for part in found if part != ""]


def joined(found: list[Part]) -> str:
    """Source of a text made of parts: a constant, the value alone, or an f-string."""
    if len(found) == 1 and isinstance(found[0], Value) and not found[0].spec:
        return found[0].source
    if all(isinstance(part, str) for part in found):
        return _quoted("".join(str(part) for part in found))
    body = "".join(
        part.replace("{", "{{").replace("}", "}}")
        if isinstance(part, str)
        else f"{{{part.source}{part.spec}}}"
        for part in found
    )
    return f"f{_quoted(body)}"


def _quoted(text: str) -> str:
    if '"' not in text and "\\" not in text and text.isprintable():
        return f'"{text}"'
    return repr(text)
