"""Clients are told of changes to the resources they subscribed to, in the way of their protocol era."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import anyio
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from fakes.endpoint import FakeEndpoint, Until, answer, chunk, stream
from fakes.patience import PATIENCE_S
from rolecall_server.mcp.subscriptions import MOST_WATCHED

# The SDK calls the requests of the handshake era deprecated; clients of that era have no others.
pytestmark = pytest.mark.filterwarnings("ignore:resources/.*subscribe is removed")

ASK = {"instruction": "Write the notes."}
FILE = '<file path="notes.md">\nHi\n</file>\n<done files="1"/>\n'
POET = "---\nid: poet\ntitle: Poet\ndescription: Writes verse.\ntasks: []\n---\nYou are a poet.\n"


class Subscriber:
    """A client that hears of changes."""

    def __init__(self, era):
        self.era = era
        self.heard = asyncio.Queue()

    async def take(self, message):
        if isinstance(message, types.ResourceUpdatedNotification):
            self.heard.put_nowait(message.params.uri)

    @asynccontextmanager
    async def subscribed(self, client, *uris):
        if self.era == "legacy":
            for uri in uris:
                await client.subscribe_resource(uri)
            yield
            return
        async with client.listen(resource_subscriptions=uris) as changes:
            listening = asyncio.create_task(self._listen(changes))
            try:
                yield
            finally:
                listening.cancel()

    async def _listen(self, changes):
        async for change in changes:
            self.heard.put_nowait(change.uri)

    async def next(self):
        with anyio.fail_after(PATIENCE_S):
            return await self.heard.get()


@pytest.fixture
def subscriber(era):
    return Subscriber(era)


def task_uri(result):
    return f"rolecall://tasks/{result.structured_content['task_id']}"


async def read(client, uri):
    [contents] = (await client.read_resource(uri, cache_mode="bypass")).contents
    return json.loads(contents.text)


async def test_whoever_subscribed_to_a_task_hears_of_its_end(connect, era, subscriber, surroundings):
    finish = asyncio.Event()
    slow = stream(chunk("Slow."), Until(finish), chunk(finish="stop"), b"data: [DONE]\n\n")
    async with FakeEndpoint([slow]) as endpoint:
        surroundings.use(endpoint.base_url, ROLECALL_MCP__CALL_DEADLINE_S="0.3")
        async with connect(era, message_handler=subscriber.take) as client:
            uri = task_uri(await client.call_tool("developer", ASK))
            async with subscriber.subscribed(client, uri):
                assert (await read(client, uri))["status"] == "running"
                finish.set()
                assert await subscriber.next() == uri
                while (await read(client, uri))["status"] != "completed":
                    assert await subscriber.next() == uri


async def test_whoever_subscribed_to_a_task_hears_of_its_edits_being_written(
    connect, era, subscriber, surroundings
):
    async with FakeEndpoint([answer(FILE)]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect(era, message_handler=subscriber.take) as client:
            made = await client.call_tool("developer", ASK)
            async with subscriber.subscribed(client, task_uri(made)):
                await client.call_tool("apply_edits", {"task_id": made.structured_content["task_id"]})
                assert await subscriber.next() == task_uri(made)
                assert (await read(client, task_uri(made)))["applied"]


async def test_whoever_subscribed_to_a_role_hears_of_its_file(connect, era, subscriber, surroundings):
    roles = surroundings.folder / "home/.config/rolecall/roles"
    roles.mkdir(parents=True)
    uris = ["rolecall://roles/poet", "rolecall://roles/developer"]
    async with connect(era, message_handler=subscriber.take) as client, subscriber.subscribed(client, *uris):
        (roles / "poet.md").write_text(POET)
        assert await subscriber.next() == uris[0]


async def test_the_status_is_another_once_a_task_was_run(connect, era, subscriber, surroundings):
    async with FakeEndpoint([answer("Done.")]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with (
            connect(era, message_handler=subscriber.take) as client,
            subscriber.subscribed(client, "rolecall://status"),
        ):
            await client.call_tool("developer", ASK)
            assert await subscriber.next() == "rolecall://status"


async def test_nothing_is_heard_of_what_was_unsubscribed(connect, surroundings):
    subscriber = Subscriber("legacy")
    roles = surroundings.folder / "home/.config/rolecall/roles"
    roles.mkdir(parents=True)
    async with (
        connect("legacy", message_handler=subscriber.take) as client,
        subscriber.subscribed(client, "rolecall://roles/poet", "rolecall://roles/bard"),
    ):
        await client.unsubscribe_resource("rolecall://roles/poet")
        await client.unsubscribe_resource("rolecall://roles/never-subscribed")
        (roles / "poet.md").write_text(POET)
        (roles / "bard.md").write_text(POET.replace("poet", "bard"))
        assert await subscriber.next() == "rolecall://roles/bard"


async def test_a_client_cannot_have_everything_watched(connect, era, subscriber):
    uris = [f"rolecall://tasks/{number}" for number in range(MOST_WATCHED + 1)]
    async with connect(era) as client:
        with pytest.raises(MCPError, match=f"At most {MOST_WATCHED}") as raised:
            async with subscriber.subscribed(client, *uris):
                pass
    assert raised.value.code == types.INVALID_PARAMS


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_server_that_tells_of_resources_says_so(connect, mode):
    async with connect(mode) as client:
        assert client.server_capabilities.resources.subscribe
