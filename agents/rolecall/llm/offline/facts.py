"""What the manifests of a project say, for the files made from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Any, cast

from rolecall.llm.offline.evaluation.kinds import is_a
from rolecall.workspace.parsing import Unparsable, json_value, toml_table

if TYPE_CHECKING:
    from rolecall.context.items import Gathered, Manifest


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """Facts of the project nearest the target. What no manifest says is empty.

    Attributes:
        folder: where its manifest stands.
        language: ``python``, ``node``, ``go``, ``rust`` or empty.
        python: the lowest Python version it takes, as ``3.11``.
        scripts: names of the commands it installs.
        requirements: its requirement files.
    """

    folder: str = ""
    language: str = ""
    name: str = ""
    version: str = ""
    description: str = ""
    licence: str = ""
    python: str = ""
    node: str = ""
    scripts: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    lock: str = ""
    has_build: bool = False
    test_command: str = ""
    lint_command: str = ""
    manifest: str = ""


_RUNNERS = {
    "pytest": "python -m pytest",
    "unittest": "python -m unittest",
    "jest": "npx jest",
    "vitest": "npx vitest run",
}
_LOCKS = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "go.sum",
    "Cargo.lock",
)


def project_facts(gathered: Gathered) -> ProjectFacts:
    """Read the manifests, the nearest first."""
    values: dict[str, Any] = {}
    for manifest in gathered.facts.manifests:
        read = _READERS.get(basename(manifest.path))
        for key, value in (read(manifest) if read else {}).items():
            values.setdefault(key, value)
    names = {basename(path): path for path in reversed(gathered.facts.paths)}
    values["requirements"] = tuple(
        path for path in gathered.facts.paths if re.search(r"(?:^|/)requirements[\w.-]*\.txt$", path)
    )
    values["lock"] = next((names[lock] for lock in _LOCKS if lock in names), "")
    if "language" not in values:
        known = {"Python": "python", "JavaScript": "node", "TypeScript": "node", "Go": "go", "Rust": "rust"}
        first = gathered.facts.languages[0][0] if gathered.facts.languages else ""
        values["language"] = known.get(first, "")
    values.setdefault("test_command", _RUNNERS.get(gathered.facts.test_runner or "", ""))
    values.setdefault("name", gathered.facts.name)
    return ProjectFacts(**values)


def _pyproject(manifest: Manifest) -> dict[str, Any]:
    try:
        data: dict[str, Any] = toml_table(manifest.text)
    except Unparsable:
        return {}
    project = _table(data, "project") or _table(data, "tool", "poetry")
    found: dict[str, Any] = {
        "language": "python",
        "folder": dirname(manifest.path),
        "manifest": manifest.path,
    }
    found |= {
        key: str(project[key])
        for key in ("name", "version", "description")
        if isinstance(project.get(key), str)
    }
    licence = project.get("license")
    if isinstance(licence, dict):
        licence = cast("dict[str, Any]", licence).get("text")
    if isinstance(licence, str):
        found["licence"] = licence
    version = re.search(
        r"3\.\d+", str(project.get("requires-python") or _table(project, "dependencies").get("python") or "")
    )
    if version:
        found["python"] = version.group()
    found["scripts"] = tuple(str(name) for name in _table(project, "scripts"))
    dependencies: Any = project.get("dependencies", [])
    if is_a(dependencies, list):
        found["dependencies"] = tuple(str(item) for item in dependencies)
    found["has_build"] = "build-system" in data or bool(project.get("name"))
    if "ruff" in _table(data, "tool"):
        found["lint_command"] = "python -m ruff check ."
    return found


def _package_json(manifest: Manifest) -> dict[str, Any]:
    try:
        data: Any = json_value(manifest.text)
    except Unparsable:
        return {}
    if not isinstance(data, dict):
        return {}
    table = cast("dict[str, Any]", data)
    found: dict[str, Any] = {"language": "node", "folder": dirname(manifest.path), "manifest": manifest.path}
    found |= {
        key: str(table[key]) for key in ("name", "version", "description") if isinstance(table.get(key), str)
    }
    scripts = _table(table, "scripts")
    found["scripts"] = tuple(scripts)
    if "test" in scripts:
        found["test_command"] = "npm test"
    if "lint" in scripts:
        found["lint_command"] = "npm run lint"
    version = re.search(r"\d+", str(_table(table, "engines").get("node") or ""))
    if version:
        found["node"] = version.group()
    return found


def _go_mod(manifest: Manifest) -> dict[str, Any]:
    name = re.search(r"^module\s+(\S+)", manifest.text, re.MULTILINE)
    version = re.search(r"^go\s+(\S+)", manifest.text, re.MULTILINE)
    found: dict[str, Any] = {"language": "go", "folder": dirname(manifest.path), "manifest": manifest.path}
    found["test_command"] = "go test ./..."
    found["lint_command"] = "go vet ./..."
    if name:
        found["name"] = name.group(1).rsplit("/", 1)[-1]
    return found | ({"version": version.group(1)} if version else {})


def _cargo(manifest: Manifest) -> dict[str, Any]:
    try:
        package = _table(toml_table(manifest.text), "package")
    except Unparsable:
        return {}
    found: dict[str, Any] = {"language": "rust", "folder": dirname(manifest.path), "manifest": manifest.path}
    found |= {"test_command": "cargo test", "lint_command": "cargo clippy"}
    return found | {
        key: str(package[key])
        for key in ("name", "version", "description")
        if isinstance(package.get(key), str)
    }


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        value = data.get(key)
        if not isinstance(value, dict):
            return {}
        data = cast("dict[str, Any]", value)
    return data


_READERS = {
    "pyproject.toml": _pyproject,
    "package.json": _package_json,
    "go.mod": _go_mod,
    "Cargo.toml": _cargo,
}
