"""Facts of the workspace: languages, manifests, test runners, package managers, the tree in outline."""

from __future__ import annotations

import re
from collections import Counter
from posixpath import basename, splitext
from typing import TYPE_CHECKING

from rolecall.context.index import nearest_first
from rolecall.context.items import Facts, Manifest
from rolecall.context.manifests import manifest_kind, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rolecall.context.index import PathIndex

MAX_MANIFESTS = 12
MAX_TREE_PATHS = 200
MAX_LANGUAGES = 6

LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), "Python"),
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts"), "TypeScript"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "JavaScript"),
    **dict.fromkeys((".c", ".h"), "C"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp", ".hh"), "C++"),
    **dict.fromkeys((".sh", ".bash"), "Shell"),
    **dict.fromkeys((".ex", ".exs"), "Elixir"),
    ".go": "Go",
    ".rs": "Rust",
    ".java": "Java",
    ".kt": "Kotlin",
    ".scala": "Scala",
    ".cs": "C#",
    ".fs": "F#",
    ".rb": "Ruby",
    ".php": "PHP",
    ".swift": "Swift",
    ".lua": "Lua",
    ".dart": "Dart",
    ".sql": "SQL",
    ".tf": "Terraform",
    ".vue": "Vue",
    ".svelte": "Svelte",
    ".html": "HTML",
    ".css": "CSS",
}

_LOCK_FILES = {
    "uv.lock": "uv",
    "poetry.lock": "Poetry",
    "pdm.lock": "PDM",
    "pipfile.lock": "Pipenv",
    "package-lock.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "Yarn",
    "bun.lock": "Bun",
    "bun.lockb": "Bun",
    "cargo.lock": "Cargo",
    "go.sum": "Go modules",
    "gemfile.lock": "Bundler",
    "composer.lock": "Composer",
    "gradlew": "Gradle",
    "mvnw": "Maven",
}
_MANAGERS = {
    "requirements.txt": "pip",
    "cargo.toml": "Cargo",
    "go.mod": "Go modules",
    "pom.xml": "Maven",
    "build.gradle": "Gradle",
    "build.gradle.kts": "Gradle",
    "package.json": "npm",
    "pyproject.toml": "pip",
}
_RUNNER_FILES = {
    "pytest.ini": "pytest",
    "conftest.py": "pytest",
    "go.mod": "go test",
    "cargo.toml": "cargo test",
    ".rspec": "RSpec",
    "phpunit.xml": "PHPUnit",
}
_RUNNER_WORDS = (
    ("python", re.compile(r"\bpytest\b"), "pytest"),
    ("node", re.compile(r'"vitest"'), "vitest"),
    ("node", re.compile(r'"jest"'), "jest"),
    ("node", re.compile(r'"mocha"'), "mocha"),
    ("node", re.compile(r"node --test"), "node --test"),
    ("jvm", re.compile(r"junit-jupiter|useJUnitPlatform"), "JUnit 5"),
    ("jvm", re.compile(r"<artifactId>junit<"), "JUnit 4"),
    ("dotnet", re.compile(r"xunit", re.IGNORECASE), "xUnit"),
    ("dotnet", re.compile(r"nunit", re.IGNORECASE), "NUnit"),
    ("dotnet", re.compile(r"mstest", re.IGNORECASE), "MSTest"),
    ("ruby", re.compile(r"\brspec\b"), "RSpec"),
    ("php", re.compile(r"phpunit/phpunit"), "PHPUnit"),
)


def collect(name: str, index: PathIndex, near: str, read: Callable[[str], str | None]) -> Facts:
    """The facts of a workspace.

    Args:
        name: of the workspace.
        index: its files.
        near: the target's path; what stands near it comes first. Empty for none.
        read: gives a file's text, or None where it cannot be read.
    """
    paths = list(index)
    manifests = tuple(_manifests(paths, near, read))
    return Facts(
        name=name,
        languages=tuple(_languages(paths)),
        manifests=manifests,
        test_runners=tuple(_runners(paths, manifests, near)),
        package_managers=tuple(_managers(paths, near)),
        paths=tuple(paths[:MAX_TREE_PATHS]),
        more=len(paths) > MAX_TREE_PATHS,
    )


def _languages(paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    counts = Counter(LANGUAGES.get(splitext(path)[1].lower(), "") for path in paths)
    del counts[""]
    yield from sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_LANGUAGES]


def _manifests(paths: Iterable[str], near: str, read: Callable[[str], str | None]) -> Iterator[Manifest]:
    named = nearest_first((path for path in paths if manifest_kind(path)), near)
    # What a project starts from is told by manifests first, by the code itself only where they are silent.
    found = sorted(named, key=lambda path: manifest_kind(path) == "entry")
    taken = 0
    for path in found:
        text = read(path) if taken < MAX_MANIFESTS else None
        if text is not None:
            taken += 1
            yield read_manifest(path, text)


def _runners(paths: Iterable[str], manifests: Iterable[Manifest], near: str) -> Iterator[str]:
    evidence: dict[str, str] = {}
    for manifest in manifests:
        for kind, word, runner in _RUNNER_WORDS:
            if manifest.kind == kind and word.search(manifest.text):
                evidence.setdefault(runner, manifest.path)
    for runner, path in _by_name(nearest_first(paths, near), _RUNNER_FILES).items():
        evidence.setdefault(runner, path)
    if not evidence:
        tests = [path for path in paths if re.fullmatch(r"test_.+\.py", basename(path))]
        evidence.update({"unittest": tests[0]} if tests else {})
    return (f"{runner} ({path})" for runner, path in evidence.items())


def _managers(paths: Iterable[str], near: str) -> Iterator[str]:
    ordered = nearest_first(paths, near)
    locked = _by_name(ordered, _LOCK_FILES)
    found = locked or _by_name(ordered, _MANAGERS)
    return (f"{manager} ({path})" for manager, path in found.items())


def _by_name(paths: Iterable[str], names: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        manager = names.get(basename(path).lower())
        if manager:
            found.setdefault(manager, path)
    return found
