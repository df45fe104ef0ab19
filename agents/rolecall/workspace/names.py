"""What a path's own letters say, before the disk is asked: refused or protected (contract 7)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from rolecall.workspace.globs import compile_all, first_match, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPONENT_BYTES: Final = 255
"""NAME_MAX of the common file systems."""

PATH_BYTES: Final = 4_095
"""PATH_MAX less the NUL: longer ones could be made, but no other program could open them."""

PROTECTED: Final = (
    ".vscode/**",
    ".idea/**",
    "*.code-workspace",
    ".mcp.json",
    "mcp.json",
    ".cursor/**",
    ".claude/**",
    ".codex/**",
    ".roo/**",
    ".amazonq/**",
    "AGENTS.md",
    "CLAUDE.md",
    ".env*",
    ".envrc",
    ".github/workflows/**",
    ".gitlab-ci.yml",
    ".husky/**",
    ".pre-commit-config.yaml",
    "conftest.py",
    "sitecustomize.py",
    "*.pth",
    ".nvim.lua",
    ".exrc",
    ".rolecall.yaml",
)
"""Files that tools run or obey unasked; writing one needs a confirmation even where it is absent."""

_PROTECTED = compile_all(PROTECTED)
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES: Final = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{d}{n}" for d in ("com", "lpt") for n in "123456789¹²³"),
    ]
)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_GIT_SHORT_NAME: Final = re.compile(r"git~\d+")


def shown(path: str, limit: int = 120) -> str:
    """The path for a message: nothing in it moves a cursor or turns the text around."""
    text = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path
    )
    return text if len(text) <= limit else f"{text[:limit]}…"


def components(path: str) -> list[str]:
    """The path's components; ``.`` ones carry nothing and are left out."""
    return [name for name in path.split("/") if name not in {"", "."}]


def escape_reason(path: str) -> str | None:
    """Why this path may be neither read nor written: it does not plainly name a file below a root."""
    if not components(path):
        return "the path names no file"
    if bad := next((c for c in path if unicodedata.category(c) in _FORBIDDEN_CATEGORIES), None):
        return f"the path holds the invisible or control character U+{ord(bad):04X}"
    if "\\" in path:
        return "the path holds a backslash; separate folders with /"
    names = path.split("/")
    return _start_reason(path) or _component_reason(names) or _length_reason(path, names)


def portability_reason(parts: Sequence[str]) -> str | None:
    """Why these components may not be written: some system reads them as something else."""
    for name in parts:
        if ":" in name:
            return "the path holds a colon: a drive or a stream on Windows"
        if name.endswith((".", " ")):
            return f"{shown(name)!r} ends in a dot or a space, which Windows drops"
        if name.split(".")[0].rstrip(" ").casefold() in _DEVICES:
            return f"{shown(name)!r} is a device on Windows"
    return None


def is_git_folder(name: str) -> bool:
    """Whether some file system takes this component for ``.git`` (case, trailing dots, 8.3 short name)."""
    plain = fold(name).split(":")[0].rstrip(". ")
    return plain == ".git" or _GIT_SHORT_NAME.fullmatch(plain) is not None


def protected_by(parts: Sequence[str]) -> str | None:
    """The entry of the protected list these components match, in any folder."""
    return first_match(_PROTECTED, parts)


def _start_reason(path: str) -> str | None:
    if path.startswith("/"):
        return "the path is absolute; name files relative to the workspace"
    if _DRIVE.match(path):
        return "the path begins with a drive"
    if path.startswith("~"):
        return "the path begins with ~, which stands for a home folder"
    return None


def _component_reason(names: Sequence[str]) -> str | None:
    if ".." in names or "~" in names:
        return "the path leaves its folder by .. or ~"
    if "" in names:
        return "the path has an empty component or ends in /, so it names no file"
    if any(is_git_folder(name) for name in names):
        return "git's own files are never touched"
    return None


def _length_reason(path: str, names: Sequence[str]) -> str | None:
    if any(len(name.encode()) > COMPONENT_BYTES for name in names):
        return f"a component is longer than {COMPONENT_BYTES} bytes"
    return f"the path is longer than {PATH_BYTES} bytes" if len(path.encode()) > PATH_BYTES else None
