"""Routes declared by decorators, as FastAPI, Starlette, Flask and their like have them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rolecall.llm.offline.source.reading import Definition, FunctionDef, Module

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_CONVERTERS = {"int": "integer", "float": "number", "string": "string", "path": "string"}


@dataclass(frozen=True, slots=True)
class Route:
    """One path and method, and the function that serves it.

    Attributes:
        path: with its parameters in braces.
        converters: schema types of parameters that the path itself gives a type.
        options: keyword arguments of the decorator.
    """

    path: str
    method: str
    handler: Definition
    converters: dict[str, str] = field(default_factory=dict[str, str])
    options: dict[str, ast.expr] = field(default_factory=dict[str, ast.expr])


@dataclass(frozen=True, slots=True)
class Service:
    """What a module serves.

    Attributes:
        framework: ``fastapi``, ``flask``, or ``other``.
        application: keyword arguments of its application object.
        functions: its functions by name, for those that routes call or depend on.
        classes: its classes and those of the modules it imports.
        values: what names are bound to by calls at the top level: security schemes, routers.
    """

    framework: str
    routes: tuple[Route, ...]
    application: dict[str, ast.expr]
    functions: dict[str, FunctionDef]
    classes: dict[str, ast.ClassDef]
    values: dict[str, ast.Call]
    doc: str | None


def service(module: Module, imported: Iterable[ast.Module] = ()) -> Service:
    """Read the routes of a module; ``imported`` are modules whose classes its routes may name."""
    values = {
        node.targets[0].id: node.value
        for node in module.tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
    }
    application: dict[str, ast.expr] = {}
    for call in values.values():
        if called(call) in {"FastAPI", "Flask", "Starlette", "Litestar", "OpenAPI"}:
            application = keywords(call)
    classes: dict[str, ast.ClassDef] = {}
    for tree in (*imported, module.tree):
        classes |= {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    prefixes = _prefixes(module.tree, values)
    return Service(
        framework=_framework(module.tree),
        routes=tuple(_routes(module, prefixes)),
        application=application,
        functions={item.name: item.node for item in module.functions},
        classes=classes,
        values=values,
        doc=ast.get_docstring(module.tree),
    )


def called(node: ast.expr | None) -> str:
    """The last name of what is called: ``fastapi.Query(1)`` gives ``Query``; empty for no call."""
    if not isinstance(node, ast.Call):
        return ""
    return last_name(node.func)


def last_name(node: ast.expr) -> str:
    """``a.b`` and ``b`` give ``b``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def keywords(node: ast.Call) -> dict[str, ast.expr]:
    """The named arguments of a call."""
    return {item.arg: item.value for item in node.keywords if item.arg}


def text_of(node: ast.expr | None) -> str:
    """The text of a constant; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _framework(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.split(".", maxsplit=1)[0] in {"fastapi", "flask"}:
                return name.split(".", maxsplit=1)[0]
    return "other"


def _prefixes(tree: ast.Module, values: dict[str, ast.Call]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, call in values.items():
        given = keywords(call)
        found[name] = text_of(given.get("prefix")) or text_of(given.get("url_prefix"))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and called(node) in {"include_router", "register_blueprint"}
            and node.args
        ):
            given = keywords(node)
            router = last_name(node.args[0])
            if before := text_of(given.get("prefix")):
                found[router] = before + found.get(router, "")
            elif before := text_of(given.get("url_prefix")):
                found[router] = before
    return found


def _routes(module: Module, prefixes: dict[str, str]) -> Iterator[Route]:
    seen: set[tuple[str, str]] = set()
    for definition in module.definitions():
        for decorator in definition.node.decorator_list:
            for route in _declared(decorator, definition, prefixes):
                if (route.path, route.method) not in seen:
                    seen.add((route.path, route.method))
                    yield route


def _declared(decorator: ast.expr, handler: Definition, prefixes: dict[str, str]) -> Iterator[Route]:
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return
    given = keywords(decorator)
    path = text_of(decorator.args[0]) if decorator.args else text_of(given.get("path") or given.get("rule"))
    if isinstance(value := given.get("include_in_schema"), ast.Constant) and value.value is False:
        return
    before = prefixes.get(last_name(decorator.func.value), "")
    if not path.startswith("/") and not (before and path == ""):
        return
    converters = {
        name: _CONVERTERS.get(kind, "string")
        for kind, name in re.findall(r"<(\w+)(?:\([^<>]*\))?:(\w+)>", path)
    }
    clean = re.sub(r"<(?:\w+(?:\([^<>]*\))?:)?(\w+)>", r"{\1}", before + path)
    clean = re.sub(r"\{(\w+):\w+\}", r"{\1}", clean)
    for method in _methods(decorator.func.attr, given):
        yield Route(clean, method, handler, converters, given)


def _methods(name: str, given: dict[str, ast.expr]) -> list[str]:
    if name in METHODS:
        return [name]
    if name not in {"route", "api_route"}:
        return []
    listed = given.get("methods")
    if isinstance(listed, (ast.List, ast.Tuple, ast.Set)):
        names = [text_of(item).lower() for item in listed.elts]
        return sorted((item for item in names if item in METHODS), key=METHODS.index)
    return ["get"]
