"""Python projects: uv, Poetry, PDM, Pipenv or pip, by their lock files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.delivery.project import Recipe, as_list, exec_form, lowest, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rolecall.llm.offline.delivery.project import Project

_LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv"}
_RUN = {
    "uv": "uv run ",
    "poetry": "poetry run ",
    "pdm": "pdm run ",
    "pipenv": "pipenv run ",
    "pip": "python -m ",
}
_PIN = "# TODO(rolecall): pin the image by its digest."
_SPEC = re.compile(r"^[A-Za-z][\w.-]*")


def recipe(project: Project) -> Recipe:
    """How a Python project is built, checked and started."""
    return _Python(project).recipe()


class _Python:
    def __init__(self, project: Project) -> None:
        self.project = project
        data = project.toml("pyproject.toml")
        self.data = data
        self.about = table(data, "project") or table(data, "tool", "poetry")
        self.lock = project.has(*_LOCKS)
        self.manager = _LOCKS.get(self.lock) or self._manager_without_lock()
        self.version = self._version()
        self.requirements = project.named(r"requirements(?:[-_]?(?:prod|base))?\.txt")[:1]
        self.packaged = bool(
            table(data, "build-system")
            or table(data, "tool", "uv").get("package")
            or project.has("setup.py", "setup.cfg")
        )
        self.groups = _groups(data)

    def recipe(self) -> Recipe:
        command, why = self._command()
        notes = () if self.version else ("No file names a Python version",)
        return Recipe(
            name=plain(str(self.about.get("name") or self.project.workspace)),
            dockerfile=self._dockerfile(command, why),
            setup=tuple(self._setup()),
            commands=tuple(self._commands()),
            image=f"python:{self.version or '3'}-slim",
            version=str(self.about.get("version") or ""),
            notes=notes if command else (*notes, "No file names an entry point"),
        )

    def _manager_without_lock(self) -> str:
        tools = table(self.data, "tool")
        if self.project.has("Pipfile"):
            return "pipenv"
        return next(
            (name for name in ("poetry", "pdm", "uv") if table(tools, name).keys() - {"package"}), "pip"
        )

    def _version(self) -> str:
        pinned = lowest(r"3\.\d+(?:\.\d+)?", self.project.text(".python-version"))
        told = self.about.get("requires-python") or table(self.about, "dependencies").get("python")
        setup = re.search(
            r"python_requires\s*=\s*\S*?(3\.\d+)",
            self.project.text("setup.cfg") + self.project.text("setup.py"),
        )
        return pinned or lowest(r"3\.\d+", str(told or "")) or (setup.group(1) if setup else "")

    # What it starts with

    def _command(self) -> tuple[list[str], str]:
        if process := self.project.process():
            return exec_form(process), "the Procfile"
        if scripts := table(self.about, "scripts"):
            name, target = next(iter(scripts.items()))
            return self._script(str(name), str(target)), "the script in pyproject.toml"
        for path in self.project.named(r"(?:src/)?(\w+)/__main__\.py"):
            package = path.removeprefix("src/").split("/")[0]
            return ["python", "-m", package], path
        return self._entry()

    def _script(self, name: str, target: str) -> list[str]:
        module, _, function = target.partition(":")
        if self.packaged or self.manager == "pip" or not re.fullmatch(r"[\w.]+", function):
            return [name]
        # Without a build system, uv and Poetry install the dependencies and no script.
        top = function.split(".")[0]
        return ["python", "-c", f"from {module} import {top}; raise SystemExit({function}())"]

    def _entry(self) -> tuple[list[str], str]:
        for path in self.project.named(r"(?:app|main|server|wsgi|asgi|manage)\.py"):
            text, module = self.project.text(path), path.removesuffix(".py")
            app = re.search(
                r"^(\w+)[ \t]*(?::[^=\n]{1,40})?=[ \t]*(?:\w+\.)?(Flask|FastAPI|Starlette|Quart)\(",
                text,
                re.MULTILINE,
            )
            for server in (
                ("uvicorn", "hypercorn") if app and app.group(2) != "Flask" else ("gunicorn", "waitress")
            ):
                if app and self._depends_on(server):
                    return [server, f"{module}:{app.group(1)}"], path
            if "__name__" in text and "__main__" in text:
                return ["python", path], path
        return [], ""

    def _depends_on(self, name: str) -> bool:
        texts = (
            self.project.text("pyproject.toml"),
            *(self.project.text(path) for path in self.requirements),
        )
        return any(re.search(rf"\b{name}\b", text) for text in texts)

    # The image

    def _dockerfile(self, command: list[str], why: str) -> str:
        version = self.version or "3"
        note = (
            "" if self.version else "# TODO(rolecall): no file names a Python version; name the one in use.\n"
        )
        packaged = self.packaged or (self.manager == "pip" and bool(self.about.get("name")))
        installed = packaged and self.manager != "poetry" and self._is_installed(command)
        home = self._home()
        places = [home] if installed or not home.startswith("/app/") else []
        copied = "".join(
            f"COPY --from=build {place} {place}\n" for place in (*places, *([] if installed else ["/app"]))
        )
        start = f"# From {why}.\nCMD {json.dumps(command)}" if command else _UNKNOWN
        return "".join(
            (
                f"{note}{_PIN}\nFROM python:{version}-slim AS build\n",
                "WORKDIR /app\n",
                *self._install(),
                f"\n{_PIN}\nFROM python:{version}-slim\n",
                f'ENV PATH="{self._home()}/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1\n',
                "WORKDIR /app\n",
                copied,
                "USER 10001\n",
                "EXPOSE_HERE\n",
                f"{start}\n",
            )
        )

    def _is_installed(self, command: list[str]) -> bool:
        """Whether the command needs nothing but what was installed: a script, or a package's own module."""
        return command[:1] == [next(iter(table(self.about, "scripts")), None)] or command[:2] == [
            "python",
            "-m",
        ]

    def _home(self) -> str:
        return "/venv" if self.manager == "pip" else "/app/.venv"

    def _install(self) -> Iterator[str]:
        if self.manager == "pip":
            yield from self._with_pip()
            return
        first, last, environment = _INSTALLS[self.manager]
        yield f"# TODO(rolecall): pin the version of {self.manager}.\n# hadolint ignore=DL3013\n"
        yield f"RUN pip install --no-cache-dir {self.manager}\n"
        yield f"ENV {environment}\n"
        manifest = "Pipfile" if self.manager == "pipenv" else "pyproject.toml"
        yield f"COPY {manifest}{f' {self.lock}' if self.lock else ''} ./\n"
        locked = first if self.lock else first.replace(" --locked", "").replace(" --deploy", "")
        yield f"RUN {locked}\nCOPY . .\n"
        if self.packaged and last:
            yield f"RUN {last if self.lock else last.replace(' --locked', '')}\n"

    def _with_pip(self) -> Iterator[str]:
        yield 'RUN python -m venv /venv\nENV PATH="/venv/bin:$PATH"\n'
        for path in self.requirements:
            yield f"COPY {path} ./\nRUN pip install --no-cache-dir -r {path}\n"
        if not (self.packaged or self.about.get("name")):
            yield "COPY . .\n"
            return
        if not self.requirements:
            yield (
                "# TODO(rolecall): no lock file: each build takes the newest versions that "
                "pyproject.toml allows.\n"
            )
        sources = self.project.named(
            r"(?:pyproject\.toml|setup\.(?:py|cfg)|README(?:\.\w+)?|LICENSE(?:\.\w+)?)"
        )
        if any(path.startswith("src/") for path in self.project.files):
            yield f"COPY {' '.join(sorted(sources))} ./\nCOPY src ./src\n"
        else:
            yield "COPY . .\n"
        yield "RUN pip install --no-cache-dir .\n"

    # The pipeline

    def _setup(self) -> Iterator[str]:
        if self.project.has(".python-version"):
            told = f"python-version-file: {self._path('.python-version')}"
        else:
            told = f'python-version: "{self.version or "3.x"}"'
        if self.manager in {"poetry", "pipenv"}:
            # Before Python: its cache asks the manager where packages are kept.
            yield f"      - name: Install {self.manager}"
            yield f"        run: pipx install {self.manager} # TODO(rolecall): pin its version."
        yield "      - uses: actions/setup-python@v5"
        yield "        with:"
        yield f"          {told}"
        if self.manager in {"poetry", "pipenv"} and self.lock:
            yield f"          cache: {self.manager}"
        elif self.manager == "pip" and self.requirements:
            yield "          cache: pip"
        if self.manager == "uv":
            yield "      - uses: astral-sh/setup-uv@v6"
            yield "        with:"
            yield "          enable-cache: true"

    def _path(self, name: str) -> str:
        return f"{self.project.folder}/{name}" if self.project.folder else name

    def _commands(self) -> Iterator[tuple[str, str]]:
        for command in self._installs():
            yield "Install", command
        targets = self.project.targets()
        run = _RUN[self.manager]
        lint = f"{run}ruff check ." if self._uses("ruff") else f"{run}flake8" if self._uses("flake8") else ""
        tests = f"{run}pytest" if self._uses("pytest") else ""
        if not tests and any(re.search(r"(?:^|/)test_\w+\.py$", path) for path in self.project.files):
            unit = "unittest" in "".join(text for path, text in self.project.texts.items() if "test" in path)
            module = "unittest" if unit else "pytest"
            tests = f"python -m {module}" if self.manager == "pip" else f"{run}python -m {module}"
        build = {"uv": "uv build", "poetry": "poetry build", "pdm": "pdm build"}.get(self.manager, "")
        for label, target, command in (
            ("Lint", "lint", lint),
            ("Check types", "types", f"{run}mypy ." if "mypy" in table(self.data, "tool") else ""),
            ("Test", "test", tests),
            ("Build", "build", build if self.packaged else ""),
        ):
            if target in targets:
                yield label, f"make {target}"
            elif command:
                yield label, command

    def _uses(self, tool: str) -> bool:
        listed = any(tool in members for members in self.groups.values())
        files = {
            "pytest": ("pytest.ini", "conftest.py", "tests/conftest.py"),
            "ruff": ("ruff.toml",),
            "flake8": (".flake8",),
        }
        return (
            listed
            or tool in table(self.data, "tool")
            or bool(self.project.has(*files[tool]))
            or self._required(tool)
        )

    def _required(self, tool: str) -> bool:
        return any(
            re.search(rf"^{tool}\b", self.project.text(path), re.MULTILINE)
            for path in self.project.named(r"requirements[\w.-]*\.txt")
        )

    def _installs(self) -> Iterator[str]:
        extras = [name for name in table(self.about, "optional-dependencies") if _for_work(name)]
        if self.manager == "uv":
            yield " ".join(
                ["uv sync", *(["--locked"] if self.lock else []), *(f"--extra {name}" for name in extras)]
            )
        elif self.manager == "poetry":
            yield " ".join(["poetry install --no-interaction", *(f"--extras {name}" for name in extras)])
        elif self.manager == "pdm":
            yield "python -m pip install pdm"
            yield "pdm sync --dev" if self.lock else "pdm install --dev"
        elif self.manager == "pipenv":
            yield "pipenv sync --dev" if self.lock else "pipenv install --dev"
        else:
            yield from self._pip_installs(extras)

    def _pip_installs(self, extras: list[str]) -> Iterator[str]:
        files = self.project.named(r"requirements[\w.-]*\.txt")
        for path in files:
            yield f"python -m pip install -r {path}"
        if self.packaged or self.about.get("name"):
            yield f'python -m pip install ".[{",".join(extras)}]"' if extras else "python -m pip install ."
        groups = [name for name in table(self.data, "dependency-groups") if _for_work(name)]
        if groups:
            yield f"python -m pip install {' '.join(f'--group {name}' for name in groups)}"
        wanted = [
            tool
            for tool in ("pytest", "ruff", "flake8")
            if self._called(tool) and not self._installed(tool, extras, groups)
        ]
        if wanted:
            told = "it" if len(wanted) == 1 else "them"
            yield f"python -m pip install {' '.join(wanted)} # TODO(rolecall): no file pins {told}."

    def _called(self, tool: str) -> bool:
        tests = tool == "pytest" and any(
            re.search(r"(?:^|/)test_\w+\.py$", path) for path in self.project.files
        )
        return self._uses(tool) or (tests and not self._unittest())

    def _unittest(self) -> bool:
        return "unittest" in "".join(text for path, text in self.project.texts.items() if "test" in path)

    def _installed(self, tool: str, extras: list[str], groups: list[str]) -> bool:
        own = [_SPEC.match(str(item)) for item in as_list(self.about.get("dependencies"))]
        return (
            self._required(tool)
            or any(tool in self.groups.get(name, ()) for name in (*extras, *groups))
            or any(match and match.group() == tool for match in own)
        )


def _for_work(name: str) -> bool:
    return (
        re.fullmatch(r"dev|develop|development|tests?|testing|lint|linting|ci|check|typing|types", name)
        is not None
    )


def _groups(data: Mapping[str, Any]) -> dict[str, set[str]]:
    """Names of the packages in each group of development dependencies."""
    groups: dict[str, Any] = {
        **table(data, "project", "optional-dependencies"),
        **table(data, "dependency-groups"),
    }
    groups |= {name: list(table(group, "dependencies")) for name, group in _poetry_groups(data)}
    found: dict[str, set[str]] = {}
    for name, members in groups.items():
        named = (_SPEC.match(str(member)) for member in as_list(members))
        found[name] = {match.group() for match in named if match}
    return found


def _poetry_groups(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    poetry = table(data, "tool", "poetry")
    for name in table(poetry, "group"):
        yield name, table(poetry, "group", name)
    if old := table(poetry, "dev-dependencies"):
        yield "dev", {"dependencies": old}


_UNKNOWN = '# TODO(rolecall): no file names an entry point.\nCMD ["python", "-m", "TODO_rolecall"]'
_INSTALLS = {
    "uv": (
        "uv sync --locked --no-dev --no-install-project",
        "uv sync --locked --no-dev --no-editable",
        "UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never",
    ),
    "poetry": (
        "poetry install --only main --no-root --no-interaction",
        "poetry install --only main --no-interaction",
        "POETRY_VIRTUALENVS_IN_PROJECT=true",
    ),
    "pdm": (
        "pdm install --prod --no-self --no-editable --check",
        "pdm install --prod --no-editable --check",
        "PDM_CHECK_UPDATE=false",
    ),
    "pipenv": ("pipenv install --deploy", "", "PIPENV_VENV_IN_PROJECT=1"),
}
"""For each manager: the dependencies, then the project, and the environment both need."""
