"""Emacs with eglot in a terminal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from e2e.editors.install import HOME, ensure
from e2e.editors.terminal import Terminal
from fakes.command import Surroundings

AS_THE_PAGE_SAYS = """
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode) .
                 ("rolecall" "lsp" :initializationOptions (:wait :json-false)))))
(add-hook 'python-mode-hook #'eglot-ensure)
"""

QUIET = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil ring-bell-function #'ignore
      server-socket-dir (getenv "ROLECALL_RUNTIME_DIR") python-indent-guess-indent-offset nil)
(server-start)
"""


class Emacs(Terminal):
    """One Emacs, set up as the page for Emacs says, with a line to its Lisp."""

    def __init__(self, desk: Surroundings, folder: Path, file: str) -> None:
        init = desk.folder / "init.el"
        init.write_text(QUIET + AS_THE_PAGE_SAYS)
        command = [ensure("emacs"), "-nw", "-Q", "-l", init, file]
        super().__init__(command, cwd=folder, environment=desk.environment)
        self._socket = Path(desk.environment["ROLECALL_RUNTIME_DIR"]) / "server"
        self.until(self._socket.exists, "listening")

    def lisp(self, code: str) -> str:
        """Evaluate Lisp within it; returns what `%s` prints of the value."""
        client = HOME / "emacs" / "usr/bin/emacsclient.emacs"
        done = subprocess.run(
            [client, "-s", self._socket, "--eval", f'(format "%s" {code})'],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout))
