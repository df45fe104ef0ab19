"""The builtins interpreted code may use."""

from __future__ import annotations

import builtins
from typing import Any

from rolecall.llm.offline.evaluation.budget import Opaque

_PURE = [
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "hasattr",
    "hex",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "object",
    "oct",
    "ord",
    "pow",
    "print",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "zip",
    "property",
    "staticmethod",
    "classmethod",
    "NotImplemented",
]

_ERRORS = [
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)
]

BUILTINS: dict[str, Any] = {
    **{name: getattr(builtins, name) for name in (*_PURE, *_ERRORS)},
    "__debug__": Opaque("__debug__"),
}
"""What a name means when no scope binds it. What is missing here (``open``, ``exec``) is not understood."""
