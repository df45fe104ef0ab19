"""The projects of a workspace, each with the texts that tell how it is built and started."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from posixpath import basename, dirname, splitext
from typing import TYPE_CHECKING, Any, cast

from rolecall.workspace.parsing import Unparsable, json_value, toml_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from rolecall.context.items import Gathered

_MANIFESTS = {
    "pyproject.toml": "python",
    "requirements.txt": "python",
    "setup.py": "python",
    "setup.cfg": "python",
    "pipfile": "python",
    "package.json": "node",
    "go.mod": "go",
    "cargo.toml": "rust",
    "pom.xml": "jvm",
    "build.gradle": "jvm",
    "build.gradle.kts": "jvm",
}
_SUFFIXES = {
    "python": (".py",),
    "node": (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"),
    "go": (".go",),
    "rust": (".rs",),
    "jvm": (".java", ".kt"),
    "dotnet": (".cs", ".fs"),
}
_MOST = 3
"""Projects of one workspace that are worked on; a person sees to the others."""

_SHELL = re.compile(r"[$|&;<>*?`(){}~]")


@dataclass(frozen=True, slots=True)
class Project:
    """One project: a folder with a manifest.

    Attributes:
        folder: where its manifest stands; empty for the workspace itself.
        language: ``python``, ``node``, ``go``, ``rust``, ``jvm`` or ``dotnet``.
        manifest: workspace path of the manifest.
        files: what is in the folder, as paths relative to it.
        texts: manifests and other files that were read, by the same paths.
        workspace: name of the workspace, for a project without a name of its own.
    """

    folder: str
    language: str
    manifest: str
    files: frozenset[str]
    texts: Mapping[str, str]
    workspace: str

    def text(self, name: str) -> str:
        """The text of a file in the project's own folder; empty where it is absent or was not read."""
        for path, text in self.texts.items():
            if path.lower() == name.lower():
                return text
        return ""

    def has(self, *names: str) -> str:
        """The first of these names that is in the project's own folder; empty for none."""
        return next((name for name in names if name in self.files), "")

    def named(self, pattern: str) -> list[str]:
        """The files whose paths match the whole pattern, shallow and short ones first."""
        found = [path for path in self.files if re.fullmatch(pattern, path)]
        return sorted(found, key=lambda path: (path.count("/"), len(path), path))

    def toml(self, name: str) -> dict[str, Any]:
        """A TOML file as a table; empty where there is none that can be read."""
        try:
            return toml_table(self.text(name))
        except Unparsable:
            return {}

    def json(self, name: str) -> dict[str, Any]:
        """A JSON file as a table; empty where there is none that can be read."""
        try:
            return as_table(json_value(self.text(name)))
        except Unparsable:
            return {}

    def targets(self) -> frozenset[str]:
        """The targets of its Makefile."""
        return frozenset(
            re.findall(r"^([A-Za-z][\w-]{0,50})[ \t]*:(?!=)", self.text("Makefile"), re.MULTILINE)
        )

    def process(self) -> str:
        """The command of the Procfile's web process, or of its only one."""
        lines: list[tuple[str, str]] = re.findall(
            r"^([\w-]{1,50}):[ \t]*(\S[^\n]*)", self.text("Procfile"), re.MULTILINE
        )
        web = [command for name, command in lines if name == "web"]
        return (web or [command for _, command in lines] or [""])[0].strip()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a project is built, checked and started.

    Attributes:
        name: of the image, the workload and what else is called after the project.
        dockerfile: None where there is nothing to start.
        setup: lines of the GitHub steps that install the language, indented for ``steps:``.
        commands: what a pipeline calls, in order, each with a name for its step.
        image: where the same commands run in a container.
        version: of the project itself; empty where none is told.
        notes: what a reader has to know, a sentence each.
    """

    name: str
    dockerfile: str | None = None
    setup: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    image: str = ""
    version: str = ""
    notes: tuple[str, ...] = field(default=())


def projects(gathered: Gathered) -> list[Project]:
    """The projects, shallow ones first, at most three."""
    paths = [*gathered.facts.paths, *(item.path for item in gathered.items)]
    texts = {item.path: item.text for item in gathered.items}
    texts |= {manifest.path: manifest.text for manifest in gathered.facts.manifests if not manifest.broken}
    broken = {manifest.path for manifest in gathered.facts.manifests if manifest.broken}
    sound = [path for path in dict.fromkeys([*texts, *paths]) if path not in broken]
    found = dict(_folders(sound)) or _bare(sound)
    made = [_project(folder, tellers, paths, texts, gathered.facts.name) for folder, tellers in found.items()]
    return sorted(
        made, key=lambda project: (project.folder.count("/"), bool(project.folder), project.folder)
    )[:_MOST]


def _folders(paths: Collection[str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Folders of projects, each with its manifests and their languages; none inside of another."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(paths, key=lambda path: path.count("/")):
        if path.endswith((".csproj", ".fsproj")):
            # A solution is built as one, wherever its projects stand.
            found.setdefault("", []).append((path, "dotnet"))
        elif language := _MANIFESTS.get(basename(path).lower()):
            found.setdefault(dirname(path), []).append((path, language))
    for folder, tellers in found.items():
        outer = [other for other in found if other != folder and is_under(folder, other)]
        if not outer:
            yield folder, tellers


def _bare(paths: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """A workspace without a manifest, whose Dockerfile or code tells what it is."""
    images = [path for path in paths if basename(path) in {"Dockerfile", "Containerfile"}]
    if images and not any("/" not in path for path in images):
        return {dirname(path): [(path, "")] for path in images}
    teller = next((path for path in ("Dockerfile", "Containerfile", "Procfile") if path in paths), "")
    suffixes = Counter(splitext(path)[1].lower() for path in paths)
    counted = {language: sum(suffixes[suffix] for suffix in known) for language, known in _SUFFIXES.items()}
    language = max(counted, key=lambda name: counted[name]) if any(counted.values()) else ""
    return {"": [(teller or "the code", language)]} if teller or language == "python" else {}


def _project(
    folder: str, tellers: list[tuple[str, str]], paths: Collection[str], texts: Mapping[str, str], name: str
) -> Project:
    inside = {path: path[len(folder) :].lstrip("/") for path in paths if is_under(path, folder)}
    suffixes = Counter(splitext(path)[1].lower() for path in inside)
    manifest, language = max(
        tellers, key=lambda told: sum(suffixes[suffix] for suffix in _SUFFIXES.get(told[1], ()))
    )
    own = {
        inside.get(path, path[len(folder) :].lstrip("/")): text
        for path, text in texts.items()
        if is_under(path, folder)
    }
    return Project(folder, language, manifest, frozenset(inside.values()) | own.keys(), own, name)


def is_under(path: str, folder: str) -> bool:
    """Whether a path is the folder, or inside of it; the empty folder holds everything."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def as_table(value: object) -> dict[str, Any]:
    """The value, if it is a table, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value, if it is a list, else an empty one."""
    return list(cast("Iterable[Any]", value)) if isinstance(value, list) else []


def table(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The table below these keys; empty where there is none."""
    found: Any = data
    for key in keys:
        found = as_table(found).get(key)
    return as_table(found)


def plain(name: str, otherwise: str = "app") -> str:
    """A name as an image, a label or a DNS name takes it (RFC 1123), at most 50 characters."""
    kept = re.sub(r"[^a-z0-9]+", "-", name.rpartition("/")[2].lower()).strip("-")
    return kept[:50].strip("-") or otherwise


def exec_form(command: str) -> list[str]:
    """A command as a list; through a shell, which it replaces, where it needs one."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words or _SHELL.search(command) or re.match(r"\w+=", command):
        return ["sh", "-c", f"exec {command}"]
    return words


def lowest(pattern: str, text: str) -> str:
    """The first version that matches in the text; empty for none."""
    match = re.search(pattern, text)
    return match.group() if match else ""
