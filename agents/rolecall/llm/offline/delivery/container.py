"""Dockerfile and .dockerignore."""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.delivery.serving import serving
from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from rolecall.llm.offline.delivery.project import Project, Recipe

_ALWAYS = (".git", ".github", ".env*", "*.pem", "*.key", "Dockerfile", ".dockerignore")
_IGNORED = {
    "python": (
        ".venv",
        "**/__pycache__",
        "**/*.pyc",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        "dist",
        "build",
    ),
    "node": ("node_modules", "dist", "build", "coverage", "*.log"),
    "go": ("bin", "*.test", "coverage.out"),
    "rust": ("target",),
    "jvm": ("target", "build", ".gradle", "*.class"),
    "dotnet": ("**/bin", "**/obj", "**/TestResults"),
}
_USER = re.compile(r"^[ \t]*USER[ \t]+(\S+)", re.MULTILINE | re.IGNORECASE)
_START = re.compile(r"^[ \t]*(?:ENTRYPOINT|CMD)\b[^\n]*\n?", re.MULTILINE | re.IGNORECASE)


def container(found: list[Project], instruction: str) -> Draft:
    """An image for each project that has something to start; one that exists is made to run without root."""
    draft = Draft()
    if not found:
        draft.say(
            "No manifest says which language this project is in, so no image can be "
            "described. Add one, or name it."
        )
        return draft
    reasons: list[str] = []
    for project in found:
        made = recipe(project)
        if _existing(project):
            _harden(draft, project, alone=bool(instruction))
        elif made.dockerfile is None:
            reasons += made.notes[-1:]
        else:
            _write(draft, project, made)
    if draft.blocks:
        folder = found[0].folder or "."
        draft.say(f"Nothing was built. Check with: `docker build --tag {recipe(found[0]).name} {folder}`")
        draft.say("Roll back by deploying the previous tag, or by reverting this change.")
    for reason in dict.fromkeys(reasons):
        draft.say(f"{reason}.")
    return draft


def _write(draft: Draft, project: Project, made: Recipe) -> None:
    path = join(project.folder, "Dockerfile")
    port = serving(project).port
    exposed = (
        f"EXPOSE {port}"
        if port
        else "# TODO(rolecall): EXPOSE the port, if it listens on one; no file names it."
    )
    draft.file(path, (made.dockerfile or "").replace("EXPOSE_HERE", exposed))
    if not project.has(".dockerignore"):
        draft.file(join(project.folder, ".dockerignore"), ignored(project))
    draft.say(f"{path}: versions and commands come from {project.manifest} and the files beside it.")
    for note in made.notes:
        draft.say(f"{note}; it is marked TODO(rolecall)." if note.startswith("No file") else f"{note}.")


def ignored(project: Project) -> str:
    """What does not go into the build: nothing that the project itself keeps there."""
    tops = {path.split("/")[0] for path in project.files if "/" in path}
    names = [*_ALWAYS[:2], *_ALWAYS[2:5], *_IGNORED.get(project.language, ()), *_ALWAYS[5:]]
    return "".join(f"{name}\n" for name in names if name not in tops or name.startswith("."))


def _existing(project: Project) -> str:
    return project.has("Dockerfile", "Containerfile")


def _harden(draft: Draft, project: Project, *, alone: bool) -> None:
    """Add what an image of its own lacks: a user without rights, and what is left out of the build."""
    name = _existing(project)
    path, text = join(project.folder, name), project.text(name)
    last = list(re.finditer(r"^[ \t]*FROM\b", text, re.MULTILINE | re.IGNORECASE))
    stage = text[last[-1].start() :] if last else ""
    users = _USER.findall(stage)
    start = _START.search(stage)
    if users and users[-1].split(":")[0] not in {"root", "0"}:
        draft.say(f"{path} sets the user {users[-1]} already; it was left as it is.")
    elif users or start is None or text.count(start.group()) != 1:
        draft.say(
            f"{path} runs as root; where USER belongs in it could not be told, so it was left as it is."
        )
    else:
        line = start.group().rstrip("\n") + "\n"
        draft.edit(path, [(line, f"USER 10001\n{line}")])
        draft.say(f"{path}: the last stage runs as the user 10001 now; the rest is as it was.")
        draft.say("Files that it writes must belong to that user, and ports under 1024 stay closed to it.")
    if not alone and text and not project.has(".dockerignore"):
        draft.file(join(project.folder, ".dockerignore"), ignored(project))
