"""Helix in a terminal."""

from __future__ import annotations

from pathlib import Path

from e2e.editors.install import ensure
from e2e.editors.terminal import Terminal
from fakes.command import Surroundings

LANGUAGES = """
[language-server.rolecall]
command = "rolecall"
args = ["lsp"]
config = { wait = false }

[[language]]
name = "python"
language-servers = ["rolecall"]
"""
"""As the page for Helix says."""

CONFIG = """
[editor.lsp]
display-messages = true
display-progress-messages = true
"""


class Helix(Terminal):
    """One Helix, set up as its page says."""

    def __init__(self, desk: Surroundings, folder: Path, file: str) -> None:
        settings = Path(desk.environment["HOME"]) / ".config" / "helix"
        settings.mkdir(parents=True)
        (settings / "languages.toml").write_text(LANGUAGES)
        (settings / "config.toml").write_text(CONFIG)
        super().__init__([ensure("hx"), file], cwd=folder, environment=desk.environment)
