"""``rolecall mcp --http HOST:PORT``: opens the sockets, says where it serves and for whom, and serves."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from rolecall.errors import ConfigurationInvalid
from rolecall.settings import LoadedSettings, load
from rolecall.telemetry.logging import configure
from rolecall_server.host import Host
from rolecall_server.mcp.http.address import Address, listen
from rolecall_server.mcp.http.client_config import Endpoint, notes, setup
from rolecall_server.mcp.http.serving import EXIT_CODES, HttpServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall_server.mcp.http.address import Listening

USAGE = 2
"""Exit code: the address cannot be had, or may not be served."""


def run(caller: Caller, address: str, *, roots: Sequence[Path] = ()) -> int:
    """Serve until a signal comes.

    Args:
        caller: this process's surroundings.
        address: ``HOST:PORT``.
        roots: the workspace folders; empty for the current folder.

    Returns:
        The exit code.
    """
    read = partial(load, caller, roots=tuple(roots))
    try:
        loaded, problem = _read(read)
        listening = listen(Address.parse(address))
        has_tokens = bool(loaded.settings.mcp.http_tokens)
        if not (listening.is_loopback or has_tokens):
            listening.close()
            raise problem or ConfigurationInvalid(
                f"Without tokens MCP is served on this machine only, not on {listening.host}.",
                hint="Set mcp.http_tokens, or listen on 127.0.0.1.",
            )
    except ConfigurationInvalid as error:
        _say(f"{error.message} {error.hint}")
        return USAGE
    configure(loaded.settings.logging)
    _announce(listening, has_tokens=has_tokens, problem=problem)
    return asyncio.run(_serve(listening, caller, roots, read))


def print_config(client: str, caller: Caller, address: str, *, roots: Sequence[Path] = ()) -> int:
    """Print what a client needs to call the server at that address; returns the exit code.

    Args:
        client: its name, as ``--print-config`` takes it.
        caller: this process's surroundings.
        address: ``HOST:PORT``.
        roots: the workspace folders.
    """
    try:
        tokens = load(caller, roots=tuple(roots)).settings.mcp.http_tokens
        place = Address.parse(address)
        endpoint = Endpoint.of(place, has_tokens=bool(tokens))
        found = setup(client, endpoint)
    except ConfigurationInvalid as error:
        _say(f"{error.message} {error.hint}")
        return USAGE
    found.print()
    sys.stderr.writelines(f"{line}\n" for line in notes(client, place, endpoint))
    return 0


async def _serve(
    listening: Listening, caller: Caller, roots: Sequence[Path], read: partial[LoadedSettings]
) -> int:
    host = Host()
    server = HttpServer(listening, host, caller, roots, read)
    for number in EXIT_CODES:
        with suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            asyncio.get_running_loop().add_signal_handler(number, server.end, number)
    try:
        return await server.run()
    finally:
        await host.aclose()


def _read(read: partial[LoadedSettings]) -> tuple[LoadedSettings, ConfigurationInvalid | None]:
    try:
        return read(), None
    except ConfigurationInvalid as problem:
        return LoadedSettings.defaults(), problem


def _announce(listening: Listening, *, has_tokens: bool, problem: ConfigurationInvalid | None) -> None:
    if problem is not None:
        _say(f"each call will be answered with this: {problem.message}")
    if problem is not None:
        _say(f"serving MCP at {listening.url} for this machine only, until the settings are mended")
    elif has_tokens:
        _say(f"serving MCP at {listening.url} for those with a token")
    else:
        _say(f"serving MCP at {listening.url} for this machine only, since mcp.http_tokens is not set")


def _say(line: str) -> None:
    sys.stderr.write(f"rolecall: {line}\n")
    sys.stderr.flush()
