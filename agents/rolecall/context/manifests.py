"""Manifests: which files tell how a project is built and run, and what each of them says.

Each reader takes the text of one file and gives names and values, secrets masked. A file that does not parse
gives none, and tells nothing about the project; it is still shown whole to the tasks that need it.
"""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING, Any, cast

from rolecall.context.items import Manifest
from rolecall.context.masking import masked
from rolecall.workspace.parsing import json_value, toml_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_MAX_PARSED = 32_768
"""Characters of a manifest that is parsed; a hand-written one is far shorter."""

_MAX_VALUE = 400
"""Characters of one value in the facts."""


def manifest_kind(path: str) -> str | None:
    """What kind of manifest a path names, or None where it names none."""
    name = basename(path).lower()
    if name in _KINDS:
        return _KINDS[name]
    lowered = f"/{path.lower()}"
    return next((kind for pattern, kind in _PATTERNS if pattern.search(lowered)), None)


def read_manifest(path: str, text: str) -> Manifest:
    """What a manifest says; its ``details`` are single lines of bounded length."""
    reader = _READERS.get(basename(path).lower()) or _by_suffix(path)
    kind = manifest_kind(path) or "other"
    details: list[tuple[str, str]] = []
    if reader is not None and len(text) <= _MAX_PARSED:
        try:
            details = [(name, _one_line(masked(value))) for name, value in reader(text)]
        except (ValueError, TypeError, AttributeError, KeyError):
            return Manifest(path, kind, text, (("note", "does not parse"),), broken=True)
    return Manifest(path, kind, text, tuple((name, value) for name, value in details if value))


def _by_suffix(path: str) -> Callable[[str], Iterator[tuple[str, str]]] | None:
    name = basename(path).lower()
    if re.fullmatch(r"(?:dockerfile|containerfile)(?:\..+)?|.+\.dockerfile", name):
        return _dockerfile
    if re.fullmatch(r"requirements[\w.-]*\.(?:txt|in)", name):
        return _requirements
    if name.endswith((".csproj", ".fsproj")):
        return _dotnet
    return None


def _pyproject(text: str) -> Iterator[tuple[str, str]]:
    data = toml_table(text)
    project = _table(data, "project")
    poetry = _table(_table(data, "tool"), "poetry")
    yield "name", str(project.get("name") or poetry.get("name") or "")
    python = project.get("requires-python") or _table(poetry, "dependencies").get("python") or ""
    yield "requires-python", str(python)
    scripts = _table(project, "scripts") or _table(poetry, "scripts")
    yield "scripts", _pairs(scripts)
    yield "dependencies", _listed(project.get("dependencies") or list(_table(poetry, "dependencies")))
    groups = {**_table(project, "optional-dependencies"), **_table(data, "dependency-groups")}
    groups.update(
        {name: list(_table(group, "dependencies")) for name, group in _table(poetry, "group").items()}
    )
    for name, members in groups.items():
        yield f"dependencies ({name})", _listed(members)
    yield "build-backend", str(_table(data, "build-system").get("build-backend") or "")
    yield "tools", _listed(_table(data, "tool"))


def _setup_cfg(text: str) -> Iterator[tuple[str, str]]:
    values = _ini(text)
    for name, section, key in (
        ("name", "metadata", "name"),
        ("requires-python", "options", "python_requires"),
        ("dependencies", "options", "install_requires"),
        ("scripts", "options.entry_points", "console_scripts"),
    ):
        yield name, ", ".join(values.get((section, key), ()))


def _ini(text: str) -> dict[tuple[str, str], list[str]]:
    """Values by section and key, a line each. configparser takes quadratic time for a line of spaces."""
    values: dict[tuple[str, str], list[str]] = {}
    section, lines = "", list[str]()
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0].isspace():
            lines.append(stripped)
        elif stripped.startswith("["):
            section, lines = stripped.strip("[]"), []
        else:
            key, _, value = stripped.partition("=")
            lines = values.setdefault((section, key.strip()), [])
            lines.extend([value.strip()] if value.strip() else [])
    return values


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    lines = (re.split(r"\s(?:#|--)|;|\\$", line.strip(), maxsplit=1)[0].strip() for line in text.splitlines())
    yield "dependencies", _listed(line for line in lines if line and line[0] not in "#-")


def _package_json(text: str) -> Iterator[tuple[str, str]]:
    data = json_value(text)
    for key in ("name", "type", "main", "bin", "packageManager", "engines"):
        yield key, _pairs(_table(data, key)) or str(data.get(key) or "")
    yield "scripts", _pairs(_table(data, "scripts"))
    for key in ("dependencies", "devDependencies", "peerDependencies"):
        yield key, _listed(f"{name} {version}" for name, version in _table(data, key).items())
    yield "workspaces", _listed(data.get("workspaces") or ())


def _go_mod(text: str) -> Iterator[tuple[str, str]]:
    module = _found(r"^module[ \t]+(\S+)", text)
    if not module:
        raise ValueError("names no module")
    yield "module", module
    yield "go", _found(r"^go[ \t]+(\S+)", text)
    yield "require", _listed(_go_required(text))


def _go_required(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.removeprefix("require").split(None, 2)
        if len(words) > 1 and "." in words[0] and words[1].startswith("v") and "// indirect" not in line:
            yield f"{words[0]} {words[1]}"


def _cargo(text: str) -> Iterator[tuple[str, str]]:
    data = toml_table(text)
    if not data.keys() & {"package", "workspace"}:
        raise ValueError("neither a package nor a workspace")
    package = _table(data, "package")
    for key in ("name", "edition", "rust-version"):
        value = package.get(key)
        yield key, value if isinstance(value, str) else ""
    yield "dependencies", _listed(_table(data, "dependencies"))
    yield "dev-dependencies", _listed(_table(data, "dev-dependencies"))
    yield "members", _listed(_table(data, "workspace").get("members") or ())


def _pom(text: str) -> Iterator[tuple[str, str]]:
    # Read with patterns: an XML parser would follow what a hostile document declares.
    if not re.search(r"<(?:project|artifactId)\b", text):
        raise ValueError("describes no project")
    own = text
    for tag in ("parent", "dependencyManagement", "dependencies", "build"):
        before, _, rest = own.partition(f"<{tag}>")
        own = before + rest.partition(f"</{tag}>")[2]
    yield "artifactId", _found(r"<artifactId>([^<]{1,200})<", own)
    yield "java", _found(r"<(?:java\.version|maven\.compiler\.(?:release|source))>([^<]{1,50})<", text)
    yield "packaging", _found(r"<packaging>([^<]{1,50})<", own)
    artifacts = [
        _found(r"<artifactId>([^<]{1,200})<", part[:1_000]) for part in text.split("<dependency>")[1:]
    ]
    yield "dependencies", _listed(dict.fromkeys(artifacts))


def _gradle(text: str) -> Iterator[tuple[str, str]]:
    yield "java", _found(r"(?:JavaLanguageVersion\.of\(|sourceCompatibility\s*=\s*)[\"']?([\w.]+)", text)
    yield "plugins", _listed(re.findall(r"\bid[\s(]{0,20}[\"']([\w.-]+)[\"']", text))
    found = re.findall(
        r"\b(?:implementation|api|testImplementation|runtimeOnly)[\s(]{0,20}[\"']([^\"'\n]{1,200})", text
    )
    yield "dependencies", _listed(found)


def _dotnet(text: str) -> Iterator[tuple[str, str]]:
    if not re.search(r"<(?:Project|PackageReference)\b", text):
        raise ValueError("describes no project")
    yield "framework", _found(r"<TargetFrameworks?>([^<]{1,200})<", text)
    yield "sdk", _found(r"<Project\s+Sdk=\"([^\"]{1,200})\"", text)
    packages = re.findall(
        r"<PackageReference\s+Include=\"([^\"]{1,200})\"(?:\s+Version=\"([^\"]{1,50})\")?", text
    )
    yield "packages", _listed(f"{name} {version}".strip() for name, version in packages)


def _gemfile(text: str) -> Iterator[tuple[str, str]]:
    yield "ruby", _found(r"^ruby\s+[\"']([^\"'\n]{1,50})", text)
    yield "gems", _listed(re.findall(r"^[ \t]*gem[ \t]+[\"']([\w-]+)", text, re.MULTILINE))


def _composer(text: str) -> Iterator[tuple[str, str]]:
    data = json_value(text)
    yield "name", str(data.get("name") or "")
    yield "require", _pairs(_table(data, "require"))
    yield "require-dev", _pairs(_table(data, "require-dev"))


def _makefile(text: str) -> Iterator[tuple[str, str]]:
    found = re.findall(r"^([A-Za-z][\w-]{0,50})[ \t]*:(?!=)", text, re.MULTILINE)
    yield "targets", _listed(dict.fromkeys(found))


def _dockerfile(text: str) -> Iterator[tuple[str, str]]:
    for key in ("FROM", "EXPOSE", "USER", "ENTRYPOINT", "CMD"):
        found = re.findall(rf"^[ \t]*{key}[ \t]+([^\n]+)", text, re.MULTILINE | re.IGNORECASE)
        yield key, _listed(found)


def _version_file(text: str) -> Iterator[tuple[str, str]]:
    yield "version", text.strip().splitlines()[0] if text.strip() else ""


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _pairs(table: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in table.items())


def _listed(values: object) -> str:
    if isinstance(values, str):
        return values
    return ", ".join(str(value) for value in cast("Iterable[object]", values))


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1).strip() if match else ""


def _one_line(value: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in value[: _MAX_VALUE * 2]).split())
    return line if len(line) <= _MAX_VALUE else f"{line[:_MAX_VALUE]} …"


_READERS: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "package.json": _package_json,
    "go.mod": _go_mod,
    "cargo.toml": _cargo,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "gemfile": _gemfile,
    "composer.json": _composer,
    "makefile": _makefile,
    ".python-version": _version_file,
    ".nvmrc": _version_file,
    ".node-version": _version_file,
}

_KINDS = {
    **dict.fromkeys(
        ("pyproject.toml", "setup.cfg", "setup.py", "pipfile", "tox.ini", ".python-version"), "python"
    ),
    **dict.fromkeys(("package.json", "tsconfig.json", ".nvmrc", ".node-version", "deno.json"), "node"),
    **dict.fromkeys(("go.mod",), "go"),
    **dict.fromkeys(("cargo.toml", "rust-toolchain.toml"), "rust"),
    **dict.fromkeys(("pom.xml", "build.gradle", "build.gradle.kts"), "jvm"),
    **dict.fromkeys(("global.json", "directory.build.props"), "dotnet"),
    **dict.fromkeys(("gemfile", ".ruby-version"), "ruby"),
    **dict.fromkeys(("composer.json",), "php"),
    **dict.fromkeys(("makefile", "justfile", "taskfile.yml", "procfile"), "make"),
    **dict.fromkeys(
        (
            "containerfile",
            ".dockerignore",
            "compose.yaml",
            "compose.yml",
            "docker-compose.yml",
            "docker-compose.yaml",
        ),
        "container",
    ),
    **dict.fromkeys(
        (".gitlab-ci.yml", "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"), "ci"
    ),
    **dict.fromkeys(("chart.yaml", "kustomization.yaml", "kustomization.yml"), "kubernetes"),
    **dict.fromkeys(("pulumi.yaml", "serverless.yml"), "infrastructure"),
    **dict.fromkeys(
        ("readme.md", "readme.rst", "readme", "openapi.yaml", "openapi.yml", "openapi.json"), "docs"
    ),
}

_PATTERNS = (
    (re.compile(r"/requirements[\w.-]*\.(?:txt|in)$"), "python"),
    (re.compile(r"/(?:dockerfile(?:\.[^/]+)?|[^/]+\.dockerfile)$"), "container"),
    (re.compile(r"\.(?:cs|fs)proj$"), "dotnet"),
    (re.compile(r"/\.github/workflows/[^/]+\.ya?ml$|/\.circleci/config\.ya?ml$"), "ci"),
    (re.compile(r"/(?:k8s|kubernetes|manifests|deploy|deployments?)/[^/]+\.ya?ml$"), "kubernetes"),
    (re.compile(r"\.(?:tf|bicep)$"), "infrastructure"),
    (
        re.compile(
            r"^(?:/[^/]+){0,3}/(?:(?:app|main|manage|wsgi|asgi|server|cli|__main__)\.py|(?:server|app)\.[jt]s|main\.go|main\.rs|program\.cs)$"
        ),
        "entry",
    ),
)
