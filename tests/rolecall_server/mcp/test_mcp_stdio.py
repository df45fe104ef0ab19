"""The MCP door as a real process: its streams, its ends, and clients of both eras at its pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from fakes.patience import PATIENCE_S
from fakes.wire import McpPeer

pytestmark = pytest.mark.usefixtures("served")

HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


@contextmanager
def served(surroundings, project):
    """A process and a peer at its pipes; the process is ended whatever happens."""
    process = surroundings.serve("mcp", cwd=project)
    try:
        with process:
            yield process, McpPeer(process.stdout, process.stdin)
    finally:
        process.kill()


def shake_hands(peer):
    peer.request("initialize", HANDSHAKE)
    peer.notify("notifications/initialized")


def end_within(process, seconds):
    started = time.monotonic()
    code = process.wait(seconds + PATIENCE_S)
    assert time.monotonic() - started < seconds + PATIENCE_S
    return code


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_the_sdks_client_lists_tools_over_pipes(surroundings, project, mode):
    command = StdioServerParameters(
        command=surroundings.server("mcp")[0],
        args=surroundings.server("mcp")[1:],
        env=surroundings.environment,
        cwd=project,
    )
    async with Client(command, mode=mode) as client:
        tools = (await client.list_tools()).tools
    assert tools[0].name == "business_analyst"


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_every_older_version_is_accepted_as_asked(surroundings, project, version):
    with served(surroundings, project) as (process, peer):
        result = peer.request("initialize", HANDSHAKE | {"protocolVersion": version})["result"]
        process.stdin.close()
    assert result["protocolVersion"] == version


def test_a_client_that_leaves_ends_the_process_at_once(surroundings, project):
    with served(surroundings, project) as (process, peer):
        shake_hands(peer)
        peer.request("tools/list")
        process.stdin.close()
        assert end_within(process, 2) == 0
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
    said = [] if surroundings.shared else [("serving in this process alone", "--no-daemon")]
    assert [(line["event"], line["reason"]) for line in lines] == said


def test_a_client_that_never_spoke_ends_the_process_too(surroundings, project):
    with served(surroundings, project) as (process, _):
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_process_while_stdin_is_open(surroundings, project, number, code):
    with served(surroundings, project) as (process, peer):
        shake_hands(peer)
        peer.request("tools/list")
        process.send_signal(number)
        assert end_within(process, 2) == code


def test_a_client_that_reads_no_more_does_not_keep_the_process(surroundings, project):
    with served(surroundings, project) as (process, peer):
        shake_hands(peer)
        peer.request("tools/list")
        for number in range(200):
            request = {"jsonrpc": "2.0", "id": f"n{number}", "method": "tools/list"}
            process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.close()
        assert end_within(process, 2) == 0


def test_garbage_is_answered_and_survived(surroundings, project):
    with served(surroundings, project) as (process, peer):
        shake_hands(peer)
        for line, code in ((b"garbage\n", -32700), (b"[]\n", -32600), (b"\xff\xfe\n", -32700), (b"\n", None)):
            process.stdin.write(line)
            process.stdin.flush()
            if code is not None:
                reply = json.loads(process.stdout.readline())
                assert (reply["id"], reply["error"]["code"]) == (None, code)
        assert len(peer.request("tools/list")["result"]["tools"]) == 9
        process.stdin.close()


def test_garbage_before_the_handshake_is_survived(surroundings, project):
    with served(surroundings, project) as (process, peer):
        process.stdin.write(b"hello?\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["error"]["code"] == -32700
        assert "result" in peer.request("initialize", HANDSHAKE)
        process.stdin.close()


def test_a_last_line_without_a_newline_is_answered(surroundings, project):
    with served(surroundings, project) as (process, _):
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}
        output, _errors = process.communicate(json.dumps(request).encode(), timeout=10)
    assert json.loads(output)["id"] == 1


def test_input_from_a_file_is_served_like_a_pipe(surroundings, project, tmp_path):
    script = tmp_path / "in.jsonl"
    script.write_text(
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}) + "\n"
    )
    with script.open("rb") as source:
        done = subprocess.run(
            surroundings.server("mcp"),
            cwd=project, env=surroundings.environment, stdin=source, capture_output=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "rolecall"


STRAY = """
import os, sys, subprocess
from rolecall_server.mcp.stdio import claim_streams
source, sink = claim_streams()
print("stray print", flush=True)
os.write(1, b"stray write\\n")
subprocess.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()), 'of a child')"])
os.write(sink, b"protocol: " + os.read(source, 100))
"""


def test_stray_output_and_children_stay_out_of_the_protocol(surroundings, project):
    done = subprocess.run(
        [sys.executable, "-c", STRAY],
        cwd=project, env=surroundings.environment, input=b"message", capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout == b"protocol: message"
    assert done.stderr.splitlines() == [b"stray print", b"stray write", b"'' of a child"]


def test_the_tools_are_listed_before_assistants_give_up(surroundings, project):
    started = os.times()
    with served(surroundings, project) as (process, peer):
        shake_hands(peer)
        peer.request("tools/list")
        process.stdin.close()
        process.wait(10)
    ended = os.times()
    used = ended.children_user + ended.children_system - started.children_user - started.children_system
    assert used < 2.5


ORPHAN = """
import os, subprocess, sys
subprocess.Popen(sys.argv[1:])
sys.stdin.readline()
os._exit(0)
"""


def test_the_death_of_the_parent_ends_the_process_though_its_input_stays_open(surroundings, project):
    """The client's end of the pipe is held open by another process than the one that died."""
    read, write = os.pipe()
    launcher = [
        sys.executable,
        "-c",
        ORPHAN.replace("Popen(sys.argv[1:])", f"Popen(sys.argv[1:], stdin={read})"),
    ]
    with subprocess.Popen(
        [*launcher, *surroundings.server("mcp")],
        cwd=project, env=surroundings.environment, pass_fds=(read,),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as parent:  # fmt: skip
        os.close(read)
        handshake = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}
        os.write(write, json.dumps(handshake).encode() + b"\n")
        assert json.loads(parent.stdout.readline())["id"] == 1
        parent.stdin.write(b"die\n")
        parent.stdin.flush()
        parent.wait(PATIENCE_S)
        started = time.monotonic()
        assert parent.stdout.read() == b""
    os.close(write)
    assert time.monotonic() - started < 2 + PATIENCE_S
