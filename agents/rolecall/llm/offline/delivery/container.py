"""Dockerfile and .dockerignore."""

from __future__ import annotations

import json
from posixpath import basename, join
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rolecall.llm.offline.facts import ProjectFacts

_IGNORED = (
    ".git\n.env*\n.venv\n__pycache__\n*.pyc\n.pytest_cache\n.mypy_cache\n.ruff_cache\nnode_modules\ndist\nbuild\ntarget\n"
    "*.pem\n*.key\nDockerfile\n.dockerignore\n"
)
_PIN = "# TODO(rolecall): pin the image by its digest."


def container(facts: ProjectFacts, paths: Collection[str]) -> Draft:
    """A multi-stage image that runs as a numeric non-root user."""
    draft = Draft()
    write = _WRITERS.get(facts.language)
    path = join(facts.folder, "Dockerfile")
    if write is None:
        draft.say(
            "No manifest says which language this project is in, so no image can be described. Add one, or "
            "name it."
        )
        return draft
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
        return draft
    draft.file(path, write(facts))
    ignore = join(facts.folder, ".dockerignore")
    if ignore not in paths:
        draft.file(ignore, _IGNORED)
    source = facts.manifest or "the files of the workspace"
    draft.say(
        f"{path}: versions and commands come from {source}; what it does not say is marked TODO(rolecall)."
    )
    draft.say(f"Nothing was built. Check with: docker build --tag {image_name(facts)} {facts.folder or '.'}")
    draft.say("Roll back by deploying the previous tag.")
    return draft


def image_name(facts: ProjectFacts) -> str:
    """The project's name as an image name."""
    kept = "".join(
        character if character.isalnum() and character.isascii() else "-" for character in facts.name.lower()
    )
    return kept.strip("-") or "app"


def _python(facts: ProjectFacts) -> str:
    version = facts.python or "3"
    note = "" if facts.python else "# TODO(rolecall): no manifest names a Python version.\n"
    requirements = [basename(path) for path in facts.requirements if "dev" not in path][:1]
    locked = (
        f"COPY {requirements[0]} ./\nRUN pip install --no-cache-dir -r {requirements[0]}\n"
        if requirements
        else ""
    )
    own = "COPY . .\nRUN pip install --no-cache-dir .\n" if facts.has_build else "COPY . .\n"
    command = json.dumps([facts.scripts[0]]) if facts.scripts else None
    start = (
        f"CMD {command}"
        if command
        else '# TODO(rolecall): no manifest names an entry point.\nCMD ["python", "-m", "TODO_rolecall"]'
    )
    return f"""{note}{_PIN}
FROM python:{version}-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH="/venv/bin:$PATH"
{locked}{own}
{_PIN}
FROM python:{version}-slim
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=build /venv /venv
{"" if facts.has_build else "COPY --from=build /app /app" + chr(10)}USER 10001
# TODO(rolecall): EXPOSE the port, if it serves one.
{start}
"""


def _node(facts: ProjectFacts) -> str:
    version = facts.node or "22"
    note = "" if facts.node else "# TODO(rolecall): no manifest names a Node version.\n"
    install = "npm ci" if facts.lock.endswith("package-lock.json") else "npm install"
    build = "RUN npm run build\n" if "build" in facts.scripts else ""
    start = '["npm", "start"]' if "start" in facts.scripts else '["node", "TODO_rolecall.js"]'
    todo = "" if "start" in facts.scripts else "# TODO(rolecall): package.json has no start script.\n"
    return f"""{note}{_PIN}
FROM node:{version}-slim AS build
WORKDIR /app
COPY package*.json ./
RUN {install}
COPY . .
{build}
{_PIN}
FROM node:{version}-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
USER 10001
# TODO(rolecall): EXPOSE the port, if it serves one.
{todo}CMD {start}
"""


def _go(facts: ProjectFacts) -> str:
    version = facts.version or "1"
    return f"""{_PIN}
FROM golang:{version} AS build
WORKDIR /src
COPY go.* ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o /out/app .

{_PIN}
FROM gcr.io/distroless/static
COPY --from=build /out/app /app
USER 10001
# TODO(rolecall): EXPOSE the port, if it serves one.
ENTRYPOINT ["/app"]
"""


def _rust(facts: ProjectFacts) -> str:
    return f"""{_PIN}
FROM rust:1 AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

{_PIN}
FROM debian:stable-slim
COPY --from=build /src/target/release/{facts.name or "TODO_rolecall"} /app
USER 10001
# TODO(rolecall): EXPOSE the port, if it serves one.
ENTRYPOINT ["/app"]
"""


_WRITERS: dict[str, Callable[[ProjectFacts], str]] = {
    "python": _python,
    "node": _node,
    "go": _go,
    "rust": _rust,
}
