"""Neovim in a terminal, with a line to its Lua."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from e2e.editors.install import ensure
from e2e.editors.terminal import Terminal
from fakes.command import Surroundings

PLUGIN = Path(__file__).parents[3] / "editors" / "neovim"

WITH_PLUGIN = f"""
vim.opt.runtimepath:prepend({str(PLUGIN)!r})
require("rolecall").setup({{}})
"""
"""As the page for Neovim says."""

BARE = """
if vim.lsp.config then
  vim.lsp.config("rolecall", { cmd = { "rolecall", "lsp" }, root_markers = { "pyproject.toml" } })
  vim.lsp.enable("rolecall")
else
  vim.api.nvim_create_autocmd("FileType", {
    callback = function(event)
      local root = vim.fs.root(event.buf, { "pyproject.toml" })
      vim.lsp.start({ name = "rolecall", cmd = { "rolecall", "lsp" }, root_dir = root }, { bufnr = event.buf })
    end,
  })
end
"""
"""Without the plugin."""

QUIET = 'vim.o.shortmess = vim.o.shortmess .. "I"\nvim.o.laststatus = 2\n'

CLIENT = 'vim.lsp.get_clients({ name = "rolecall" })[1]'


class Neovim(Terminal):
    """One Neovim.

    Args:
        name: which, as the installer calls it.
        desk: its surroundings.
        folder: the project.
        file: what it opens.
        init: the text of its ``init.lua``.
    """

    def __init__(self, name: str, desk: Surroundings, folder: Path, file: str, init: str) -> None:
        self._program, self._desk = ensure(name), desk
        self._socket = Path(desk.environment["ROLECALL_RUNTIME_DIR"]) / f"{name}.sock"
        script = desk.folder / "init.lua"
        script.write_text(QUIET + init)
        command = [self._program, "-u", script, "-i", "NONE", "-n", "--listen", self._socket, file]
        super().__init__(command, cwd=folder, environment=desk.environment)
        self.until(self._socket.exists, "listening")

    def lua(self, code: str) -> Any:
        """Run Lua within it; returns what it returned. Not while it waits for an answer to a question."""
        expression = f"vim.json.encode((function() {code} end)())".replace("'", "''")
        done = subprocess.run(
            [self._program, "--server", self._socket, "--remote-expr", f"luaeval('{expression}')"],
            env=self._desk.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def until_lua(self, code: str) -> Any:
        """Wait until an expression of Lua is true; returns its value."""
        return self.until(lambda: self.lua(f"return {code}"), code)

    def attached(self) -> None:
        """Wait until the server is initialized."""
        self.until_lua(f"{CLIENT} ~= nil and {CLIENT}.initialized == true")

    def buffer(self, name: str) -> str:
        """The text of the buffer with this name."""
        found = f'vim.fn.bufnr("{name}")'
        return str(self.lua(f'return table.concat(vim.api.nvim_buf_get_lines({found}, 0, -1, false), "\\n")'))
