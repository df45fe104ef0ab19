"""What is wrong with settings saved while a server runs: told once in a result, and by the status."""

from __future__ import annotations

import json

import mcp_types as types
import pytest

from rolecall.task import SUMMARY_LIMIT, FileResult, TaskResult
from rolecall_server.mcp.results import render

TESTS = {"instruction": "", "task": "tests", "files": ["src/pricing.py"]}
NOTICE = "Settings problem; what was read before holds"


def text(result: types.CallToolResult) -> str:
    return next(block.text for block in result.content if isinstance(block, types.TextContent))


@pytest.fixture
def settings(surroundings):
    file = surroundings.folder / "settings.yaml"
    surroundings.extra["ROLECALL_CONFIG"] = str(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("context: {open_files: false}\n")
    return file


async def test_a_mistake_saved_meanwhile_is_told_in_the_next_result_and_not_again(connect, era, settings):
    async with connect(era) as client:
        before = await client.call_tool("qa_engineer", TESTS)
        settings.write_text("context: {opn_files: true}\n")
        first, second = [await client.call_tool("qa_engineer", TESTS) for _ in range(2)]
        applied = await client.call_tool("apply_edits", {"task_id": before.structured_content["task_id"]})
    for half in (text(first), first.structured_content["summary"]):
        assert NOTICE in half
        assert "context.opn_files" in half
        assert str(settings) in half
    for result in (before, second, applied):
        assert NOTICE not in text(result)
        assert NOTICE not in result.structured_content["summary"]
    assert not first.is_error
    assert first.structured_content["status"] == "completed"
    assert second.structured_content["summary"] in first.structured_content["summary"]


async def test_applying_edits_tells_of_a_mistake_too(connect, era, settings, project):
    async with connect(era) as client:
        proposed = await client.call_tool("qa_engineer", TESTS)
        settings.write_text("context: {opn_files: true}\n")
        applied = await client.call_tool("apply_edits", {"task_id": proposed.structured_content["task_id"]})
    assert applied.structured_content["applied"]
    for half in (text(applied), applied.structured_content["summary"]):
        assert "context.opn_files" in half


async def test_a_mistake_that_came_back_is_told_again(connect, era, settings):
    good, told = settings.read_text(), []
    async with connect(era) as client:
        for saved in (good, "context: [", good, "context: ["):
            settings.write_text(saved)
            told.append(NOTICE in text(await client.call_tool("qa_engineer", TESTS)))
    assert told == [False, True, False, True]


async def test_a_broken_workspace_file_is_told_in_a_result_too(connect, era, project):
    async with connect(era) as client:
        await client.call_tool("status", {})
        (project / ".rolecall.yaml").write_text("context: [\n")
        result = await client.call_tool("qa_engineer", TESTS)
    assert ".rolecall.yaml, line " in text(result)
    assert ".rolecall.yaml, line " in result.structured_content["summary"]


async def test_the_status_tells_of_a_mistake_as_long_as_it_is_there(connect, era, settings):
    async with connect(era) as client:
        good, problems, texts = settings.read_text(), [], []
        for saved in (good, "context: {opn_files: true}\n", "context: {opn_files: true}\n", good):
            settings.write_text(saved)
            status = await client.call_tool("status", {})
            problems.append(len(status.structured_content["settings_problems"]))
            texts.append("Settings problem: " in text(status))
    assert problems == [0, 1, 1, 0]
    assert texts == [False, True, True, False]


@pytest.mark.parametrize("size", [10, 3_000, 30_000])
@pytest.mark.parametrize("notice", ["Short.", '"Ä\n' * 3_000])
def test_a_notice_keeps_both_halves_within_the_limit_and_names_the_way_to_the_rest(size, notice):
    files = [FileResult(path="a.py", action="create", added=1, diff="+x\n" * (size // 3))]
    result = TaskResult(
        task_id="t1", role="developer", task=None, status="completed", answer="y" * size, files=files
    )
    rendered = render(result, 10_000, notice=notice)

    structured = json.dumps(rendered.structured_content)
    links = [block.model_dump_json(by_alias=True) for block in rendered.content[1:]]
    assert len(structured) <= 10_000
    assert len(text(rendered).encode()) + sum(map(len, links)) <= 10_000
    assert len(rendered.structured_content["summary"]) <= SUMMARY_LIMIT
    assert rendered.structured_content["summary"].startswith(notice[:6])
    if rendered.structured_content["answer"] is None:
        assert links
