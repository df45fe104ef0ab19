"""A household of real relays around one daemon, with an install, a runtime folder and a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fakes.command import COMMAND, Surroundings
from fakes.wire import LspPeer, McpPeer

HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def eventually(holds: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until something holds, for what announces itself to nobody; returns what it returned."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.01)
    return value


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be noticed does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


class Client:
    """One relay, and the peer at its pipes."""

    def __init__(self, process: subprocess.Popen[bytes], peer: Any) -> None:
        self.process, self.peer = process, peer

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request."""
        return self.peer.request(method, params)["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """The structured content of a tool's result."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})["structuredContent"]

    def command(self, name: str, **values: Any) -> Any:
        """The result of an editor's command."""
        return self.request("workspace/executeCommand", {"command": name, "arguments": [values]})

    def leave(self, seconds: float = 10.0) -> int:
        """Hang up; returns the exit code."""
        self.process.stdin.close()
        return self.process.wait(seconds)

    def last_words(self) -> str:
        """Everything on standard error, once nobody holds it any more."""
        return self.process.stderr.read().decode()


class House:
    """Starts relays and looks at the daemon.

    Args:
        folder: for everything.
        install: the folder that holds the two packages.
        runtime: the runtime folder.
    """

    def __init__(self, folder: Path, install: Path, runtime: Path) -> None:
        self.surroundings = Surroundings(folder, shared=True)
        self.runtime = runtime
        self.clients: list[subprocess.Popen[bytes]] = []
        self.use_install(install)
        self.surroundings.extra["ROLECALL_RUNTIME_DIR"] = str(runtime)

    def use_install(self, install: Path) -> None:
        self.install = install
        parts = [str(install / "agents"), str(install / "server")]
        self.surroundings.extra["PYTHONPATH"] = os.pathsep.join(parts)

    def own_install(self) -> Path:
        """Move to an install that the test may change."""
        mine = self.surroundings.folder / "install"
        shutil.copytree(self.install, mine)
        self.use_install(mine)
        return mine

    def start(self, door: str, cwd: Path | str, **environment: str) -> subprocess.Popen[bytes]:
        """A relay that nobody has spoken to."""
        process = subprocess.Popen(
            [*COMMAND, door],
            cwd=cwd,
            env=self.surroundings.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.clients.append(process)
        return process

    def editor(self, folder: Path, **environment: str) -> Client:
        """An editor that has opened a folder."""
        process = self.start("lsp", "/", **environment)
        client = Client(process, LspPeer(process.stdout, process.stdin, answer=lambda _: None))
        client.request("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        client.peer.notify("initialized", {})
        return client

    def assistant(self, folder: Path, **environment: str) -> Client:
        """An assistant that was started in a folder."""
        process = self.start("mcp", folder, **environment)
        client = Client(process, McpPeer(process.stdout, process.stdin))
        client.request("initialize", HANDSHAKE)
        client.peer.notify("notifications/initialized")
        return client

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """A command, run to its end."""
        return self.surroundings.run(*arguments, cwd=Path("/"))

    def status(self) -> dict[str, Any]:
        """What ``rolecall daemon status`` says."""
        return json.loads(self.run("daemon", "status", "--format", "json").stdout)

    def pids(self) -> list[int]:
        """Every daemon that holds a place in the runtime folder."""
        from rolecall_server.daemon import control

        return [daemon.pid for daemon in control.running(self.surroundings.environment)[0]]

    def pid(self) -> int:
        """The one daemon."""
        (pid,) = self.pids()
        return pid

    def close(self) -> None:
        """End everything that was started."""
        for process in self.clients:
            if process.poll() is None:
                process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
            eventually(lambda pid=pid: not is_alive(pid))


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that hangs for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
