"""The `rolecall` command as a real process, with surroundings of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = os.pathsep.join(str(Path(__file__).parents[2] / part) for part in ("agents", "server"))
COMMAND = [sys.executable, "-m", "rolecall_server.cli"]


@dataclass
class Surroundings:
    """A home folder and an environment that hold nothing of the person who runs the tests.

    No local model is looked for: the provider is ``offline`` until an endpoint is set.

    Attributes:
        shared: whether servers are relays of a daemon, or serve in their own process.
    """

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    shared: bool = False

    @property
    def environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": SOURCES,
            "PYTHONWARNINGS": "default",
            "LANG": "C.UTF-8",
            "ROLECALL_LLM__PROVIDER": "offline",
            "ROLECALL_RUNTIME_DIR": str(self.folder / "run"),
            **self.extra,
        }

    def use(self, base_url: str, *, model: str = "fake-model", **extra: str) -> None:
        """Point the command at an endpoint."""
        self.extra |= {
            "ROLECALL_LLM__PROVIDER": "openai",
            "ROLECALL_LLM__BASE_URL": base_url,
            "ROLECALL_LLM__MODEL": model,
            "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
            **extra,
        }

    def run(self, *arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run the command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str, cwd: Path | str) -> subprocess.Popen[bytes]:
        """Start the command with pipes; the caller ends it."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def server(self, door: str) -> list[str]:
        """The command line of a server."""
        return [*COMMAND, door] if self.shared else [*COMMAND, door, "--no-daemon"]

    def serve(self, door: str, *options: str, cwd: Path | str) -> subprocess.Popen[bytes]:
        """Start a server with pipes; the caller ends it."""
        return self.start(*self.server(door)[len(COMMAND) :], *options, cwd=cwd)

    def end_daemons(self) -> None:
        """End every daemon that was started in these surroundings."""
        from rolecall_server.daemon import control

        for daemon in control.running(self.environment)[0]:
            control.stop(daemon)
