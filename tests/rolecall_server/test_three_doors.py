"""One request through three real processes, one per door: the same prompt goes out, the same result comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.endpoint import answer, endpoint_in_thread
from fakes.wire import LspPeer, McpPeer

pytestmark = pytest.mark.usefixtures("served")

EDIT = (
    'Raises the limit.\n\n<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n'
    '>>>>>>> REPLACE\n</edit>\n<file path="notes/näïve.md">\nHi\n</file>\n<done files="2"/>\n'
)
INSTRUCTION = "Raise the limit, bitte — «jetzt»."
OF_THE_MOMENT = {"task_id", "duration_ms", "time_to_first_token_ms"}


def through_the_command_line(surroundings, project) -> dict[str, Any]:
    done = surroundings.run(
        "run",
        "developer",
        INSTRUCTION,
        "--task",
        "refactor",
        "--file",
        "src/pricing.py:3-8",
        "--format",
        "json",
        cwd=project,
    )
    return json.loads(done.stdout)


def through_lsp(surroundings, project) -> dict[str, Any]:
    uri = (project / "src/pricing.py").as_uri()
    with surroundings.serve("lsp", cwd="/") as process:
        peer = LspPeer(process.stdout, process.stdin)
        peer.request("initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": {}})
        peer.notify("initialized", {})
        text = (project / "src/pricing.py").read_text()
        peer.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}},
        )
        selection = {"start": {"line": 2, "character": 0}, "end": {"line": 8, "character": 0}}
        run = {
            "role": "developer", "task": "refactor", "uri": uri, "range": selection,
            "instruction": INSTRUCTION, "apply": "never",
        }  # fmt: skip
        response = peer.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [run]})
        peer.request("shutdown")
        peer.notify("exit")
        assert process.wait(10) == 0
    return response["result"]


def through_mcp(surroundings, project) -> dict[str, Any]:
    with surroundings.serve("mcp", "--workspace", str(project), cwd="/") as process:
        peer = McpPeer(process.stdout, process.stdin)
        client = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        peer.request("initialize", client)
        peer.notify("notifications/initialized")
        arguments = {"instruction": INSTRUCTION, "task": "refactor", "files": ["src/pricing.py:3-8"]}
        response = peer.request("tools/call", {"name": "developer", "arguments": arguments})
        process.stdin.close()
        assert process.wait(10) == 0
    return response["result"]["structuredContent"]


DOORS = [through_the_command_line, through_lsp, through_mcp]


def test_the_endpoint_receives_identical_bytes_and_the_results_agree(surroundings, project):
    with endpoint_in_thread([answer(EDIT)] * len(DOORS)) as endpoint:
        surroundings.use(endpoint.base_url)
        results = [door(surroundings, project) for door in DOORS]
        bodies = {request.body for request in endpoint.completions}
        assert len(endpoint.completions) == len(DOORS)
    assert len(bodies) == 1
    shared = [{k: v for k, v in result.items() if k not in OF_THE_MOMENT} for result in results]
    assert shared[0]["status"] == "completed"
    assert shared[0] == shared[1]
    assert shared[0] == shared[2]


@pytest.mark.parametrize("door", DOORS)
def test_offline_the_doors_agree_too(door, surroundings, project):
    result = door(surroundings, project)
    reference = through_the_command_line(surroundings, project)
    assert {k: v for k, v in result.items() if k not in OF_THE_MOMENT} == {
        k: v for k, v in reference.items() if k not in OF_THE_MOMENT
    }
