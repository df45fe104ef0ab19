"""One window of VS Code, used as a person does: keys, menus, what can be read on the screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fakes.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATIENCE_MS = 30_000 + 1_000 * PATIENCE_S
AGAIN_MS = 2_000
"""After so long a key is pressed once more: VS Code drops keys while it builds what they are for."""


class Workbench:
    """The window.

    Args:
        page: shows the window, just opened.
        project: the folder it shows.
    """

    def __init__(self, page: Page, project: Path) -> None:
        self.page, self.project = page, project
        page.set_default_timeout(PATIENCE_MS)

    @property
    def status(self) -> Locator:
        """Rolecall's item in the status bar."""
        return self.page.locator('.statusbar-item[id="rolecall.rolecall.rolecall.tasks"]')

    @property
    def editor(self) -> Locator:
        """The active text editor."""
        return self.page.locator(".editor-group-container.active .editor-instance .monaco-editor").first

    def await_server(self) -> None:
        """Wait until the server runs."""
        self.status.filter(has_not=self.page.locator(".codicon-warning")).wait_for()

    def open(self, name: str, line: int = 1) -> None:
        """Open a file, the cursor at the beginning of a line (from 1)."""

        def ask() -> None:
            self.page.keyboard.press("Control+p")

        box = self._until_shown(ask, self._box)
        box.fill(name)
        self._rows(name).first.wait_for()
        self._confirm()
        self.page.locator(".tab.active", has_text=name).wait_for()
        self.go_to(line)

    def go_to(self, line: int) -> None:
        """Put the cursor at the beginning of a line."""

        def ask() -> None:
            self.page.keyboard.press("Control+g")

        self._until_shown(ask, self._box).fill(f":{line}")
        self._confirm()
        self.page.locator(".statusbar-item", has_text=re.compile(rf"Ln {line}, Col 1\b")).wait_for()

    def command(self, title: str) -> None:
        """Run a command by its title in the palette."""

        def ask() -> None:
            self.page.keyboard.press("F1")

        self._until_shown(ask, self._box).fill(f">{title}")
        self._rows(title).first.click()

    def choose(self, text: str) -> None:
        """Choose what has this text in the open list."""
        self._rows(text).first.click()

    def answer(self, title: str, text: str) -> None:
        """Fill the open box of that title."""
        self.page.locator(".quick-input-widget", has_text=title).wait_for()
        self._box.fill(text)
        self._confirm()

    def code_actions(self) -> Locator:
        """Open the code action menu at the cursor; its rows."""

        def ask() -> None:
            self.page.keyboard.press("Control+.")

        rows = self.page.locator(".action-widget .monaco-list-row.action")
        self._until_shown(ask, rows.first)
        return rows

    def read(self, within: Locator | None = None) -> str:
        """The lines on the screen of an editor."""
        lines = (within or self.editor).locator(".view-line").all_inner_texts()
        return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")

    def read_all(self) -> str:
        """The lines on the screen of all editors in the editor area."""
        return self.read(self.page.locator(".part.editor"))

    def output(self) -> str:
        """What the output panel shows."""
        return self.read(self.page.locator(".panel .output-view .monaco-editor").first)

    def diff(self) -> tuple[str, str]:
        """Both sides of the diff editor on the screen; empty where there is none."""
        shown = self.page.locator(".monaco-diff-editor:visible")
        if not shown.count():
            return "", ""
        sides = (shown.locator(f".editor.{side} .monaco-editor").first for side in ("original", "modified"))
        before, after = (self.read(side).strip() for side in sides)
        return before, after

    def discard_refactoring(self) -> None:
        """Press "Discard" in the panel that asks before a refactoring is made."""
        self.page.locator(".panel .monaco-button", has_text="Discard").click()

    def save(self, path: str, expected: str) -> None:
        """Save the active file, which then holds the expected text."""
        file = self.project / path
        self.page.keyboard.press("Control+s")
        self.page.locator(".tab.active:not(.dirty)").wait_for()
        with suppress(AssertionError):
            self.eventually(lambda: file.read_text("utf-8") == expected, "the saved file")
        assert file.read_text("utf-8") == expected

    def type(self, text: str) -> None:
        """Type at the cursor of the active editor."""
        self.page.keyboard.insert_text(text)

    def undo(self) -> None:
        """Take the last step back."""
        self.editor.locator(".view-lines").first.click()
        self.page.keyboard.press("Control+z")

    def notification(self, text: str) -> Locator:
        """A message on the screen."""
        return self.page.locator(".notifications-toasts .notification-list-item", has_text=text).first

    def click(self, text: str, button: str) -> None:
        """Press a button of a message."""
        self.notification(text).locator(".monaco-button", has_text=button).first.click()

    def eventually(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds; the window lives on meanwhile."""
        waited = 0
        while not holds():
            assert waited < PATIENCE_MS, f"{what} did not come to hold"
            self.page.wait_for_timeout(50)
            waited += 50

    def screenshot(self, file: Path) -> None:
        """Keep what is on the screen."""
        self.page.screenshot(path=file)

    @property
    def _box(self) -> Locator:
        return self.page.locator(".quick-input-widget:visible input.input").first

    def _rows(self, text: str) -> Locator:
        return self.page.locator(".quick-input-widget:visible .monaco-list-row", has_text=text)

    def _confirm(self) -> None:
        self._box.press("Enter")

    def _until_shown(self, ask: Callable[[], None], wanted: Locator) -> Locator:
        from playwright.sync_api import TimeoutError as NotYet

        waited = 0
        while True:
            ask()
            try:
                wanted.wait_for(timeout=AGAIN_MS)
            except NotYet:
                waited += AGAIN_MS
                if waited > PATIENCE_MS:
                    raise
            else:
                return wanted
