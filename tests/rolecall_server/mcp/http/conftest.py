"""The HTTP door on a free port of this machine, with clients of both protocol eras and at the wire."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from rolecall.caller import Caller
from rolecall.settings import load
from rolecall_server.host import Host
from rolecall_server.mcp.http.address import Address, listen
from rolecall_server.mcp.http.serving import HttpServer

HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Door:
    """A running server."""

    def __init__(self, server: HttpServer, port: int, http: httpx2.AsyncClient) -> None:
        self.server, self.port, self.http = server, port, http
        self.url = f"http://127.0.0.1:{port}/mcp"

    async def post(self, message: dict[str, Any], **headers: str) -> httpx2.Response:
        """One message of the handshake era."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(
            self.url, content=json.dumps({"jsonrpc": "2.0", **message}), headers={**HEADERS, **named}
        )

    async def initialize(self, **headers: str) -> httpx2.Response:
        """The handshake, which anybody who may come in at all gets answered."""
        return await self.post({"id": 1, "method": "initialize", "params": HANDSHAKE}, **headers)

    @asynccontextmanager
    async def client(self, era: str = "legacy", token: str = "", **options: Any) -> AsyncIterator[Client]:
        """The SDK's own client."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=60), trust_env=False)
            )
            transport = streamable_http_client(self.url, http_client=http)
            yield await stack.enter_async_context(Client(transport, mode=era, **options))  # type: ignore[arg-type]

    def end(self) -> None:
        """What SIGTERM does."""
        self.server.end(signal.SIGTERM)


Serve = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
def serve(host: Host, caller: Callable[[Path | None], Caller]) -> Serve:
    """Starts the server with the client's surroundings as they are by now."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[Door]:
        surroundings = caller(None)
        listening = listen(Address("127.0.0.1", 0))
        server = HttpServer(listening, host, surroundings, (), partial(load, surroundings))
        running = asyncio.create_task(server.run())
        try:
            async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
                yield Door(server, listening.port, http)
        finally:
            if not running.done():
                server.end(signal.SIGTERM)
                server.end(signal.SIGTERM)
            await running

    return serve
