"""Looking for a model server on this machine: who lists models on loopback, quickly or not at all.

Plain asyncio rather than the HTTP client: where there is none, and most often there is none, finding out
must cost neither the import nor the time.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiter

from rolecall.llm.models import chat_models

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBE_S = 0.5
"""Seconds all probes together may take (contract section 3)."""

LISTING_LIMIT = 4 << 20
"""Bytes a list of models may have."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port where model servers listen by default.

    Attributes:
        trusted: whoever listens there; else only a process of the user's own, since any web server may.
    """

    number: int
    trusted: bool


PORTS = (
    Port(11434, trusted=True),
    Port(1234, trusted=True),
    Port(8080, trusted=False),
    Port(8000, trusted=False),
)
"""Ollama, LM Studio, llama.cpp, vLLM; the first that answers is taken."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that listed models: its base URL, and the chat models it has."""

    base_url: str
    models: tuple[str, ...]


async def find(ports: Sequence[Port] = PORTS) -> list[LocalServer]:
    """The servers that list at least one chat model within :data:`PROBE_S`, in the order of ``ports``."""
    candidates = await asyncio.to_thread(_candidates, ports)
    probes = [asyncio.create_task(_probe(number)) for number in candidates]
    if not probes:
        return []
    try:
        await asyncio.wait(probes, timeout=PROBE_S)
    finally:
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
    answers = [probe.result() for probe in probes if not probe.cancelled()]
    return [server for server in answers if server is not None]


def is_own_listener(port: int, *, tables: Path = Path("/proc/net"), uid: int | None = None) -> bool:
    """Whether a process of this user listens on ``port`` at loopback (Linux only; elsewhere false)."""
    own = os.getuid() if uid is None else uid
    return any(own == found for name in ("tcp", "tcp6") for found in _listeners(tables / name, port))


def _candidates(ports: Sequence[Port]) -> list[int]:
    return [port.number for port in ports if port.trusted or is_own_listener(port.number)]


def _listeners(table: Path, port: int) -> list[int]:
    """The user ids of the sockets that listen on ``port``; the format is in proc(5)."""
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except (OSError, ValueError):
        return []
    rows = [line.split() for line in lines]
    return [
        int(row[7])
        for row in rows
        if len(row) > 7 and row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port  # noqa: PLR2004
    ]


async def _probe(port: int) -> LocalServer | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    with suppress(OSError, EOFError, ValueError, http.client.HTTPException):
        models = chat_models(await _get_json(port, "/v1/models"))
        return LocalServer(base_url, tuple(models)) if models else None
    return None


async def _get_json(port: int, path: str) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        # HTTP/1.0, so that the end of the body is the end of the connection.
        writer.write(
            f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n".encode()
        )
        received = await _read_response(reader)
    finally:
        writer.transport.abort()
    response = http.client.HTTPResponse(_Received(received))  # type: ignore[arg-type]  # it only calls makefile
    response.begin()
    if response.status != 200:  # noqa: PLR2004
        return None
    return jiter.from_json(response.read())


async def _read_response(reader: asyncio.StreamReader) -> bytes:
    """All of it, or as much as its Content-Length says: some servers keep the connection anyway."""
    received = bytearray()
    while len(received) < LISTING_LIMIT:
        piece = await reader.read(65_536)
        received += piece
        if not piece or _is_whole(received):
            break
    return bytes(received)


def _is_whole(received: bytearray) -> bool:
    head, blank, body = bytes(received).partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n") if blank else ():
        name, _, value = line.partition(b":")
        if name == b"content-length" and value.strip().isdigit():
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return False


class _Received:
    """What ``http.client`` wants of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        """The bytes as a file."""
        return io.BytesIO(self._data)
