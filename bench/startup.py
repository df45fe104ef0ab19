"""Spawn to first answer, and memory, beside bare servers of the libraries; all interleaved in one run.

Usage: ``python bench/startup.py [ROUNDS]``. Exits 1 where a median breaks its limit.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

sys.path[:0] = [str(Path(__file__).parents[1] / part) for part in ("tests", "agents", "server")]

from fakes.command import Surroundings
from fakes.wire import LspPeer, McpPeer

BARE_PYGLS = """
from pygls.lsp.server import LanguageServer
LanguageServer("hello", "1").start_io()
"""
BARE_MCP = """
from mcp.server import MCPServer
server = MCPServer("hello")
@server.tool()
def hello(name: str) -> str:
    return f"Hello {name}"
server.run("stdio")
"""
IMPORTED = "import pygls.lsp.server, openai; print(open('/proc/self/status').read())"
HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "b", "version": "1"}}

Answered = Callable[[IO[bytes], IO[bytes]], Any]


def initialize(reader: IO[bytes], writer: IO[bytes]) -> LspPeer:
    """An editor's first answer."""
    peer = LspPeer(reader, writer, answer=lambda _: None)
    assert "result" in peer.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    return peer


def list_tools(reader: IO[bytes], writer: IO[bytes]) -> McpPeer:
    """An assistant's first useful answer."""
    peer = McpPeer(reader, writer)
    peer.request("initialize", HANDSHAKE)
    peer.notify("notifications/initialized")
    assert peer.request("tools/list", {})["result"]["tools"]
    return peer


def spawn_to_answer(command: list[str], answered: Answered, surroundings: Surroundings, cwd: Path) -> float:
    """Milliseconds from starting the process to its answer."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=surroundings.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            answered(process.stdout, process.stdin)
            return (time.perf_counter() - started) * 1000
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def peak_megabytes(status: str) -> float:
    """``VmHWM`` of a process's status, in MB."""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def peak_after_one_run(surroundings: Surroundings, project: Path) -> float:
    """MB, of a language server after one role has answered."""
    process = surroundings.start("lsp", "--no-daemon", cwd=project)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        peer = LspPeer(process.stdout, process.stdin, answer=lambda _: None)
        peer.request("initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": {}})
        peer.notify("initialized", {})
        run = {
            "role": "developer",
            "uri": (project / "a.py").as_uri(),
            "instruction": "x",
            "apply": "never",
        }
        answer = peer.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [run]})
        assert answer["result"]["status"] == "completed", answer
        return peak_megabytes(Path(f"/proc/{process.pid}/status").read_text())
    finally:
        process.kill()
        process.communicate()


def peak_of_imports(surroundings: Surroundings) -> float:
    """MB, of pygls and openai merely imported."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        env=surroundings.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return peak_megabytes(done.stdout)


@contextmanager
def scratch() -> Any:
    """Surroundings of their own, with a daemon that is ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rolecall-"))
    surroundings = Surroundings(folder, shared=True)
    project = folder / "project"
    project.mkdir()
    (project / "a.py").write_text("def double(x):\n    return 2 * x\n")
    try:
        yield surroundings, project
    finally:
        surroundings.end_daemons()
        shutil.rmtree(folder, ignore_errors=True)


def measure(rounds: int) -> list[tuple[str, float, float, float]]:
    """Rows of what was measured, ours, the yardstick's, and the limit of the ratio."""
    from fakes.endpoint import answer, endpoint_in_thread

    with scratch() as (surroundings, project), endpoint_in_thread([answer("Done.")] * 3) as endpoint:
        bare = {
            name: [sys.executable, "-c", code] for name, code in (("pygls", BARE_PYGLS), ("mcp", BARE_MCP))
        }
        alone = Surroundings(surroundings.folder)
        commands: dict[str, tuple[list[str], Answered]] = {
            "bare pygls": (bare["pygls"], initialize),
            "rolecall lsp": (surroundings.server("lsp"), initialize),
            "rolecall lsp --no-daemon": (alone.server("lsp"), initialize),
            "bare mcp": (bare["mcp"], list_tools),
            "rolecall mcp": (surroundings.server("mcp"), list_tools),
            "rolecall mcp --no-daemon": (alone.server("mcp"), list_tools),
        }
        for command, answered in commands.values():  # compiles, and starts the daemon
            spawn_to_answer(command, answered, surroundings, project)
        wait_for_imports(surroundings)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, (command, answered) in commands.items():
                times[name].append(spawn_to_answer(command, answered, surroundings, project))
        medians = {name: statistics.median(values) for name, values in times.items()}
        surroundings.use(endpoint.base_url)
        ours = statistics.median(peak_after_one_run(surroundings, project) for _ in range(3))
        theirs = statistics.median(peak_of_imports(surroundings) for _ in range(3))
    return [
        ("lsp: spawn to initialize, ms", medians["rolecall lsp"], medians["bare pygls"], 0.25),
        ("mcp: spawn to tools/list, ms", medians["rolecall mcp"], medians["bare mcp"], 0.15),
        ("lsp --no-daemon, ms", medians["rolecall lsp --no-daemon"], medians["bare pygls"], 1.15),
        ("mcp --no-daemon, ms", medians["rolecall mcp --no-daemon"], medians["bare mcp"], 1.25),
        ("peak memory after one run, MB", ours, theirs, 1.25),
    ]


def wait_for_imports(surroundings: Surroundings) -> None:
    """Until the daemon has nothing left to import, which is when it uses no more processor time."""
    from rolecall_server.daemon import control

    (daemon,) = control.running(surroundings.environment)[0]
    ticks, before = os.sysconf("SC_CLK_TCK"), -1.0
    while True:
        fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / ticks
        if used == before:
            return
        before = used
        time.sleep(1)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    rows = measure(rounds)
    print(f"{'':32} {'rolecall':>9} {'bare':>9} {'ratio':>7} {'limit':>7}")
    for name, ours, theirs, limit in rows:
        verdict = "" if ours / theirs <= limit else "  BROKEN"
        print(f"{name:32} {ours:9.1f} {theirs:9.1f} {ours / theirs:7.3f} {limit:7.2f}{verdict}")
    return 0 if all(ours / theirs <= limit for _, ours, theirs, limit in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
