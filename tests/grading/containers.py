"""What a Dockerfile must be to build: known instructions, known stages, files that are there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch

INSTRUCTIONS = frozenset(
    {"FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR"}
    | {"ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"}
)


def problems(text: str, files: Mapping[str, str]) -> list[str]:
    """What keeps a Dockerfile from building in a workspace with these files."""
    lines = list(_instructions(text))
    found = [f"unknown instruction {word}" for word, _ in lines if word not in INSTRUCTIONS]
    first = next((word for word, _ in lines if word != "ARG"), "")
    if first != "FROM":
        found.append("does not begin with FROM")
    stages: list[str] = []
    for word, rest in lines:
        if word == "FROM":
            named = re.search(r"\sAS\s+(\S+)", rest, re.IGNORECASE)
            stages.append(named.group(1) if named else str(len(stages)))
        elif word in {"COPY", "ADD"}:
            found += _copy_problems(rest, stages, files)
        elif word in {"CMD", "ENTRYPOINT"} and rest.startswith("["):
            found += _form_problems(rest)
    return found


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), rest.strip()


def _copy_problems(rest: str, stages: list[str], files: Mapping[str, str]) -> Iterator[str]:
    words = rest.split()
    options = [word for word in words if word.startswith("--")]
    paths = [word for word in words if not word.startswith("--")]
    source = next((word.removeprefix("--from=") for word in options if word.startswith("--from=")), None)
    if len(paths) < 2:
        yield f"COPY {rest}: no destination"
    if source is not None:
        # An image may be named too; those bear a tag.
        if source not in stages[:-1] and ":" not in source:
            yield f"no stage {source}"
        return
    for path in paths[:-1]:
        clean = path.removeprefix("./").rstrip("/")
        known = clean in {"", "."} or any(
            fnmatch(file, clean) or file.startswith(f"{clean}/") for file in files
        )
        if not known:
            yield f"COPY {path}: no such file"


def _form_problems(rest: str) -> Iterator[str]:
    try:
        json.loads(rest)
    except ValueError:
        yield f"{rest} is no JSON list"
