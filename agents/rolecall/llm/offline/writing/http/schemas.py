"""JSON schemas of annotations, and of the models they name."""

from __future__ import annotations

import ast
from typing import Any

from rolecall.llm.offline.source.wording import first_sentence
from rolecall.llm.offline.writing.http.routes import called, keywords, last_name

Schema = dict[str, Any]

_PLAIN: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "format": "binary"},
    "None": {"type": "null"},
    "Any": {},
    "object": {},
    "dict": {"type": "object"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "timedelta": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"},
    "Decimal": {"anyOf": [{"type": "number"}, {"type": "string"}]},
    "EmailStr": {"type": "string", "format": "email"},
    "HttpUrl": {"type": "string", "format": "uri"},
    "AnyUrl": {"type": "string", "format": "uri"},
    "SecretStr": {"type": "string", "format": "password"},
    "Path": {"type": "string"},
    "StrictStr": {"type": "string"},
    "StrictInt": {"type": "integer"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "UploadFile": {"type": "string", "format": "binary"},
}
_LISTS = frozenset(
    {"list", "List", "set", "Set", "frozenset", "tuple", "Tuple", "Sequence", "Iterable", "Collection"}
)
_MAPS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "regex": "pattern",
    "title": "title",
    "description": "description",
    "deprecated": "deprecated",
}
_OF_LISTS = {"minLength": "minItems", "maxLength": "maxItems"}
MISSING: Any = object()
"""There is no such value, or it is not written in the code."""


def literal(node: ast.expr | None) -> Any:
    """The value of a literal that JSON can hold, else `MISSING`."""
    if node is None:
        return MISSING
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return MISSING
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        items: list[Any] = [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - a literal
        return MISSING if MISSING in items else items
    if isinstance(value, dict):
        pairs: dict[Any, Any] = {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType] - likewise
        return (
            MISSING if MISSING in pairs.values() or not all(isinstance(key, str) for key in pairs) else pairs
        )
    return value if value is None or isinstance(value, (str, int, float, bool)) else MISSING


def type_name(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names: dict[str, str] = {
        "int": "integer",
        "float": "number",
        "str": "string",
        "list": "array",
        "dict": "object",
    }
    return names.get(type(value).__name__, "null")


class Schemas:
    """Schemas of one description; models that are named go to its components.

    Attributes:
        components: schemas by name, in the order they were met.
    """

    def __init__(self, classes: dict[str, ast.ClassDef]) -> None:
        self._classes = classes
        self.components: dict[str, Schema] = {}

    def of(self, node: ast.expr | None) -> Schema:  # noqa: PLR0911 - one return for each form
        """The schema of an annotation; empty, which takes anything, where there is none."""
        match node:
            case None:
                return {}
            case ast.Constant(value=str(text)):
                return self.of(_parsed(text))
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.BinOp(op=ast.BitOr()):
                return self._union([node.left, node.right])
            case ast.Subscript():
                return self._subscript(node)
            case ast.Name() | ast.Attribute():
                return self._named(last_name(node))
            case _:
                return {}

    def is_model(self, node: ast.expr | None) -> bool:
        """Whether an annotation names a class with fields, so that a request sends it as its body."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.is_model(_parsed(node.value))
        if isinstance(node, ast.BinOp):
            return self.is_model(node.left) or self.is_model(node.right)
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            head = last_name(node.value)
            return head in _LISTS | _MAPS or (
                head in {"Optional", "Union", "Annotated"} and any(map(self.is_model, inner))
            )
        name = last_name(node) if node is not None else ""
        return name in {"dict", "list"} or (name in self._classes and not self._is_enum(self._classes[name]))

    def limits(self, call: ast.Call) -> Schema:
        """The limits and texts that ``Field``, ``Query`` and their like add to a schema."""
        found: Schema = {}
        for name, node in keywords(call).items():
            value = literal(node)
            if name in _LIMITS and value is not MISSING:
                found[_LIMITS[name]] = value
            elif name == "examples" and isinstance(value, list):
                found["examples"] = value
        return found

    def limited(self, schema: Schema, call: ast.Call) -> Schema:
        """A schema with the limits of a call; those of a list's length by their own names."""
        limits = self.limits(call)
        if schema.get("type") == "array":
            limits = {_OF_LISTS.get(name, name): value for name, value in limits.items()}
        return {**schema, **limits}

    def fields(self, name: str) -> tuple[dict[str, Schema], list[str]]:
        """Properties of a model, inherited ones first, and the names of those that are required."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for node in self._lineage(name):
            for item in node.body:
                if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
                    continue
                self._field(item, item.target.id, properties, required)
        return properties, required

    def _field(
        self, item: ast.AnnAssign, name: str, properties: dict[str, Schema], required: list[str]
    ) -> None:
        head = last_name(item.annotation.value) if isinstance(item.annotation, ast.Subscript) else ""
        if name.startswith("_") or name == "model_config" or head == "ClassVar":
            return
        schema = dict(self.of(item.annotation))
        default = item.value
        if isinstance(default, ast.Call) and called(default) in {"Field", "field"}:
            schema = self.limited(schema, default)
            given = keywords(default)
            alias = literal(given.get("alias"))
            name = alias if isinstance(alias, str) else name
            has_factory = "default_factory" in given
            default = default.args[0] if default.args else given.get("default")
            if has_factory:
                default = ast.Constant(...) if default is None else default
                properties[name] = schema
                return
            if isinstance(default, ast.Constant) and default.value is Ellipsis:
                default = None
        if default is None:
            required += [name] if name not in required else []
        elif (value := literal(default)) is not MISSING and "$ref" not in schema:
            schema["default"] = value
        properties[name] = schema

    def _lineage(self, name: str, depth: int = 8) -> list[ast.ClassDef]:
        node = self._classes.get(name)
        if node is None or depth == 0:
            return []
        above = [item for base in node.bases for item in self._lineage(last_name(base), depth - 1)]
        return [*above, node]

    def _named(self, name: str) -> Schema:
        if name in _PLAIN:
            return dict(_PLAIN[name])
        if name in _LISTS:
            return {"type": "array", "items": {}}
        node = self._classes.get(name)
        if node is None:
            return {"description": f"TODO(rolecall): {name} is declared elsewhere; say what it holds."}
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = self._enum(node) if self._is_enum(node) else self._object(node)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, node: ast.ClassDef) -> Schema:
        properties, required = self.fields(node.name)
        schema: Schema = {"type": "object"}
        if doc := first_sentence(ast.get_docstring(node)):
            schema["description"] = doc
        schema["properties"] = properties
        return {**schema, "required": required} if required else schema

    def _is_enum(self, node: ast.ClassDef) -> bool:
        return any(last_name(base) in {"Enum", "StrEnum", "IntEnum"} for base in node.bases)

    def _enum(self, node: ast.ClassDef) -> Schema:
        values = [
            value
            for item in node.body
            if isinstance(item, ast.Assign) and (value := literal(item.value)) is not MISSING
        ]
        kinds: set[str] = {type_name(value) for value in values}
        kind: Schema = (
            {"type": "string"} if kinds == {"string"} else {"type": "integer"} if kinds == {"integer"} else {}
        )
        return {**kind, "enum": values} if values else kind

    def _union(self, nodes: list[ast.expr]) -> Schema:
        parts: list[Schema] = []
        for node in nodes:
            schema = self.of(node)
            parts += [item for item in schema.get("anyOf", [schema]) if item not in parts]
        return parts[0] if len(parts) == 1 else {"anyOf": parts}

    def _subscript(self, node: ast.Subscript) -> Schema:
        head = last_name(node.value)
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Annotated":
            schema = self.of(inner[0])
            for item in inner[1:]:
                schema = self.limited(schema, item) if isinstance(item, ast.Call) else schema
            return schema
        if head in {"Optional", "Union"}:
            return self._union([*inner, ast.Constant(None)] if head == "Optional" else inner)
        if head == "Literal":
            values = [value for item in inner if (value := literal(item)) is not MISSING]
            return (
                {"type": "string", "enum": values}
                if all(isinstance(value, str) for value in values)
                else {"enum": values}
            )
        if head in _LISTS:
            schema = {"type": "array", "items": self.of(inner[0])}
            return {**schema, "uniqueItems": True} if head in {"set", "Set", "frozenset"} else schema
        if head in _MAPS:
            return (
                {"type": "object", "additionalProperties": self.of(inner[1])}
                if len(inner) > 1
                else {"type": "object"}
            )
        return self._named(head)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
