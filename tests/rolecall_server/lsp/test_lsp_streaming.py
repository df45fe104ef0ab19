"""What streams to the editor, on every path that a run can take."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.endpoint import DONE, Drop, Hang, answer, chunk, http_error, stream
from fakes.lsp_editor import plain
from fakes.lsp_profiles import NEOVIM, PLAIN, VSCODE

RAISE_LIMIT = '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
OTHER = '<edit path="pyproject.toml">\n<<<<<<< SEARCH\nversion = "1"\n=======\nversion = "2"\n>>>>>>> REPLACE\n</edit>\n'
ONE = '<done files="1"/>\n'
LINE = {"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 0}}
PATHS = {
    "completed": (answer(RAISE_LIMIT, ONE), {}),
    "declined": (answer(OTHER, ONE), {}),
    "failed": (http_error(401, "no such key"), {}),
    "broken": (stream(chunk(RAISE_LIMIT), DONE), {}),
    "unknown": (None, {"role": "poet"}),
    "stale": (None, {"range": LINE, "version": 7}),
    "cancelled": (stream(chunk(RAISE_LIMIT), Hang()), {}),
}


def run(uri, **more):
    return {"role": "developer", "task": "refactor", "uri": uri, **more}


@pytest.mark.parametrize("path", PATHS)
async def test_progress_ends_on_every_path(edit_with, endpoint, path):
    reply, more = PATHS[path]
    if reply is not None:
        endpoint.replies.append(reply)
    editor = await edit_with(NEOVIM)
    editor.answers.append("Discard")
    argument = run(editor.open("src/pricing.py"), **more)
    params = types.ExecuteCommandParams("rolecall.run", [argument], work_done_token="mine")
    protocol = editor.client.protocol
    request = protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="r1")
    if path == "cancelled":
        await endpoint.received(1)
        editor.client.cancel_request(types.CancelParams("r1"))
    await editor.until(lambda: editor.progress.get("mine", [{}])[-1].get("kind") == "end")
    if path in {"stale", "cancelled"}:
        with pytest.raises(JsonRpcException):
            await asyncio.wrap_future(request)
    else:
        ended = editor.progress["mine"][-1]["message"]
        assert plain(await asyncio.wrap_future(request))["status"] in ended
    assert [report["kind"] for report in editor.progress["mine"]].count("end") == 1


async def test_a_server_created_token_can_cancel_the_run(edit_with, endpoint):
    endpoint.replies.append(stream(chunk("x\n"), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    upstream = await endpoint.received(1)
    await editor.until(lambda: editor.progress)
    (token,) = editor.progress
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    assert (await running)["status"] == "cancelled"
    await upstream.disconnected.wait()
    await editor.until(lambda: editor.progress[token][-1]["kind"] == "end")


async def test_a_client_that_shows_no_progress_gets_none(edit_with, endpoint):
    endpoint.replies.append(answer(RAISE_LIMIT, ONE))
    editor = await edit_with(PLAIN)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert result["applied"]
    assert editor.progress == {}


async def test_a_second_attempt_is_announced_and_voids_what_was_streamed(edit_with, endpoint, served):
    served.extra |= {"ROLECALL_RETRY__MAX_ATTEMPTS": "2", "ROLECALL_RETRY__INITIAL_DELAY_S": "0.01"}
    endpoint.replies += [stream(chunk("Void words.\n"), Drop()), answer(RAISE_LIMIT, ONE)]
    editor = await edit_with(VSCODE, options={"events": True})
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert (result["status"], result["attempts"], result["answer"]) == ("completed", 2, RAISE_LIMIT + ONE)
    types_seen = [event["type"] for event in editor.events]
    assert types_seen.index("restart") > types_seen.index("delta")


async def test_the_events_of_a_failed_task_end_with_its_error(edit_with, endpoint):
    endpoint.replies.append(http_error(401, "no such key"))
    editor = await edit_with(VSCODE, options={"events": True})
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert result["error"]["code"] == "authentication_failed"
    assert editor.events[-1] == {
        "type": "error",
        "task_id": result["task_id"],
        "seq": editor.events[-1]["seq"],
        "error": result["error"],
    }
