"""What a route takes: parameters, body and security, from its signature or from what its body reads."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolecall.llm.offline.source.reading import parameters
from rolecall.llm.offline.writing.http.routes import called, keywords, last_name, text_of
from rolecall.llm.offline.writing.http.schemas import MISSING, literal, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import FunctionDef, Parameter
    from rolecall.llm.offline.writing.http.routes import Route, Service
    from rolecall.llm.offline.writing.http.schemas import Schema, Schemas

_MARKERS = frozenset({"Query", "Path", "Header", "Cookie", "Body", "Form", "File", "Depends", "Security"})
_GIVEN = frozenset(
    {"Request", "Response", "BackgroundTasks", "WebSocket", "HTTPConnection", "SecurityScopes"}
)
_SCHEMES: dict[str, Schema] = {
    "HTTPBearer": {"type": "http", "scheme": "bearer"},
    "HTTPBasic": {"type": "http", "scheme": "basic"},
    "HTTPDigest": {"type": "http", "scheme": "digest"},
}
_KEYS = {"APIKeyHeader": "header", "APIKeyQuery": "query", "APIKeyCookie": "cookie"}
_READ = {"args": "query", "query_params": "query", "headers": "header", "cookies": "cookie"}
_SENT = {
    "form": "application/x-www-form-urlencoded",
    "files": "multipart/form-data",
    "json": "application/json",
}


@dataclass(slots=True)
class Taken:
    """What a request has.

    Attributes:
        parameters: parameter objects, those of the path first.
        bodies: media type to the properties sent in it, with whether each is required.
        whole: media type and schema of a body that is one model.
        body_required: whether a request without a body is refused.
        security: names of security schemes, each defined in ``schemes``.
        validated: whether the framework itself refuses values that do not fit.
        visited: names of dependencies that were followed.
    """

    parameters: list[Schema] = field(default_factory=list["Schema"])
    bodies: dict[str, dict[str, tuple[Schema, bool]]] = field(
        default_factory=dict[str, "dict[str, tuple[Schema, bool]]"]
    )
    whole: list[tuple[str, Schema, bool]] = field(default_factory=list["tuple[str, Schema, bool]"])
    security: list[str] = field(default_factory=list[str])
    schemes: dict[str, Schema] = field(default_factory=dict[str, "Schema"])
    validated: bool = False
    visited: list[str] = field(default_factory=list[str])


def taken(route: Route, served: Service, schemas: Schemas) -> Taken:
    """Read what one route takes."""
    found = Taken()
    for name in re.findall(r"\{(\w+)\}", route.path):
        schema: Schema = {"type": route.converters.get(name, "string")}
        found.parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    reader = _Reader(route, served, schemas, found)
    if served.framework == "flask":
        reader.path_types(route.handler.parameters())
    else:
        for parameter in route.handler.parameters():
            reader.parameter(parameter)
        reader.dependencies_of(route.options.get("dependencies"))
    reader.body_of(route.handler.node)
    reader.authorization()
    return found


class _Reader:
    """Collects what one route takes."""

    def __init__(self, route: Route, served: Service, schemas: Schemas, found: Taken) -> None:
        self._route = route
        self._served = served
        self._schemas = schemas
        self._found = found

    def path_types(self, listed: list[Parameter]) -> None:
        """Types of path parameters, where the signature has them."""
        for parameter in listed:
            known = self._in_path(parameter.name)
            if known is not None and parameter.annotation_node is not None:
                known["schema"] = self._schemas.of(parameter.annotation_node) or known["schema"]

    def _in_path(self, name: str) -> Schema | None:
        return next(
            (item for item in self._found.parameters if item["in"] == "path" and item["name"] == name), None
        )

    def parameter(self, parameter: Parameter) -> None:
        """One parameter of a handler or dependency, as FastAPI reads it."""
        if parameter.kind.startswith("var_"):
            return
        annotation, marker, default = _taken_apart(parameter)
        place = called(marker).lower() if marker is not None else ""
        if place in {"depends", "security"}:
            self._depend(marker, annotation)
            return
        if annotation is not None and last_name(annotation) in _GIVEN:
            return
        schema = self._schemas.of(annotation)
        schema = self._schemas.limited(schema, marker) if marker is not None else schema
        value = literal(default)
        if default is not None and value is not MISSING and (value is not None or "anyOf" in schema):
            schema["default"] = value
        known = self._in_path(parameter.name)
        if known is not None:
            known["schema"] = {key: item for key, item in schema.items() if key != "default"} or known[
                "schema"
            ]
            _describe(known)
            self._found.validated |= known["schema"] != {"type": "string"}
            return
        self._found.validated = self._found.validated or self._served.framework == "fastapi"
        if place in {"body", "form", "file"} or (not place and self._schemas.is_model(annotation)):
            self._send(parameter.name, place, annotation, marker, schema, required=default is None)
        elif not place and last_name(annotation or ast.Name("")) == "UploadFile":
            self._send(parameter.name, "file", annotation, marker, schema, required=default is None)
        else:
            self._add(parameter.name, place or "query", marker, schema, required=default is None)

    def _add(self, name: str, place: str, marker: ast.Call | None, schema: Schema, *, required: bool) -> None:
        given = keywords(marker) if marker is not None else {}
        alias = text_of(given.get("alias"))
        plain = literal(given.get("convert_underscores")) is False
        shown = alias or (name.replace("_", "-") if place == "header" and not plain else name)
        made = _describe({"name": shown, "in": place, "required": required, "schema": schema})
        if not any(
            item["name"].lower() == shown.lower() and item["in"] == place for item in self._found.parameters
        ):
            self._found.parameters.append(made)

    def _send(
        self,
        name: str,
        place: str,
        annotation: ast.expr | None,
        marker: ast.Call | None,
        schema: Schema,
        *,
        required: bool,
    ) -> None:
        media = {"form": "application/x-www-form-urlencoded", "file": "multipart/form-data"}.get(
            place, "application/json"
        )
        given = keywords(marker) if marker is not None else {}
        shown = text_of(given.get("alias")) or name
        embed = literal(given.get("embed")) is True
        if (
            media == "application/json"
            and not embed
            and (self._schemas.is_model(annotation) or place == "body")
        ):
            self._found.whole.append((shown, schema, required))
        else:
            self._found.bodies.setdefault(media, {})[shown] = (schema, required)

    def dependencies_of(self, listed: ast.expr | None) -> None:
        """``dependencies=[Depends(check)]`` of a decorator."""
        for item in listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else []:
            if isinstance(item, ast.Call) and called(item) in {"Depends", "Security"}:
                self._depend(item, None)

    def _depend(self, marker: ast.Call | None, annotation: ast.expr | None) -> None:
        target = marker.args[0] if marker is not None and marker.args else None
        if target is None and marker is not None:
            target = keywords(marker).get("dependency", annotation)
        name = last_name(target) if target is not None else ""
        call = target if isinstance(target, ast.Call) else self._served.values.get(name)
        if call is not None:
            self._secure(name or called(call), call)
        elif name in self._served.functions and name not in self._found.visited:
            self._found.visited.append(name)
            for parameter in parameters(self._served.functions[name]):
                self.parameter(parameter)
        elif name in self._served.classes:
            properties, required = self._schemas.fields(name)
            for key, schema in properties.items():
                self._add(key, "query", None, schema, required=key in required)

    def _secure(self, name: str, call: ast.Call) -> None:
        kind = called(call)
        scheme = dict(_SCHEMES.get(kind, {}))
        given = keywords(call)
        if kind in _KEYS:
            scheme = {
                "type": "apiKey",
                "in": _KEYS[kind],
                "name": text_of(given.get("name")) or "TODO(rolecall): name",
            }
        elif kind == "OAuth2PasswordBearer":
            address = text_of(given.get("tokenUrl")) or (text_of(call.args[0]) if call.args else "")
            flow: Schema = {"tokenUrl": address or "TODO(rolecall): the token address", "scopes": {}}
            scheme = {"type": "oauth2", "flows": {"password": flow}}
        if scheme:
            self._require(name, scheme)

    def _require(self, name: str, scheme: Schema) -> None:
        self._found.schemes[name] = scheme
        if name not in self._found.security:
            self._found.security.append(name)

    def authorization(self) -> None:
        """The header ``Authorization`` is no parameter in OpenAPI: it is a security scheme."""
        named = [
            item
            for item in self._found.parameters
            if item["in"] == "header" and item["name"].lower() == "authorization"
        ]
        if not named:
            return
        self._found.parameters = [item for item in self._found.parameters if item not in named]
        said = ast.unparse(self._route.handler.node)
        if re.search(r"\bbearer\b", said, re.IGNORECASE):
            self._require("bearerAuth", {"type": "http", "scheme": "bearer"})
        elif re.search(r"\bbasic\b", said, re.IGNORECASE):
            self._require("basicAuth", {"type": "http", "scheme": "basic"})
        else:
            self._require("authorizationHeader", {"type": "apiKey", "in": "header", "name": "Authorization"})

    def body_of(self, node: FunctionDef) -> None:
        """What a body reads from ``request``: arguments, headers, cookies, forms and JSON."""
        held = dict(_held(node))
        for child in ast.walk(node):
            read = _read(child, held)
            if read is None:
                continue
            source, name, required, schema = read
            if source in _READ:
                self._add(name, _READ[source], None, schema, required=required)
            elif name or not self._found.bodies.get(_SENT[source]):
                known = self._found.bodies.setdefault(_SENT[source], {})
                if name:
                    known[name] = (schema, required or known.get(name, ({}, False))[1])


def _taken_apart(parameter: Parameter) -> tuple[ast.expr | None, ast.Call | None, ast.expr | None]:
    """Annotation, marker such as ``Query(...)``, and default of a parameter."""
    annotation = parameter.annotation_node
    marker: ast.Call | None = None
    default = ast.parse(parameter.default, mode="eval").body if parameter.default is not None else None
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Annotated":
        inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        marker = next(
            (item for item in inner[1:] if isinstance(item, ast.Call) and called(item) in _MARKERS), None
        )
        annotation = inner[0] if marker is not None else annotation
    if isinstance(default, ast.Call) and called(default) in _MARKERS:
        marker = default
        given = keywords(default)
        default = (
            default.args[0]
            if default.args and called(marker) not in {"Depends", "Security"}
            else given.get("default")
        )
        default = ast.Constant(...) if default is None and "default_factory" in given else default
    if isinstance(default, ast.Constant) and default.value is Ellipsis:
        default = None
    return annotation, marker, default


def _describe(parameter: Schema) -> Schema:
    """Texts belong to the parameter, not to its schema."""
    schema: Schema = dict(parameter["schema"])
    for key in ("description", "deprecated"):
        if key in schema and "TODO" not in str(schema[key]):
            parameter[key] = schema.pop(key)
    parameter["schema"] = schema
    return parameter


def _held(node: FunctionDef) -> Iterator[tuple[str, str]]:
    """Names that hold a part of the request: ``data = request.get_json()``."""
    for child in ast.walk(node):
        if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
            value = child.value.values[0] if isinstance(child.value, ast.BoolOp) else child.value
            if source := _source(value, {}):
                yield child.targets[0].id, source


def _source(node: ast.expr, held: dict[str, str]) -> str:
    """Which part of the request an expression is: ``args``, ``headers``, ``json`` ...; empty for none."""
    node = node.value if isinstance(node, ast.Await) else node
    match node:
        case ast.Name(id=name):
            return held.get(name, "")
        case ast.BoolOp(values=[first, *_]):
            return _source(first, held)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="request"), attr="get_json" | "json" | "form")):
            return "form" if isinstance(node.func, ast.Attribute) and node.func.attr == "form" else "json"
        case ast.Attribute(value=ast.Name(id="request"), attr=name) if name in _READ or name in _SENT:
            return name
        case _:
            return ""


def _read(node: ast.AST, held: dict[str, str]) -> tuple[str, str, bool, Schema] | None:
    """Part of the request, name, whether it must be there, and schema of what one expression reads."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if source := _source(
            value, held
        ):
            return source, name, True, {"type": "string"} if source != "json" else {}
        case ast.Call(
            func=ast.Attribute(value=value, attr="get" | "getlist"),
            args=[ast.Constant(value=str(name)), *rest],
        ) if source := _source(value, held):
            return source, name, False, _schema_of_get(node, rest, source)
        case ast.Call() | ast.Attribute() if _source(node, {}) == "json":
            return "json", "", False, {}
        case _:
            return None


def _schema_of_get(node: ast.AST, rest: list[ast.expr], source: str) -> Schema:
    given = keywords(node) if isinstance(node, ast.Call) else {}
    default = literal(rest[0] if rest else given.get("default"))
    kinds = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}
    kind = given.get("type")
    schema: Schema = {}
    if kind is not None and last_name(kind) in kinds:
        schema = {"type": kinds[last_name(kind)]}
    elif default is not MISSING and default is not None:
        schema = {"type": type_name(default)}
    elif source != "json":
        schema = {"type": "string"}
    return {**schema, "default": default} if default is not MISSING and default is not None else schema
