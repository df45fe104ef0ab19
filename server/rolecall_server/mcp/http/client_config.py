"""What to put into an assistant's settings, so that it calls a ``rolecall mcp --http`` that runs already.

A token is never printed: clients are told the environment variable that holds it, or ask for it themselves.
"""

from __future__ import annotations

import ipaddress
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import ConfigurationInvalid
from rolecall_server.mcp.client_config import CALL_S, NAME, OPENCODE_SCHEMA, Setup, as_toml, in_json
from rolecall_server.mcp.http.address import LOOPBACK_NAMES, Address

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_VARIABLE: Final = "MCP_ROLECALL_TOKEN"  # noqa: S105 - a variable's name
"""Holds a client's token. Not ``ROLECALL_…``: among those it would be an unknown setting."""

_INPUT: Final = "rolecall-token"
"""What VS Code keeps the token under, once it has asked for it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client finds the server.

    Attributes:
        url: of the MCP endpoint.
        has_tokens: whether it asks for a token.
    """

    url: str
    has_tokens: bool

    @classmethod
    def of(cls, address: Address, *, has_tokens: bool) -> Endpoint:
        """The endpoint of a server that listens at an address.

        Args:
            address: what ``--http`` was given.
            has_tokens: whether tokens are set; an address others can reach is never served without.

        Raises:
            ConfigurationInvalid: the address names no port.
        """
        if address.port == 0:
            raise ConfigurationInvalid(
                "Port 0 stands for any free port, and clients need to know it.",
                hint="Name the port that the server listens on, such as 127.0.0.1:8765.",
            )
        host = address.host
        if _is_wildcard(host):
            host = "::1" if ":" in host else "127.0.0.1"
        shown = f"[{host}]" if ":" in host else host
        return cls(f"http://{shown}:{address.port}/mcp", has_tokens or not _is_loopback(address.host))

    def headers(self, token: str) -> dict[str, Any]:
        """The member that carries a token, in the client's form of one; empty where none is asked for."""
        return {"headers": {"Authorization": f"Bearer {token}"}} if self.has_tokens else {}


def setup(client: str, endpoint: Endpoint) -> Setup:
    """What to put into the settings of one of :data:`CLIENTS`.

    Raises:
        ConfigurationInvalid: the client cannot be given a token in a safe way.
    """
    return CLIENTS[client](endpoint)


def notes(client: str, address: Address, endpoint: Endpoint) -> list[str]:
    """What else has to be done, a line each."""
    lines = [f"It needs a server: rolecall mcp --http {_authority(address)}"]
    if endpoint.has_tokens and client == "vscode":
        lines.append("VS Code asks for the token once, and keeps it.")
    elif endpoint.has_tokens:
        lines.append(f"Set {TOKEN_VARIABLE} to your token in the environment that the client starts in.")
    if _is_wildcard(address.host):
        lines.append("On another machine, put this one's name in place of the address in the URL.")
    return lines


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() in LOOPBACK_NAMES or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(address: Address) -> str:
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"


def _claude_code(endpoint: Endpoint) -> Setup:
    server = {"type": "http", "url": endpoint.url, **endpoint.headers(f"${{{TOKEN_VARIABLE}}}")}
    add = f"claude mcp add --scope user --transport http {NAME} {shlex.quote(endpoint.url)}"
    return in_json("claude-code", server, "" if endpoint.has_tokens else add)


def _codex(endpoint: Endpoint) -> Setup:
    lines = [f"[mcp_servers.{NAME}]", f"url = {as_toml(endpoint.url)}", f"tool_timeout_sec = {CALL_S}"]
    add = f"codex mcp add {NAME} --url {shlex.quote(endpoint.url)}"
    if endpoint.has_tokens:
        lines.append(f"bearer_token_env_var = {as_toml(TOKEN_VARIABLE)}")
        add += f" --bearer-token-env-var {TOKEN_VARIABLE}"
    return Setup("\n".join(lines) + "\n", "~/.codex/config.toml", add)


def _gemini(endpoint: Endpoint) -> Setup:
    server = {
        "httpUrl": endpoint.url,
        **endpoint.headers(f"${TOKEN_VARIABLE}"),
        "timeout": CALL_S * 1000,
    }
    add = f"gemini mcp add --scope user --transport http {NAME} {shlex.quote(endpoint.url)}"
    return in_json("gemini", server, "" if endpoint.has_tokens else add)


def _opencode(endpoint: Endpoint) -> Setup:
    server: dict[str, Any] = {
        "type": "remote",
        "url": endpoint.url,
        # Else it takes a wrong token for a request to log in through a browser.
        "oauth": False,
        **endpoint.headers(f"{{env:{TOKEN_VARIABLE}}}"),
        "enabled": True,
        "timeout": CALL_S * 1000,
    }
    return in_json("opencode", server, beside={"$schema": OPENCODE_SCHEMA})


def _vscode(endpoint: Endpoint) -> Setup:
    server = {"type": "http", "url": endpoint.url, **endpoint.headers(f"${{input:{_INPUT}}}")}
    asked = {"type": "promptString", "id": _INPUT, "description": "Token for Rolecall", "password": True}
    if endpoint.has_tokens:
        return in_json("vscode", server, beside={"inputs": [asked]})
    return in_json("vscode", server, f"code --add-mcp {shlex.quote(json.dumps({'name': NAME, **server}))}")


def _cursor(endpoint: Endpoint) -> Setup:
    server = {"url": endpoint.url, **endpoint.headers(f"${{env:{TOKEN_VARIABLE}}}")}
    return in_json("cursor", server)


def _zed(endpoint: Endpoint) -> Setup:
    if endpoint.has_tokens:
        raise ConfigurationInvalid(
            "Zed takes a token only as text in its settings, and this command prints no token.",
            hint="Without --http it prints the set-up in which Zed starts the server itself; "
            "or name an address of this machine, without mcp.http_tokens.",
        )
    return in_json("zed", {"url": endpoint.url})


CLIENTS: dict[str, Callable[[Endpoint], Setup]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "vscode": _vscode,
    "cursor": _cursor,
    "zed": _zed,
}
"""The clients that can be given an address, by the name ``--print-config`` takes."""
