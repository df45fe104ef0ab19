"""Cancelling, and clients that leave: what the model's endpoint and other clients see of it."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.endpoint import Hang, chunk, stream
from fakes.lsp_profiles import VSCODE
from fakes.patience import PATIENCE_S

WHOLE = (
    '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
    '<done files="1"/>\n'
)
LIMIT_S = 0.2
"""Seconds in which a cancel reaches the model's endpoint (contract section 5)."""


def run(uri):
    return {"role": "developer", "task": "refactor", "uri": uri}


async def cancelled_run(editor, uri, way, number, endpoint):
    """Run a task until its edit has streamed, cancel it; seconds until its endpoint was hung up on."""
    token, name = f"token-{number}", f"run-{number}"
    params = types.ExecuteCommandParams("rolecall.run", [run(uri)], work_done_token=token)
    protocol = editor.client.protocol
    request = protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=name)
    upstream = await endpoint.received(number)
    await editor.until(lambda: any("tokens" in one.get("message", "") for one in editor.progress[token]))
    task = (await editor.command("rolecall.tasks"))[-1]
    begun = asyncio.get_running_loop().time()
    if way == "request":
        editor.client.cancel_request(types.CancelParams(name))
    elif way == "progress":
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    else:
        await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
    await asyncio.wait_for(upstream.disconnected.wait(), PATIENCE_S)
    if way == "request":
        with pytest.raises(JsonRpcException):
            await asyncio.wrap_future(request)
    else:
        await asyncio.wrap_future(request)
    return upstream.disconnected_at - begun


@pytest.mark.parametrize("way", ["request", "progress", "command"])
async def test_a_cancel_is_heard_of_by_the_model_at_once_and_applies_nothing(edit_with, endpoint, way):
    endpoint.default = stream(chunk(WHOLE), Hang())
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    number, deadline = 1, asyncio.get_running_loop().time() + PATIENCE_S
    # A busy machine makes some cancels slow, a slow product all of them: the quickest is the product's.
    while await cancelled_run(editor, uri, way, number, endpoint) >= LIMIT_S:
        assert asyncio.get_running_loop().time() < deadline, "no cancel was in time"
        number += 1
    assert {one["status"] for one in await editor.command("rolecall.tasks")} == {"cancelled"}
    assert editor.edits == []
    assert "LIMIT = 100" in editor.files[uri].text


@pytest.mark.parametrize("served", ["shared"], indirect=True)
async def test_what_a_client_left_running_is_cancelled_as_others_see(edit_with, endpoint):
    endpoint.replies.append(stream(chunk(WHOLE), Hang()))
    leaving, staying = await edit_with(VSCODE), await edit_with(VSCODE)
    running = asyncio.create_task(leaving.command("rolecall.run", run(leaving.open("src/pricing.py"))))
    upstream = await endpoint.received(1)
    (task,) = await staying.command("rolecall.tasks")
    assert task["status"] == "running"
    leaving.client._server.stdin.close()
    await asyncio.wait_for(upstream.disconnected.wait(), PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        while task["status"] == "running":
            (task,) = await staying.command("rolecall.tasks")
    assert (task["status"], task["error"]["code"], task["applied"]) == ("cancelled", "cancelled", False)
    await leaving.client._server.wait()
    running.cancel()
