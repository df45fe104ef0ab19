"""A change of 500 files, killed at twenty moments spread over its course: none or all after the next command."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.command import COMMAND
from fakes.wire import LspPeer, McpPeer

FILES = 500
MOMENTS = 20

PROGRAM = textwrap.dedent("""
    import os, signal, sys
    from rolecall.workspace.effects import Effects
    from rolecall_server.cli import main
    at, steps = int(sys.argv.pop(1)), 0
    original = Effects.__init__
    def step(label):
        global steps
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1
    def start(self, before=None, **options):
        original(self, step, **options)
    Effects.__init__ = start
    code = main(sys.argv[1:])
    sys.stderr.write(f"steps {steps}")
    sys.exit(code)
""")

ANSWER = "".join(
    f'<file path="src/kept{n}.py">\nnew {n}\n</file>\n'
    if n % 3 == 0
    else f'<file path="made/new{n}.py">\nnew {n}\n</file>\n'
    if n % 3 == 1
    else f'<delete path="src/gone{n}.py"/>\n'
    for n in range(FILES)
)
BEFORE = {f"src/{'kept' if n % 3 == 0 else 'gone'}{n}.py": f"old {n}\n" for n in range(FILES) if n % 3 != 1}
AFTER = {
    f"{'src/kept' if n % 3 == 0 else 'made/new'}{n}.py": f"new {n}\n" for n in range(FILES) if n % 3 != 2
}


def tree(project: Path) -> dict[str, str]:
    return {str(path.relative_to(project)): path.read_text() for path in project.rglob("*") if path.is_file()}


def fresh(project: Path) -> None:
    (project / "src").mkdir(parents=True)
    for path, text in BEFORE.items():
        (project / path).write_text(text)


def apply_killed(surroundings, project: Path, at: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(at), "apply", "--write", "--workspace", str(project)],
        input=ANSWER.encode(),
        env=surroundings.environment,
        capture_output=True,
        timeout=120,
        check=False,
    )


def lsp(surroundings, project: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "lsp"], env=surroundings.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        peer = LspPeer(process.stdout, process.stdin)
        peer.request("initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": {}})
        peer.notify("initialized", {})
        peer.request("workspace/executeCommand", {"command": "rolecall.status", "arguments": []})
        process.stdin.close()
        process.wait(30)


def mcp(surroundings, project: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "mcp", "--workspace", str(project)],
        env=surroundings.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        peer = McpPeer(process.stdout, process.stdin)
        client = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        peer.request("initialize", client)
        peer.notify("notifications/initialized")
        peer.request("tools/call", {"name": "status", "arguments": {}})
        process.stdin.close()
        process.wait(30)


def command(*arguments: str) -> Callable[..., None]:
    def run(surroundings, project: Path) -> None:
        surroundings.run(*arguments, "--workspace", str(project), cwd=project, stdin=b"Just prose.\n")

    return run


NEXT: dict[str, Callable[..., None]] = {
    "run": command("run", "developer", "nothing"),
    "apply": command("apply"),
    "revert": command("revert", "no-such-task"),
    "lsp": lsp,
    "mcp": mcp,
}


@pytest.fixture(scope="module")
def steps(tmp_path_factory) -> int:
    """How many steps the whole change takes."""
    from fakes.command import Surroundings

    folder = tmp_path_factory.mktemp("whole")
    fresh(folder / "project")
    done = apply_killed(Surroundings(folder / "surroundings"), folder / "project", -1)
    assert done.returncode == 0, done.stderr
    assert tree(folder / "project") == AFTER
    return int(done.stderr.rpartition(b"steps ")[2])


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_none_or_all_of_the_files_are_changed_after_the_next_command(moment, steps, surroundings, tmp_path):
    project = tmp_path / "project"
    fresh(project)
    at = moment * (steps - 1) // (MOMENTS - 1)
    name = list(NEXT)[moment % len(NEXT)]

    killed = apply_killed(surroundings, project, at)
    assert killed.returncode == -signal.SIGKILL
    NEXT[name](surroundings, project)

    found = tree(project)
    assert found in (BEFORE, AFTER), (name, at, steps, len(found))
    assert not list((surroundings.folder / "home").rglob("journal/*.json"))


def test_the_moments_fall_into_every_phase_of_the_change(steps):
    assert steps > 4 * FILES
