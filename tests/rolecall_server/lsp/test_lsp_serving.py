"""Connections: several at once, over TCP, with faulty handlers, and clear of the process's own output."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import pytest

from fakes.command import SOURCES
from rolecall.caller import Caller
from rolecall_server.host import Host
from rolecall_server.lsp.framing import MessageReader, encode
from rolecall_server.lsp.server import create_server
from rolecall_server.lsp.serving import serve, serve_tcp

FAULTS = {
    "an exception": lambda: 1 / 0,
    "an exit": lambda: sys.exit(3),
    "a value that is no JSON": lambda: {"result": object},
}


class Wire:
    """A client over streams: requests are awaited, everything else is kept."""

    def __init__(self, reader, writer) -> None:
        self.messages, self.writer, self.number = MessageReader(reader), writer, 0

    async def request(self, method, params=None):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while (message := await self.messages.read()) is not None:
            if message.get("id") == self.number and "method" not in message:
                return message
        raise EOFError

    def send(self, message) -> None:
        self.writer.write(encode(json.dumps({"jsonrpc": "2.0", **message}).encode()))


@pytest.fixture
async def caller(tmp_path):
    environment = {"HOME": str(tmp_path / "home"), "ROLECALL_LLM__PROVIDER": "offline"}
    return Caller(environment, tmp_path)


@pytest.fixture
async def listening(caller):
    host, address = Host(), asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve_tcp(host, caller, "127.0.0.1", 0, listening=lambda *found: address.set_result(found))
    )
    yield await address
    server.cancel()
    await asyncio.gather(server, return_exceptions=True)
    await host.aclose()


async def connect(address, folder):
    folder.mkdir(exist_ok=True)
    wire = Wire(*await asyncio.open_connection(*address))
    await wire.request("initialize", {"capabilities": {}, "rootUri": folder.as_uri()})
    wire.send({"method": "initialized", "params": {}})
    return wire


async def test_two_clients_have_a_conversation_and_a_workspace_each(listening, tmp_path):
    one = await connect(listening, tmp_path / "one")
    two = await connect(listening, tmp_path / "two")
    for wire, name in ((one, "one"), (two, "two"), (one, "one")):
        status = (await wire.request("workspace/executeCommand", {"command": "rolecall.status"}))["result"]
        assert status["workspace"] == [str(tmp_path / name)]
    run = {
        "role": "developer",
        "instruction": "x",
        "uri": (tmp_path / "one" / "a.py").as_uri(),
        "apply": "never",
    }
    result = (await one.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [run]}))[
        "result"
    ]
    named = {"command": "rolecall.result", "arguments": [{"task_id": result["task_id"]}]}
    assert "result" in await one.request("workspace/executeCommand", named)
    assert (await two.request("workspace/executeCommand", named))["error"]["code"] == -32602
    one.writer.close()
    assert "result" in await two.request("workspace/executeCommand", {"command": "rolecall.tasks"})
    two.writer.close()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("late", [False, True])
async def test_a_fault_in_a_handler_is_answered_and_the_connection_goes_on(caller, fault, late):
    server = create_server(Host(), caller)

    async def later():
        await asyncio.sleep(0)
        return FAULTS[fault]()

    @server.feature("x/fault")
    def faulty(_):
        return later() if late else FAULTS[fault]()

    sent: list[bytes] = []
    server.protocol.set_writer(Recorder(sent))
    server.protocol.receive(
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}
    )
    for number in (1, 2):
        server.protocol.receive({"jsonrpc": "2.0", "id": number, "method": "x/fault"})
        server.protocol.receive({"jsonrpc": "2.0", "method": "x/fault"})
    await asyncio.gather(*server.protocol._running.values(), *server.protocol._notices)
    errors = [json.loads(message.partition(b"\r\n\r\n")[2])["error"] for message in sent[1:]]
    assert [error["code"] for error in errors] == [-32603, -32603]
    assert all("division" not in str(error) and "Traceback" not in str(error) for error in errors)
    await server.connection.close()


@pytest.mark.parametrize("faults", [["x"] * 20_000, "x" * 100_000], ids=["a list of faults", "no list"])
async def test_a_long_message_that_is_all_wrong_does_not_keep_the_loop(caller, faults):
    """The process serves others too, and one that computes for seconds is taken for hung."""
    server = create_server(Host(), caller)
    server.protocol.set_writer(Recorder([]))
    server.protocol.receive(
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}
    )
    document = {"uri": "file:///a.py", "version": 2}
    before = time.thread_time()
    for method, params in (
        ("textDocument/didChange", {"textDocument": document, "contentChanges": faults}),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": faults, "removed": []}}),
    ):
        server.protocol.receive({"jsonrpc": "2.0", "method": method, "params": params})
    assert time.thread_time() - before < 0.5
    await server.connection.close()


async def test_a_progress_token_that_is_none_is_no_fault_of_ours(caller, capfd):
    server = create_server(Host(), caller)
    server.protocol.set_writer(Recorder([]))
    server.protocol.receive(
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}
    )
    params = {"token": ["mine"]}
    server.protocol.receive({"jsonrpc": "2.0", "method": "window/workDoneProgress/cancel", "params": params})
    await asyncio.gather(*server.protocol._notices)
    await server.connection.close()
    assert "fault" not in "".join(capfd.readouterr())


class Recorder:
    def __init__(self, sent) -> None:
        self.write = sent.append

    def is_closing(self) -> bool:
        return False


async def test_a_client_that_vanishes_in_the_middle_of_a_message_ends_its_connection(caller):
    reader = asyncio.StreamReader()
    reader.feed_data(b"Content-Length: 100\r\n\r\n{")
    reader.feed_eof()
    assert await asyncio.wait_for(serve(reader, Recorder([]), Host(), caller), 5) == 0


def test_nothing_that_is_printed_gets_into_the_protocol():
    script = (
        "import os, subprocess, sys\n"
        "from rolecall_server.lsp.stdio import claim\n"
        "source, sink = claim()\n"
        "print('stray'); sys.stdout.flush(); os.write(1, b'stray'); subprocess.run(['cat'], check=True)\n"
        "sink.write(source.read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": SOURCES},
        input=b"the protocol",
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"the protocol"
    assert done.stderr.count(b"stray") == 2
