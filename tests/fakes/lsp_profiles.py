"""Client capabilities as real editors declare them, and the types of the wire as the protocol means them."""

from __future__ import annotations

from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter

VSCODE: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "failureHandling": "textOnlyTransactional",
            "normalizesLineEndings": True,
            "changeAnnotationSupport": {"groupsOnLabel": True},
        },
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "textDocumentContent": {"dynamicRegistration": True},
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
            },
            "resolveSupport": {"properties": ["edit", "command"]},
            "dataSupport": True,
            "isPreferredSupport": True,
            "disabledSupport": True,
        },
    },
    "window": {"workDoneProgress": True, "showMessage": {}, "showDocument": {"support": True}},
}
"""A VS Code of 2026."""

NEOVIM: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["rename", "create", "delete"]},
        "configuration": True,
        "workspaceFolders": True,
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
            },
            "resolveSupport": {"properties": ["edit", "command"]},
            "dataSupport": True,
        },
    },
    "window": {"workDoneProgress": True, "showMessage": {}, "showDocument": {"support": True}},
}
"""A Neovim 0.10."""

EGLOT: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "configuration": True,
        "workspaceFolders": True,
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}},
        },
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
"""Emacs 30 with eglot: no resource operations, no resolving of commands."""

PLAIN: dict[str, Any] = {"workspace": {"applyEdit": True}}
"""An old client: edits as ``changes``, nothing to show but messages."""


def converter() -> Converter:
    """Pygls's converter, with code actions that carry a command read as code actions."""
    made = default_converter()

    def structure(value: dict[str, Any], _: Any) -> types.Command | types.CodeAction:
        # A bare command's `command` is its name, a code action's is an object.
        bare = isinstance(value.get("command"), str)
        return made.structure(value, types.Command if bare else types.CodeAction)

    # As the library spells the type; `X | Y` would be another key.
    made.register_structure_hook(Union[types.Command, types.CodeAction], structure)  # noqa: UP007
    return made
