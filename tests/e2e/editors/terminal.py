"""A program in a terminal, as a person sees it: keys in, a screen out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyte

from fakes.patience import PATIENCE_S

COLUMNS, LINES = 110, 34
READ_S = 0.2
"""Seconds to wait for output before a condition is looked at again that the screen does not announce."""

DEVICE_CONTROL = re.compile(rb"\x1bP.*?\x1b\\", re.DOTALL)


class Screen(pyte.Screen):
    """Pyte's screen, which also answers what a program asks its terminal."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], None]) -> None:
        super().__init__(columns, lines)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data.encode())

    def report_device_attributes(self, mode: int = 0, **private: Any) -> None:
        # The secondary form (`CSI > c`) is none that pyte knows; answered as the first it confuses programs.
        if not private:
            super().report_device_attributes(mode)

    def set_margins(self, *arguments: Any, **private: Any) -> None:
        # `CSI ? … r` restores modes; pyte takes it for margins.
        if not private:
            super().set_margins(*arguments)

    def select_graphic_rendition(self, *attributes: int, **private: Any) -> None:
        # `CSI > … m` sets how keys are reported; pyte takes it for colours.
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """Runs a command on a pseudo-terminal."""

    def __init__(self, command: Sequence[str | Path], *, cwd: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.screen = Screen(COLUMNS, LINES, self._write)
        self._held = b""
        self._stream = pyte.ByteStream(self.screen)
        self.process = subprocess.Popen(
            # In a session of its own, with this terminal as the controlling one.
            ["setsid", "--ctty", *(str(word) for word in command)],
            cwd=cwd,
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    @property
    def text(self) -> str:
        """The screen as text."""
        # Not the screen's own `display`, which fails on a wide character that was half overwritten.
        rows = (self.screen.buffer[row] for row in range(LINES))
        return "\n".join("".join(row[column].data for column in range(COLUMNS)).rstrip() for row in rows)

    def press(self, keys: str) -> None:
        """Type."""
        self._write(keys.encode())

    def until(self, condition: Callable[[], Any], what: str = "the condition") -> Any:
        """Read what the program draws until something holds; returns what it returned."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            if time.monotonic() > deadline or not self._read(READ_S):
                raise AssertionError(f"{what} did not come to hold; the screen:\n{self.text}")
        return value

    def see(self, *texts: str) -> None:
        """Wait until the screen shows all of these."""
        self.until(lambda: all(text in self.text for text in texts), f"showing {texts}")

    def see_gone(self, text: str) -> None:
        """Wait until the screen shows this no more."""
        self.until(lambda: text not in self.text, f"hiding {text!r}")

    def close(self) -> None:
        """End the program as a closed terminal window does; kill what stays."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGHUP)
        try:
            self._drain_until_exit()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            os.close(self._master)

    def _drain_until_exit(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(READ_S)

    def _write(self, data: bytes) -> None:
        with suppress(OSError):  # it is gone
            os.write(self._master, data)

    def _read(self, seconds: float) -> bool:
        """Take what was drawn; False where the program has ended."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end was closed
            return False
        self._stream.feed(self._without_strings(data))
        return bool(data)

    def _without_strings(self, data: bytes) -> bytes:
        """Leave out device control strings, which pyte would show as text; what is incomplete waits for the rest."""
        data = DEVICE_CONTROL.sub(b"", self._held + data)
        start = data.find(b"\x1bP")
        if start == -1 and data.endswith(b"\x1b"):
            start = len(data) - 1
        self._held = data[start:] if start != -1 else b""
        return data[:start] if start != -1 else data
