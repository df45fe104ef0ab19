"""Clients for the MCP door: in memory over the real streams' loop, and at the pipes of a real process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.shared.memory import create_client_server_memory_streams

from fakes.command import Surroundings
from rolecall.caller import Caller
from rolecall_server.host import Host
from rolecall_server.mcp.server import serve

ERAS = ("legacy", "2026-07-28")

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(params=ERAS)
def era(request) -> str:
    """Each protocol era in turn."""
    return request.param


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    yield host
    await host.aclose()


@pytest.fixture
def caller(surroundings: Surroundings, project: Path) -> Callable[[Path | None], Caller]:
    """What the client's surroundings are by now."""
    return lambda cwd: Caller(surroundings.environment, cwd or project, None, {}, "mcp")


@pytest.fixture
def connect(host: Host, caller: Callable[[Path | None], Caller]) -> Connect:
    """Connects the SDK's own client to the door, over streams in memory."""

    @asynccontextmanager
    async def transport(served_by: Caller) -> AsyncIterator[Any]:
        async with (
            create_client_server_memory_streams() as (client, server),
            anyio.create_task_group() as group,
        ):
            group.start_soon(serve, *server, host, served_by)
            yield client
            await client[1].aclose()

    @asynccontextmanager
    async def connect(era: str = "legacy", cwd: Path | None = None, **options: Any) -> AsyncIterator[Client]:
        async with Client(transport(caller(cwd)), mode=era, **options) as client:  # type: ignore[arg-type]
            yield client

    return connect
