"""JavaScript and TypeScript projects: npm, pnpm, Yarn or Bun, by ``packageManager`` and lock files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.project import Recipe, exec_form, lowest, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.delivery.project import Project

_LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
_PIN = "# TODO(rolecall): pin the image by its digest."
_OPERATORS = re.compile(r"&&|\|\||[|;<>$`]|^\w+=")


def recipe(project: Project) -> Recipe:
    """How a Node project is built, checked and started."""
    return _Node(project).recipe()


class _Node:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.data = project.json("package.json")
        self.scripts = {name: str(command) for name, command in table(self.data, "scripts").items()}
        told = re.match(r"(npm|pnpm|yarn|bun)(?:@([\w.-]+))?", str(self.data.get("packageManager") or ""))
        self.lock = project.has(*_LOCKS)
        self.manager = told.group(1) if told else _LOCKS.get(self.lock, "npm")
        self.manager_version = (told.group(2) or "") if told else ""
        if self.lock and _LOCKS[self.lock] != self.manager:
            self.lock = project.has(*(name for name, manager in _LOCKS.items() if manager == self.manager))
        self.version = self._version()
        listed = (table(self.data, key) for key in ("dependencies", "devDependencies"))
        self.packages = {name for packages in listed for name in packages}

    def recipe(self) -> Recipe:
        dockerfile, note = self._dockerfile()
        notes = ("No file names a Node version",) if not self.version and self.manager != "bun" else ()
        return Recipe(
            name=plain(str(self.data.get("name") or self.project.workspace)),
            dockerfile=dockerfile,
            setup=tuple(self._setup()),
            commands=tuple(self._commands()),
            image=self._base(),
            version=str(self.data.get("version") or ""),
            notes=(*notes, note) if note else notes,
        )

    def _version(self) -> str:
        pinned = self.project.text(".nvmrc") or self.project.text(".node-version")
        if found := lowest(r"\d+(?:\.\d+){0,2}", pinned):
            return found
        if named := re.search(r"lts/([a-z]+)", pinned):
            return named.group(1)
        return lowest(r"\d+(?:\.\d+){0,2}", str(table(self.data, "volta").get("node") or "")) or lowest(
            r"\d+", str(table(self.data, "engines").get("node") or "")
        )

    def _base(self) -> str:
        return "oven/bun:1-slim" if self.manager == "bun" else f"node:{self.version or 'lts'}-slim"

    def _is_berry(self) -> bool:
        return ".yarnrc.yml" in self.project.files or self.manager_version[:1] not in {"", "0", "1"}

    def _install(self, *, production: bool) -> str:
        """The command that installs what the lock file says; without one, what package.json allows."""
        if self.manager == "npm":
            return f"npm {'ci' if self.lock else 'install'}{' --omit=dev' if production else ''}"
        if self.manager == "yarn" and self._is_berry():
            return (
                "yarn workspaces focus --production"
                if production
                else f"yarn install{' --immutable' if self.lock else ''}"
            )
        option = {"pnpm": " --prod", "yarn": " --production", "bun": " --production"}[self.manager]
        frozen = " --frozen-lockfile" if self.lock else ""
        return f"{self.manager} install{frozen}{option if production else ''}"

    def _prune(self) -> str:
        return {"npm": "npm prune --omit=dev", "pnpm": "pnpm prune --prod"}.get(
            self.manager, self._install(production=True)
        )

    def _run(self, script: str) -> str:
        if script == "test":
            return {"npm": "npm test", "bun": "bun run test"}.get(self.manager, f"{self.manager} test")
        return f"{self.manager} {'' if self.manager == 'yarn' else 'run '}{script}"

    # The image

    def _dockerfile(self) -> tuple[str | None, str]:
        command = self._command()
        if not command and self._is_site():
            return self._site(), ""
        if not command:
            return (
                None,
                (
                    "package.json has neither a start script nor an entry point, so there is "
                    "nothing to start in an image"
                ),
            )
        builds = "build" in self.scripts
        base = self._base()
        note = (
            ""
            if self.version or self.manager == "bun"
            else "# TODO(rolecall): no file names a Node version; name the one in use.\n"
        )
        return "".join(
            (
                f"{note}{_PIN}\nFROM {base} AS build\nWORKDIR /app\n",
                *self._dependencies(production=not builds),
                "COPY . .\n",
                f"RUN {self._run('build')} && {self._prune()}\n" if builds else "",
                f"\n{_PIN}\nFROM {base}\nENV NODE_ENV=production\nWORKDIR /app\n",
                "COPY --from=build /app ./\nUSER 10001\nEXPOSE_HERE\n",
                f"CMD {json.dumps(command)}\n",
            )
        ), ""

    def _dependencies(self, *, production: bool) -> Iterator[str]:
        if self.manager == "pnpm" or (self.manager == "yarn" and self._is_berry()):
            # Yarn 2 and later comes through corepack alone.
            tool = "corepack" if self.manager == "yarn" else "pnpm"
            if self.manager == "pnpm" and self.manager_version:
                yield f"RUN npm install --global pnpm@{self.manager_version}\n"
            else:
                yield f"# TODO(rolecall): pin the version of {tool}.\n# hadolint ignore=DL3016\n"
                enabled = " && corepack enable" if tool == "corepack" else ""
                yield f"RUN npm install --global {tool}{enabled}\n"
        extra = self.project.has(".yarnrc.yml", "pnpm-workspace.yaml")
        yield f"COPY {' '.join(filter(None, ('package.json', self.lock, extra)))} ./\n"
        if not self.lock:
            yield (
                "# TODO(rolecall): no lock file: each build takes the newest versions that "
                "package.json allows.\n"
            )
        yield f"RUN {self._install(production=production)}\n"

    def _command(self) -> list[str]:
        if process := self.project.process():
            return exec_form(process)
        start = self.scripts.get("start", "")
        if start and not _OPERATORS.search(start) and start.split()[0] in {"node", "bun", "deno"}:
            # Without a package manager between, SIGTERM reaches the process.
            return exec_form(start)
        if start and not re.match(r"(?:vite|react-scripts|ng|parcel|webpack)\b", start):
            return [self.manager, "start"] if self.manager != "bun" else ["bun", "run", "start"]
        main = str(self.data.get("main") or "")
        found = self.project.has(main.removeprefix("./"), "server.js", "src/server.js", "app.js")
        listens = found and re.search(r"\.listen\(", self.project.texts.get(found, ""))
        return ["node", found] if listens else []

    def _is_site(self) -> bool:
        tools = {"vite", "react-scripts", "@angular/cli", "parcel", "@vue/cli-service"}
        return (
            "build" in self.scripts
            and bool(tools & self.packages)
            and "index.html" in {path.rpartition("/")[2] for path in self.project.files}
        )

    def _site(self) -> str:
        made = "build" if "react-scripts" in self.packages else "dist"
        return "".join(
            (
                f"{_PIN}\nFROM {self._base()} AS build\nWORKDIR /app\n",
                *self._dependencies(production=False),
                f"COPY . .\nRUN {self._run('build')}\n",
                (
                    f"\n{_PIN}\n# Listens on 8080 and runs without root.\nFROM "
                    "nginxinc/nginx-unprivileged:1.28-alpine\n"
                ),
                f"COPY --from=build /app/{made} /usr/share/nginx/html\nUSER 101\n",
            )
        )

    # The pipeline

    def _setup(self) -> Iterator[str]:
        if self.manager == "bun":
            yield "      - uses: oven-sh/setup-bun@v2"
            return
        if self.manager == "pnpm":
            yield "      - uses: pnpm/action-setup@v4"
            if not self.manager_version:
                major = re.search(r"lockfileVersion: '?(\d+)", self.project.text("pnpm-lock.yaml"))
                yield "        with:"
                told = major.group(1) if major else "9"
                yield f"          version: {told} # TODO(rolecall): name it as packageManager in package.json"
        yield "      - uses: actions/setup-node@v4"
        yield "        with:"
        pinned = self.project.has(".nvmrc", ".node-version")
        folder = f"{self.project.folder}/" if self.project.folder else ""
        if pinned or table(self.data, "engines").get("node"):
            yield f"          node-version-file: {folder}{pinned or 'package.json'}"
        else:
            yield f'          node-version: "{self.version or "lts/*"}"'
        if self.lock and not (self.manager == "yarn" and self._is_berry()):
            yield f"          cache: {self.manager}"
            if folder:
                yield f"          cache-dependency-path: {folder}{self.lock}"

    def _commands(self) -> Iterator[tuple[str, str]]:
        if self.manager == "yarn" and self._is_berry():
            yield "Enable Yarn", "corepack enable"
        yield "Install", self._install(production=False)
        for label, names in (("Lint", ("lint",)), ("Check types", ("typecheck", "type-check", "types"))):
            if found := next((name for name in names if name in self.scripts), ""):
                yield label, self._run(found)
        tests = self.scripts.get("test", "")
        if tests and "no test specified" not in tests:
            yield "Test", self._run("test")
        elif runner := next((name for name in ("vitest", "jest", "mocha") if name in self.packages), ""):
            yield "Test", f"npx {runner}{' run' if runner == 'vitest' else ''}"
        if "build" in self.scripts:
            yield "Build", self._run("build")
