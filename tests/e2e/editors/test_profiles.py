"""The recorded capabilities are those that the real editors declare."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.editors.emacs import Emacs
from e2e.editors.helix import Helix
from e2e.editors.neovim import BARE, Neovim
from e2e.editors.scene import TARGET
from e2e.editors.terminal import Terminal
from fakes.command import Surroundings

pytestmark = pytest.mark.e2e

Start = Callable[[Surroundings, Path], Terminal]
RECORDED = Path(__file__).parents[2] / "fakes" / "recorded"
EDITORS: dict[str, Start] = {
    "neovim-0.10": lambda desk, project: Neovim("nvim-0.10", desk, project, TARGET, BARE),
    "neovim-0.12": lambda desk, project: Neovim("nvim-0.12", desk, project, TARGET, BARE),
    "helix": lambda desk, project: Helix(desk, project, TARGET),
    "emacs": lambda desk, project: Emacs(desk, project, TARGET),
}


def first_message(spoken: bytes) -> Any:
    """The first LSP message of a stream, once it is whole."""
    head, _, body = spoken.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: *(\d+)", head, re.IGNORECASE)
    if length is None or len(body) < int(length[1]):
        return None
    return json.loads(body[: int(length[1])])


@pytest.mark.parametrize("name", EDITORS)
def test_the_record_is_what_the_editor_declares(name, desk, project, tmp_path):
    command, spoken = Path(desk.extra["PATH"].partition(":")[0]) / "rolecall", tmp_path / "spoken"
    spoken.touch()
    command.write_text(command.read_text().replace("exec ", f"tee {shlex.quote(str(spoken))} | "))
    editor = EDITORS[name](desk, project)
    try:
        message = editor.until(lambda: first_message(spoken.read_bytes()), "saying hello")
    finally:
        editor.close()
    assert message["method"] == "initialize"
    assert message["params"]["capabilities"] == json.loads((RECORDED / f"{name}.json").read_text())
