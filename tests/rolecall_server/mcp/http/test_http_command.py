"""`rolecall mcp --http` as a process: what it says, what it refuses, how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.command import Surroundings

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


@contextmanager
def serving(
    surroundings: Surroundings, project: Path, address: str = "127.0.0.1:0"
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process, and the line it says when it serves."""
    process = surroundings.start("mcp", "--http", address, cwd=project)
    try:
        assert process.stderr is not None
        yield process, process.stderr.readline().decode()
    finally:
        process.kill()
        process.communicate()


def ask(url: str, **headers: str) -> bytes:
    request = urllib.request.Request(
        url,
        json.dumps(INITIALIZE).encode(),
        {"content-type": "application/json", "accept": "application/json, text/event-stream", **headers},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as response:
        return response.read()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_says_where_and_for_whom_it_serves_and_ends_at_a_signal(
    surroundings: Surroundings, project: Path, number: int, code: int
) -> None:
    with serving(surroundings, project) as (process, line):
        assert "this machine only" in line
        assert "mcp.http_tokens" in line
        url = re.search(r"http://\S+/mcp", line)[0]  # type: ignore[index]
        assert b'"serverInfo"' in ask(url)
        process.send_signal(number)
        assert process.wait(10) == code


def test_with_tokens_it_says_that_they_are_needed(surroundings: Surroundings, project: Path) -> None:
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = '["ann=secret-token"]'
    with serving(surroundings, project, "localhost:0") as (_, line):
        assert "token" in line
        assert "secret" not in line
        url = re.search(r"http://\S+/mcp", line)[0]  # type: ignore[index]
        assert b'"serverInfo"' in ask(url, authorization="Bearer secret-token")


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_without_tokens_other_machines_are_not_served(
    surroundings: Surroundings, project: Path, address: str
) -> None:
    done = surroundings.run("mcp", "--http", address, cwd=project)

    assert done.returncode == 2
    assert b"mcp.http_tokens" in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:0", "0.0.0.0:0"])
def test_wrong_tokens_are_said_to_be_wrong_and_not_to_be_missing(
    surroundings: Surroundings, project: Path, address: str
) -> None:
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = '["secret-token", "ann=sha256:secret"]'
    process = surroundings.start("mcp", "--http", address, cwd=project)
    assert process.stderr is not None
    try:
        said = "".join(process.stderr.readline().decode() for _ in range(3 if "127" in address else 2))
    finally:
        process.kill()
        process.communicate()

    assert "entry 2: sha256: must be followed by 64 hexadecimal digits" in said
    assert "not set" not in said
    assert "secret" not in said


def test_with_tokens_other_machines_are_served(surroundings: Surroundings, project: Path) -> None:
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = '["secret-token"]'
    with serving(surroundings, project, "0.0.0.0:0") as (_, line):
        port = re.search(r":(\d+)/mcp", line)[1]  # type: ignore[index]
        url = f"http://127.0.0.1:{port}/mcp"
        answered = ask(url, authorization="Bearer secret-token", host="rolecall.example.com")
        assert b'"serverInfo"' in answered


@pytest.mark.parametrize("address", ["8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", "::1:8080"])
def test_what_is_no_address_is_a_usage_error(surroundings: Surroundings, project: Path, address: str) -> None:
    done = surroundings.run("mcp", "--http", address, cwd=project)

    assert done.returncode == 2
    assert address.encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(surroundings: Surroundings, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = surroundings.run("mcp", "--http", f"127.0.0.1:{port}", cwd=project)

    assert done.returncode == 2
    assert f"127.0.0.1:{port}".encode() in done.stderr
    assert b"Traceback" not in done.stderr
