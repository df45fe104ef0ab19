"""A running task as the editor sees it: progress, events, cancelling, settings."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.endpoint import DONE, Hang, Repeat, Until, answer, chunk, http_error, stream
from fakes.lsp_profiles import EGLOT, NEOVIM, PLAIN, VSCODE
from fakes.patience import PATIENCE_S

EDIT = (
    '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
    '<done files="1"/>\n'
)


def run(uri, **more):
    return {"role": "developer", "task": "refactor", "uri": uri, **more}


def kinds(reports):
    return [report["kind"] for report in reports]


def check(reports):
    """What every progress keeps, however its task ends."""
    assert kinds(reports)[0] == "begin"
    assert kinds(reports)[-1] == "end"
    assert set(kinds(reports)[1:-1]) <= {"report"}
    assert not any("percentage" in report for report in reports)
    assert all(report["cancellable"] for report in reports[:-1])


async def test_progress_on_the_clients_token_begins_at_once_and_ends(edit_with, endpoint):
    ready = asyncio.Event()
    endpoint.replies.append(
        stream(chunk("Some prose that is shown.\n"), Until(ready), chunk(EDIT), chunk(finish="stop"), DONE)
    )
    editor = await edit_with(NEOVIM)
    reports = editor.progress
    running = asyncio.create_task(
        editor.command("rolecall.run", run(editor.open("src/pricing.py")), token="mine")
    )
    await endpoint.received(1)
    assert reports["mine"][0]["title"] == "Developer: refactor pricing.py"
    await editor.until(lambda: any("shown." in report["message"] for report in reports["mine"]))
    ready.set()
    await running
    check(reports["mine"])
    assert list(reports) == ["mine"]
    assert any("tokens" in report["message"] for report in reports["mine"][1:-1])


async def test_progress_is_titled_as_the_action_that_was_chosen(edit_with, endpoint):
    endpoint.replies.append(answer(EDIT))
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    actions = await editor.actions(uri, (8, 0), only=["refactor.rolecall.developer.refactor"])
    resolved = await editor.client.code_action_resolve_async(actions[0])
    await editor.command("rolecall.run", {**resolved.command.arguments[0], "apply": "never"}, token="mine")
    assert editor.progress["mine"][0]["title"] == actions[0].title
    assert not actions[0].title.endswith("pricing.py")


async def test_without_a_token_of_the_client_one_is_created_where_it_shows_progress(edit_with, endpoint):
    endpoint.replies += [answer(EDIT), answer(EDIT)]
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py"), apply="never"))
    assert result["status"] == "completed"
    ((token, reports),) = editor.progress.items()
    assert str(token).startswith("rolecall-")
    check(reports)
    plain = await edit_with(PLAIN)
    await plain.command("rolecall.run", run(plain.open("src/pricing.py"), apply="never"))
    assert plain.progress == {}


async def test_reports_come_at_most_ten_a_second_and_at_least_every_five_while_waiting(edit_with, endpoint):
    endpoint.replies.append(stream(Repeat(chunk("x "), 0.005)))
    endpoint.replies.append(stream(Hang()))
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")

    async def cancel(running):
        task = (await editor.command("rolecall.tasks"))[-1]
        await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
        await running

    flood = asyncio.create_task(editor.command("rolecall.run", run(uri)))
    await editor.until(lambda: len(editor.reported) >= 20)
    await cancel(flood)
    seconds = [late - early for early, late in pairwise(editor.reported[1:-1])]
    # Measured where they arrive, so a report may catch up with the one before it; ten of them cannot.
    assert all(sum(seconds[n : n + 10]) > 0.9 for n in range(len(seconds) - 9))
    before = len(editor.reported)
    silence = asyncio.create_task(editor.command("rolecall.run", run(uri)))
    await endpoint.received(2)
    await editor.until(lambda: len(editor.reported) >= before + 3)
    assert editor.reported[before + 2] - editor.reported[before + 1] < 5.5
    await cancel(silence)


async def test_cancelling_the_request_closes_the_stream_and_answers_its_code(edit_with, endpoint):
    endpoint.replies.append(stream(chunk(EDIT), Hang()))
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    request = editor.client.protocol.send_request(
        types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams("rolecall.run", [run(uri)]), msg_id="r1"
    )
    upstream = await endpoint.received(1)
    editor.client.cancel_request(types.CancelParams("r1"))
    await asyncio.wait_for(upstream.disconnected.wait(), PATIENCE_S)
    with pytest.raises(JsonRpcException) as cancelled:
        await asyncio.wrap_future(request)
    assert cancelled.value.code == -32800
    (task,) = await editor.command("rolecall.tasks")
    assert (task["status"], task["applied"]) == ("cancelled", False)
    check(next(iter(editor.progress.values())))
    assert editor.edits == []


@pytest.mark.parametrize("by_progress", [True, False])
async def test_cancelling_the_task_answers_its_result(edit_with, endpoint, by_progress):
    endpoint.replies.append(stream(chunk(EDIT), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(
        editor.command("rolecall.run", run(editor.open("src/pricing.py")), token="mine")
    )
    upstream = await endpoint.received(1)
    (task,) = await editor.command("rolecall.tasks")
    if by_progress:
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("mine"))
    else:
        answered = await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
        assert answered["status"] == "cancelled"
    await asyncio.wait_for(upstream.disconnected.wait(), PATIENCE_S)
    result = await running
    assert (result["status"], result["error"]["code"]) == ("cancelled", "cancelled")
    check(editor.progress["mine"])
    assert editor.edits == []


async def test_a_cancel_that_comes_before_the_progress_has_begun_counts(edit_with, endpoint):
    endpoint.replies.append(stream(chunk(EDIT), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(
        editor.command("rolecall.run", run(editor.open("src/pricing.py")), token="mine")
    )
    await asyncio.sleep(0)  # the request is on its way
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("mine"))
    assert "mine" not in editor.progress
    assert (await running)["status"] == "cancelled"
    check(editor.progress["mine"])
    assert editor.edits == []


async def test_a_question_that_is_open_can_be_cancelled(edit_with, endpoint):
    endpoint.replies.append(
        answer(
            '<edit path="pyproject.toml">\n<<<<<<< SEARCH\nversion = "1"\n=======\nversion = "2"\n>>>>>>> REPLACE\n</edit>\n<done files="1"/>\n'
        )
    )
    editor = await edit_with(NEOVIM)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    await editor.until(lambda: editor.questions)
    (task,) = await editor.command("rolecall.tasks")
    await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
    assert (await running)["status"] == "cancelled"
    assert editor.edits == []


async def test_the_end_of_the_client_closes_its_stream(edit_with, endpoint):
    endpoint.replies.append(stream(chunk("x"), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    upstream = await endpoint.received(1)
    editor.client._server.stdin.close()
    await asyncio.wait_for(upstream.disconnected.wait(), PATIENCE_S)
    assert await asyncio.wait_for(editor.client._server.wait(), 2 + PATIENCE_S) == 0
    running.cancel()


async def test_shutdown_while_a_task_runs_is_answered(edit_with, endpoint):
    endpoint.replies.append(stream(chunk("x"), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    await endpoint.received(1)
    assert await asyncio.wait_for(editor.stop(), 5) == 0
    with pytest.raises(JsonRpcException):
        await running


async def test_events_are_sent_to_clients_that_want_them(edit_with, endpoint):
    endpoint.replies.append(answer("Prose.\n\n", EDIT))
    editor = await edit_with(VSCODE, options={"events": True})
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    events = editor.events
    assert [event["type"] for event in events if event["type"] != "delta"] == [
        "started",
        "attempt",
        "file",
        "result",
    ]
    assert "".join(event["text"] for event in events if event["type"] == "delta") == result["answer"]
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert {event["task_id"] for event in events} == {result["task_id"]}
    assert events[-1]["result"] == result


async def test_events_are_not_sent_unasked(edit_with, endpoint):
    endpoint.replies.append(answer(EDIT))
    editor = await edit_with(VSCODE)
    await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert editor.events == []


async def test_a_client_that_does_not_wait_is_answered_at_once_and_the_rest_follows(edit_with, endpoint):
    ready = asyncio.Event()
    endpoint.replies.append(stream(chunk("x\n"), Until(ready), chunk(EDIT), chunk(finish="stop"), DONE))
    editor = await edit_with(EGLOT, options={"wait": False})
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert result["status"] == "running"
    ready.set()
    await editor.until(editor.texts)
    assert editor.texts() == ["Rolecall: changed src/pricing.py."]
    assert "LIMIT = 200" in editor.files[uri].text
    assert (await editor.command("rolecall.result", {"task_id": result["task_id"]}))["status"] == "completed"


async def test_a_failed_task_is_a_result_and_a_message(edit_with, endpoint):
    endpoint.replies.append(http_error(401, "no such key"))
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    error = result["error"]
    assert (result["status"], error["code"]) == ("failed", "authentication_failed")
    (message,) = editor.client.messages
    assert message.type == types.MessageType.Error
    assert error["message"] in message.message
    assert error["hint"] in message.message


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ({"role": "develper", "instruction": "x"}, "configuration_invalid"),
        ({"role": "developer", "task": "refacter"}, "configuration_invalid"),
        ({"role": "developer"}, "configuration_invalid"),
        ({"role": "developer", "task": "refactor", "uri": "untitled:Untitled-1"}, "path_refused"),
        ({"role": "developer", "task": "refactor", "uri": "file:///etc/hosts"}, "path_refused"),
    ],
)
async def test_a_request_that_names_what_is_not_there_fails_as_a_result(edit_with, endpoint, argument, code):
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", {"uri": editor.open("src/pricing.py"), **argument})
    assert (result["status"], result["error"]["code"]) == ("failed", code)
    assert endpoint.completions == []


async def test_a_range_of_an_older_version_is_not_used(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    editor.type(uri, "x = 1\n")
    lines = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    with pytest.raises(JsonRpcException) as refused:
        await editor.command("rolecall.run", run(uri, range=lines, version=1))
    assert refused.value.code == -32801


async def test_a_range_of_a_version_is_not_used_where_the_document_is_not_open(edit_with):
    editor = await edit_with(VSCODE)
    lines = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    with pytest.raises(JsonRpcException) as refused:
        await editor.command("rolecall.run", run(editor.uri("src/pricing.py"), range=lines, version=1))
    assert refused.value.code == -32801
    assert "is not open" in refused.value.message


async def test_the_unsaved_buffer_is_what_the_model_gets_to_see(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    editor.type(uri, "UNSAVED = 1\n")
    await editor.command("rolecall.run", run(uri, apply="never"))
    (request,) = endpoint.completions
    assert "UNSAVED = 1" in request.json["messages"][-1]["content"]
    assert "LIMIT" not in request.json["messages"][-1]["content"]


async def test_diagnostics_and_selection_reach_the_model(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    at = {"start": {"line": 12, "character": 0}, "end": {"line": 12, "character": 4}}
    diagnostic = {"range": at, "message": "percent is never checked", "severity": 2, "source": "tool"}
    await editor.command(
        "rolecall.run", run(uri, task="fix", range=at, diagnostics=[diagnostic], apply="never")
    )
    prompt = endpoint.completions[0].json["messages"][-1]["content"]
    assert "percent is never checked" in prompt


async def test_status_tells_pool_breakers_metrics_and_provider(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    status = await editor.command("rolecall.status")
    assert {"pool", "breakers", "metrics", "provider"} <= status.keys()
    assert status["provider"]["origin"] == endpoint.origin


async def test_settings_of_the_editor_are_taken_and_what_it_may_not_set_is_reported(edit_with, endpoint):
    editor = await edit_with(
        VSCODE, options={"llm": {"temperature": 0.25, "base_url": "http://evil.example/v1"}}
    )
    await editor.command("rolecall.run", run(editor.open("src/pricing.py"), apply="never"))
    assert endpoint.completions[0].json["temperature"] == 0.25
    (warning,) = editor.client.log_messages
    assert "llm.base_url" in warning.message


async def test_the_configuration_section_is_asked_for_and_its_changes_count(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    await editor.command("rolecall.status")
    editor.client.set_configuration({"llm": {"temperature": 0.75}}, section="rolecall")
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    await editor.command("rolecall.status")
    for _ in range(50):
        await editor.command("rolecall.run", run(uri, apply="never"))
        if endpoint.completions[-1].json.get("temperature") == 0.75:
            return
    raise AssertionError("the changed setting never counted")


async def test_invalid_settings_are_told_once_and_answer_each_task(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    editor.surroundings.extra["ROLECALL_LLM__TEMPERATURE"] = "hot"
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    for _ in range(2):
        result = await editor.command("rolecall.run", run(uri))
        assert result["error"]["code"] == "configuration_invalid"
    assert await editor.actions(uri, (8, 0))
    assert endpoint.completions == []
    assert "ROLECALL_LLM__TEMPERATURE" in editor.texts()[0]


async def test_where_no_model_is_found_the_editor_says_so_once_with_what_to_run(edit_with, surroundings):
    editor = await edit_with(VSCODE)
    for name in ("PROVIDER", "BASE_URL", "MODEL"):
        surroundings.extra.pop(f"ROLECALL_LLM__{name}")
    surroundings.extra["ROLECALL_LLM__PROVIDER"] = "auto"
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    results = [await editor.command("rolecall.run", run(uri, apply="never")) for _ in range(2)]
    if results[0]["provider"] != "offline":
        pytest.skip("a model is served on this machine")
    assert [text for text in editor.texts() if "ollama serve" in text] == editor.texts()[:1]
    assert sum("ollama serve" in text for text in editor.texts()) == 1


async def test_folders_that_are_added_belong_to_the_workspace(edit_with, endpoint, tmp_path):
    editor = await edit_with(VSCODE)
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.py").write_text("def added():\n    pass\n")
    await editor.command("rolecall.status")
    editor.client.workspace_did_change_workspace_folders(
        types.DidChangeWorkspaceFoldersParams(
            types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(other.as_uri(), "other")], [])
        )
    )
    status = await editor.command("rolecall.status")
    assert status["workspace"] == [str(editor.folder), str(other)]
    editor.files.clear()
    uri = editor.open(str(other / "b.py"))
    result = await editor.command("rolecall.run", run(uri, apply="never"))
    assert result["status"] == "completed"
    assert 'path="other/b.py"' in endpoint.completions[0].json["messages"][-1]["content"]
