"""Weak calls, found by their names, with line, category of the OWASP Top 10:2025 and remedy."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_CALLS: dict[str, tuple[str, str]] = {
    "eval": (
        "A05 Injection",
        "eval runs whatever text it gets; parse with ast.literal_eval or a real parser.",
    ),
    "exec": ("A05 Injection", "exec runs whatever text it gets; call code that exists."),
    "os.system": ("A05 Injection", "os.system passes a string to a shell; use subprocess.run with a list."),
    "os.popen": ("A05 Injection", "os.popen passes a string to a shell; use subprocess.run with a list."),
    "pickle.loads": (
        "A08 Integrity failures",
        "pickle runs code from its input; use json for data from outside.",
    ),
    "pickle.load": (
        "A08 Integrity failures",
        "pickle runs code from its input; use json for data from outside.",
    ),
    "yaml.load": ("A08 Integrity failures", "yaml.load can build any object; use yaml.safe_load."),
    "marshal.loads": ("A08 Integrity failures", "marshal trusts its input; use json."),
    "hashlib.md5": (
        "A04 Cryptographic failures",
        "MD5 is broken; use hashlib.sha256, for passwords hashlib.scrypt.",
    ),
    "hashlib.sha1": (
        "A04 Cryptographic failures",
        "SHA-1 is broken; use hashlib.sha256, for passwords hashlib.scrypt.",
    ),
    "random.choice": (
        "A04 Cryptographic failures",
        "random can be predicted; use secrets where it makes a token or password.",
    ),
    "random.randint": (
        "A04 Cryptographic failures",
        "random can be predicted; use secrets where it makes a token or password.",
    ),
    "tempfile.mktemp": (
        "A01 Broken access control",
        "mktemp leaves a gap before the file is made; use mkstemp.",
    ),
}


_MARKUP = frozenset({"render_template_string", "from_string", "Markup", "mark_safe", "HTMLResponse"})
"""Calls that take text for a template, or for markup that is escaped already."""


def weaknesses(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, category and remedy of each pattern found."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function):
                yield from _weak_call(node, ast.unparse(function))
            case ast.ExceptHandler(type=None):
                yield (
                    node.lineno,
                    "A10 Mishandled exceptions",
                    "a bare except hides every failure; name the type.",
                )
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))) if (
                text and re.search(r"password|passwd|secret|token|api_?key", name, re.IGNORECASE)
            ):
                yield (
                    node.lineno,
                    "A07 Authentication failures",
                    f"{name} is written in the code; take it from the environment.",
                )
            case _:
                continue


def _weak_call(node: ast.Call, name: str) -> Iterator[tuple[int, str, str]]:
    if name in _CALLS:
        yield (node.lineno, *_CALLS[name])
    options = {item.arg: item.value for item in node.keywords if item.arg}
    if _is_true(options.get("shell")):
        yield node.lineno, "A05 Injection", "shell=True gives the text to a shell; pass a list of arguments."
    verify = options.get("verify")
    if isinstance(verify, ast.Constant) and verify.value is False:
        yield node.lineno, "A04 Cryptographic failures", "verify=False accepts any certificate; leave it on."
    if (
        name.startswith(("requests.", "httpx."))
        and name.rsplit(".", 1)[-1] in {"get", "post", "put", "delete"}
        and "timeout" not in options
    ):
        yield (
            node.lineno,
            "A10 Mishandled exceptions",
            "no timeout: a silent server holds this call for ever.",
        )
    if name.endswith((".execute", ".executemany")) and node.args and _is_built(node.args[0]):
        yield node.lineno, "A05 Injection", "the query is built from text; bind its values as parameters."
    if name.rsplit(".", 1)[-1] in _MARKUP and node.args and _is_built(node.args[0]):
        yield (
            node.lineno,
            "A05 Injection",
            "markup is built from text; pass values to a template that escapes.",
        )


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_built(node: ast.expr) -> bool:
    formatted = (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    )
    joined = isinstance(node, ast.JoinedStr) and any(
        isinstance(item, ast.FormattedValue) for item in node.values
    )
    return formatted or joined or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)))
