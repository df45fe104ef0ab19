"""Client capabilities as real editors declare them, and the types of the wire as the protocol means them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Union

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter


def _recorded(name: str) -> dict[str, Any]:
    """What a real editor declared; the end-to-end tests hold the record to the truth."""
    declared: dict[str, Any] = json.loads((Path(__file__).parent / "recorded" / f"{name}.json").read_text())
    return declared


VSCODE = _recorded("vscode")
"""VS Code 1.139 with the extension: previews edits that ask, and shows documents of the server's own scheme."""

NEOVIM = _recorded("neovim-0.10")
NEOVIM_12 = _recorded("neovim-0.12")
"""Offers utf-8 first, and previews of its own: one question a file, refusals reported as applied."""

HELIX = _recorded("helix")
"""Helix 25.01: shows no documents, asks no questions, and drops resolved commands."""

EGLOT = _recorded("emacs")
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
