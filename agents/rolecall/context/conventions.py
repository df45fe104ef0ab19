"""What a workspace uses where the target stands: test runner, framework, package manager, docs style, CI.

These lines travel with the instruction (contract section 6). A model that is told nothing reaches for the
commonest tool of the language; where nothing was found it is told that, too.
"""

from __future__ import annotations

import re
from posixpath import basename, dirname, splitext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rolecall.context.items import Manifest

NONE_FOUND = "none found"

_FAMILIES: dict[str, tuple[str, ...]] = {
    "python": (".py", ".pyi"),
    "node": (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"),
    "go": (".go",),
    "rust": (".rs",),
    "jvm": (".java", ".kt", ".scala"),
    "dotnet": (".cs", ".fs"),
    "ruby": (".rb",),
    "php": (".php",),
    "shell": (".sh", ".bash", ".bats"),
}
_OF_FAMILY = {
    **dict.fromkeys(("pytest", "unittest", "pip", "uv", "Poetry", "PDM", "Pipenv"), "python"),
    **dict.fromkeys(("vitest", "jest", "mocha", "node --test", "npm", "pnpm", "Yarn", "Bun"), "node"),
    **dict.fromkeys(("go test", "Go modules"), "go"),
    **dict.fromkeys(("cargo test", "Cargo"), "rust"),
    **dict.fromkeys(("JUnit 5", "JUnit 4", "Maven", "Gradle"), "jvm"),
    **dict.fromkeys(("xUnit", "NUnit", "MSTest", "NuGet"), "dotnet"),
    **dict.fromkeys(("RSpec", "Bundler"), "ruby"),
    **dict.fromkeys(("PHPUnit", "Composer"), "php"),
    "bats": "shell",
}
_FRAMEWORKS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (kind, re.compile(word, re.IGNORECASE), name)
    for kind, word, name in (
        ("python", r"\bdjango\b", "Django"),
        ("python", r"\bflask\b", "Flask"),
        ("python", r"\bfastapi\b", "FastAPI"),
        ("python", r"\bstarlette\b", "Starlette"),
        ("python", r"\baiohttp\b", "aiohttp"),
        ("python", r"\b(?:click|typer)\b", "Click"),
        ("node", r'"next"', "Next.js"),
        ("node", r'"react"', "React"),
        ("node", r'"vue"', "Vue"),
        ("node", r'"@angular/core"', "Angular"),
        ("node", r'"svelte"', "Svelte"),
        ("node", r'"express"', "Express"),
        ("node", r'"fastify"', "Fastify"),
        ("node", r'"@nestjs/core"', "NestJS"),
        ("go", r"gin-gonic/gin\b", "Gin"),
        ("go", r"go-chi/chi\b", "chi"),
        ("go", r"labstack/echo\b", "Echo"),
        ("rust", r"^\s*axum\b", "axum"),
        ("rust", r"^\s*actix-web\b", "Actix Web"),
        ("jvm", r"spring-boot", "Spring Boot"),
        ("jvm", r"quarkus", "Quarkus"),
        ("dotnet", r"Microsoft\.NET\.Sdk\.Web", "ASP.NET Core"),
        ("ruby", r"""\bgem\s+["']rails["']""", "Rails"),
        ("php", r"laravel/framework", "Laravel"),
    )
)
_CI = (
    (re.compile(r"(?:^|/)\.github/workflows/"), "GitHub Actions"),
    (re.compile(r"\.gitlab-ci\.yml$"), "GitLab CI"),
    (re.compile(r"(?:^|/)jenkinsfile$", re.IGNORECASE), "Jenkins"),
    (re.compile(r"azure-pipelines\.yml$"), "Azure Pipelines"),
    (re.compile(r"(?:^|/)\.circleci/"), "CircleCI"),
    (re.compile(r"bitbucket-pipelines\.yml$"), "Bitbucket Pipelines"),
)
_SITES = (
    (re.compile(r"(?:^|/)mkdocs\.ya?ml$"), "MkDocs"),
    (re.compile(r"(?:^|/)docs?/(?:source/)?conf\.py$"), "Sphinx"),
    (re.compile(r"(?:^|/)docusaurus\.config\.[jt]s$"), "Docusaurus"),
    (re.compile(r"(?:^|/)book\.toml$"), "mdBook"),
    (re.compile(r"(?:^|/)antora\.yml$"), "Antora"),
    (re.compile(r"(?:^|/)readme\.rst$", re.IGNORECASE), "reStructuredText pages"),
    (re.compile(r"(?:^|/)readme\.adoc$", re.IGNORECASE), "AsciiDoc pages"),
    (re.compile(r"(?:^|/)(?:readme|docs/[^/]+)\.md$", re.IGNORECASE), "Markdown pages"),
)
_COMMENTS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "python": (
        (re.compile(r"^[ \t]+(?:Args|Returns|Raises|Yields):[ \t]*$", re.MULTILINE), "Google docstrings"),
        (re.compile(r"^[ \t]*(?:Parameters|Returns|Raises)\n[ \t]*-{4,}$", re.MULTILINE), "NumPy docstrings"),
        (re.compile(r"^[ \t]*:(?:param|returns?|raises)\b", re.MULTILINE), "reStructuredText docstrings"),
        (re.compile(r'^[ \t]*r?"""\S', re.MULTILINE), "docstrings without sections"),
    ),
    "node": (
        (re.compile(r"@(?:param|returns?)[ \t]+\{"), "JSDoc comments with types"),
        (re.compile(r"@(?:param|returns|throws)\b"), "TSDoc comments"),
        (re.compile(r"^[ \t]*/\*\*", re.MULTILINE), "JSDoc comments"),
    ),
    "go": (
        # A bounded run of lines: scanning stays linear in a file that is one comment.
        (
            re.compile(r"^// [A-Z][^\n]*\n(?://[^\n]*\n){0,20}(?:func|type|var|const) ", re.MULTILINE),
            "Go doc comments",
        ),
    ),
    "rust": ((re.compile(r"^[ \t]*//[/!]", re.MULTILINE), "rustdoc comments"),),
    "jvm": ((re.compile(r"^[ \t]*/\*\*", re.MULTILINE), "Javadoc comments"),),
    "dotnet": ((re.compile(r"^[ \t]*/// <", re.MULTILINE), "XML documentation comments"),),
    "ruby": ((re.compile(r"^[ \t]*# @(?:param|return|raise)\b", re.MULTILINE), "YARD comments"),),
    "php": ((re.compile(r"^[ \t]*/\*\*", re.MULTILINE), "PHPDoc comments"),),
}  # fmt: skip
_READ_FOR_STYLE = 12
"""Files beside the target that are read to learn how comments are written."""

_SCANNED = 20_000
"""Characters of each of them."""


def family(path: str) -> str | None:
    """The family of languages a file belongs to; None for configuration, pages and data."""
    suffix = splitext(path)[1].lower()
    return next((name for name, suffixes in _FAMILIES.items() if suffix in suffixes), None)


def conventions(
    near: str,
    ordered: Sequence[str],
    manifests: Iterable[Manifest],
    evidence: tuple[Iterable[tuple[str, str]], Iterable[tuple[str, str]]],
    read: Callable[[str], str | None],
) -> Iterator[tuple[str, str]]:
    """What is used, by label; ``none found`` where the workspace does not tell.

    Args:
        near: the target's path; empty for work on the whole workspace.
        ordered: the workspace's paths, those nearest the target first.
        manifests: likewise.
        evidence: test runners, then package managers, each with the file that tells.
        read: gives a file's text, or None where it cannot be read.
    """
    manifests = list(manifests)
    of = family(near)
    runners, managers = evidence
    yield "test runner", _said(_concerning(near, of, runners))
    yield "framework", _said(_frameworks(near, of, manifests))
    yield "package manager", _said(_concerning(near, of, managers))
    yield "docs style", _said([*_comment_styles(of, ordered, manifests, read), *_first(ordered, _SITES)])
    yield "CI", _said(_first(ordered, _CI))


def _said(found: Iterable[tuple[str, str]]) -> str:
    """The names alone: a path is the workspace's own text, and would stand outside of the data."""
    return ", ".join(dict.fromkeys(name for name, _ in found)) or NONE_FOUND


def _concerning(near: str, of: str | None, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What serves the target's language; of several projects in one workspace, the target's own."""
    found = list(found)
    if of is not None:
        found = [(name, path) for name, path in found if _OF_FAMILY.get(name, of) == of]
    return _nearest(near, found)


def _nearest(near: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    around = [(name, path) for name, path in found if _encloses(dirname(path), near)]
    if not near or not around:
        return found
    deepest = max(len(dirname(path)) for _, path in around)
    return [(name, path) for name, path in around if len(dirname(path)) == deepest]


def _encloses(folder: str, path: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _frameworks(near: str, of: str | None, manifests: Iterable[Manifest]) -> list[tuple[str, str]]:
    found = [
        (name, manifest.path)
        for manifest in manifests
        for kind, word, name in _FRAMEWORKS
        if kind in {manifest.kind, of or kind}
        and kind == manifest.kind
        and word.search(_dependencies(manifest))
    ]
    # A library beside a service uses no framework: unlike tests, what is built with one stands inside.
    inside = [(name, path) for name, path in found if _encloses(dirname(path), near) or not near]
    return _nearest(near, list(dict.fromkeys(inside)))


def _dependencies(manifest: Manifest) -> str:
    """The lines of a manifest that can name a dependency; its name and description may say anything."""
    told = [value for name, value in manifest.details if name.startswith(("dependencies", "require"))]
    return "\n".join(told) if manifest.details and manifest.kind == "python" else manifest.text


def _first(ordered: Iterable[str], table: Iterable[tuple[re.Pattern[str], str]]) -> Iterator[tuple[str, str]]:
    paths = list(ordered)
    for pattern, name in table:
        path = next((path for path in paths if pattern.search(path)), None)
        if path is not None:
            yield name, path
            return


def _comment_styles(
    of: str | None,
    ordered: Iterable[str],
    manifests: Iterable[Manifest],
    read: Callable[[str], str | None],
) -> Iterator[tuple[str, str]]:
    for manifest in manifests:
        said = re.search(r"^convention\s*=\s*[\"'](google|numpy)[\"']", manifest.text, re.MULTILINE)
        if said and of in {"python", None} and basename(manifest.path) == "pyproject.toml":
            yield {"google": "Google", "numpy": "NumPy"}[said.group(1)] + " docstrings", manifest.path
            return
    wanted = [path for path in ordered if (of or family(path)) == family(path) and family(path) in _COMMENTS]
    texts = [(path, (read(path) or "")[:_SCANNED]) for path in wanted[:_READ_FOR_STYLE]]
    for pattern, name in _COMMENTS.get(of or (family(wanted[0]) if wanted else None) or "", ()):
        for path, text in texts:
            if pattern.search(text):
                yield name, path
                return
