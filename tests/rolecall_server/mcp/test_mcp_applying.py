"""Edits that are applied more than once, by several at once, or after they were taken back."""

from __future__ import annotations

import asyncio

import pytest

from fakes.endpoint import FakeEndpoint, answer, http_error

ASK = {"instruction": "Write the notes."}
NOTES = "".join(f'<file path="notes/{n}.md">\n{n}\n</file>\n' for n in range(20)) + '<done files="20"/>\n'


@pytest.fixture
async def asking(surroundings):
    """An endpoint that answers with twenty new files."""
    async with FakeEndpoint([answer(NOTES)]) as endpoint:
        surroundings.use(endpoint.base_url)
        yield


def written(project):
    return len(list((project / "notes").glob("*.md")))


async def test_several_calls_at_once_write_the_edits_once_and_all_say_so(connect, era, asking, project):
    async with connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        calls = [client.call_tool("apply_edits", {"task_id": task_id}) for _ in range(8)]
        results = await asyncio.gather(*calls)
        after = await client.call_tool("task_result", {"task_id": task_id})
    assert [result.is_error for result in results] == [False] * len(calls)
    assert {file["state"] for file in after.structured_content["files"]} == {"applied"}
    assert written(project) == 20


async def test_what_another_process_took_back_is_a_proposal_again(
    connect, era, asking, surroundings, project
):
    async with connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        await client.call_tool("apply_edits", {"task_id": task_id})
        reverted = await asyncio.to_thread(surroundings.run, "revert", task_id, cwd=project)
        assert reverted.returncode == 0
        result = await client.call_tool("task_result", {"task_id": task_id})
        assert result.structured_content["applied"] is False
        assert {file["state"] for file in result.structured_content["files"]} == {"proposed"}

        again = await client.call_tool("apply_edits", {"task_id": task_id})
    assert again.structured_content["applied"] is True
    assert written(project) == 20


async def test_a_tasks_resource_tells_that_it_was_taken_back(connect, era, asking, surroundings, project):
    async with connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        await client.call_tool("apply_edits", {"task_id": task_id})
        await asyncio.to_thread(surroundings.run, "revert", task_id, cwd=project)
        [contents] = (await client.read_resource(f"rolecall://tasks/{task_id}", cache_mode="bypass")).contents
    assert '"applied": false' in contents.text


@pytest.mark.parametrize("reply", [answer("All is well."), http_error(401, "bad key")])
async def test_where_there_is_nothing_to_write_the_call_says_so(connect, era, surroundings, reply):
    async with FakeEndpoint([reply]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect(era) as client:
            task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
            result = await client.call_tool("apply_edits", {"task_id": task_id})
    assert result.is_error
    assert result.structured_content["error"]["code"] == "edit_not_found"
    assert f"The task {task_id} proposed no files" in result.structured_content["error"]["message"]
