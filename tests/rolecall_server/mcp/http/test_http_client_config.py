"""`rolecall mcp --print-config CLIENT --http HOST:PORT`: the address for clients, and never a token."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from fakes.command import Surroundings
from rolecall_server.command_line import MCP_CLIENTS
from rolecall_server.mcp.http import client_config
from rolecall_server.mcp.http.address import Address
from rolecall_server.mcp.http.client_config import TOKEN_VARIABLE, Endpoint

ROOT = Path(__file__).parents[4]
OPEN = Endpoint("http://127.0.0.1:8765/mcp", has_tokens=False)
GUARDED = Endpoint("http://127.0.0.1:8765/mcp", has_tokens=True)
TAKE_TOKENS = [client for client in MCP_CLIENTS if client != "zed"]


def settings(client: str, endpoint: Endpoint) -> dict:
    text = client_config.setup(client, endpoint).text
    return tomllib.loads(text) if client == "codex" else json.loads(text)


def server(client: str, endpoint: Endpoint) -> dict:
    groups = {"codex": "mcp_servers", "opencode": "mcp", "vscode": "servers", "zed": "context_servers"}
    return settings(client, endpoint)[groups.get(client, "mcpServers")]["rolecall"]


@pytest.mark.parametrize("client", MCP_CLIENTS)
def test_the_address_is_named_and_nothing_is_started(client) -> None:
    found = server(client, OPEN)
    assert OPEN.url in (found.get("url"), found.get("httpUrl"))
    assert "command" not in found
    assert "headers" not in found
    assert TOKEN_VARIABLE not in json.dumps(found)


@pytest.mark.parametrize(
    ("client", "header"),
    [
        ("claude-code", f"Bearer ${{{TOKEN_VARIABLE}}}"),
        ("gemini", f"Bearer ${TOKEN_VARIABLE}"),
        ("opencode", f"Bearer {{env:{TOKEN_VARIABLE}}}"),
        ("cursor", f"Bearer ${{env:{TOKEN_VARIABLE}}}"),
        ("vscode", "Bearer ${input:rolecall-token}"),
    ],
)
def test_a_token_comes_out_of_the_clients_own_keeping(client, header) -> None:
    assert server(client, GUARDED)["headers"] == {"Authorization": header}


def test_codex_is_told_the_variable_that_holds_the_token() -> None:
    assert server("codex", GUARDED)["bearer_token_env_var"] == TOKEN_VARIABLE


def test_vscode_asks_for_the_token_without_showing_it() -> None:
    (asked,) = settings("vscode", GUARDED)["inputs"]
    assert (asked["id"], asked["password"]) == ("rolecall-token", True)


@pytest.mark.parametrize(
    ("address", "url", "guarded"),
    [
        ("127.0.0.1:8765", "http://127.0.0.1:8765/mcp", False),
        ("localhost:1", "http://localhost:1/mcp", False),
        ("[::1]:8765", "http://[::1]:8765/mcp", False),
        (":8765", "http://127.0.0.1:8765/mcp", False),
        ("0.0.0.0:8765", "http://127.0.0.1:8765/mcp", True),
        ("[::]:8765", "http://[::1]:8765/mcp", True),
        ("build.example.com:8765", "http://build.example.com:8765/mcp", True),
        ("10.0.0.7:8765", "http://10.0.0.7:8765/mcp", True),
    ],
)
def test_an_address_that_others_reach_comes_with_a_token(address, url, guarded) -> None:
    assert Endpoint.of(Address.parse(address), has_tokens=False) == Endpoint(url, guarded)


@pytest.mark.parametrize("client", TAKE_TOKENS)
def test_what_is_set_is_printed_for_and_not_printed(
    client: str, surroundings: Surroundings, project: Path
) -> None:
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = '["ann=secret-token"]'
    surroundings.extra[TOKEN_VARIABLE] = "secret-token"
    done = surroundings.run("mcp", "--print-config", client, "--http", "127.0.0.1:8765", cwd=project)
    out, err = done.stdout.decode(), done.stderr.decode()

    assert done.returncode == 0
    assert out == client_config.setup(client, GUARDED).text
    assert "rolecall mcp --http 127.0.0.1:8765" in err
    assert (TOKEN_VARIABLE in err) == (client != "vscode")
    assert "secret" not in out + err


@pytest.mark.parametrize(
    ("client", "address", "said"),
    [
        ("zed", "0.0.0.0:8765", "Zed takes a token only as text"),
        ("codex", "8765", "--http takes HOST:PORT"),
        ("codex", "127.0.0.1:0", "Port 0"),
    ],
)
def test_what_cannot_be_set_up_is_a_usage_error_with_a_way_out(
    surroundings: Surroundings, project: Path, client: str, address: str, said: str
) -> None:
    done = surroundings.run("mcp", "--print-config", client, "--http", address, cwd=project)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_invalid_settings_are_an_error_since_they_say_whether_there_are_tokens(
    surroundings: Surroundings, project: Path
) -> None:
    surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = '["ann=sha256:secret"]'
    done = surroundings.run("mcp", "--print-config", "codex", "--http", "127.0.0.1:8765", cwd=project)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"entry 1" in done.stderr
    assert b"secret" not in done.stderr


def test_the_variable_for_the_token_does_not_pass_for_a_setting(
    surroundings: Surroundings, project: Path
) -> None:
    surroundings.extra[TOKEN_VARIABLE] = "secret-token"
    assert surroundings.run("config", "check", cwd=project).returncode == 0


def test_the_command_line_and_the_door_know_the_same_clients() -> None:
    assert tuple(client_config.CLIENTS) == MCP_CLIENTS


def test_the_page_on_http_shows_settings_as_they_are_printed() -> None:
    page = (ROOT / "docs" / "http.md").read_text()
    blocks = re.findall(r"^```\w+\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert client_config.setup("claude-code", GUARDED).text in blocks
    assert client_config.setup("codex", GUARDED).text in blocks
    for client in MCP_CLIENTS:
        assert f"`{client}`" in page
