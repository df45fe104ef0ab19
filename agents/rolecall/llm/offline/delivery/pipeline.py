"""CI pipelines."""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.llm.offline.facts import ProjectFacts

_GITHUB = ".github/workflows/ci.yml"


def pipeline(facts: ProjectFacts, paths: Collection[str]) -> Draft:
    """A pipeline that calls the project's own commands; GitHub Actions unless another system is in use."""
    draft = Draft()
    present = [path for path in sorted(paths) if _is_pipeline(path)]
    steps = _steps(facts)
    if present:
        draft.say(f"{present[0]} is this project's pipeline already; it was left as it is.")
    elif not steps:
        draft.say(
            "No manifest says how this project is installed or tested, so a pipeline would have nothing to "
            "call."
        )
    elif draft.file(_GITHUB, _github(facts, steps)):
        draft.say(
            f"{_GITHUB} runs the commands of {facts.manifest or 'the workspace'} with read-only permissions "
            "and a timeout."
        )
        draft.say(
            "Actions are named by version, since a commit hash is never made up: each is marked "
            "TODO(rolecall)."
        )
    return draft


def _is_pipeline(path: str) -> bool:
    if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml")):
        return True
    return basename(path).lower() in {
        ".gitlab-ci.yml",
        "jenkinsfile",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
    }


def _steps(facts: ProjectFacts) -> list[tuple[str, str]]:
    install = {
        "python": _python_install(facts),
        "node": "npm ci" if facts.lock.endswith("package-lock.json") else "npm install",
        "go": "go mod download",
        "rust": "cargo fetch",
    }.get(facts.language, "")
    listed = [("Install", install), ("Lint", facts.lint_command), ("Test", facts.test_command)]
    return [(name, command) for name, command in listed if command]


def _python_install(facts: ProjectFacts) -> str:
    if facts.requirements:
        return " && ".join(f"python -m pip install -r {path}" for path in facts.requirements[:2])
    return "python -m pip install ." if facts.has_build else ""


def _github(facts: ProjectFacts, steps: list[tuple[str, str]]) -> str:
    setups = {
        "python": ("actions/setup-python@v5", f'python-version: "{facts.python or "3.x"}"'),
        "node": ("actions/setup-node@v4", f'node-version: "{facts.node or "lts/*"}"'),
        "go": ("actions/setup-go@v5", "go-version-file: go.mod"),
    }
    lines = [
        "name: ci",
        "on:",
        "  push:",
        "    branches: [main]",
        "  pull_request:",
        "permissions:",
        "  contents: read",
    ]
    lines += [
        "concurrency:",
        "  group: ci-${{ github.ref }}",
        "  cancel-in-progress: true",
        "jobs:",
        "  test:",
    ]
    lines += ["    runs-on: ubuntu-24.04", "    timeout-minutes: 15", "    steps:"]
    lines += [
        "      # TODO(rolecall): pin each action by its commit hash.",
        "      - uses: actions/checkout@v4",
        "        with:",
    ]
    lines += ["          persist-credentials: false"]
    if facts.language in setups:
        action, option = setups[facts.language]
        lines += [f"      - uses: {action}", "        with:", f"          {option}"]
    for name, command in steps:
        lines += [f"      - name: {name}", f"        run: {command}"]
    return "\n".join(lines) + "\n"
