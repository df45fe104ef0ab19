"""What to put into an assistant's settings, so that it starts ``rolecall mcp``.

Standard output carries the settings alone, in the client's own format; standard error says where they go.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NAME = "rolecall"

CALL_S = 300
"""Seconds a client should wait for a call: a little more than the deadline after which one is answered."""

GIVEN_TO_ALL = frozenset({"HOME", "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR"})
"""Variables that every client gives its servers."""

_FOLDERS = frozenset({"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"})


@dataclass(frozen=True, slots=True)
class Launch:
    """How the server is started.

    Attributes:
        command: absolute path of the program.
        arguments: of the program.
        variables: names of the environment variables that must reach the server, for clients that keep
            back what they do not know, or what looks like a secret.
    """

    command: str
    arguments: tuple[str, ...]
    variables: tuple[str, ...] = ()

    def shell(self) -> str:
        """The command line, quoted for a shell."""
        return shlex.join([self.command, *self.arguments])


@dataclass(frozen=True, slots=True)
class Setup:
    """One client's settings.

    Attributes:
        text: the settings.
        where: the file they belong in.
        instead: one command that does the same; empty where the client has none.
    """

    text: str
    where: str
    instead: str = ""

    def print(self) -> None:
        """The settings go to standard output, for a file; where they belong goes to standard error."""
        sys.stdout.write(self.text)
        sys.stderr.write(f"Put it into {self.where}\n")
        if self.instead:
            sys.stderr.write(f"or run: {self.instead}\n")


def launch(
    environment: Mapping[str, str],
    *,
    config: Path | None = None,
    workspace: Path | None = None,
    log_level: str | None = None,
) -> Launch:
    """The way this very program is started, with the options it was given.

    Args:
        environment: of this process.
        config: ``--config``.
        workspace: ``--workspace``.
        log_level: ``--log-level``.
    """
    options = {
        "--config": config and str(config.absolute()),
        "--workspace": workspace and str(workspace.absolute()),
        "--log-level": log_level,
    }
    given = [part for name, value in options.items() if value for part in (name, value)]
    command, *before = _program(environment)
    return Launch(command, (*before, "mcp", *given), _variables(environment))


def setup(client: str, started: Launch) -> Setup:
    """What to put into the settings of one of :data:`CLIENTS`."""
    return CLIENTS[client](started)


def _program(environment: Mapping[str, str]) -> list[str]:
    """The installed command where that is what runs, else this interpreter with the module."""
    named = sys.argv[0]
    if Path(named).stem == NAME:
        found = named if os.sep in named else shutil.which(named, path=environment.get("PATH"))
        if found and os.access(found, os.X_OK):
            return [str(Path(found).absolute())]
    # Assistants start servers in the workspace: without -P its modules would come before Python's own.
    return [sys.executable, "-P", "-m", "rolecall_server.cli"]


def _variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that are set here and that the server depends on; never their values."""
    from rolecall_server.daemon.handshake import shared_environment  # noqa: PLC0415 - by this command alone

    names = (name for name in shared_environment(environment) if name.upper() not in GIVEN_TO_ALL)
    return tuple(sorted(name for name in names if not name.upper().startswith("XDG_") or name in _FOLDERS))


def _claude_code(started: Launch) -> Setup:
    server = {"type": "stdio", "command": started.command, "args": list(started.arguments)}
    return in_json("claude-code", server, f"claude mcp add --scope user {NAME} -- {started.shell()}")


def _codex(started: Launch) -> Setup:
    lines = [
        f"[mcp_servers.{NAME}]",
        f"command = {as_toml(started.command)}",
        f"args = {as_toml(list(started.arguments))}",
        f"tool_timeout_sec = {CALL_S}",
    ]
    if started.variables:
        # Codex gives a server only the variables it knows, and those named here.
        lines.append(f"env_vars = {as_toml(list(started.variables))}")
    return Setup(
        "\n".join(lines) + "\n",
        "~/.codex/config.toml",
        f"codex mcp add {NAME} -- {started.shell()}",
    )


def _gemini(started: Launch) -> Setup:
    server: dict[str, Any] = {
        "command": started.command,
        "args": list(started.arguments),
        "timeout": CALL_S * 1000,
    }
    if started.variables:
        # Gemini CLI keeps back what looks like a secret, unless it is named.
        server["env"] = {name: f"${name}" for name in started.variables}
    return in_json("gemini", server, f"gemini mcp add --scope user {NAME} {started.shell()}")


def _opencode(started: Launch) -> Setup:
    server = {
        "type": "local",
        "command": [started.command, *started.arguments],
        "enabled": True,
        "timeout": CALL_S * 1000,
    }
    return in_json("opencode", server, beside={"$schema": OPENCODE_SCHEMA})


def _vscode(started: Launch) -> Setup:
    server = {"type": "stdio", "command": started.command, "args": list(started.arguments)}
    return in_json("vscode", server, f"code --add-mcp {shlex.quote(json.dumps({'name': NAME, **server}))}")


def _cursor(started: Launch) -> Setup:
    server = {"type": "stdio", "command": started.command, "args": list(started.arguments)}
    return in_json("cursor", server)


def _zed(started: Launch) -> Setup:
    server = {"source": "custom", "command": started.command, "args": list(started.arguments)}
    return in_json("zed", server)


CLIENTS: dict[str, Callable[[Launch], Setup]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "vscode": _vscode,
    "cursor": _cursor,
    "zed": _zed,
}
"""The clients whose settings are known, by the name ``--print-config`` takes."""


OPENCODE_SCHEMA: Final = "https://opencode.ai/config.json"

_IN_JSON: Final = {
    "claude-code": ("mcpServers", ".mcp.json in the project"),
    "gemini": ("mcpServers", "~/.gemini/settings.json"),
    "opencode": ("mcp", "~/.config/opencode/opencode.json, or opencode.json in the project"),
    "vscode": ("servers", ".vscode/mcp.json in the project, or what `MCP: Open User Configuration` opens"),
    "cursor": ("mcpServers", "~/.cursor/mcp.json, or .cursor/mcp.json in the project"),
    "zed": ("context_servers", "settings.json of Zed (`zed: open settings file`)"),
}
"""Under which member of which file a client keeps its servers."""


def in_json(
    client: str, server: Mapping[str, Any], add: str = "", *, beside: Mapping[str, Any] | None = None
) -> Setup:
    """The set-up of a client whose settings are JSON.

    Args:
        client: by the name ``--print-config`` takes.
        server: our entry among its servers.
        add: the command that adds it, where there is one.
        beside: what else the file holds.
    """
    member, file = _IN_JSON[client]
    settings = {**(beside or {}), member: {NAME: server}}
    return Setup(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", file, add)


def as_toml(value: str | Sequence[str]) -> str:
    """A value as TOML writes it."""
    # A JSON string is a TOML basic string too, but for the pairs JSON escapes emoji with, and a bare DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
