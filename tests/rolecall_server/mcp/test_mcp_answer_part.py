"""A large answer, read in parts: whichever half of the results a client shows, all of it comes, in order."""

from __future__ import annotations

import json
import re

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.endpoint import FakeEndpoint, answer
from rolecall.errors import ConfigurationInvalid
from rolecall.task import FileResult, TaskResult
from rolecall_server.mcp.answer_part import answer_part
from rolecall_server.mcp.results import render

LIMIT = 10_000
CALL = re.compile(r'task_result with (\{"task_id": "\w+", "offset": \d+\})')
PROSE = "".join(f"Requirement {number}: it is fast — “very”.\n" for number in range(8_000))


def result(text: str, **members) -> TaskResult:
    defaults = {"task_id": "1f2e", "role": "developer", "task": None, "status": "completed", "answer": text}
    return TaskResult.model_validate(defaults | members)


def shown(part: types.CallToolResult) -> tuple[str, str]:
    """The text, below the line that says which part it is; and what the structured content has."""
    [block] = part.content
    assert isinstance(block, types.TextContent)
    return block.text.partition("\n")[2], part.structured_content["answer"]


def next_call(summary: str) -> dict | None:
    found = CALL.search(summary)
    return json.loads(found[1]) if found else None


@given(
    text=st.text(st.characters(codec="utf-8"), max_size=3_000).map(lambda text: text * 7),
    limit=st.integers(1_500, 20_000),
)
def test_the_parts_are_the_answer_and_each_keeps_the_limit(text, limit):
    whole, parts, call = result(text), [], {"offset": 0}
    while call is not None:
        part = answer_part(whole, call["offset"], limit)
        assert len(json.dumps(part.structured_content)) <= limit
        assert len(part.content[0].text.encode()) <= limit
        assert part.structured_content.keys() == whole.to_json().keys()
        parts.append(shown(part))
        call = next_call(part.structured_content["summary"])
        assert call == next_call(part.content[0].text.partition("\n")[0])
    assert "".join(text for text, _ in parts) == text
    assert "".join(answer for _, answer in parts) == text


def test_hundreds_of_files_leave_room_for_a_part():
    files = [FileResult(path=f"src/{n}.py", action="create", added=1, removed=0) for n in range(400)]
    part = answer_part(result(PROSE, files=files), 0, LIMIT)
    assert len(shown(part)[0]) > LIMIT / 2


def test_a_part_ends_with_a_line():
    assert shown(answer_part(result(PROSE), 0, LIMIT))[0].endswith("\n")


def test_an_offset_behind_the_end_is_refused_with_the_length():
    with pytest.raises(ConfigurationInvalid, match="has 5 characters; offset is 6") as caught:
        answer_part(result("short"), 6, LIMIT)
    assert "0 to 5" in caught.value.hint


def test_the_last_part_of_a_running_task_says_that_more_may_come():
    part = answer_part(result("so far", status="running"), 3, LIMIT)
    assert "still running" in part.structured_content["summary"]


@pytest.mark.parametrize(
    "members",
    [
        {"answer": PROSE, "summary": "é" * 2_000},
        {"answer": PROSE, "summary": "x" * 2_000},
        {"answer": PROSE, "summary": ""},
    ],
)
def test_each_half_of_a_shortened_result_says_how_to_read_all_of_it(members):
    rendered = render(result(PROSE, **members), LIMIT)
    summary, text = rendered.structured_content["summary"], rendered.content[0].text
    for half in (summary, text):
        assert next_call(half) == {"task_id": "1f2e", "offset": 0}
        assert "rolecall://tasks/1f2e" in half
    assert len(summary) <= 2_000


def test_a_result_that_is_whole_points_nowhere():
    rendered = render(result("All of it.", summary="All."), LIMIT)
    assert rendered.structured_content["summary"] == "All."
    assert "offset" not in rendered.content[0].text


@pytest.mark.parametrize("half", ["text", "structured"])
async def test_a_client_reads_three_hundred_kilobytes_by_either_half(connect, surroundings, era, half):
    assert len(PROSE.encode()) > 300_000
    async with FakeEndpoint([answer(PROSE, '<done files="0"/>\n')]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect(era) as client:
            made = await client.call_tool("business_analyst", {"instruction": "List them."})
            seen = made.structured_content["summary"] if half == "structured" else made.content[0].text
            read, call = "", next_call(seen)
            while call is not None:
                part = await client.call_tool("task_result", call)
                text, answered = shown(part)
                read += answered if half == "structured" else text
                call = next_call(part.content[0].text.partition("\n")[0])
            plain = await client.call_tool("task_result", {"task_id": made.structured_content["task_id"]})
    assert read == PROSE + '<done files="0"/>\n'
    assert plain.structured_content["answer"] is None


async def test_an_offset_of_zero_changes_nothing_where_all_of_a_result_is_shown(connect, surroundings):
    """Models fill in optional numbers with zero."""
    proposal = 'Made.\n\n<file path="a.txt">\nA\n</file>\n<done files="1"/>\n'
    async with FakeEndpoint([answer(proposal)]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect() as client:
            made = await client.call_tool("developer", {"instruction": "Make it."})
            task_id = made.structured_content["task_id"]
            plain = await client.call_tool("task_result", {"task_id": task_id})
            filled = await client.call_tool("task_result", {"task_id": task_id, "wait_s": 0, "offset": 0})
    assert filled.structured_content == plain.structured_content
    assert filled.content == plain.content


@pytest.mark.parametrize("wrong", [-1, 1.5, "0", True])
async def test_an_offset_that_is_no_whole_number_is_refused(connect, surroundings, wrong):
    async with FakeEndpoint([answer("Done.")]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect() as client:
            made = await client.call_tool("developer", {"instruction": "Make it."})
            call = {"task_id": made.structured_content["task_id"], "offset": wrong}
            refused = await client.call_tool("task_result", call)
    assert refused.is_error
    assert "'offset'" in refused.structured_content["error"]["message"]
    assert "whole number" in refused.structured_content["error"]["hint"]
