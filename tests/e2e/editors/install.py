"""Gets real editors for the end-to-end tests: Debian's packages, unpacked beside the system, never installed into it.

``python tests/e2e/editors/install.py [nvim-0.10 nvim-0.12 hx emacs]`` leaves executables in ``.e2e/editors/bin``.
The packages come with the C library and everything else they need, from the release named in :data:`EDITORS`; apt
verifies them with the machine's own keys and asks the machine's own mirror. Nothing needs root. What is there already is kept.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).parents[3] / ".e2e" / "editors"
BIN = HOME / "bin"


@dataclass(frozen=True)
class Editor:
    """An editor to get.

    Attributes:
        suite: the Debian release it comes from; a name that is not a release's own moves on.
        packages: what to unpack, with all they depend on.
        program: the executable within the unpacked tree.
        environment: what it has to be told about where it lies; ``{root}`` is the tree, ``*`` the one name there.
        arguments: options it always gets, in the same form.
    """

    suite: str
    packages: tuple[str, ...]
    program: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


NEOVIM = {"VIMRUNTIME": "{root}/usr/share/nvim/runtime"}
EDITORS = {
    "nvim-0.10": Editor("trixie", ("neovim",), "usr/bin/nvim", NEOVIM),
    "nvim-0.12": Editor("sid", ("neovim",), "usr/bin/nvim", NEOVIM),
    "hx": Editor("trixie", ("hx",), "usr/bin/hx", {"HELIX_RUNTIME": "{root}/usr/lib/hx/runtime"}),
    "emacs": Editor(
        "trixie",
        ("emacs-nox",),
        "usr/bin/emacs-nox",
        {
            "EMACSLOADPATH": "{root}/usr/share/emacs/*/lisp",
            "EMACSDATA": "{root}/usr/share/emacs/*/etc",
            "EMACSPATH": "{root}/usr/libexec/emacs/*/*",
        },
        ("--dump-file", "{root}/usr/libexec/emacs/*/*/*.pdmp"),
    ),
}


class NotInstalled(Exception):
    """An editor could not be got; the message says why."""


def ensure(name: str) -> Path:
    """The executable of an editor, got if it is not there yet.

    Raises:
        NotInstalled: the machine has no apt, or its mirror has no such release.
    """
    executable = BIN / name
    if not executable.exists():
        editor = EDITORS[name]
        root = HOME / name
        shutil.rmtree(root, ignore_errors=True)
        Apt(editor.suite).unpack((*editor.packages, "patchelf"), root)
        _relocate(root, root / editor.program)
        BIN.mkdir(parents=True, exist_ok=True)
        _write_wrapper(executable, editor, root)
    return executable


class Apt:
    """Apt with a state of its own, in which nothing is installed and one release is known."""

    def __init__(self, suite: str) -> None:
        self._suite = suite
        self._folder = HOME / "apt" / suite
        self._options = [
            *("-o", f"Dir::State={self._folder}/state", "-o", f"Dir::State::status={self._folder}/status"),
            *(
                "-o",
                f"Dir::Cache={self._folder}/cache",
                "-o",
                f"Dir::Etc::sourceparts={self._folder}/sources",
            ),
            *("-o", "Dir::Etc::sourcelist=/dev/null", "-o", "APT::Install-Recommends=false"),
            *("-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true", "-o", "Acquire::Retries=3"),
        ]

    def unpack(self, packages: tuple[str, ...], root: Path) -> None:
        """Download packages with all they need, and unpack them into ``root``."""
        if shutil.which("apt-get") is None:
            raise NotInstalled(
                "The editors are unpacked from Debian packages, and this machine has no apt-get."
            )
        for part in ("state/lists/partial", "cache/archives/partial", "sources"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        (self._folder / "sources" / "release.sources").write_text(sources(self._suite))
        archives = self._folder / "cache" / "archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        self._run("update", "--quiet=2")
        self._run("install", "--quiet=2", "--yes", "--download-only", *packages)
        for archive in sorted(archives.glob("*.deb")):
            _call("dpkg-deb", "--extract", str(archive), str(root))
            archive.unlink()

    def _run(self, *arguments: str) -> None:
        _call("apt-get", *self._options, *arguments)


def sources(suite: str) -> str:
    """The machine's own Debian archive, but of another release.

    Raises:
        NotInstalled: none of the machine's sources is Debian's.
    """
    codename = _codename()
    texts = [path.read_text() for path in Path("/etc/apt/sources.list.d").glob("*.sources")]
    for stanza in (stanza for text in texts for stanza in re.split(r"\n\s*\n", text)):
        keys = dict(re.findall(r"^(\S+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if codename in keys.get("Suites", "").split() and "main" in keys.get("Components", "").split():
            return _stanza(keys["URIs"].split()[0], suite, keys.get("Signed-By"))
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.list")]
    for line in (line for path in lists if path.exists() for line in path.read_text().splitlines()):
        match = re.match(rf"deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+{codename}\s+.*\bmain\b", line)
        if match:
            key = re.search(r"signed-by=(\S+)", match[1] or "")
            return _stanza(match[2], suite, key and key[1])
    raise NotInstalled(f"No apt source of this machine is Debian's archive of {codename or 'its release'}.")


def _codename() -> str:
    if not (release := Path("/etc/os-release")).exists():
        return ""
    found = re.search(r"^VERSION_CODENAME=(.*)$", release.read_text(), re.MULTILINE)
    return found[1].strip('"') if found else ""


def _stanza(address: str, suite: str, key: str | None) -> str:
    signed = f"Signed-By: {key}\n" if key else ""
    return f"Types: deb\nURIs: {address}\nSuites: {suite}\nComponents: main\n{signed}"


def _relocate(root: Path, program: Path) -> None:
    """Let a program find the loader and libraries of its own tree; its children keep the system's."""
    loader = next(path for path in root.glob("**/ld-linux*.so.*") if path.is_file())
    libraries = sorted({str(path.parent) for path in (root / "usr" / "lib").glob("*-linux-gnu/*.so*")})
    patchelf = [str(loader), "--library-path", ":".join(libraries), str(root / "usr/bin/patchelf")]
    target = Path(os.path.realpath(program))
    # The transitive form (RPATH, not RUNPATH), since libraries need libraries.
    _call(
        *patchelf,
        "--set-interpreter",
        str(loader),
        "--force-rpath",
        "--set-rpath",
        ":".join(libraries),
        str(target),
    )


def _write_wrapper(executable: Path, editor: Editor, root: Path) -> None:
    exports = [
        f"export {name}={shlex.quote(_placed(value, root))}\n" for name, value in editor.environment.items()
    ]
    words = [str(root / editor.program), *(_placed(argument, root) for argument in editor.arguments)]
    executable.write_text(f'#!/bin/sh\n{"".join(exports)}exec {shlex.join(words)} "$@"\n')
    executable.chmod(0o755)


def _placed(value: str, root: Path) -> str:
    placed = value.format(root=root)
    return str(next(root.glob(value.removeprefix("{root}/")))) if "*" in value else placed


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise NotInstalled(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


def main(names: list[str]) -> int:
    """Get the editors named, or all."""
    for name in names or EDITORS:
        try:
            print(ensure(name))  # noqa: T201 - for the person who waits
        except NotInstalled as problem:
            sys.stderr.write(f"{name}: {problem}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
