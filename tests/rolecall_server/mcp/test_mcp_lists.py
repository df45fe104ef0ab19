"""What a client sees before it calls anything, in both protocol eras."""

from __future__ import annotations

import anyio
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from fakes.patience import PATIENCE_S
from rolecall import __version__
from rolecall.roles import RoleCatalog

ROLE_IDS = [role.id for role in RoleCatalog(None).roles()]

POET = """---
id: poet
title: Poet
description: Writes verse.
tasks:
  - id: ode
    title: write an ode
    applies_to: file
    kind: source
    instruction: Write an ode.
---
You are a poet.
"""


def add_role(surroundings, text=POET, name="poet.md"):
    folder = surroundings.folder / "home/.config/rolecall/roles"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_server_introduces_itself(connect, mode):
    async with connect(mode) as client:
        assert client.server_info.name == "rolecall"
        assert client.server_info.version == __version__


async def test_discovery_and_handshake_both_say_that_lists_change(connect):
    for era in ("legacy", "auto"):
        async with connect(era) as client:
            assert client.server_capabilities.tools.list_changed
            assert client.server_capabilities.prompts.list_changed
            assert client.server_capabilities.completions is not None
            assert "apply_edits" in client.instructions


async def test_the_roles_and_the_task_tools_are_listed(connect, era):
    async with connect(era) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == [*ROLE_IDS, "apply_edits", "task_result", "cancel_task", "status"]


async def test_a_role_of_the_users_is_a_tool_and_a_prompt(connect, era, surroundings):
    add_role(surroundings)
    async with connect(era) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
    assert tools["poet"].input_schema["properties"]["task"]["enum"] == ["ode"]
    assert prompts == [*ROLE_IDS, "poet"]


async def test_the_setting_chooses_the_tools(connect, era, surroundings):
    surroundings.extra["ROLECALL_MCP__TOOLS"] = '["developer", "task_result"]'
    async with connect(era) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["developer", "task_result"]
        with pytest.raises(MCPError, match="Unknown tool: qa_engineer") as raised:
            await client.call_tool("qa_engineer", {"instruction": "x"})
    assert raised.value.code == types.INVALID_PARAMS


async def test_an_unknown_tool_is_a_protocol_error_that_names_the_nearest(connect, era):
    async with connect(era) as client:
        with pytest.raises(MCPError, match="Did you mean 'developer'") as raised:
            await client.call_tool("develloper", {"instruction": "x"})
    assert raised.value.code == types.INVALID_PARAMS


async def test_invalid_settings_still_list_every_tool(connect, era, surroundings):
    surroundings.extra["ROLECALL_LLM__TEMPERATURE"] = "hot"
    async with connect(era) as client:
        assert len((await client.list_tools()).tools) == len(ROLE_IDS) + 4


async def test_a_handshake_client_is_told_when_a_role_was_saved(connect, surroundings):
    told: list[str] = []
    all_told = anyio.Event()

    async def listen(message):
        if isinstance(message, types.ToolListChangedNotification | types.PromptListChangedNotification):
            told.append(message.method)
        if isinstance(message, types.ResourceListChangedNotification):
            all_told.set()

    async with connect("legacy", message_handler=listen) as client:
        await client.list_tools()
        add_role(surroundings)
        with anyio.fail_after(3):
            await all_told.wait()
        assert told == ["notifications/tools/list_changed", "notifications/prompts/list_changed"]
        assert "poet" in [tool.name for tool in (await client.list_tools()).tools]


async def test_a_handshake_client_that_has_not_asked_for_any_list_is_told_too(connect, surroundings):
    told = anyio.Event()

    async def listen(message):
        if isinstance(message, types.ToolListChangedNotification):
            told.set()

    async with connect("legacy", message_handler=listen):
        with anyio.fail_after(PATIENCE_S):
            # What is saved before the server's first look is nothing new to it: saved until it is.
            while not told.is_set():
                add_role(surroundings, POET.replace("title: ", "title: Great "))
                with anyio.move_on_after(2):
                    await told.wait()
                add_role(surroundings)
                with anyio.move_on_after(2):
                    await told.wait()


async def test_a_client_of_the_new_era_is_told_on_the_stream_it_listens_to(connect, surroundings):
    async with connect("2026-07-28") as client, client.listen(tools_list_changed=True) as changes:
        await client.list_tools()
        add_role(surroundings)
        with anyio.fail_after(3):
            async for change in changes:
                assert type(change).__name__ == "ToolsListChanged"
                break
        names = [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools]
    assert "poet" in names


async def test_a_prompt_speaks_as_the_role_with_task_files_and_instruction(connect, era):
    role = RoleCatalog(None).get("qa_engineer")
    arguments = {"instruction": "Only edge cases.", "task": "tests", "files": "src/pricing.py, src/b.py"}
    async with connect(era) as client:
        prompt = await client.get_prompt("qa_engineer", arguments)
    [message] = prompt.messages
    text = message.content.text
    assert text.startswith(role.prompt.strip()[:50])
    assert role.task("tests").instruction.strip() in text
    assert "Target: src/pricing.py\nAlso read: src/b.py" in text
    assert text.endswith("Only edge cases.")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("nobody", {"instruction": "x"}, "There is no role 'nobody'"),
        ("developer", {}, "needs the argument 'instruction'"),
        ("developer", {"instruction": "x", "task": "refactr"}, "Did you mean 'refactor'"),
        ("developer", {"instruction": "x", "other": "y"}, "has no argument 'other'"),
    ],
)
async def test_a_wrong_prompt_request_says_what_is_wrong(connect, era, name, arguments, message):
    async with connect(era) as client:
        with pytest.raises(MCPError, match=message) as raised:
            await client.get_prompt(name, arguments)
    assert raised.value.code == types.INVALID_PARAMS


async def test_task_and_files_of_a_prompt_are_completed(connect, era):
    prompt = types.PromptReference(name="qa_engineer")
    async with connect(era) as client:
        tasks = await client.complete(prompt, {"name": "task", "value": "test"})
        everything = await client.complete(prompt, {"name": "task", "value": ""})
        files = await client.complete(prompt, {"name": "files", "value": "pyproject.toml,pric"})
        nothing = await client.complete(prompt, {"name": "instruction", "value": "a"})
    assert tasks.completion.values == ["tests", "test_plan", "security_tests", "performance_tests"]
    assert everything.completion.total == 4
    assert files.completion.values == ["pyproject.toml,src/pricing.py"]
    assert nothing.completion.values == []


async def test_role_ids_of_a_resource_address_are_completed(connect, era):
    template = types.ResourceTemplateReference(uri="rolecall://roles/{id}")
    async with connect(era) as client:
        ids = await client.complete(template, {"name": "id", "value": "dev"})
    assert ids.completion.values == ["developer", "devops_engineer"]


async def test_at_most_a_hundred_completions_are_sent(connect, era, project):
    for number in range(150):
        (project / f"file_{number:03}.txt").write_text("x")
    async with connect(era) as client:
        found = await client.complete(
            types.PromptReference(name="developer"), {"name": "files", "value": "file_"}
        )
    assert len(found.completion.values) == 100
    assert (found.completion.total, found.completion.has_more) == (150, True)


async def test_the_templates_are_those_of_the_contract(connect, era):
    async with connect(era) as client:
        templates = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
    assert templates == [
        "rolecall://roles/{id}",
        "rolecall://tasks/{task_id}",
        "rolecall://tasks/{task_id}/files/{path}",
    ]


async def test_a_role_can_be_read(connect, era):
    role = RoleCatalog(None).get("developer")
    async with connect(era) as client:
        [content] = (await client.read_resource("rolecall://roles/developer")).contents
    assert content.mime_type == "text/markdown"
    assert role.prompt.strip() in content.text
    assert "`harden`" in content.text
