"""How long a code action menu takes while twenty tasks stream at full speed into the same editor, and idle.

What the machine's other work kept the server waiting for a processor is not counted, where Linux tells it.

Usage: ``python bench/lsp_menu.py [MENUS]``. Exits 1 where the 99th percentile breaks its limit: that of the
middle one of three rounds of MENUS each, since one stall of a busy machine says nothing about the server.
"""

from __future__ import annotations

import json
import queue
import random
import statistics
import sys
import tempfile
import threading
import time
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[1] / part) for part in ("tests", "agents", "server")]

from streams.flood import flooding

from fakes.command import Surroundings

if TYPE_CHECKING:
    from subprocess import Popen

TASKS, ROUNDS = 20, 3
LIMIT_MS = 50.0
PAUSE_S = 0.02
"""Longest pause between two menus; people are slower."""

CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
    "window": {"workDoneProgress": True},
}
SOURCE = "".join(f"def work{n}(value):\n    return value * {n}\n\n\n" for n in range(500))


class Editor:
    """A client that reads whatever comes, as fast as it can, in a thread of its own.

    Args:
        server: the language server, with pipes.

    Attributes:
        received: bytes read so far.
        deltas: pieces of text that were streamed to it.
    """

    def __init__(self, server: Popen[bytes]) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        self.received = self.deltas = 0
        self._waits = Path(f"/proc/{server.pid}/schedstat")
        self._reader: IO[bytes] = server.stdout
        self._writer: IO[bytes] = server.stdin
        self._ids = count(1)
        self._answers: queue.SimpleQueue[tuple[float, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def request(self, method: str, params: Any) -> tuple[float, Any]:
        """The answer's milliseconds and result; one request at a time."""
        number, waited, started = next(self._ids), self._waited_ms(), time.perf_counter()
        self.send({"id": number, "method": method, "params": params})
        while True:
            at, answer = self._answers.get(timeout=60)
            if answer["id"] == number:
                return (at - started) * 1000 - (self._waited_ms() - waited), answer["result"]

    def send(self, message: Any) -> None:
        """Write one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._writer.flush()

    def _waited_ms(self) -> float:
        """What the server's main thread has waited for a processor so far."""
        return int(self._waits.read_text().split()[1]) / 1e6 if self._waits.exists() else 0.0

    def _read(self) -> None:
        while head := self._reader.readline():
            length = int(head.partition(b":")[2])
            self._reader.readline()
            body = self._reader.read(length)
            at = time.perf_counter()
            self.received += length
            self.deltas += b'"rolecall/event"' in body[:60]
            if b'"id":' in body[:30]:  # the rest would cost the reader more than it costs the server
                self._take(at, json.loads(body))

    def _take(self, at: float, message: Any) -> None:
        if "method" in message:
            self.send({"id": message["id"], "result": None})
        else:
            self._answers.put((at, message))


def menus(editor: Editor, uri: str, number: int) -> list[float]:
    """Milliseconds of so many menus, at places and moments of chance."""
    chance = random.Random(1)
    found: list[float] = []
    for _ in range(number):
        time.sleep(chance.uniform(0, PAUSE_S))
        place = {"line": 4 * chance.randrange(500), "character": 4}
        params = {
            "textDocument": {"uri": uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": []},
        }
        took, offered = editor.request("textDocument/codeAction", params)
        assert offered
        found.append(took)
    return found


def start_tasks(editor: Editor, uri: str) -> None:
    """Twenty runs that never end; returns when they stream."""
    for number in range(TASKS):
        run = {"role": "developer", "instruction": f"Write, number {number}.", "uri": uri, "apply": "never"}
        editor.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [run]})

    while editor.deltas < 5 * TASKS:
        time.sleep(PAUSE_S)


def running(editor: Editor) -> int:
    """How many tasks stream."""
    _, listed = editor.request("workspace/executeCommand", {"command": "rolecall.tasks"})
    return sum(task["status"] == "running" for task in listed)


def measure(number: int, base_url: str, folder: Path) -> tuple[list[float], list[float], float]:
    """Milliseconds of menus idle and in the flood, and the flood's megabytes a second."""
    surroundings = Surroundings(folder)
    surroundings.use(
        base_url, ROLECALL_CONCURRENCY__MAX_TASKS=str(TASKS), ROLECALL_LLM__MAX_ANSWER_BYTES=str(1 << 30)
    )
    project = folder / "project"
    project.mkdir()
    process = surroundings.start("lsp", "--no-daemon", cwd=project)
    try:
        editor, uri = Editor(process), (project / "a.py").as_uri()
        open_document(editor, project, uri)
        idle = menus(editor, uri, ROUNDS * number)
        start_tasks(editor, uri)
        assert running(editor) == TASKS
        before, began = editor.received, time.perf_counter()
        flooded = menus(editor, uri, ROUNDS * number)
        rate = (editor.received - before) / 1e6 / (time.perf_counter() - began)
        assert running(editor) == TASKS, "the flood ended too early"
        assert editor.deltas > number, "nothing was streamed"
        return idle, flooded, rate
    finally:
        process.kill()
        process.wait()


def open_document(editor: Editor, project: Path, uri: str) -> None:
    """Shake hands, and open a file of five hundred functions."""
    options = {"events": True, "wait": False}
    shake = {"processId": None, "rootUri": project.as_uri(), "initializationOptions": options}
    editor.request("initialize", {**shake, "capabilities": CAPABILITIES})
    editor.send({"method": "initialized", "params": {}})
    document = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
    editor.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    editor.request("workspace/executeCommand", {"command": "rolecall.status"})


def late(values: list[float]) -> float:
    """The 99th percentile of each round; the middle one of them."""
    size = len(values) // ROUNDS
    rounds = [values[start : start + size] for start in range(0, ROUNDS * size, size)]
    return statistics.median(statistics.quantiles(one, n=100)[98] for one in rounds)


def main() -> int:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="rolecall-") as folder, flooding() as base_url:
        idle, flooded, rate = measure(number, base_url, Path(folder))
    print(f"{ROUNDS} rounds of {number} menus; the flood: {TASKS} tasks, {rate:.1f} MB/s to the editor")
    print(f"{'textDocument/codeAction, ms':<30}{'p50':>8}{'p99':>8}{'limit':>8}")
    for name, values in (("idle", idle), (f"{TASKS} tasks stream", flooded)):
        verdict = "" if late(values) < LIMIT_MS else "  BROKEN"
        print(f"{name:<30}{statistics.median(values):>8.1f}{late(values):>8.1f}{LIMIT_MS:>8.1f}{verdict}")
    return int(late(flooded) >= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
