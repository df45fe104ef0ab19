"""A client that sends its last byte and still listens: what it asked before that is answered."""

from __future__ import annotations

import json
import os
import re
import time
from itertools import cycle, islice

import pytest

from fakes.endpoint import Hang, Pause, chunk, endpoint_in_thread, stream
from fakes.house import eventually
from fakes.patience import PATIENCE_S
from fakes.wire import LspPeer, McpPeer

pytestmark = pytest.mark.usefixtures("served")

BODIES = re.compile(rb"^\{.*?\}(?=\n|Content-Length|\Z)", re.MULTILINE)
"""Messages in either framing; JSON on the wire holds no newline."""

CLIENT = {"protocolVersion": "2025-06-18", "clientInfo": {"name": "t", "version": "1"}}
STATUS = {"name": "status", "arguments": {}}
ASSISTANT = [
    ("tools/list", {}), ("prompts/list", {}), ("resources/list", {}), ("ping", {}), ("tools/call", STATUS),
]  # fmt: skip
EDITOR = [
    ("workspace/executeCommand", {"command": "rolecall.status", "arguments": [{}]}),
    ("workspace/executeCommand", {"command": "rolecall.tasks", "arguments": [{}]}),
]


def asked(requests, number, capabilities, **handshake):
    """A conversation of which nobody waited for a single answer."""
    messages = [{"id": 1, "method": "initialize", "params": {"capabilities": capabilities, **handshake}}]
    messages.append({"method": "notifications/initialized" if "clientInfo" in handshake else "initialized"})
    for at, (method, params) in enumerate(islice(cycle(requests), number)):
        messages.append({"id": 2 + at, "method": method, "params": params})
    return [json.dumps({"jsonrpc": "2.0", "params": {}, **message}).encode() for message in messages]


def by_assistant(number, capabilities=None):
    return b"".join(line + b"\n" for line in asked(ASSISTANT, number, capabilities or {}, **CLIENT))


def by_editor(number, capabilities=None):
    return b"".join(
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        for body in asked(EDITOR, number, capabilities or {}, processId=None, rootUri=None)
    )


def answers(process):
    """The answer to each request, of all that comes until the server closes its output."""
    messages = [json.loads(body) for body in BODIES.findall(process.stdout.read())]
    return {message["id"]: message for message in messages if "method" not in message}


def ended(process, seconds=2.0):
    """The exit code of a process whose client has just sent its last byte."""
    started = time.monotonic()
    code = process.wait(seconds + PATIENCE_S)
    assert time.monotonic() - started < seconds + PATIENCE_S
    return code


@pytest.mark.parametrize("number", [1, 2, 5, 40])
@pytest.mark.parametrize(("door", "said"), [("mcp", by_assistant), ("lsp", by_editor)])
def test_everything_asked_before_the_last_byte_is_answered(surroundings, project, door, said, number):
    with surroundings.serve(door, cwd=project) as process:
        process.stdin.write(said(number))
        process.stdin.close()
        found = answers(process)
        assert ended(process) == 0
    assert sorted(found) == list(range(1, number + 2))
    assert not [message for message in found.values() if "error" in message]


@pytest.mark.parametrize(("door", "said"), [("mcp", by_assistant), ("lsp", by_editor)])
def test_what_the_server_asks_such_a_client_delays_nothing(surroundings, project, door, said):
    """It offers folders and settings, and is not there any more to tell them."""
    offers = {"roots": {}, "workspace": {"configuration": True}, "window": {"workDoneProgress": True}}
    with surroundings.serve(door, cwd=project) as process:
        process.stdin.write(said(5, offers))
        process.stdin.close()
        found = answers(process)
        assert ended(process) == 0
    assert sorted(found) == list(range(1, 7))
    assert not [message for message in found.values() if "error" in message]


def send(peer, message):
    """Write a message of which the peer's own book-keeping need not know."""
    peer._writer.write(peer._frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))
    peer._writer.flush()


def call(peer, project, door):
    """Ask for a run, without waiting."""
    if door == "mcp":
        peer.request("initialize", CLIENT | {"capabilities": {}})
        peer.notify("notifications/initialized")
        run = {"name": "developer", "arguments": {"instruction": "x"}}
        send(peer, {"id": "run", "method": "tools/call", "params": run})
        return
    peer.request("initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": {}})
    peer.notify("initialized", {})
    uri = (project / "src/pricing.py").as_uri()
    run = {"role": "developer", "instruction": "x", "uri": uri, "apply": "never"}
    params = {"command": "rolecall.run", "arguments": [run]}
    send(peer, {"id": "run", "method": "workspace/executeCommand", "params": params})


@pytest.mark.parametrize(("door", "peer"), [("mcp", McpPeer), ("lsp", LspPeer)])
def test_a_run_that_ends_soon_after_is_answered(surroundings, project, door, peer):
    with endpoint_in_thread([stream(chunk("Done."), Pause(0.3), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        with surroundings.serve(door, cwd=project) as process:
            peer = peer(process.stdout, process.stdin)
            call(peer, project, door)
            eventually(lambda: endpoint.completions)
            process.stdin.close()
            found = answers(process)
            assert ended(process) == 0
    result = found["run"]["result"]
    assert result.get("structuredContent", result)["status"] == "completed"


@pytest.mark.parametrize(("door", "peer"), [("mcp", McpPeer), ("lsp", LspPeer)])
def test_a_run_that_does_not_is_cancelled_and_keeps_nobody(surroundings, project, door, peer):
    with endpoint_in_thread([stream(chunk("I am "), Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        with surroundings.serve(door, cwd=project) as process:
            peer = peer(process.stdout, process.stdin)
            call(peer, project, door)
            eventually(lambda: endpoint.completions)
            process.stdin.close()
            answers(process)
            assert ended(process) == 0
            eventually(endpoint.completions[0].disconnected.is_set)


@pytest.mark.parametrize("door", ["mcp", "lsp"])
def test_a_client_that_reads_no_more_but_stays_ends_its_server(surroundings, project, door):
    with surroundings.serve(door, cwd=project) as process:
        peer = (McpPeer if door == "mcp" else LspPeer)(process.stdout, process.stdin)
        peer.request("initialize", CLIENT | {"capabilities": {}})
        process.stdout.close()
        code = ended(process)
    assert code == 1 or not surroundings.shared


def test_a_message_cut_off_by_the_end_is_no_crash(surroundings, project):
    for door, said in (("mcp", by_assistant(1)[:-9]), ("lsp", by_editor(1)[:-9])):
        with surroundings.serve(door, cwd=project) as process:
            output, errors = process.communicate(said, timeout=PATIENCE_S)
        assert process.returncode == 0
        assert b'"id":1' in output
        assert b"Traceback" not in errors


def test_a_slow_reader_gets_everything(surroundings, project):
    """Far more than pipes and sockets hold waits for it when it sends its last byte."""
    with surroundings.serve("mcp", cwd=project) as process:
        process.stdin.write(by_assistant(100))
        process.stdin.close()
        read = b""
        while piece := os.read(process.stdout.fileno(), 512):
            read += piece
        assert ended(process) == 0
    assert len(read) > 200_000
    assert sorted(json.loads(line)["id"] for line in read.splitlines()) == list(range(1, 102))
