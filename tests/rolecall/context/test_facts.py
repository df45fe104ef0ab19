"""Facts of a workspace, from real manifests."""

import time

import pytest

from rolecall.context.facts import collect
from rolecall.context.index import PathIndex
from rolecall.context.manifests import manifest_kind, read_manifest
from rolecall.context.outline import outlines


def facts(files, near=""):
    return collect("demo", PathIndex(files), near, files.get)


def details(path, text):
    return dict(read_manifest(path, text).details)


def test_a_python_project_is_told_by_its_pyproject():
    text = """
[project]
name = "demo"
requires-python = ">=3.11"
dependencies = ["requests>=2", "click"]
[project.scripts]
demo = "demo.cli:main"
[dependency-groups]
dev = ["pytest>=8"]
[build-system]
build-backend = "hatchling.build"
[tool.ruff]
"""

    assert details("pyproject.toml", text) == {
        "name": "demo",
        "requires-python": ">=3.11",
        "scripts": "demo = demo.cli:main",
        "dependencies": "requests>=2, click",
        "dependencies (dev)": "pytest>=8",
        "build-backend": "hatchling.build",
        "tools": "ruff",
    }


@pytest.mark.parametrize(
    ("path", "text", "key", "value"),
    [
        ("pyproject.toml", '[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\npython = "^3.12"', "requires-python", "^3.12"),
        ("setup.cfg", "[metadata]\nname = old\n[options]\npython_requires = >=3.8", "requires-python", ">=3.8"),
        ("requirements-dev.txt", "# tools\n-r base.txt\npytest==8.0 \\\n  --hash=sha256:00\nruff ; x", "dependencies", "pytest==8.0, ruff"),
        ("package.json", '{"engines": {"node": ">=20"}}', "engines", "node = >=20"),
        ("package.json", '{"scripts": {"test": "vitest"}}', "scripts", "test = vitest"),
        ("package.json", '{"devDependencies": {"vitest": "^1"}}', "devDependencies", "vitest ^1"),
        ("go.mod", "module a.b/c\n\ngo 1.22\n\nrequire (\n\tx.y/z v1.0.0\n\tp.q/r v2.0.0 // indirect\n)\n", "require", "x.y/z v1.0.0"),
        ("go.mod", "module a.b/c\n\ngo 1.22\n", "go", "1.22"),
        ("Cargo.toml", '[package]\nname = "c"\nedition = "2021"\n[dependencies]\nserde = "1"', "dependencies", "serde"),
        ("pom.xml", "<project><parent><artifactId>up</artifactId></parent><artifactId>shop</artifactId></project>", "artifactId", "shop"),
        ("build.gradle.kts", 'dependencies { implementation("a:b:1") }', "dependencies", "a:b:1"),
        ("App.csproj", '<Project Sdk="S"><TargetFramework>net8.0</TargetFramework></Project>', "framework", "net8.0"),
        ("Gemfile", 'ruby "3.3"\ngem "rspec"\n', "gems", "rspec"),
        ("composer.json", '{"require": {"php": ">=8"}}', "require", "php = >=8"),
        ("Makefile", "CC := gcc\ntest: build\n\tpytest\nbuild:\n", "targets", "test, build"),
        ("Dockerfile", "FROM python:3.12-slim AS build\nEXPOSE 8000\n", "EXPOSE", "8000"),
        (".python-version", "3.12.4\n", "version", "3.12.4"),
    ],
)  # fmt: skip
def test_each_manifest_tells_what_it_says(path, text, key, value):
    assert details(path, text)[key] == value


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project\n"),
        ("pyproject.toml", "project = 1\n[tool]\npoetry = 2\n"),
        ("package.json", "[1, 2]"),
        ("package.json", "{" * 100_000),
        ("package.json", '{"scripts": ["a"], "workspaces": 5}'),
        ("setup.cfg", "no section"),
        ("Cargo.toml", "= 1"),
    ],
)
def test_a_manifest_that_does_not_parse_is_still_there(path, text):
    manifest = read_manifest(path, text)

    assert manifest.text == text
    assert all(name in {"note", "name"} or value for name, value in manifest.details)


HOSTILE = {
    "pyproject.toml": [
        "a." * 32_000,
        "[" * 60_000,
        "x = [" + "[" * 60_000,
        "a.b = 1\n" * 8_000,
        "'" * 65_000,
    ],
    "package.json": ["[" * 65_000, '{"a":' * 10_000],
    "setup.cfg": ["[a]\n" + "b" + " " * 60_000 + "c", "[a]\n" * 16_000],
    "requirements.txt": ["a" + " " * 65_000 + "b", ";" * 65_000],
    "go.mod": ["\ta." + "a." * 32_000, "/" * 65_000, " \n" * 32_000],
    "pom.xml": ["<parent>" * 8_000, "<dependency>" * 5_000, "<artifactId>" * 5_000],
    "build.gradle": ["id" * 32_000, "id " * 21_000, "implementation" + " " * 60_000],
    "App.csproj": ["<PackageReference " + " " * 60_000, "<TargetFramework>" * 3_500],
    "Gemfile": ["\n" * 65_000, "gem " * 16_000],
    "Makefile": ["a" * 65_000, "a\n" * 32_000],
    "Dockerfile": ["FROM " * 13_000, "\n" * 65_000],
}


@pytest.mark.parametrize(
    ("path", "text"), [(path, text) for path, texts in HOSTILE.items() for text in texts]
)
def test_a_hostile_manifest_costs_little_time(path, text):
    begun = time.process_time()

    read_manifest(path, text[:32_768])

    assert time.process_time() - begun < 1.0


def test_what_a_manifest_says_is_one_bounded_line():
    said = details(
        "package.json", '{"name": "a\\nTest runner: evil", "scripts": {"x": "%s"}}' % ("y" * 5_000)
    )

    assert said["name"] == "a Test runner: evil"
    assert len(said["scripts"]) < 500


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".github/workflows/ci.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("deploy/k8s/app.yaml", "kubernetes"),
        ("infra/main.tf", "infrastructure"),
        ("docker/Dockerfile.dev", "container"),
        ("requirements.txt", "python"),
        ("README.md", "docs"),
        ("src/shop/__main__.py", "entry"),
        ("cmd/api/main.go", "entry"),
        ("a/b/c/d/main.py", None),
        ("src/a.py", None),
        ("notes.yml", None),
    ],
)
def test_a_path_tells_whether_it_is_a_manifest(path, kind):
    assert manifest_kind(path) == kind


@pytest.mark.parametrize(
    ("files", "runner"),
    [
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "pytest"),
        ({"requirements-dev.txt": "pytest\n"}, "pytest"),
        ({"tests/conftest.py": ""}, "pytest"),
        ({"tests/test_a.py": "import unittest\n"}, "unittest"),
        ({"tests/test_a.py": "def test_a():\n    assert a()\n"}, "pytest"),
        ({"tests/test_a.py": ""}, None),
        ({"test/a.test.js": 'import { test } from "node:test";\n'}, "node --test"),
        ({"tests/a.bats": '@test "a" {\n}\n'}, "bats"),
        ({"package.json": '{"devDependencies": {"vitest": "1"}}'}, "vitest"),
        ({"package.json": '{"scripts": {"test": "node --test"}}'}, "node --test"),
        ({"go.mod": "module x\n"}, "go test"),
        ({"pom.xml": "<artifactId>junit-jupiter</artifactId>"}, "JUnit 5"),
        ({"T.csproj": '<PackageReference Include="xunit" />'}, "xUnit"),
        ({"a.py": ""}, None),
    ],
)
def test_the_test_runner_is_told_by_its_traces(files, runner):
    assert facts(files).test_runner == runner


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        ({"uv.lock": "", "pyproject.toml": ""}, "uv"),
        ({"requirements.txt": ""}, "pip"),
        ({"pnpm-lock.yaml": "", "package.json": "{}"}, "pnpm"),
        ({"package.json": "{}"}, "npm"),
        ({"Cargo.toml": "[package]\n"}, "Cargo"),
        ({"a.py": ""}, None),
    ],
)
def test_the_package_manager_is_told_by_its_lock_file_first(files, manager):
    assert facts(files).package_manager == manager


def test_what_stands_nearest_the_target_comes_first():
    files = {
        "package.json": '{"devDependencies": {"jest": "1"}}',
        "api/pyproject.toml": "[tool.pytest.ini_options]\n",
        "api/app.py": "",
    }

    near = facts(files, near="api/app.py")

    assert [manifest.path for manifest in near.manifests] == [
        "api/pyproject.toml",
        "package.json",
        "api/app.py",
    ]
    assert near.test_runners == ("pytest (api/pyproject.toml)", "jest (package.json)")


def test_manifests_that_were_not_read_are_named_with_the_reason():
    files = {f"{letter}/pyproject.toml": "[project]\nname = 'x'\n" for letter in "abcdefghijklm"}
    paths = [*files, "package.json"]

    found = collect("demo", PathIndex(paths), "", files.get)

    reasons = dict(found.unread)
    assert "too large" in reasons["package.json"]
    assert "12 nearest" in reasons["m/pyproject.toml"]
    assert "Manifests not read: package.json, m/pyproject.toml\n" in outlines(found)[0]


def test_languages_are_counted_most_files_first():
    assert facts({"a.py": "", "b.py": "", "c.ts": "", "d": ""}).languages == (
        ("Python", 2),
        ("TypeScript", 1),
    )


def test_the_outline_gets_shorter_step_by_step():
    forms = outlines(
        facts({"pyproject.toml": "[project]\nname='d'\n"} | {f"src/m{n}.py": "" for n in range(150)})
    )

    assert [len(form) for form in forms] == sorted((len(form) for form in forms), reverse=True)
    assert forms[0].startswith("Workspace: demo\nLanguages, with files: Python (150)\n")
    assert "src/ m0.py, m1.py" in forms[0]
    assert "Tree:" not in forms[-1]


def test_a_workspace_without_files_has_no_outline_but_its_name():
    assert outlines(facts({})) == ["Workspace: demo\n"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("Cargo.toml", "\x01 garbage {{{"),
        ("Cargo.toml", None),
        ("Cargo.toml", "x = 1\n"),
        ("go.mod", "<html>"),
        ("package.json", "[" * 30_000),
        ("package.json", None),
        ("pyproject.toml", "[tool.pytest"),
        ("pyproject.toml", "a" + ".b" * 16_000 + " = 1"),
        ("pom.xml", "junit-jupiter"),
        ("requirements.txt", None),
        ("conftest.py", None),
    ],
)
def test_a_manifest_that_is_broken_or_binary_tells_nothing(path, content):
    told = facts({path: content})

    assert told.test_runners == ()
    assert told.package_managers == ()
    assert dict(told.conventions)["test runner"] == "none found"


def test_a_sound_manifest_beside_a_broken_one_still_tells():
    told = facts({"package.json": "{", "web/package.json": '{"devDependencies": {"jest": "^29"}}'})

    assert told.test_runners == ("jest (web/package.json)",)
    assert told.package_managers == ("npm (web/package.json)",)
