"""Facts of the workspace: languages, manifests, test runners, package managers, the tree in outline."""

from __future__ import annotations

import re
from collections import Counter
from posixpath import basename, splitext
from typing import TYPE_CHECKING

from rolecall.context.conventions import conventions
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
_LANGUAGE_OF = {
    **dict.fromkeys(("uv", "Poetry", "PDM", "Pipenv", "pip"), "python"),
    **dict.fromkeys(("npm", "pnpm", "Yarn", "Bun"), "node"),
    **dict.fromkeys(("Maven", "Gradle"), "jvm"),
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
    "global.json": "NuGet",
    "directory.packages.props": "NuGet",
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

_CHECKED = _MANAGERS.keys() | _RUNNER_FILES.keys()
"""Files that must be what their names say, before a runner or a package manager is told from them."""

_MAX_CHECKED = 60
"""Manifests that are read to know it; a monorepo has more, and those nearest the target come first."""

_READ_TESTS = 3
"""Test files that are read where no manifest names their runner."""

_TEST_FILES: tuple[tuple[set[str], re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]], ...] = (
    (
        {"pytest", "unittest"},
        re.compile(r"(?:^|/)(?:test_[^/]+|[^/]+_test)\.py$"),
        (
            (re.compile(r"^(?:import|from) unittest\b", re.MULTILINE), "unittest"),
            (re.compile(r"^(?:import pytest\b|(?:async )?def test_)", re.MULTILINE), "pytest"),
        ),
    ),
    (
        {"vitest", "jest", "mocha", "node --test"},
        re.compile(r"(?:\.|/)(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)(?:__tests__|tests?)/[^/]+\.[cm]?[jt]sx?$"),
        (
            (re.compile(r"[\"']node:test[\"']"), "node --test"),
            (re.compile(r"[\"']vitest[\"']"), "vitest"),
        ),
    ),
    ({"bats"}, re.compile(r"\.bats$"), ((re.compile(r"^@test ", re.MULTILINE), "bats"),)),
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
    ordered = nearest_first(paths, near)
    manifests, unread = _manifests(ordered, read)
    sound = [manifest for manifest in manifests if not manifest.broken]
    telling = list(_telling(ordered, manifests, read))
    runners = list(_runners(telling, sound, read).items())
    managers = list(_managers(telling).items())
    return Facts(
        name=name,
        languages=tuple(_languages(paths)),
        manifests=manifests,
        test_runners=tuple(f"{runner} ({path})" for runner, path in runners),
        package_managers=tuple(f"{manager} ({path})" for manager, path in managers),
        conventions=tuple(conventions(near, telling, sound, (runners, managers), read)) if paths else (),
        unread=unread,
        paths=tuple(paths[:MAX_TREE_PATHS]),
        more=len(paths) > MAX_TREE_PATHS,
    )


def _languages(paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    counts = Counter(LANGUAGES.get(splitext(path)[1].lower(), "") for path in paths)
    del counts[""]
    yield from sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_LANGUAGES]


def _manifests(
    ordered: Iterable[str], read: Callable[[str], str | None]
) -> tuple[tuple[Manifest, ...], tuple[tuple[str, str], ...]]:
    """The nearest manifests, and those that were not read, with the reason."""
    named = (path for path in ordered if manifest_kind(path))
    taken: list[Manifest] = []
    unread: list[tuple[str, str]] = []
    # What a project starts from is told by manifests first, by the code itself only where they are silent.
    for path in sorted(named, key=lambda path: manifest_kind(path) == "entry"):
        full = len(taken) == MAX_MANIFESTS
        text = None if full else read(path)
        if text is not None:
            taken.append(read_manifest(path, text))
        elif manifest_kind(path) != "entry":
            why = f"the {MAX_MANIFESTS} nearest were" if full else "too large, no text, or kept back"
            unread.append((path, f"manifest, not read: {why}"))
    return tuple(taken), tuple(unread[:MAX_MANIFESTS])


def _telling(
    ordered: Iterable[str], manifests: Iterable[Manifest], read: Callable[[str], str | None]
) -> Iterator[str]:
    """The paths less those of manifests that are binary or broken: a name alone tells nothing."""
    known = {manifest.path: manifest.broken for manifest in manifests}
    for path in ordered:
        if basename(path).lower() in _CHECKED and path not in known and len(known) < _MAX_CHECKED:
            text = read(path)
            known[path] = text is None or read_manifest(path, text).broken
        if not known.get(path, False):
            yield path


def _runners(
    ordered: Iterable[str], manifests: Iterable[Manifest], read: Callable[[str], str | None]
) -> dict[str, str]:
    """Test runners with the file that tells: manifests first, then names, then what test files import."""
    evidence: dict[str, str] = {}
    for manifest in manifests:
        for kind, word, runner in _RUNNER_WORDS:
            if manifest.kind == kind and word.search(manifest.text):
                evidence.setdefault(runner, manifest.path)
    ordered = list(ordered)
    for runner, path in _by_name(ordered, _RUNNER_FILES).items():
        evidence.setdefault(runner, path)
    for runners, named, words in _TEST_FILES:
        if not evidence.keys() & runners:
            evidence.update(_imported_runner([path for path in ordered if named.search(path)], words, read))
    return evidence


def _imported_runner(
    tests: list[str], words: tuple[tuple[re.Pattern[str], str], ...], read: Callable[[str], str | None]
) -> dict[str, str]:
    for path in tests[:_READ_TESTS]:
        text = read(path) or ""
        for word, runner in words:
            if word.search(text):
                return {runner: path}
    return {}


def _managers(ordered: Iterable[str]) -> dict[str, str]:
    """Package managers with the file that tells; a manifest tells only for a language without a lock file."""
    ordered = list(ordered)
    locked = _by_name(ordered, _LOCK_FILES)
    families = {_LANGUAGE_OF.get(manager) for manager in locked}
    for manager, path in _by_name(ordered, _MANAGERS).items():
        if _LANGUAGE_OF.get(manager) not in families:
            locked.setdefault(manager, path)
    return locked


def _by_name(paths: Iterable[str], names: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        manager = names.get(basename(path).lower())
        if manager:
            found.setdefault(manager, path)
    return found
