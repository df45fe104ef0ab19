"""The SDK's own client at the MCP door: over streams in memory, and through a relay and a daemon."""

from __future__ import annotations

import inspect
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.memory import create_client_server_memory_streams

from fakes.command import COMMAND, Surroundings
from rolecall.caller import Caller
from rolecall_server.host import Host
from rolecall_server.mcp.server import serve

ERAS = ("legacy", "2026-07-28")

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(params=ERAS)
def era(request) -> str:
    """Each protocol era in turn."""
    return request.param


ROADS = ("alone",) if sys.platform == "win32" else ("alone", "shared")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the protocol run on both roads; those that look into the process's own state on one."""
    if "road" in metafunc.fixturenames:
        looks_inside = "host" in inspect.signature(metafunc.function).parameters
        metafunc.parametrize("road", ROADS[:1] if looks_inside else ROADS)


@pytest.fixture(scope="session")
def shared_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where one daemon serves all tests, each with settings of its own as real clients have."""
    runtime = tempfile.mkdtemp(prefix="rolecall-")  # sockets' paths are short
    yield runtime
    everyone = Surroundings(tmp_path_factory.mktemp("everyone"), {"ROLECALL_RUNTIME_DIR": runtime})
    everyone.end_daemons()
    shutil.rmtree(runtime)


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
def connect(
    road: str,
    host: Host,
    caller: Callable[[Path | None], Caller],
    request: pytest.FixtureRequest,
) -> Connect:
    """Connects a client to the door on the road in question."""

    @asynccontextmanager
    async def in_memory(served_by: Caller) -> AsyncIterator[Any]:
        async with (
            create_client_server_memory_streams() as (client, server),
            anyio.create_task_group() as group,
        ):
            group.start_soon(serve, *server, host, served_by)
            yield client
            await client[1].aclose()

    def through_the_daemon(served_by: Caller) -> AbstractAsyncContextManager[Any]:
        runtime = request.getfixturevalue("shared_runtime")
        return stdio_client(
            StdioServerParameters(
                command=COMMAND[0],
                args=[*COMMAND[1:], "mcp"],
                env={**served_by.environment, "ROLECALL_RUNTIME_DIR": runtime},
                cwd=served_by.cwd,
            )
        )

    transport = {"alone": in_memory, "shared": through_the_daemon}[road]

    @asynccontextmanager
    async def connect(era: str = "legacy", cwd: Path | None = None, **options: Any) -> AsyncIterator[Client]:
        async with Client(transport(caller(cwd)), mode=era, **options) as client:  # type: ignore[arg-type]
            yield client

    return connect
