"""The door at a socket, as a daemon holds many of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import anyio
import pytest

from rolecall_server.mcp.stream import serve_stream

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Peer:
    """A client at a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def request(self, number: int, method: str, params: dict | None = None) -> dict:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        self.writer.write(json.dumps(message).encode() + b"\n")
        return json.loads(await self.reader.readline())


@pytest.fixture
async def listening(host, caller):
    """Two clients' way into one host, and the tasks that serve them."""
    served: list[asyncio.Task] = []

    async def accept(reader, writer):
        served.append(asyncio.current_task())
        try:
            await serve_stream(reader, writer, host, caller(None))
        finally:
            writer.close()

    @asynccontextmanager
    async def join():
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**20)
        yield Peer(reader, writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    join.served = served
    yield join
    server.close()


async def test_two_clients_of_different_eras_are_served_side_by_side(listening):
    envelope = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    async with listening() as old, listening() as new:
        assert (await old.request(1, "initialize", HELLO))["result"]["protocolVersion"] == "2025-06-18"
        listed = await new.request(1, "tools/list", {"_meta": envelope})
        assert len(listed["result"]["tools"]) == 9
        assert len((await old.request(2, "tools/list"))["result"]["tools"]) == 9


async def test_a_client_that_leaves_ends_its_connection_and_no_other(listening):
    async with listening() as staying:
        await staying.request(1, "initialize", HELLO)
        async with listening() as leaving:
            await leaving.request(1, "initialize", HELLO)
        with anyio.fail_after(2):
            await asyncio.wait([listening.served[1]])
        assert "result" in await staying.request(2, "tools/list")


async def test_a_cancelled_connection_ends(listening):
    async with listening() as client:
        await client.request(1, "initialize", HELLO)
        listening.served[0].cancel()
        with anyio.fail_after(2):
            assert await client.reader.read() == b""
