"""Emacs with eglot in a terminal."""

from __future__ import annotations

from pathlib import Path

from e2e.editors.install import ensure
from e2e.editors.terminal import Terminal
from fakes.command import Surroundings

AS_THE_PAGE_SAYS = """
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode) .
                 ("rolecall" "lsp" :initializationOptions (:wait :json-false)))))
(add-hook 'python-mode-hook #'eglot-ensure)
(setq eglot-report-progress 'messages)
"""

QUIET = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      ring-bell-function #'ignore python-indent-guess-indent-offset nil)
"""


class Emacs(Terminal):
    """One Emacs, set up as the page for Emacs says, on a terminal."""

    def __init__(self, desk: Surroundings, folder: Path, file: str) -> None:
        init = desk.folder / "init.el"
        init.write_text(QUIET + AS_THE_PAGE_SAYS)
        command = [ensure("emacs"), "-nw", "-Q", "-l", init, file]
        super().__init__(command, cwd=folder, environment=desk.environment)

    @property
    def text(self) -> str:
        """The screen as text; what goes on in the next line is one line."""
        return super().text.replace("\\\n", "")
