"""Runs generated code: no network, limits on time, memory, processes and files, a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = Path(__file__).with_name("sandbox_host.py")
SECONDS = 20.0


@dataclass(frozen=True)
class Ran:
    """What came of one run. ``exit`` is pytest's or the script's, -1 where it was ended."""

    exit: int
    output: str
    passed: int = 0
    failed: int = 0
    xfailed: int = 0
    skipped: int = 0


class Sandbox:
    """One host process and the folder it may write to. Use it as a context manager.

    Args:
        namespaces: False does without them, as on systems that have none.

    Attributes:
        protection: what keeps the network and the files away, in words.
    """

    def __init__(self, *, namespaces: bool = True) -> None:
        self._options = () if namespaces else ("--plain",)
        self._folder = tempfile.TemporaryDirectory(prefix="rolecall-eval-")
        self.root = Path(self._folder.name).resolve()
        self._count = 0
        self._host: subprocess.Popen[str] | None = None
        self.protection: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._host = subprocess.Popen(
            [sys.executable, "-P", str(HOST), str(self.root), *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.root,
            env={
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "HOME": str(self.root),
                "TMPDIR": str(self.root),
                "PYTHONHASHSEED": "0",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
        )
        self.protection = self._read()
        return self

    def __exit__(self, *_: object) -> None:
        if self._host is not None:
            assert self._host.stdin
            self._host.stdin.close()
            self._host.wait(10)
            if self._host.stdout:
                self._host.stdout.close()
        self._folder.cleanup()

    def scratch(self, files: Mapping[str, str]) -> Path:
        """A new folder with these files."""
        self._count += 1
        folder = self.root / f"{self._count}"
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")
        folder.mkdir(exist_ok=True)
        return folder

    def tests(self, folder: Path, *arguments: str) -> Ran:
        """Run pytest in a folder."""
        return self._run("tests", folder, arguments)

    def script(self, folder: Path, path: str, *arguments: str) -> Ran:
        """Run a Python file in a folder."""
        return self._run("script", folder, (path, *arguments))

    def _run(self, kind: Literal["tests", "script"], folder: Path, arguments: tuple[str, ...]) -> Ran:
        job = {
            "kind": kind,
            "folder": str(folder),
            "arguments": arguments,
            "output": str(self.root / "output.txt"),
            "seconds": SECONDS,
        }
        assert self._host is not None, "enter the sandbox first"
        assert self._host.stdin
        self._host.stdin.write(json.dumps(job) + "\n")
        self._host.stdin.flush()
        result = self._read()
        known = {name: result[name] for name in ("passed", "failed", "xfailed", "skipped") if name in result}
        return Ran(result["exit"], result.get("output", ""), **known)

    def _read(self) -> dict[str, Any]:
        assert self._host is not None
        assert self._host.stdout
        line = self._host.stdout.readline()
        if not line:
            raise RuntimeError("the sandbox has ended")
        return json.loads(line)  # type: ignore[no-any-return]  # our own host's
