"""Tool calls, in both protocol eras, against an endpoint at the wire or offline."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import anyio
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from fakes.endpoint import FakeEndpoint, Hang, Until, answer, chunk, http_error, stream
from fakes.patience import PATIENCE_S

EDIT = (
    'Raises the limit.\n\n<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n'
    '>>>>>>> REPLACE\n</edit>\n<file path="notes/näïve.md">\nHi\n</file>\n<done files="2"/>\n'
)
ASK = {"instruction": "Raise the limit.", "files": ["src/pricing.py:3-8"]}


@pytest.fixture
async def asking(surroundings):
    """Starts an endpoint with replies and points the client's settings at it."""

    @asynccontextmanager
    async def asking(*replies, **settings):
        async with FakeEndpoint(replies) as endpoint:
            surroundings.use(endpoint.base_url, **settings)
            yield endpoint

    return asking


def text(result: types.CallToolResult) -> str:
    return next(block.text for block in result.content if isinstance(block, types.TextContent))


def error(result: types.CallToolResult) -> dict:
    assert result.is_error
    assert result.structured_content["error"]["code"] in text(result)
    return result.structured_content["error"]


class Reports:
    """Progress as the client got it."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.messages: list[str] = []
        self.changed = asyncio.Condition()

    async def __call__(self, value, total, message):
        async with self.changed:
            self.values.append(value)
            self.messages.append(message)
            self.changed.notify_all()

    async def arrived(self, count):
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.values) >= count)


async def test_a_role_proposes_edits_and_writes_nothing(connect, era, asking, project):
    before = (project / "src/pricing.py").read_bytes()
    async with asking(answer(EDIT)) as endpoint, connect(era) as client:
        result = await client.call_tool("developer", ASK | {"task": "refactor", "context": "Ticket 7."})
    assert not result.is_error
    structured = result.structured_content
    assert structured["status"] == "completed"
    assert structured["applied"] is False
    assert [(f["path"], f["action"], f["state"]) for f in structured["files"]] == [
        ("src/pricing.py", "modify", "proposed"),
        ("notes/näïve.md", "create", "proposed"),
    ]
    for part in ("Raises the limit.", "+LIMIT = 200", "- modify src/pricing.py +1 -1", structured["task_id"]):
        assert part in text(result)
    assert (project / "src/pricing.py").read_bytes() == before
    assert not (project / "notes").exists()
    user = endpoint.completions[0].json["messages"][1]["content"]
    assert "Ticket 7." in user
    assert "LIMIT = 100" in user
    assert user.index("src/pricing.py") < user.index("Raise the limit.")


@pytest.mark.parametrize("form", ["absolute", "uri", "relative"])
async def test_files_may_be_named_in_any_usual_way(connect, era, asking, project, form):
    path = project / "src/pricing.py"
    named = {"absolute": str(path), "uri": path.as_uri(), "relative": "src/pricing.py"}[form]
    async with asking(answer("Fine.")) as endpoint, connect(era) as client:
        result = await client.call_tool("developer", {"instruction": "Look.", "files": [f"{named}:1-2"]})
    assert not result.is_error
    assert "LIMIT = 100" in endpoint.completions[0].json["messages"][1]["content"]


async def test_offline_every_result_says_that_no_model_was_called(connect, era):
    async with connect(era) as client:
        result = await client.call_tool(
            "qa_engineer", {"instruction": "", "task": "tests", "files": ["src/pricing.py"]}
        )
    assert not result.is_error
    assert result.structured_content["provider"] == "offline"
    assert "offline scaffold, no model was called" in text(result)
    assert "offline scaffold, no model was called" in result.structured_content["summary"]


async def test_apply_edits_writes_what_was_proposed(connect, era, asking, project):
    async with asking(answer(EDIT)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        result = await client.call_tool("apply_edits", {"task_id": task_id})
    assert not result.is_error
    assert result.structured_content["applied"] is True
    assert result.structured_content["applied_by"] == "disk"
    assert {f["state"] for f in result.structured_content["files"]} == {"applied"}
    assert "LIMIT = 200" in (project / "src/pricing.py").read_text()
    assert (project / "notes/näïve.md").read_text() == "Hi\n"


async def test_apply_edits_writes_only_the_picked_paths(connect, era, asking, project):
    async with asking(answer(EDIT)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        result = await client.call_tool("apply_edits", {"task_id": task_id, "paths": ["notes/näïve.md"]})
    assert [f["state"] for f in result.structured_content["files"]] == ["proposed", "applied"]
    assert "LIMIT = 100" in (project / "src/pricing.py").read_text()


async def test_a_protected_file_needs_a_word_of_its_own(connect, era, asking, project):
    protected = '<file path=".vscode/settings.json">\n{}\n</file>\n<done files="1"/>\n'
    async with asking(answer(protected)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        refused = await client.call_tool("apply_edits", {"task_id": task_id})
        assert error(refused)["code"] == "path_refused"
        assert "confirm_protected" in error(refused)["hint"]
        assert refused.structured_content["files"][0]["state"] == "needs_confirmation"
        assert not (project / ".vscode").exists()
        await client.call_tool("apply_edits", {"task_id": task_id, "confirm_protected": True})
    assert (project / ".vscode/settings.json").read_text() == "{}\n"


async def test_a_file_that_changed_meanwhile_is_a_conflict_and_stays_as_it_is(connect, era, asking, project):
    async with asking(answer(EDIT)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        (project / "src/pricing.py").write_text("LIMIT = 7\n")
        result = await client.call_tool("apply_edits", {"task_id": task_id})
    assert error(result)["code"] == "edit_conflict"
    assert result.structured_content["task_id"] == task_id
    assert result.structured_content["files"][0]["state"] == "conflict"
    assert (project / "src/pricing.py").read_text() == "LIMIT = 7\n"


async def test_a_failed_task_is_a_result_the_model_can_read(connect, era, asking):
    async with asking(http_error(401, "bad key")), connect(era) as client:
        result = await client.call_tool("developer", ASK)
    assert error(result)["code"] == "authentication_failed"
    assert result.structured_content["status"] == "failed"
    assert result.structured_content["task_id"]
    assert "Hint: " in text(result)
    assert "Traceback" not in text(result)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs the argument 'instruction'"),
        ({"instruction": 7}, "'instruction' of developer is 7"),
        ({"instruction": "x", "task": "refactr"}, "no task 'refactr'"),
        ({"instruction": "x", "files": "src/pricing.py"}, "'files'"),
        ({"instruction": "x", "file": ["a"]}, 'no argument "file"'),
        ({"instruction": "x", "files": ["../outside.py"]}, "outside"),
        ({"instruction": "x", "files": ["src/pricing.py:9-2"]}, "backwards"),
        ({"instruction": "x", "files": ["src/pricing.py:0-2"]}, "names line 0"),
        ({"instruction": "x", "files": ["src/pricing.py:2-"]}, "no end"),
        ({"instruction": "x", "files": ["src/pricing.py:x-y"]}, "no range of lines"),
        ({"instruction": "x", "files": ["src/pricing.py", "src/pricing.py:x-y"]}, "no range of lines"),
        ({"instruction": "   "}, "nothing to do"),
    ],
)
async def test_wrong_arguments_are_a_result_that_says_what_is_wrong(connect, era, arguments, message):
    async with connect(era) as client:
        result = await client.call_tool("developer", arguments)
    assert message in error(result)["message"]
    assert message in text(result)
    assert error(result)["hint"]
    assert result.structured_content["role"] == "developer"
    assert result.structured_content["status"] == "failed"


@pytest.mark.parametrize("tool", ["apply_edits", "task_result", "cancel_task"])
@pytest.mark.parametrize(
    "arguments", [{}, {"task_id": 5}, {"task_id": "nope"}, {"task_id": "nope", "other": 1}]
)
async def test_wrong_arguments_of_the_task_tools_too(connect, era, tool, arguments):
    async with connect(era) as client:
        result = await client.call_tool(tool, arguments)
    assert error(result)["code"] == "configuration_invalid"
    assert "task" in error(result)["message"] + error(result)["hint"]


async def test_invalid_settings_answer_every_call(connect, era, surroundings):
    surroundings.extra["ROLECALL_LLM__TEMPERATURE"] = "hot"
    async with connect(era) as client:
        for tool, arguments in (("developer", ASK), ("apply_edits", {"task_id": "x"}), ("status", {})):
            result = await client.call_tool(tool, arguments)
            assert error(result)["code"] == "configuration_invalid"
            assert "temperature" in error(result)["message"].casefold()


async def test_progress_comes_at_once_rises_and_shows_the_text(connect, era, asking):
    reports, release = Reports(), asyncio.Event()
    reply = stream(chunk("Once upon a time"), Until(release), chunk(finish="stop"), b"data: [DONE]\n\n")
    async with (
        asking(reply, ROLECALL_MCP__HEARTBEAT_S="0.3") as endpoint,
        connect(era) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(client.call_tool, "developer", ASK, None, reports)
        await endpoint.received(1)
        await reports.arrived(4)
        release.set()
    assert reports.values == sorted(set(reports.values))
    assert reports.messages[0] == "Developer: preparing"
    assert "Once upon a time" in reports.messages[-1]


async def test_a_heartbeat_comes_before_the_first_token(connect, era, asking):
    reports = Reports()
    async with (
        asking(stream(Hang()), ROLECALL_MCP__HEARTBEAT_S="0.2") as endpoint,
        connect(era) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(client.call_tool, "developer", ASK, None, reports)
        await endpoint.received(1)
        seen = len(reports.values)
        with anyio.fail_after(5):
            await reports.arrived(seen + 3)
        group.cancel_scope.cancel()


async def test_a_cancelled_call_closes_the_upstream_stream(connect, era, asking):
    async with asking(stream(chunk("text"), Hang())) as endpoint, connect(era) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "developer", ASK)
            request = await endpoint.received(1)
            cancelled_at = asyncio.get_running_loop().time()
            group.cancel_scope.cancel()
        with anyio.fail_after(2):
            await request.disconnected.wait()
        assert request.disconnected_at - cancelled_at < 0.2
        tasks = (await client.call_tool("status", {})).structured_content["tasks"]
        assert [task["status"] for task in tasks] == ["cancelled"]


async def test_a_call_that_asks_for_no_progress_is_answered_before_its_client_gives_up(
    connect, era, asking, host, monkeypatch
):
    monkeypatch.setattr("rolecall_server.mcp.connection.WITHOUT_PROGRESS_S", 0.2)
    async with asking(stream(chunk("Slow."), Hang())), connect(era) as client:
        with anyio.fail_after(PATIENCE_S):
            running = await client.call_tool("developer", ASK)
        assert running.structured_content["status"] == "running"


async def test_a_call_past_its_deadline_says_running_and_the_result_is_fetched_later(connect, era, asking):
    release = asyncio.Event()
    reply = stream(
        chunk("Slow"), Until(release), chunk(" answer."), chunk(finish="stop"), b"data: [DONE]\n\n"
    )
    async with asking(reply, ROLECALL_MCP__CALL_DEADLINE_S="0.3"), connect(era) as client:
        running = await client.call_tool("developer", ASK)
        task_id = running.structured_content["task_id"]
        assert not running.is_error
        assert running.structured_content["status"] == "running"
        assert f'task_result with {{"task_id": "{task_id}"' in text(running)
        still = await client.call_tool("task_result", {"task_id": task_id})
        assert still.structured_content["status"] == "running"
        refused = await client.call_tool("apply_edits", {"task_id": task_id})
        assert "still running" in error(refused)["message"]
        release.set()
        result = await client.call_tool("task_result", {"task_id": task_id, "wait_s": 30})
        for _ in range(20):
            if result.structured_content["status"] != "running":
                break
            result = await client.call_tool("task_result", {"task_id": task_id, "wait_s": 30})
    assert result.structured_content["status"] == "completed"
    assert result.structured_content["answer"] == "Slow answer."


async def test_waiting_for_a_result_reports_progress(connect, era, asking):
    reports = Reports()
    settings = {"ROLECALL_MCP__CALL_DEADLINE_S": "0.5", "ROLECALL_MCP__HEARTBEAT_S": "0.2"}
    async with asking(stream(chunk("Slow words"), Hang()), **settings), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        await client.call_tool("task_result", {"task_id": task_id, "wait_s": 5}, None, reports)
    assert len(reports.values) >= 2
    assert "Slow words" in reports.messages[0]
    assert "writing, about" in reports.messages[0]


async def test_waiting_for_a_model_that_has_not_answered_yet_says_so(connect, era, asking):
    reports = Reports()
    settings = {"ROLECALL_MCP__CALL_DEADLINE_S": "0.5", "ROLECALL_MCP__HEARTBEAT_S": "0.2"}
    async with asking(stream(Hang()), **settings) as endpoint, connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        await endpoint.received(1)
        await client.call_tool("task_result", {"task_id": task_id, "wait_s": 5}, None, reports)
    assert set(reports.messages) == {"Developer: asking the model"}


async def test_cancel_task_stops_it_and_closes_the_upstream_stream(connect, era, asking):
    async with asking(stream(chunk("x"), Hang()), ROLECALL_MCP__CALL_DEADLINE_S="0.3") as endpoint:
        async with connect(era) as client:
            task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
            result = await client.call_tool("cancel_task", {"task_id": task_id})
            assert result.structured_content["status"] == "cancelled"
            assert not result.is_error
            again = await client.call_tool("cancel_task", {"task_id": task_id})
            assert again.structured_content["status"] == "cancelled"
        with anyio.fail_after(2):
            await endpoint.completions[0].disconnected.wait()


async def test_a_client_that_leaves_cancels_what_it_had_running(connect, era, asking):
    async with asking(stream(chunk("x"), Hang()), ROLECALL_MCP__CALL_DEADLINE_S="0.3") as endpoint:
        async with connect(era) as client:
            running = await client.call_tool("developer", ASK)
            assert running.structured_content["status"] == "running"
        with anyio.fail_after(2):
            await endpoint.completions[0].disconnected.wait()


async def test_what_does_not_fit_inline_is_read_from_its_links(connect, era, asking):
    long = "".join(f"line {n}\n" for n in range(3_000))
    reply = f'Writes it.\n<file path="docs/a b.md">\n{long}</file>\n<done files="1"/>\n'
    async with asking(answer(reply)), connect(era) as client:
        result = await client.call_tool("developer", ASK)
        assert len(json.dumps(result.structured_content)) <= 10_000
        assert len(text(result).encode()) <= 10_000
        task_id = result.structured_content["task_id"]
        links = [block.uri for block in result.content if isinstance(block, types.ResourceLink)]
        assert links == [f"rolecall://tasks/{task_id}/files/docs/a%20b.md", f"rolecall://tasks/{task_id}"]
        proposed, diff = (await client.read_resource(links[0])).contents
        [whole] = (await client.read_resource(links[1])).contents
        encoded = f"rolecall://tasks/{task_id}/files/docs%2Fa%20b.md"
        assert (await client.read_resource(encoded)).contents[0].text == long
    assert proposed.text == long
    assert "+line 2999" in diff.text
    assert json.loads(whole.text)["answer"] == reply


async def test_a_tasks_resource_and_its_parts_are_completed(connect, era, asking):
    template = types.ResourceTemplateReference(uri="rolecall://tasks/{task_id}/files/{path}")
    async with asking(answer(EDIT)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        ids = await client.complete(template, {"name": "task_id", "value": task_id[:3]})
        paths = await client.complete(template, {"name": "path", "value": "pri"}, {"task_id": task_id})
        listed = [str(resource.uri) for resource in (await client.list_resources()).resources]
    assert ids.completion.values == [task_id]
    assert paths.completion.values == ["src/pricing.py"]
    assert f"rolecall://tasks/{task_id}" in listed


@pytest.mark.parametrize(
    "uri",
    [
        "rolecall://nothing",
        "rolecall://tasks/nope",
        "rolecall://tasks/nope/files/a.py",
        "rolecall://roles/nobody",
        "file:///etc/passwd",
        "rolecall://",
    ],
)
async def test_an_unknown_resource_is_an_error_of_the_era(connect, era, uri):
    async with connect(era) as client:
        with pytest.raises(MCPError) as raised:
            await client.read_resource(uri)
    assert raised.value.code == (-32002 if era == "legacy" else types.INVALID_PARAMS)


async def test_status_names_the_model_tasks_and_connections(connect, era, asking):
    async with asking(answer("Hello.")) as endpoint, connect(era) as client:
        await client.call_tool("developer", ASK)
        result = await client.call_tool("status", {})
    status = result.structured_content
    assert status["provider"]["model"] == "fake-model"
    assert status["tasks"][0]["status"] == "completed"
    assert [pooled["requests"] for pooled in status["pool"] if pooled["origin"] == endpoint.origin] == [1]
    assert "fake-model" in text(result)
    assert len(json.dumps(status)) <= 10_000


async def test_status_and_metrics_can_be_read(connect, era, asking):
    async with asking(answer("Hello.")), connect(era) as client:
        await client.call_tool("developer", ASK)
        [status] = (await client.read_resource("rolecall://status")).contents
        [metrics] = (await client.read_resource("rolecall://metrics")).contents
    assert json.loads(status.text)["provider"]["provider"] == "openai"
    assert "rolecall_task_completed" in metrics.text


async def test_tasks_of_another_workspace_are_invisible(connect, era, asking, tmp_path):
    async with asking(answer(EDIT)), connect(era) as client:
        task_id = (await client.call_tool("developer", ASK)).structured_content["task_id"]
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        async with connect(era, cwd=elsewhere) as other:
            result = await other.call_tool("task_result", {"task_id": task_id})
        async with connect(era) as neighbour:
            seen = await neighbour.call_tool("task_result", {"task_id": task_id})
    assert error(result)["code"] == "configuration_invalid"
    assert seen.structured_content["status"] == "completed"


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_client_that_offers_its_folders_is_served_in_them(connect, asking, project, tmp_path):
    async def folders(context):
        return types.ListRootsResult(roots=[types.Root(uri=project.as_uri())])

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with (
        asking(answer(EDIT)) as endpoint,
        connect("legacy", cwd=elsewhere, list_roots_callback=folders) as client,
    ):
        await client.list_tools()
        result = await client.call_tool("developer", ASK)
        status = await client.call_tool("status", {})
    assert not result.is_error
    assert "LIMIT = 100" in endpoint.completions[0].json["messages"][1]["content"]
    assert status.structured_content["workspace"] == [str(project)]


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_client_that_opens_and_closes_folders_is_served_in_those_it_has(connect, project, tmp_path):
    opened = [tmp_path / "one"]
    elsewhere = tmp_path / "elsewhere"
    for folder in (*opened, elsewhere):
        folder.mkdir()
    asked = anyio.Event()

    async def folders(context):
        asked.set()
        return types.ListRootsResult(roots=[types.Root(uri=folder.as_uri()) for folder in opened])

    async with connect("legacy", cwd=elsewhere, list_roots_callback=folders) as client:
        for now in ([project], [tmp_path / "one", project], []):
            with anyio.fail_after(PATIENCE_S):
                await asked.wait()
            opened, asked = now, anyio.Event()
            await client.send_roots_list_changed()
            with anyio.fail_after(PATIENCE_S):
                await asked.wait()
            status = await client.call_tool("status", {})
            assert status.structured_content["workspace"] == [str(path) for path in now or [elsewhere]]


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_a_client_that_fails_to_name_its_folders_is_served_where_it_is(connect, project):
    async def refuses(context):
        return types.ErrorData(code=-32603, message="no folders today")

    async with connect("legacy", list_roots_callback=refuses) as client:
        status = await client.call_tool("status", {})
    assert status.structured_content["workspace"] == [str(project)]
