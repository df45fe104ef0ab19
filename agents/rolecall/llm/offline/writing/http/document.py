"""The OpenAPI document, and the YAML it is written in."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any, cast

from rolecall.llm.offline.source.wording import first_sentence, sentence
from rolecall.llm.offline.writing.http.requests import Taken, taken
from rolecall.llm.offline.writing.http.responses import responses
from rolecall.llm.offline.writing.http.routes import text_of
from rolecall.llm.offline.writing.http.schemas import Schemas, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.writing.http.routes import Route, Service
    from rolecall.llm.offline.writing.http.schemas import Schema


def openapi(served: Service, title: str, version: str) -> str:
    """An OpenAPI 3.1 description in YAML. What the code leaves open is marked TODO(rolecall)."""
    schemas = Schemas(served.classes)
    info: Schema = {
        "title": text_of(served.application.get("title")) or title,
        "version": text_of(served.application.get("version")) or version or "TODO(rolecall): version",
    }
    told = text_of(served.application.get("description")) or " ".join(
        (served.doc or "").split("\n\n")[0].split()
    )
    if told:
        info["description"] = told
    paths: dict[str, Schema] = {}
    schemes: dict[str, Schema] = {}
    names: set[str] = set()
    for route in served.routes:
        found = taken(route, served, schemas)
        schemes |= found.schemes
        paths.setdefault(route.path, {})[route.method] = _operation(route, served, schemas, found, names)
    document: Schema = {"openapi": "3.1.0", "info": info, "paths": paths}
    components: Schema = {}
    if schemas.components:
        components["schemas"] = schemas.components
    if schemes:
        components["securitySchemes"] = schemes
    if components:
        document["components"] = components
    return "\n".join(_yaml(document, "")) + "\n"


def _operation(route: Route, served: Service, schemas: Schemas, found: Taken, names: set[str]) -> Schema:
    doc = route.handler.doc() or ""
    identity = text_of(route.options.get("operation_id")) or route.handler.name
    identity = identity if identity not in names else f"{identity}_{route.method}"
    while identity in names:
        identity += "_2"
    names.add(identity)
    made: Schema = {"operationId": identity}
    tags = literal(route.options.get("tags"))
    if isinstance(tags, list):
        made["tags"] = tags
    made["summary"] = (
        text_of(route.options.get("summary"))
        or first_sentence(doc)
        or f"{sentence(route.handler.name)} TODO(rolecall): describe."
    )
    rest = " ".join(doc.split())[len(first_sentence(doc)) :].strip()
    description = (
        text_of(route.options.get("description"))
        or re.split(r"\s(?:Args|Raises|Returns):", f" {rest}")[0].strip()
    )
    if description:
        made["description"] = description
    if isinstance(value := route.options.get("deprecated"), ast.Constant) and value.value is True:
        made["deprecated"] = True
    if found.security:
        made["security"] = [{name: []} for name in found.security]
    if found.parameters:
        made["parameters"] = found.parameters
    if body := _body(found):
        made["requestBody"] = body
    made["responses"] = responses(route, served, schemas, found)
    return made


def _body(found: Taken) -> Schema | None:
    content: dict[str, Schema] = {}
    required = False
    bodies = {media: dict(parts) for media, parts in found.bodies.items()}
    if len(found.whole) == 1 and "application/json" not in bodies:
        _, schema, required = found.whole[0]
        content["application/json"] = {"schema": schema}
    elif found.whole:
        bodies.setdefault("application/json", {}).update(
            {name: (schema, must) for name, schema, must in found.whole}
        )
    if "multipart/form-data" in bodies and "application/x-www-form-urlencoded" in bodies:
        bodies["multipart/form-data"] |= bodies.pop("application/x-www-form-urlencoded")
    for media, parts in bodies.items():
        needed = [name for name, (_, must) in parts.items() if must]
        fields: Schema = {"type": "object", "properties": {name: part for name, (part, _) in parts.items()}}
        if not parts:
            fields = {"type": "object", "description": "TODO(rolecall): the fields of the body."}
        content[media] = {"schema": {**fields, "required": needed} if needed else fields}
        required = required or bool(needed)
    return {"required": required, "content": content} if content else None


_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$-]*")
_PLAIN_TEXT = re.compile(r"[A-Za-z][\w ./()-]*[\w)]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def _yaml(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _entry(f"{indent}{_key(key)}:", item, indent)
    elif isinstance(value, list):
        items: list[Any] = [*value]  # pyright: ignore[reportUnknownVariableType] - JSON
        for item in items:
            lines = list(_yaml(item, f"{indent}  "))
            if isinstance(item, (dict, list)) and item:
                yield f"{indent}- {lines[0].lstrip()}"
                yield from lines[1:]
            else:
                yield f"{indent}- {_leaf(item)}"


def _entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, (dict, list)) and item:
        yield head
        yield from _yaml(item, f"{indent}  ")
    else:
        yield f"{head} {_leaf(item)}"


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS
    return key if plain else json.dumps(key, ensure_ascii=False)


def _leaf(value: Any) -> str:
    if isinstance(value, str) and _PLAIN_TEXT.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
