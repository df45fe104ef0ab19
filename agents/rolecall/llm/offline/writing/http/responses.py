"""What a route answers with: its success, and each error that its code sends."""

from __future__ import annotations

import ast
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.writing.http.routes import called, keywords, last_name, text_of
from rolecall.llm.offline.writing.http.schemas import MISSING, literal, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import FunctionDef
    from rolecall.llm.offline.writing.http.requests import Taken
    from rolecall.llm.offline.writing.http.routes import Route, Service
    from rolecall.llm.offline.writing.http.schemas import Schema, Schemas

_ERROR = 400
_EMPTY = frozenset({204, 205, 304})
_MEDIA = {
    "HTMLResponse": "text/html",
    "PlainTextResponse": "text/plain",
    "StreamingResponse": "application/octet-stream",
    "FileResponse": "application/octet-stream",
}
_RAW = frozenset({"Response", "JSONResponse", "ORJSONResponse", "RedirectResponse", *_MEDIA})
_DETAIL: Schema = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_INVALID: Schema = {
    "type": "object",
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
                "required": ["loc", "msg", "type"],
            },
        }
    },
}


def responses(route: Route, served: Service, schemas: Schemas, found: Taken) -> dict[str, Schema]:
    """Responses by status code: success first, errors in their order."""
    made: dict[int, Schema] = {}
    functions = [
        _for_method(route),
        *(served.functions[name] for name in found.visited),
        *_helpers(route, served),
    ]
    for node in functions:
        for code, schema in _sent(node, served, schemas):
            _merge(made, code, schema)
    if not any(code < _ERROR for code in made) or (
        served.framework != "flask" and "status_code" in route.options
    ):
        code, schema = _success(route, schemas)
        if "status_code" in route.options:
            made = {known: item for known, item in made.items() if known >= _ERROR}
        _merge(made, code, schema)
    for code, schema in _declared(route, schemas):
        made[code] = {**made.get(code, {}), **schema}
    if served.framework == "fastapi" and found.validated and 422 not in made:  # noqa: PLR2004 - FastAPI's own code
        schemas.components.setdefault("ValidationError", _INVALID)
        made[422] = _json(
            "The request does not fit its schema.", {"$ref": "#/components/schemas/ValidationError"}
        )
    shown = {str(code): made[code] for code in sorted(made)}
    if all(code < _ERROR for code in made):
        schemas.components.setdefault(
            "Error", {"type": "object", "description": "TODO(rolecall): the shape of errors."}
        )
        shown["default"] = _json(
            "TODO(rolecall): which errors are sent, and when.", {"$ref": "#/components/schemas/Error"}
        )
    return shown


def _merge(made: dict[int, Schema], code: int, schema: Schema) -> None:
    if code not in made:
        made[code] = schema
    elif schema["description"] not in made[code]["description"] and code >= _ERROR:
        made[code] = {
            **made[code],
            "description": f"{made[code]['description'].rstrip('.')}, or: {schema['description']}",
        }
        for media in made[code].get("content", {}).values():
            media.pop("example", None)


def _json(description: str, schema: Schema, example: Any = MISSING) -> Schema:
    media: Schema = {"schema": schema}
    if example is not MISSING:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def phrase(code: int) -> str:
    """The standard's own words for a status code, as a sentence."""
    try:
        said = HTTPStatus(code).phrase
        return f"{said if said.isupper() else said.capitalize()}."
    except ValueError:
        return "TODO(rolecall): say when."


def status(node: ast.expr | None) -> int | None:
    """``404``, ``status.HTTP_404_NOT_FOUND`` and ``HTTPStatus.NOT_FOUND`` as a number."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    name = last_name(node) if node is not None else ""
    numbered = re.match(r"HTTP_(\d{3})", name)
    if numbered:
        return int(numbered.group(1))
    return HTTPStatus[name].value if name in HTTPStatus.__members__ else None


def _success(route: Route, schemas: Schemas) -> tuple[int, Schema]:
    code = status(route.options.get("status_code")) or 200
    node = route.options.get("response_model", route.handler.node.returns)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body if node.value.isidentifier() else None
    told = text_of(route.options.get("response_description"))
    kind = last_name(route.options["response_class"]) if "response_class" in route.options else ""
    kind = kind or (last_name(node) if node is not None and last_name(node) in _RAW else "")
    result: Schema = {"description": told or phrase(code)}
    empty = (
        isinstance(node, ast.Constant) and node.value is None and route.options.get("response_model") is None
    )
    if code in _EMPTY or (empty and not kind and code != 200):  # noqa: PLR2004 - the code of an answer with a body
        return code, result
    if kind in _MEDIA:
        return code, {**result, "content": {_MEDIA[kind]: {"schema": {"type": "string"}}}}
    schema = {} if kind in _RAW else schemas.of(node)
    if not schema and node is None:
        sent = next((item for item in _returned(route.handler.node) if item is not None), None)
        schema = _shape(sent, route, schemas) if isinstance(sent, (ast.Dict, ast.Call)) else {}
    return code, {**result, "content": {"application/json": {"schema": schema}}}


def _declared(route: Route, schemas: Schemas) -> Iterator[tuple[int, Schema]]:
    """``responses={404: {"description": …, "model": Problem}}`` of a decorator."""
    listed = route.options.get("responses")
    if not isinstance(listed, ast.Dict):
        return
    for key, value in zip(listed.keys, listed.values, strict=True):
        code = status(key)
        if code is None or not isinstance(value, ast.Dict):
            continue
        given = {
            text_of(name): item
            for name, item in zip(value.keys, value.values, strict=True)
            if name is not None
        }
        made: Schema = {"description": text_of(given.get("description")) or phrase(code)}
        if "model" in given:
            made["content"] = {"application/json": {"schema": schemas.of(given["model"])}}
        yield code, made


def _helpers(route: Route, served: Service) -> list[FunctionDef]:
    """Functions of the module that the handler calls, two calls deep: their errors are the route's."""
    found: dict[str, FunctionDef] = {}
    pending = [route.handler.node]
    for _ in range(2):
        names = {
            last_name(child.func)
            for node in pending
            for child in ast.walk(node)
            if isinstance(child, ast.Call)
        }
        pending = [
            served.functions[name] for name in sorted(names) if name in served.functions and name not in found
        ]
        found |= {node.name: node for node in pending}
    return [_raising_only(node) for node in found.values() if node is not route.handler.node]


def _for_method(route: Route) -> FunctionDef:
    """The handler as one method sees it: branches on ``request.method`` are decided."""
    if "request.method" not in ast.unparse(route.handler.node):
        return route.handler.node
    copied = ast.parse(ast.unparse(route.handler.node)).body[0]
    if not isinstance(copied, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return route.handler.node
    copied.body = _decided(copied.body, route.method) or [ast.Pass()]
    return copied


def _decided(body: list[ast.stmt], method: str) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for node in body:
        asked = _asks_method(node)
        if isinstance(node, ast.If) and asked:
            taken_branch = _decided(node.body if asked == method else node.orelse, method)
            kept += taken_branch
            if taken_branch and isinstance(taken_branch[-1], (ast.Return, ast.Raise)):
                return kept
        else:
            kept.append(node)
    return kept


def _asks_method(node: ast.stmt) -> str:
    match node:
        case ast.If(
            test=ast.Compare(
                left=ast.Attribute(value=ast.Name(id="request"), attr="method"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value=str(name))],
            )
        ):
            return name.lower()
        case _:
            return ""


def _raising_only(node: FunctionDef) -> FunctionDef:
    """The function without what it returns: that is no response."""
    copied = ast.parse(ast.unparse(node)).body[0]
    for child in ast.walk(copied):
        if isinstance(child, ast.Return):
            child.value = None
    return copied if isinstance(copied, (ast.FunctionDef, ast.AsyncFunctionDef)) else node


def _sent(node: FunctionDef, served: Service, schemas: Schemas) -> Iterator[tuple[int, Schema]]:
    for child in sorted(ast.walk(node), key=lambda item: getattr(item, "lineno", 0)):
        if isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
            yield from _raised(child.exc, served, schemas)
        elif isinstance(child, ast.Call) and called(child) == "abort":
            yield from _aborted(child)
    for value in _returned(node):
        code, body = _coded(value)
        if code is None and (served.framework != "flask" or value is None):
            continue
        code = code or 200
        if code in _EMPTY:
            yield code, {"description": phrase(code)}
        elif called(body) == "redirect" or called(body) == "RedirectResponse":
            yield (code if code != 200 else 302), {"description": "Found."}  # noqa: PLR2004 - Flask's default
        else:
            yield code, _json(_told(body) or phrase(code), _shape(body, None, schemas), _example(body))


def _raised(call: ast.Call, served: Service, schemas: Schemas) -> Iterator[tuple[int, Schema]]:
    if called(call) not in {"HTTPException", "StarletteHTTPException", "HttpError"}:
        return
    given = keywords(call)
    code = status(given.get("status_code") or (call.args[0] if call.args else None))
    if code is None:
        return
    detail = given.get("detail") or (call.args[1] if len(call.args) > 1 else None)
    text = text_of(detail) or _pattern(detail)
    if served.framework == "flask":
        yield code, {"description": _sentence(text) or phrase(code), "content": _html()}
        return
    schemas.components.setdefault("Error", _DETAIL)
    example = {"detail": text_of(detail)} if text_of(detail) else MISSING
    yield code, _json(_sentence(text) or phrase(code), {"$ref": "#/components/schemas/Error"}, example)


def _aborted(call: ast.Call) -> Iterator[tuple[int, Schema]]:
    code = status(call.args[0] if call.args else None)
    if code is not None:
        given = keywords(call).get("description") or (call.args[1] if len(call.args) > 1 else None)
        yield code, {"description": _sentence(text_of(given)) or phrase(code), "content": _html()}


def _html() -> Schema:
    return {"text/html": {"schema": {"type": "string"}}}


def _returned(node: FunctionDef) -> list[ast.expr | None]:
    pending: list[ast.AST] = list(node.body)
    found: list[tuple[int, ast.expr | None]] = []
    while pending:
        child = pending.pop()
        if isinstance(child, ast.Return):
            found.append((child.lineno, child.value))
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(child))
    return [value for _, value in sorted(found, key=lambda item: item[0])]


def _coded(value: ast.expr | None) -> tuple[int | None, ast.expr | None]:
    """Status code and body of what is returned: a tuple, a response object, or the body alone."""
    match value:
        case ast.Tuple(elts=[body, number, *_]) if status(number) is not None:
            return status(number), body
        case ast.Call() if called(value) in {*_RAW, "make_response", "RedirectResponse"}:
            given = keywords(value)
            position = 1 if called(value) == "make_response" or len(value.args) > 1 else 9
            code: ast.expr | None = given.get("status_code", given.get("status"))
            if code is None and len(value.args) > position:
                code = value.args[position]
            sent = given.get("content", value.args[0] if value.args else None)
            return status(code), sent if called(value) != "RedirectResponse" else value
        case _:
            return None, value


def _parts(body: ast.expr | None) -> dict[str, ast.expr] | None:
    """The fields of a JSON object that is returned: ``{"a": b}``, ``jsonify(a=b)``, ``dict(a=b)``."""
    match body:
        case ast.Dict(keys=keys, values=values) if keys and all(text_of(key) for key in keys):
            return {text_of(key): value for key, value in zip(keys, values, strict=True)}
        case ast.Call(args=[ast.Dict() as inner]) if called(body) == "jsonify":
            return _parts(inner)
        case ast.Call(args=[], keywords=[_, *_]) if called(body) in {"jsonify", "dict"}:
            return keywords(body)
        case _:
            return None


def _shape(body: ast.expr | None, route: Route | None, schemas: Schemas) -> Schema:
    del route
    parts = _parts(body)
    if parts is None:
        value = literal(body)
        return {"type": type_name(value)} if value is not MISSING and value is not None else {}
    properties = {
        name: _shape(value, None, schemas) if not isinstance(value, ast.JoinedStr) else {"type": "string"}
        for name, value in parts.items()
    }
    return {"type": "object", "properties": properties, "required": list(parts)}


def _example(body: ast.expr | None) -> Any:
    parts = _parts(body)
    if parts is None:
        return MISSING
    values = {name: literal(value) for name, value in parts.items()}
    return MISSING if MISSING in values.values() or not values else values


def _told(body: ast.expr | None) -> str:
    """The message an error is returned with."""
    parts = _parts(body) or {}
    for name in ("error", "message", "detail", "msg", "description"):
        if text := text_of(parts.get(name)):
            return _sentence(text)
    return ""


def _pattern(node: ast.expr | None) -> str:
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def _sentence(text: str) -> str:
    flat = " ".join(text.split())
    return f"{flat[:1].upper()}{flat[1:]}{'' if flat.endswith(('.', '!', '?')) else '.'}" if flat else ""
