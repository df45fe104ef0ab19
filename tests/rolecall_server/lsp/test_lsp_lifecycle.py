"""From the handshake to the end of the process, over the bare wire."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from fakes.command import SOURCES
from fakes.lsp_profiles import VSCODE
from fakes.patience import PATIENCE_S
from fakes.wire import LspPeer

HEAVY = ("pydantic", "structlog", "openai", "mcp", "yaml", "uvicorn", "httpx2")


@pytest.fixture
def server(served, project):
    with served.serve("lsp", cwd=project) as process:
        yield process
        if process.poll() is None:
            process.kill()


@pytest.fixture
def peer(server):
    return LspPeer(server.stdout, server.stdin)


def shake_hands(peer, project, **params):
    response = peer.request(
        "initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": VSCODE, **params}
    )
    peer.notify("initialized", {})
    return response["result"]


def test_initialize_is_answered_before_anything_heavy_is_imported(tmp_path):
    script = (
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from rolecall.caller import Caller\n"
        "from rolecall_server.host import Host\n"
        "from rolecall_server.lsp.server import create_server\n"
        "async def main():\n"
        "    server = create_server(Host(), Caller({}, Path('/')))\n"
        "    sent = []\n"
        "    class Writer:\n"
        "        def write(self, data): sent.append(data)\n"
        "        def is_closing(self): return False\n"
        "    server.protocol.set_writer(Writer())\n"
        "    server.protocol.receive({'jsonrpc': '2.0', 'id': 1, 'method': 'initialize', 'params': {'capabilities': {}}})\n"
        "    assert b'codeActionProvider' in sent[0]\n"
        "    print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules} | {n for n in sys.modules if n.startswith('rolecall.settings')})))\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    loaded = json.loads(done.stdout)
    assert [name for name in loaded if name in HEAVY or name.startswith("rolecall.settings")] == []


def test_the_capabilities_name_kinds_commands_and_the_read_only_scheme(peer, project):
    capabilities = shake_hands(peer, project)["capabilities"]
    assert capabilities["codeActionProvider"]["resolveProvider"] is True
    assert "rolecall.run" in capabilities["executeCommandProvider"]["commands"]
    assert capabilities["workspace"]["textDocumentContent"] == {"schemes": ["rolecall"]}
    assert capabilities["positionEncoding"] == "utf-16"


@pytest.mark.parametrize("params", [None, {"bogus": 1}])
def test_requests_before_initialize_are_refused(peer, project, params):
    assert peer.request("textDocument/codeAction", params)["error"]["code"] == -32002
    assert peer.request("no/such", params)["error"]["code"] == -32002
    assert "capabilities" in shake_hands(peer, project)
    again = peer.request("initialize", {"capabilities": {}})
    assert again["error"]["code"] == -32600


def test_after_shutdown_only_exit_is_taken(server, peer, project):
    shake_hands(peer, project)
    assert peer.request("shutdown") == {"jsonrpc": "2.0", "id": 2, "result": None}
    assert peer.request("shutdown")["error"]["code"] == -32600
    assert peer.request("workspace/executeCommand", {"command": "rolecall.tasks"})["error"]["code"] == -32600
    peer.notify("exit")
    assert server.wait(5 + PATIENCE_S) == 0


@pytest.mark.parametrize("handshake", [True, False])
def test_exit_without_shutdown_ends_with_1(server, peer, project, handshake):
    if handshake:
        shake_hands(peer, project)
    peer.notify("exit")
    assert server.wait(5 + PATIENCE_S) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_within_two_seconds(server, peer, project, number, code):
    shake_hands(peer, project)
    begun = time.monotonic()
    server.send_signal(number)
    assert server.wait(5 + PATIENCE_S) == code
    assert time.monotonic() - begun < 2 + PATIENCE_S


def test_the_end_of_its_input_ends_it(server, peer, project):
    shake_hands(peer, project)
    server.stdin.close()
    assert server.wait(2 + PATIENCE_S) == 0


def test_the_death_of_the_clients_process_ends_it(server, peer, project):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as client:
        shake_hands(peer, project, processId=client.pid)
        client.kill()
    assert server.wait(3 + PATIENCE_S) == 0


def test_a_process_id_that_is_not_alive_here_means_nothing(server, peer, project):
    shake_hands(peer, project, processId=2**22 + 1)
    assert "result" in peer.request("workspace/executeCommand", {"command": "rolecall.tasks"})
    assert server.poll() is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wait": "false"}, 'wait = "false": must be true or false'),
        ({"events": 1}, "events = 1: must be true or false"),
        (["events"], 'initializationOptions = ["events"]: must be an object'),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_taken_is_told_of_by_name(peer, project, options, told):
    shake_hands(peer, project, initializationOptions=options)
    assert "result" in peer.request("workspace/executeCommand", {"command": "rolecall.status"})
    (warning,) = [said["params"] for said in peer.seen if said.get("method") == "window/logMessage"]
    assert told in warning["message"]
    assert warning["message"].endswith("; ignored")


def test_input_from_a_regular_file_is_served(served, project, tmp_path):
    session = tmp_path / "session"
    messages = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "rootUri": project.as_uri()}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    frames = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    session.write_bytes(b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(f), f) for f in frames))
    done = subprocess.run(
        served.server("lsp"),
        cwd=project,
        input=session.read_bytes(),
        capture_output=True,
        env=served.environment,
        timeout=30,
        check=False,
    )
    with session.open("rb") as source, (tmp_path / "out").open("wb") as sink:
        code = subprocess.run(
            served.server("lsp"),
            stdin=source,
            stdout=sink,
            env=served.environment,
            timeout=30,
            check=False,
        ).returncode
    assert (done.returncode, code) == (0, 0)
    assert (tmp_path / "out").read_bytes() == done.stdout
    assert done.stdout.count(b"Content-Length") == 2


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"Content-Length: 5\r\n\r\n{bad}", -32700),
        (b"Content-Length: 2\r\n\r\n[]", -32600),
        (b'Content-Length: 27\r\n\r\n{"jsonrpc":"2.0","method":1', -32700),
        (b"Content-Length: 1000000000000\r\n\r\n", -32700),
    ],
)
def test_what_is_no_message_is_answered_and_the_next_one_served(server, peer, project, frame, code):
    shake_hands(peer, project)
    server.stdin.write(frame)
    assert "result" in peer.request("workspace/executeCommand", {"command": "rolecall.tasks"})
    faults = [message for message in peer.seen if "error" in message]
    assert [(fault["id"], fault["error"]["code"]) for fault in faults] == [(None, code)]


@pytest.mark.parametrize(
    ("method", "params", "code", "words"),
    [
        ("textDocument/hover", {}, -32601, "textDocument/hover"),
        ("workspace/executeCommand", {"command": "rolecall.fly"}, -32602, "rolecall.run"),
        ("workspace/executeCommand", {"command": 3}, -32602, "command"),
        ("workspace/executeCommand", [], -32602, "object"),
        ("workspace/executeCommand", {"command": "rolecall.run", "arguments": []}, -32602, "`role`"),
        ("workspace/executeCommand", {"command": "rolecall.run", "arguments": [1]}, -32602, "object"),
        ("workspace/executeCommand", {"command": "rolecall.cancel", "arguments": {"task": "x"}}, -32602, "task_id"),
        ("workspace/executeCommand", {"command": "rolecall.cancel", "arguments": [{"task_id": "x"}]}, -32602, "'x'"),
        ("workspace/textDocumentContent", {"uri": "rolecall:/x"}, -32602, "rolecall:/tasks/"),
    ],
)  # fmt: skip
def test_wrong_requests_get_an_error_in_plain_words(peer, project, method, params, code, words):
    shake_hands(peer, project)
    error = peer.request(method, params)["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert "Traceback" not in json.dumps(error)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("apply", "maybe", '"ask", "auto" or "never"'),
        ("range", {"start": {"line": 1, "character": 0}}, "LSP range"),
        ("range", {"start": {"line": 2, "character": 0}, "end": {"line": 1, "character": 0}}, "LSP range"),
        ("version", "1", "number"),
        ("uri", 5, "file URI"),
        ("role", "", "id of a role"),
        ("diagnostics", [{"message": "m"}], "diagnostics"),
        ("rolle", "x", "allowed: role"),
    ],
)
def test_a_wrong_argument_names_its_field_and_what_is_allowed(peer, project, field, value, words):
    shake_hands(peer, project)
    argument = {"role": "developer", "uri": project.as_uri(), field: value}
    response = peer.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [argument]})
    assert response["error"]["code"] == -32602
    assert f"`{field}`" in response["error"]["message"]
    assert words in response["error"]["message"]


def test_resolving_tolerates_an_action_without_data(peer, project):
    shake_hands(peer, project)
    for action in ({"title": "x"}, {"title": "x", "data": None}, {"title": "x", "data": 5, "kind": "y"}):
        assert peer.request("codeAction/resolve", action)["result"] == action


def test_a_menu_is_answered_right_after_the_handshake(peer, project):
    shake_hands(peer, project)
    uri = (project / "src/pricing.py").as_uri()
    text = (project / "src/pricing.py").read_text()
    peer.notify(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}},
    )
    place = {"line": 8, "character": 0}
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    titles = [action["title"] for action in peer.request("textDocument/codeAction", params)["result"]]
    assert "QA Engineer: write tests for discounted" in titles
    params["context"]["only"] = ["refactor.rolecall.qa_engineer.tests"]
    action = peer.request("textDocument/codeAction", params)["result"][0]
    resolved = peer.request("codeAction/resolve", action)["result"]
    assert resolved["command"]["command"] == "rolecall.run"
    assert resolved["command"]["arguments"] == [action["data"]]
