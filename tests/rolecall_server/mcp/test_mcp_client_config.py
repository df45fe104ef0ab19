"""`rolecall mcp --print-config CLIENT`: settings a client takes as they are, and that start this very server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from fakes.command import SOURCES, Surroundings
from fakes.wire import McpPeer
from rolecall_server.command_line import MCP_CLIENTS
from rolecall_server.mcp import client_config

ROOT = Path(__file__).parents[3]
HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


def printed(surroundings: Surroundings, project: Path, client: str, *options: str) -> tuple[str, str]:
    """Standard output and standard error."""
    done = surroundings.run("mcp", "--print-config", client, *options, cwd=project)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def command_of(client: str, text: str) -> list[str]:
    """The command line that a client reads out of its settings."""
    if client == "codex":
        server = tomllib.loads(text)["mcp_servers"]["rolecall"]
        return [server["command"], *server["args"]]
    settings = json.loads(text)
    if client == "opencode":
        server = settings["mcp"]["rolecall"]
        assert (server["type"], server["enabled"]) == ("local", True)
        return list(server["command"])
    group = {"vscode": "servers", "zed": "context_servers"}.get(client, "mcpServers")
    server = settings[group]["rolecall"]
    return [server["command"], *server["args"]]


@pytest.mark.parametrize("client", MCP_CLIENTS)
def test_folders_of_any_name_come_through_as_they_are(
    client: str, surroundings: Surroundings, tmp_path: Path
) -> None:
    odd = tmp_path / 'b\\o\'x "é" \N{ROCKET}\x7f'
    odd.mkdir()
    text, _ = printed(surroundings, tmp_path, client, "--workspace", str(odd))
    assert command_of(client, text)[-2:] == ["--workspace", str(odd)]


@pytest.mark.parametrize("client", MCP_CLIENTS)
def test_what_is_printed_starts_the_server(client: str, surroundings: Surroundings, project: Path) -> None:
    text, _ = printed(surroundings, project, client)
    command = command_of(client, text)

    assert Path(command[0]).is_absolute()
    process = subprocess.Popen(
        [*command, "--no-daemon"],
        cwd=project,
        env=surroundings.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        peer = McpPeer(process.stdout, process.stdin)  # type: ignore[arg-type]
        assert peer.request("initialize", HANDSHAKE)["result"]["serverInfo"]["name"] == "rolecall"
    finally:
        process.communicate(timeout=20)


def test_it_says_on_the_other_stream_where_the_settings_go(surroundings: Surroundings, project: Path) -> None:
    _, said = printed(surroundings, project, "claude-code")

    assert ".mcp.json" in said
    line = next(line for line in said.splitlines() if "claude mcp add" in line)
    assert shlex.split(line.partition(": ")[2])[:6] == ["claude", "mcp", "add", "--scope", "user", "rolecall"]


def test_the_one_line_for_vscode_is_json_that_names_the_server(
    surroundings: Surroundings, project: Path
) -> None:
    _, said = printed(surroundings, project, "vscode")

    line = next(line for line in said.splitlines() if "code --add-mcp" in line)
    server = json.loads(shlex.split(line.partition(": ")[2])[2])
    assert (server["name"], server["args"][-1]) == ("rolecall", "mcp")


@pytest.mark.parametrize("client", MCP_CLIENTS)
def test_options_are_carried_over_with_absolute_paths(
    client: str, surroundings: Surroundings, project: Path
) -> None:
    (project / "mine.yaml").write_text("llm: {}\n")
    text, _ = printed(surroundings, project, client, "--workspace", "src", "--config", "mine.yaml")

    rest = command_of(client, text)[-4:]
    assert rest == ["--config", str(project / "mine.yaml"), "--workspace", str(project / "src")]


@pytest.mark.parametrize("client", MCP_CLIENTS)
def test_no_value_of_a_variable_is_printed(client: str, surroundings: Surroundings, project: Path) -> None:
    surroundings.extra["OPENAI_API_KEY"] = "sk-secret"
    out, err = printed(surroundings, project, client)

    assert "sk-secret" not in out + err


def test_codex_is_told_which_variables_to_hand_on(surroundings: Surroundings, project: Path) -> None:
    surroundings.extra |= {"OPENAI_API_KEY": "sk-secret", "UNRELATED": "1"}
    text, _ = printed(surroundings, project, "codex")

    server = tomllib.loads(text)["mcp_servers"]["rolecall"]
    assert {"OPENAI_API_KEY", "ROLECALL_LLM__PROVIDER"} <= set(server["env_vars"])
    assert not {"UNRELATED", "HOME", "PATH"} & set(server["env_vars"])
    assert server["tool_timeout_sec"] > 270


def test_gemini_is_told_which_variables_to_hand_on(surroundings: Surroundings, project: Path) -> None:
    surroundings.extra["OPENAI_API_KEY"] = "sk-secret"
    text, _ = printed(surroundings, project, "gemini")

    server = json.loads(text)["mcpServers"]["rolecall"]
    assert server["env"]["OPENAI_API_KEY"] == "$OPENAI_API_KEY"
    assert server["timeout"] > 270_000


def test_the_installed_command_is_named_by_its_path(monkeypatch, tmp_path: Path) -> None:
    command = tmp_path / "rolecall"
    command.touch(0o755)
    monkeypatch.setattr("sys.argv", ["rolecall", "mcp"])

    assert client_config.launch({"PATH": str(tmp_path)}).shell() == f"{command} mcp"


def test_a_command_that_names_the_module_takes_no_code_from_the_workspace(
    monkeypatch, tmp_path: Path
) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('code of the workspace ran')\n")
    monkeypatch.setattr("sys.argv", ["cli.py", "mcp"])
    started = client_config.launch({})
    command = [started.command, *started.arguments, "--help"]
    environment = {**os.environ, "PYTHONPATH": SOURCES}

    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert "code of the workspace ran" not in ran.stderr


def test_another_client_is_a_usage_error_that_lists_those_known(
    surroundings: Surroundings, project: Path
) -> None:
    done = surroundings.run("mcp", "--print-config", "emacs", cwd=project)

    assert done.returncode == 2
    assert all(client in done.stderr.decode() for client in MCP_CLIENTS)


def test_the_command_line_and_the_door_know_the_same_clients() -> None:
    assert tuple(client_config.CLIENTS) == MCP_CLIENTS


def test_the_page_on_assistants_shows_the_settings_as_they_are_printed() -> None:
    page = (ROOT / "editors" / "assistants.md").read_text()
    started = client_config.Launch("rolecall", ("mcp",))

    blocks = [block.strip() for block in re.findall(r"^```\w+\n(.*?)^```", page, re.DOTALL | re.MULTILINE)]
    for client in MCP_CLIENTS:
        setup = client_config.setup(client, started)
        assert setup.text.strip() in blocks, f"{client}: the page shows other settings"
        assert setup.where.split(" ")[0].strip(",") in page
        assert not setup.instead or setup.instead in page
