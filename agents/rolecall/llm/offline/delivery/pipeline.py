"""CI pipelines: a new one for GitHub Actions, or what an existing one lacks."""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery import gitlab
from rolecall.llm.offline.delivery.github import mend
from rolecall.llm.offline.delivery.project import plain
from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from rolecall.llm.offline.delivery.project import Project

_GITHUB = ".github/workflows/ci.yml"
_OTHERS = {"jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".drone.yml", ".travis.yml"}


def pipeline(
    found: list[Project], paths: Collection[str], texts: Mapping[str, str], instruction: str
) -> Draft:
    """A pipeline that calls the projects' own commands, in the system that is in use, else GitHub Actions."""
    draft = Draft()
    workflows = sorted(path for path in paths if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path))
    other = next(
        (
            path
            for path in sorted(paths)
            if basename(path).lower() in _OTHERS or path.startswith(".circleci/")
        ),
        "",
    )
    if ".gitlab-ci.yml" in paths:
        gitlab.extend(draft, ".gitlab-ci.yml", texts.get(".gitlab-ci.yml", ""), found, instruction)
    elif workflows:
        mend(draft, workflows, texts, found)
    elif other:
        _describe(draft, other, texts.get(other, ""), found)
    elif not any(recipe(project).commands for project in found):
        draft.say(
            "No manifest says how this project is installed or tested, so a pipeline would "
            "have nothing to call."
        )
    elif draft.file(_GITHUB, "\n".join(_github(found)) + "\n"):
        told = " and ".join(project.manifest for project in found)
        draft.say(f"{_GITHUB} calls the commands of {told}, with read-only permissions and a timeout.")
        draft.say(
            "Actions are named by version, since a commit hash is never made up: each is "
            "marked TODO(rolecall)."
        )
        draft.say("Assumed: the main branch is called main.")
    if draft.blocks:
        draft.say(
            "Nothing was run. Check with: `actionlint`, or on a branch of its own."
            if ".gitlab-ci.yml" not in paths
            else "Nothing was run. Check with: `glab ci lint`."
        )
        draft.say("Roll back by reverting the commit; nothing is deployed from here.")
    return draft


def _describe(draft: Draft, path: str, text: str, found: list[Project]) -> None:
    lacking = [
        command
        for project in found
        for label, command in recipe(project).commands
        if not gitlab.calls(text, label)
    ]
    draft.say(f"{path} is this project's pipeline already; it was left as it is.")
    if lacking:
        draft.say(f"It does not call {', '.join(f'`{command}`' for command in lacking)}. Nothing was run.")


def _github(found: list[Project]) -> Iterator[str]:
    yield "name: ci"
    yield from (
        "on:",
        "  push:",
        "    branches: [main]",
        "  pull_request:",
        "permissions:",
        "  contents: read",
    )
    yield from (
        "concurrency:",
        "  group: ci-${{ github.workflow }}-${{ github.ref }}",
        "  cancel-in-progress: true",
        "jobs:",
    )
    for project in found:
        yield from _job(project, plain(project.folder, "test") if project.folder else "test")


def _job(project: Project, name: str) -> Iterator[str]:
    made = recipe(project)
    yield from (f"  {name}:", "    runs-on: ubuntu-24.04", "    timeout-minutes: 15")
    if project.folder:
        yield from ("    defaults:", "      run:", f"        working-directory: {project.folder}")
    yield "    steps:"
    yield "      # TODO(rolecall): pin each action by its commit hash."
    yield from ("      - uses: actions/checkout@v4", "        with:", "          persist-credentials: false")
    yield from made.setup
    for label, command in made.commands:
        yield f"      - name: {label}"
        yield f"        run: {_scalar(command)}"


def _scalar(command: str) -> str:
    """A command as YAML takes it: its own comment stays one, and a colon needs quotes."""
    told, mark, comment = command.partition(" # ")
    quoted = "'" + told.replace("'", "''") + "'" if re.search(r": |[\[\]{}\"']", told) else told
    return f"{quoted}{mark}{comment}"
