"""What docstrings, examples and API references must be to be believed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


@dataclass(frozen=True)
class Snippet:
    """One example of a page: code, and the output that the page shows for it."""

    code: str
    output: str | None
    interactive: bool

    def script(self) -> str:
        """A program that fails where the example does."""
        if not self.interactive:
            return self.code
        return (
            "import doctest, sys\n"
            f"test = doctest.DocTestParser().get_doctest({self.code!r}, {{}}, 'example', None, 0)\n"
            "sys.exit(doctest.DocTestRunner().run(test).failed)\n"
        )


def snippets(written: Mapping[str, str]) -> list[Snippet]:
    """The Python examples of Markdown pages, and those of docstrings."""
    found: list[Snippet] = []
    for path, text in written.items():
        if path.endswith(".md"):
            found += _of_page(text)
        elif path.endswith(".py"):
            found += _of_docstrings(path, text)
    return found


def _of_page(text: str) -> Iterator[Snippet]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for position, (language, code) in enumerate(fences):
        if language == "pycon" or (language == "python" and code.startswith(">>>")):
            yield Snippet(code, None, interactive=True)
        elif language == "python" and not re.fullmatch(r"(?:(?:async )?def|class) .*[^:\n]\n", code):
            # A signature alone is shown, not run.
            following = fences[position + 1] if position + 1 < len(fences) else ("", "")
            yield Snippet(code, following[1] if following[0] == "text" else None, interactive=False)


def _of_docstrings(path: str, text: str) -> Iterator[Snippet]:
    if ">>>" in text:
        module = re.sub(r"^src/|\.py$", "", path).replace("/", ".").removesuffix(".__init__")
        code = (
            "import doctest, importlib, sys\nsys.path.insert(0, 'src')\n"
            f"sys.exit(doctest.testmod(importlib.import_module({module!r})).failed)\n"
        )
        yield Snippet(code, None, interactive=False)


def missing_in_docstrings(files: Mapping[str, str], names: Mapping[str, list[str]]) -> list[str]:
    """``name: word`` for each word that the docstring of a name lacks. Methods are named ``Class.method``."""
    told: dict[str, str] = {}
    for path, text in files.items():
        if path.endswith(".py"):
            for name, node in _documented(ast.parse(text), ""):
                told[name] = ast.get_docstring(node) or ""
    return [
        f"{name}: {word}"
        for name, words in names.items()
        for word in words
        if not re.search(word, told.get(name, ""), re.IGNORECASE)
    ]


def _documented(
    parent: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"{prefix}{node.name}", node
            yield from _documented(node, f"{prefix}{node.name}.")


def openapi_problems(data: dict[str, Any], operations: list[str], validator: Any) -> list[str]:
    """What a generator or a reader of the specification would stumble over."""
    found = [] if str(data.get("openapi", "")).startswith("3.1") else ["not OpenAPI 3.1"]
    found += [f"no {key}" for key in ("title", "version") if not data.get("info", {}).get(key)]
    described = {
        f"{method} {path}": operation
        for path, item in data.get("paths", {}).items()
        for method, operation in item.items()
        if method in METHODS
    }
    found += [f"missing: {name}" for name in operations if name not in described]
    found += [f"invented: {name}" for name in described if name not in operations]
    ids = [operation.get("operationId") for operation in described.values()]
    if None in ids or len(set(ids)) < len(ids):
        found.append("operationIds are missing or not unique")
    for name, operation in described.items():
        found += [f"{name}: {problem}" for problem in _operation_problems(name, operation)]
    return found + list(_schema_problems(data, data, validator))


def _operation_problems(name: str, operation: dict[str, Any]) -> Iterator[str]:
    declared = {p.get("name") for p in operation.get("parameters", []) if p.get("in") == "path"}
    if not set(re.findall(r"\{(\w+)\}", name)) <= declared:
        yield "a path parameter is not declared"
    for code, response in operation.get("responses", {"": {}}).items():
        if "$ref" not in response and not response.get("description"):
            yield f"{code} has no description"


def _schema_problems(data: Any, node: Any, validator: Any) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _schema_problems(data, part, validator)
    if not isinstance(node, dict):
        return
    reference = node.get("$ref")
    if isinstance(reference, str) and _resolved(data, reference) is None:
        yield f"{reference} leads nowhere"
    if isinstance(node.get("schema"), dict):
        whole = {**node["schema"], "components": data.get("components", {})}
        validator.check_schema(whole)
        examples = [node["example"]] if "example" in node else []
        examples += [part.get("value") for part in (node.get("examples") or {}).values()]
        for example in examples:
            yield from (f"example: {error.message}" for error in validator(whole).iter_errors(example))
    for part in node.values():
        yield from _schema_problems(data, part, validator)


def _resolved(data: Any, reference: str) -> Any:
    node = data
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    return node
