"""OpenAPI descriptions of the routes a module declares."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.llm.offline.source.wording import first_sentence, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import Definition, Module, Parameter

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
_BODIES = frozenset({"post", "put", "patch"})


@dataclass(frozen=True, slots=True)
class Route:
    """One path and method, and the function that serves it."""

    path: str
    method: str
    handler: Definition


def routes(module: Module) -> list[Route]:
    """Routes declared by decorators, as FastAPI, Starlette, Flask and their like have them."""
    found: list[Route] = []
    for definition in module.definitions():
        for decorator in definition.node.decorator_list:
            found += _declared(decorator, definition)
    return found


def _declared(decorator: ast.expr, handler: Definition) -> Iterator[Route]:
    match decorator:
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(path)), *_]) if (
            path.startswith("/")
        ):
            clean = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\{(\w+):\w+\}", r"{\1}", path))
            if name in _METHODS:
                yield Route(clean, name, handler)
            elif name == "route":
                for method in _flask_methods(decorator):
                    yield Route(clean, method, handler)
        case _:
            return


def _flask_methods(decorator: ast.Call) -> list[str]:
    for keyword in decorator.keywords:
        if keyword.arg == "methods" and isinstance(keyword.value, (ast.List, ast.Tuple)):
            names = [item.value for item in keyword.value.elts if isinstance(item, ast.Constant)]
            return [str(name).lower() for name in names]
    return ["get"]


def openapi(found: list[Route], title: str, version: str) -> str:
    """An OpenAPI 3.1 description in YAML. What the code leaves open is marked TODO(rolecall)."""
    lines = [
        "openapi: 3.1.0",
        "info:",
        f"  title: {json.dumps(title)}",
        f"  version: {json.dumps(version or 'TODO(rolecall)')}",
        "paths:",
    ]
    seen: set[str] = set()
    for path in dict.fromkeys(route.path for route in found):
        lines.append(f"  {json.dumps(path)}:")
        for route in found:
            if route.path == path and f"{path} {route.method}" not in seen:
                seen.add(f"{path} {route.method}")
                lines += _operation(route, seen)
    return "\n".join([*lines, *_COMPONENTS]) + "\n"


_COMPONENTS = [
    "components:",
    "  schemas:",
    "    Error:",
    "      type: object",
    '      description: "TODO(rolecall): the shape of the errors this API sends."',
]


def _operation(route: Route, seen: set[str]) -> list[str]:
    name = route.handler.name
    identity = name if name not in seen else f"{name}_{route.method}"
    seen.add(identity)
    summary = first_sentence(route.handler.doc()) or f"{sentence(name)} TODO(rolecall): describe."
    lines = [
        f"    {route.method}:",
        f"      operationId: {identity}",
        f"      summary: {json.dumps(summary)}",
    ]
    in_path = re.findall(r"\{(\w+)\}", route.path)
    typed = {parameter.name: parameter for parameter in route.handler.parameters()}
    listed = [(name, "path", typed.get(name)) for name in in_path]
    simple = [item for item in typed.values() if item.name not in in_path and _schema(item) is not None]
    listed += [(item.name, "query", item) for item in simple]
    if listed:
        lines.append("      parameters:")
        for parameter, place, known in listed:
            required = "true" if place == "path" or (known is not None and known.required) else "false"
            lines += [
                f"        - name: {parameter}",
                f"          in: {place}",
                f"          required: {required}",
                f"          schema: {{type: {(_schema(known) if known else None) or 'string'}}}",
            ]
    if route.method in _BODIES:
        lines += [
            "      requestBody:",
            "        required: true",
            "        content:",
            "          application/json:",
        ]
        lines += ['            schema: {description: "TODO(rolecall): the fields of the body."}']
    lines += [
        "      responses:",
        '        "200":',
        '          description: "TODO(rolecall): what is sent on success."',
        "        default:",
        '          description: "TODO(rolecall): which errors are sent, and when."',
        "          content:",
        "            application/json:",
        '              schema: {$ref: "#/components/schemas/Error"}',
    ]
    return lines


def _schema(parameter: Parameter | None) -> str | None:
    head = (parameter.annotation or "") if parameter else ""
    return _TYPES.get(head.split("|", maxsplit=1)[0].strip())
