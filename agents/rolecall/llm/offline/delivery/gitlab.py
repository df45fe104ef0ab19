"""What an existing GitLab pipeline lacks: the project's own checks, each a job of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.delivery.project import as_list, as_table, plain
from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.delivery.revision import Revision, read_documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.delivery.project import Project
    from rolecall.llm.offline.draft import Draft

_TRACES = {
    "Format": r"\bfmt\b|format|prettier|black",
    "Lint": r"lint|ruff|flake8|clippy|\bvet\b",
    "Check types": r"mypy|pyright|\btsc\b|type-?check|\btypes\b",
    "Test": r"test|verify|\bcheck\b",
    "Build": r"build|assemble|package|verify",
}


def calls(text: str, label: str) -> bool:
    """Whether a pipeline seems to call what a step of this name does; installing always counts as called."""
    commands = "\n".join(line for line in text.splitlines() if not re.match(r"\s*[\w-]+:\s*$|\s*name:", line))
    return label not in _TRACES or re.search(_TRACES[label], commands, re.IGNORECASE) is not None


def extend(draft: Draft, path: str, text: str, found: list[Project], instruction: str) -> None:
    """Append a job for each check that no job calls; of those, the ones that were asked for by name."""
    documents = read_documents(text)
    data = as_table(documents[0]) if documents else {}
    if not data or not found:
        draft.say(
            f"{path} could not be read as plain YAML, or no manifest tells what to call; it "
            "was left as it is."
        )
        return
    made = recipe(found[0])
    lacking = [
        (label, command)
        for label, command in made.commands
        if label not in {"Install", "Format"} and not calls(text, label)
    ]
    asked = [
        (label, command) for label, command in lacking if label.split()[-1].lower()[:4] in instruction.lower()
    ]
    revision = Revision(path, text)
    install = [command for label, command in made.commands if label == "Install"]
    for label, command in asked or lacking:
        job = _job(label, [*_install(data, install), command], data, made.image)
        revision.insert(len(revision.lines), ["", *job])
    names = ", ".join(plain(label) for label, _ in asked or lacking)
    if revision.write(
        draft,
        lambda after: as_table(after[0]).items() >= data.items() and len(as_table(after[0])) > len(data),
    ):
        draft.say(
            f"{path}: new jobs ({names}), beside those that are there, with the commands of "
            f"{found[0].manifest}."
        )
    else:
        draft.say(
            f"{path} is this project's pipeline already; nothing was found that it lacks, so "
            "it was left as it is."
        )


def _install(data: dict[str, Any], install: list[str]) -> list[str]:
    """What the existing jobs do before their last command, so that all jobs prepare alike."""
    if "before_script" in data or "before_script" in as_table(data.get("default")):
        return []
    for job in _jobs(data):
        script = as_list(job.get("script"))
        if len(script) > 1 and all(isinstance(line, str) for line in script):
            return [str(line) for line in script[:-1]]
    return install


def _job(label: str, script: list[str], data: dict[str, Any], image: str) -> Iterator[str]:
    model = next((job for job in _jobs(data) if "script" in job), as_table(None))
    yield f"{plain(label)}:"
    if stage := model.get("stage"):
        yield f"  stage: {stage}"
    if "image" not in data and "image" not in as_table(data.get("default")):
        own = model.get("image")
        yield f"  image: {own if isinstance(own, str) else image}"
    yield "  timeout: 15 minutes"
    yield "  script:"
    yield from (f"    - {command}" for command in script)


def _jobs(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, job in data.items():
        if not str(name).startswith(".") and name not in {
            "default",
            "variables",
            "workflow",
            "cache",
            "stages",
            "include",
        }:
            yield as_table(job)
