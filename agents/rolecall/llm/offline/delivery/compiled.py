"""Projects in Go and Rust: one binary, in an image that holds nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.project import Recipe, as_list, as_table, lowest, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.delivery.project import Project

_PIN = "# TODO(rolecall): pin the image by its digest."


def go(project: Project) -> Recipe:
    """How a Go module is built, checked and started."""
    text = project.text("go.mod")
    module = re.search(r"^module[ \t]+(\S+)", text, re.MULTILINE)
    name = plain(re.sub(r"/v\d+$", "", module.group(1)) if module else project.workspace)
    told = re.search(r"^toolchain[ \t]+go(\S+)", text, re.MULTILINE) or re.search(
        r"^go[ \t]+(\S+)", text, re.MULTILINE
    )
    version = told.group(1) if told else "1"
    mains = _go_mains(project, name)
    others = (
        f"{', '.join(mains[1:])} is a program, too; build it with --build-arg COMMAND" if mains[1:] else ""
    )
    return Recipe(
        name=name,
        dockerfile=_go_image(project, version, mains) if mains else None,
        setup=tuple(_go_setup(project)),
        commands=tuple(
            _made(
                project,
                (
                    ("Install", "go mod download"),
                    ("Lint", "go vet ./..."),
                    ("Test", "go test -race ./..."),
                    ("Build", "go build ./..."),
                ),
            )
        ),
        image=f"golang:{version}",
        notes=tuple(
            filter(
                None,
                (
                    others,
                    "" if mains else "No package main is in it, so there is nothing to start in an image",
                ),
            )
        ),
    )


def _go_mains(project: Project, name: str) -> list[str]:
    """Packages with a ``main.go``, as ``go build`` takes them; the one named like the module first."""
    found = [
        path.removesuffix("main.go").rstrip("/") for path in project.named(r"(?:cmd/(?:[\w.-]+/)?)?main\.go")
    ]
    found.sort(key=lambda folder: (folder != "", not folder.endswith(f"/{name}"), folder))
    return [f"./{folder}" if folder else "." for folder in found]


def _go_image(project: Project, version: str, mains: list[str]) -> str:
    sums = " go.sum" if project.has("go.sum") else ""
    argument = f"ARG COMMAND={mains[0]}\n" if mains[1:] else ""
    target = '"$COMMAND"' if mains[1:] else mains[0]
    return (
        f"{_PIN}\nFROM golang:{version} AS build\nWORKDIR /src\nCOPY go.mod{sums} ./\nRUN go "
        "mod download\nCOPY . .\n"
        f'{argument}RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app {target}\n'
        f"\n{_PIN}\nFROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=build /out/app /app\n"
        'USER 65532\nEXPOSE_HERE\nENTRYPOINT ["/app"]\n'
    )


def _go_setup(project: Project) -> Iterator[str]:
    folder = f"{project.folder}/" if project.folder else ""
    yield "      - uses: actions/setup-go@v5"
    yield "        with:"
    yield f"          go-version-file: {folder}go.mod"
    if not project.has("go.sum"):
        yield "          cache: false"
    elif folder:
        yield f"          cache-dependency-path: {folder}go.sum"


def rust(project: Project) -> Recipe:
    """How a Rust crate is built, checked and started."""
    data = project.toml("Cargo.toml")
    package = table(data, "package")
    name = str(package.get("name") or project.workspace)
    version = _rust_version(project)
    locked = " --locked" if project.has("Cargo.lock") else ""
    binary = _rust_binary(project, name)
    commands = (
        (
            "Install",
            f"rustup toolchain install {version or 'stable'} --profile minimal --component clippy,rustfmt",
        ),
        ("Install", f"rustup default {version or 'stable'}"),
        ("Format", "cargo fmt --all --check"),
        ("Lint", f"cargo clippy --all-targets{locked} -- -D warnings"),
        ("Test", f"cargo test{locked}"),
        ("Build", f"cargo build --release{locked}"),
    )
    image = f"rust:{version or '1'}-slim-bookworm"
    return Recipe(
        name=plain(name),
        dockerfile=_rust_image(project, image, locked, binary, known=bool(version)) if binary else None,
        setup=tuple(_rust_setup(project)),
        commands=tuple(_made(project, commands)),
        image=image,
        version=str(package.get("version") or ""),
        notes=() if binary else ("The crate is a library: there is nothing to start in an image",),
    )


def _rust_version(project: Project) -> str:
    toolchain = project.text("rust-toolchain.toml") + project.text("rust-toolchain")
    told = table(project.toml("Cargo.toml"), "package").get("rust-version")
    return lowest(r"\d+\.\d+(?:\.\d+)?", toolchain) or (told if isinstance(told, str) else "")


def _rust_binary(project: Project, name: str) -> str:
    listed = as_list(project.toml("Cargo.toml").get("bin"))
    told = as_table(listed[0]).get("name") if listed else None
    if isinstance(told, str):
        return told
    if project.has("src/main.rs"):
        return name
    others = project.named(r"src/bin/[\w-]+(?:\.rs|/main\.rs)")
    return others[0].removeprefix("src/bin/").split("/")[0].removesuffix(".rs") if others else ""


def _rust_image(project: Project, image: str, locked: str, binary: str, *, known: bool) -> str:
    note = "" if known else "# TODO(rolecall): no file names a Rust version; name the one in use.\n"
    lock = " Cargo.lock" if locked else ""
    simple = project.has("src/main.rs") and not table(project.toml("Cargo.toml"), "workspace")
    early = (
        f"COPY Cargo.toml{lock} ./\n# An empty program lets cargo fetch what the manifest "
        "names, in a layer of its own.\n"
        f"RUN mkdir src && echo 'fn main() {{}}' > src/main.rs && touch src/lib.rs && cargo "
        f"fetch{locked} && rm -r src\n"
        if simple
        else ""
    )
    return (
        f"{note}{_PIN}\nFROM {image} AS build\nWORKDIR /src\n{early}COPY . .\nRUN cargo build "
        f"--release{locked} --bin {binary}\n"
        f"\n{_PIN}\nFROM gcr.io/distroless/cc-debian12:nonroot\nCOPY --from=build "
        f"/src/target/release/{binary} /app\n"
        'USER 65532\nEXPOSE_HERE\nENTRYPOINT ["/app"]\n'
    )


def _rust_setup(project: Project) -> Iterator[str]:
    if project.has("Cargo.lock"):
        folder = f"{project.folder}/" if project.folder else ""
        yield "      - uses: actions/cache@v4"
        yield "        with:"
        yield "          path: |"
        yield "            ~/.cargo/registry"
        yield f"            {folder}target"
        yield f"          key: cargo-${{{{ runner.os }}}}-${{{{ hashFiles('{folder}Cargo.lock') }}}}"


def _made(project: Project, commands: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """The commands, or the Makefile's targets that stand for them."""
    for label, command in commands:
        target = label.lower()
        yield (
            label,
            f"make {target}"
            if target in project.targets() and target in {"lint", "test", "build"}
            else command,
        )
