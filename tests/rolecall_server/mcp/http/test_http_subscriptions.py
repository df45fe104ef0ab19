"""News over HTTP, where several clients of a user share what the server knows, and only some can be told."""

from __future__ import annotations

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from fakes.patience import PATIENCE_S

ERA = "2026-07-28"
POET = "---\nid: poet\ntitle: Poet\ndescription: Writes verse.\ntasks: []\n---\nYou are a poet.\n"


@pytest.fixture
def add_poet(surroundings):
    roles = surroundings.folder / "home/.config/rolecall/roles"
    roles.mkdir(parents=True)
    return lambda: (roles / "poet.md").write_text(POET)


async def test_a_client_is_told_of_a_change_that_another_one_has_seen_before(serve, add_poet):
    async with (
        serve() as door,
        door.client(ERA) as client,
        door.client(ERA) as other,
        client.listen(tools_list_changed=True) as changes,
    ):
        await client.list_tools()
        add_poet()
        assert "poet" in {tool.name for tool in (await other.list_tools()).tools}
        with anyio.fail_after(PATIENCE_S):
            assert type(await anext(aiter(changes))).__name__ == "ToolsListChanged"


async def test_a_client_is_told_of_changed_lists_also_where_it_only_listened(serve, add_poet):
    async with (
        serve() as door,
        door.client(ERA) as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        add_poet()
        with anyio.fail_after(PATIENCE_S):
            assert type(await anext(aiter(changes))).__name__ == "ToolsListChanged"


async def test_a_client_is_told_of_a_resource_it_subscribed_to(serve, add_poet):
    async with (
        serve() as door,
        door.client(ERA) as client,
        client.listen(resource_subscriptions=["rolecall://roles/poet"]) as changes,
    ):
        add_poet()
        with anyio.fail_after(PATIENCE_S):
            assert (await anext(aiter(changes))).uri == "rolecall://roles/poet"


# The SDK calls the requests of the handshake era deprecated; clients of that era have no others.
@pytest.mark.filterwarnings("ignore:resources/subscribe is removed")
async def test_clients_of_the_handshake_era_are_not_promised_news_that_cannot_reach_them(serve):
    async with serve() as door, door.client("legacy") as client:
        capabilities = client.server_capabilities
        assert not capabilities.resources.subscribe
        assert not any(
            part.list_changed for part in (capabilities.tools, capabilities.prompts, capabilities.resources)
        )
        with pytest.raises(MCPError, match="Method not found"):
            await client.subscribe_resource("rolecall://status")


async def test_a_server_told_to_end_ends_subscriptions_in_good_order(serve, caplog):
    async with (
        serve() as door,
        door.client(ERA) as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        door.end()
        with anyio.fail_after(PATIENCE_S):
            assert [change async for change in changes] == []
    assert [record.message for record in caplog.records if record.exc_info] == []
