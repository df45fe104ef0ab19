"""A cancel at any door closes the request at the other end within 200 ms, frees it, and counts for nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from pathlib import Path

import pytest

from fakes.doors import PLAIN, TARGET
from fakes.endpoint import Hang, answer, chunk, endpoint_in_thread, stream
from fakes.house import House, eventually

WITHIN_S = 0.2
TRIES = 3
"""A loaded machine may be late once; a wait in the product is late each time."""


@pytest.fixture(scope="module")
def endpoint():
    with endpoint_in_thread() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "src").mkdir()
    (folder / TARGET).write_text("LIMIT = 100\n")
    return folder


@pytest.fixture(scope="module")
def house(endpoint, tmp_path_factory):
    runtime = Path(tempfile.mkdtemp(prefix="rolecall-"))
    house = House(tmp_path_factory.mktemp("home"), Path(__file__).parents[3], runtime)
    house.surroundings.use(endpoint.base_url)
    house.surroundings.extra |= {**PLAIN, "ROLECALL_LLM__IDLE_TIMEOUT_S": "60"}
    house.surroundings.extra["ROLECALL_LLM__FIRST_TOKEN_TIMEOUT_S"] = "60"
    yield house
    house.close()
    shutil.rmtree(runtime)


SILENT = stream(before_head=[Hang()])
SPEAKING = stream(chunk("begun"), Hang())


def send(client, method, params, number=None):
    """Write a message without waiting for what it brings."""
    message = {"method": method, "params": params} | ({} if number is None else {"id": number})
    client.peer._write(message)


class EditorAsks:
    """A run in an editor, and the ways to stop it."""

    def __init__(self, house, workspace):
        self.client = house.editor(workspace)
        self.uri = (workspace / TARGET).as_uri()

    def begin(self):
        run = {"role": "developer", "uri": self.uri, "instruction": "Go.", "apply": "never"}
        params = {"command": "rolecall.run", "arguments": [run], "workDoneToken": "mine"}
        send(self.client, "workspace/executeCommand", params, 1_000)

    def request(self):
        send(self.client, "$/cancelRequest", {"id": 1_000})

    def progress(self):
        send(self.client, "window/workDoneProgress/cancel", {"token": "mine"})

    def command(self):
        [task] = [task for task in self.client.command("rolecall.tasks") if task["status"] == "running"]
        began = time.monotonic()
        arguments = {"command": "rolecall.cancel", "arguments": [{"task_id": task["task_id"]}]}
        send(self.client, "workspace/executeCommand", arguments, 1_001)
        return began

    def leave(self):
        self.client.process.kill()

    def end(self):
        self.client.process.kill()


class AssistantAsks:
    """A call of an assistant, and the ways to stop it."""

    def __init__(self, house, workspace):
        self.client = house.assistant(workspace)
        self.other = house.assistant(workspace)

    def begin(self):
        call = {"name": "developer", "arguments": {"instruction": "Go."}}
        send(self.client, "tools/call", call, 1_000)

    def request(self):
        send(self.client, "notifications/cancelled", {"requestId": 1_000})

    def tool(self):
        status = self.other.call("status")
        [task] = [task for task in status["tasks"] if task["status"] == "running"]
        began = time.monotonic()
        call = {"name": "cancel_task", "arguments": {"task_id": task["task_id"]}}
        send(self.other, "tools/call", call, 1_001)
        return began

    def leave(self):
        self.client.process.kill()

    def end(self):
        self.client.process.kill()


class ShellAsks:
    """A command in a shell, and the signals that stop it."""

    def __init__(self, house, workspace):
        self.house, self.workspace = house, workspace

    def begin(self):
        from fakes.command import COMMAND

        self.process = subprocess.Popen(
            [*COMMAND, "run", "developer", "Go.", "--format", "json"],
            cwd=self.workspace,
            env=self.house.surroundings.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """Its exit code and its result."""
        out, _ = self.process.communicate(timeout=10)
        return self.process.returncode, json.loads(out)


WAYS = {
    "lsp-cancel-request": (EditorAsks, "request"),
    "lsp-progress-cancel": (EditorAsks, "progress"),
    "lsp-rolecall-cancel": (EditorAsks, "command"),
    "lsp-editor-gone": (EditorAsks, "leave"),
    "mcp-cancelled": (AssistantAsks, "request"),
    "mcp-cancel-task": (AssistantAsks, "tool"),
    "mcp-assistant-gone": (AssistantAsks, "leave"),
    "shell-sigint": (ShellAsks, "interrupt"),
    "shell-sigterm": (ShellAsks, "terminate"),
}


def time_to_hang_up(endpoint, asks, way, reply):
    """Begin a task, stop it one way, and measure until the endpoint saw the connection closed."""
    endpoint.replies, endpoint.default = deque([reply]), answer("not cancelled")
    before = len(endpoint.completions)
    asks.begin()
    eventually(lambda: len(endpoint.completions) > before, seconds=30)
    began = time.monotonic()
    began = getattr(asks, way)() or began
    request = endpoint.completions[before]
    eventually(request.disconnected.is_set)
    assert len(endpoint.completions) == before + 1
    return request.disconnected_at - began


@pytest.mark.parametrize("way", WAYS)
def test_the_endpoint_sees_the_connection_closed_within_200_ms(way, endpoint, house, workspace):
    kind, method = WAYS[way]
    taken = []
    for reply in (SPEAKING, SILENT, SPEAKING)[:TRIES]:
        asks = kind(house, workspace)
        taken.append(time_to_hang_up(endpoint, asks, method, reply))
        asks.end()
        if taken[-1] < WITHIN_S:
            return
    pytest.fail(f"it took {taken} s")


def test_a_cancel_before_the_first_byte_closes_the_connection_too(endpoint, house, workspace):
    taken = [time_to_hang_up(endpoint, EditorAsks(house, workspace), "request", SILENT) for _ in range(2)]
    assert min(taken) < WITHIN_S


@pytest.mark.parametrize(("way", "code"), [("interrupt", 130), ("terminate", 143)])
def test_a_signal_ends_the_command_with_its_code_and_a_cancelled_result(
    way, code, endpoint, house, workspace
):
    asks = ShellAsks(house, workspace)
    time_to_hang_up(endpoint, asks, way, SPEAKING)
    exit_code, result = asks.end()
    assert (exit_code, result["status"], result["error"]["code"]) == (code, "cancelled", "cancelled")


def test_cancelled_requests_count_for_nothing(endpoint, house, workspace):
    asks = EditorAsks(house, workspace)
    for _ in range(7):
        time_to_hang_up(endpoint, asks, "progress", SPEAKING)
        # The answer to the cancelled run, which nobody has read yet.
        while asks.client.peer._read().get("id") != 1_000:
            pass
    status = asks.client.command("rolecall.status")
    assert {breaker["state"] for breaker in status["breakers"]} == {"closed"}
    assert sum(pooled["in_flight"] for pooled in status["pool"]) == 0
    assert status["queue"] == {"running": 0, "waiting": 0}
    assert "rolecall.llm.errors" not in status["metrics"]
