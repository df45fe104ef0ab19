"""Environment variables that a module reads, with their defaults."""

from __future__ import annotations

import ast


def variables(tree: ast.Module) -> dict[str, str | None]:
    """Names in the order of the text, each with its default; None where it has to be set."""
    found: dict[str, str | None] = {}
    for node in sorted(ast.walk(tree), key=lambda item: getattr(item, "lineno", 0)):
        read = _read(node)
        if read is not None:
            found.setdefault(*read)
    return found


def required_at_import(tree: ast.Module) -> list[str]:
    """Variables whose absence makes the import itself fail, in the order of the text."""
    found: dict[str, None] = {}
    given = _set_before(tree)
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [each for each in node.args.kw_defaults if each is not None]
                waiting += [*node.decorator_list, *node.args.defaults, *defaults]
                continue
            case ast.Lambda():
                continue
            case ast.If(test=test) if "__name__" in ast.unparse(test):
                continue
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Load()) if (
                _is_environment(value) and name not in given
            ):
                found[name] = None
            case _:
                pass
        waiting += reversed(list(ast.iter_child_nodes(node)))
    return list(found)


def _set_before(tree: ast.Module) -> set[str]:
    """Variables that the module sets by itself."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Store()):
                found |= {name} if _is_environment(value) else set()
            case ast.Call(
                func=ast.Attribute(value=value, attr="setdefault"), args=[ast.Constant(value=str(name)), *_]
            ):
                found |= {name} if _is_environment(value) else set()
            case _:
                continue
    return found


def _read(node: ast.AST) -> tuple[str, str | None] | None:
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if _is_environment(value):
            return name, None
        case ast.Call(
            func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(name)), *rest]
        ) if _is_environment(value):
            return name, _default(rest)
        case ast.Call(func=ast.Attribute(attr="getenv"), args=[ast.Constant(value=str(name)), *rest]):
            return name, _default(rest)
        case _:
            return None


def _is_environment(node: ast.expr) -> bool:
    return ast.unparse(node) in {"os.environ", "environ"}


def _default(rest: list[ast.expr]) -> str | None:
    if not rest or (isinstance(rest[0], ast.Constant) and rest[0].value is None):
        return None
    return str(rest[0].value) if isinstance(rest[0], ast.Constant) else ast.unparse(rest[0])
