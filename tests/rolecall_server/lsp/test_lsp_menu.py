"""The menu as an editor gets it over the wire."""

from __future__ import annotations

import asyncio
import shutil
from itertools import groupby

from lsprotocol import types

from fakes.endpoint import Hang, chunk, stream
from fakes.lsp_profiles import HELIX, VSCODE

COMMENTED = (
    "def price(x):\n    # rolecall: refuse negative prices\n    # rolecall(qa): cover zero\n    return x\n"
)
DIAGNOSTIC = types.Diagnostic(types.Range(types.Position(2, 0), types.Position(2, 5)), "too low")


async def test_the_menu_names_the_role_the_work_and_the_symbol(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", "def parse_config(path):\n    return path\n")
    kind = "refactor.rolecall.qa_engineer.tests"
    (action,) = await editor.actions(uri, (1, 4), only=[kind])
    assert action.title == "QA Engineer: write tests for parse_config"


async def test_the_menu_has_the_kinds_of_its_situation(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", "def price(x):\n    return x\n\nLIMIT = 1\n")
    for only in ("quickfix", "refactor", "source"):
        found = await editor.actions(uri, (0, 4), (1, 0), only=[only], diagnostics=[])
        assert bool(found) is (only != "quickfix")
        found = await editor.actions(uri, (2, 0), diagnostics=[DIAGNOSTIC], only=[only])
        assert {action.kind.split(".")[0] for action in found} == ({only} if only != "refactor" else set())


async def test_a_diagnostic_elsewhere_gives_no_quick_fix(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", "def price(x):\n    return x\n\nLIMIT = 1\n")
    for line in (0, 2):
        offered = await editor.actions(uri, (line, 0), diagnostics=[DIAGNOSTIC])
        fixes = [action.kind for action in offered if action.kind.startswith("quickfix.")]
        assert fixes == (["quickfix.rolecall.developer.fix"] if line == 2 else [])


async def test_the_menu_is_short_unless_kinds_are_asked_for(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    offered = await editor.actions(uri, (0, 0))
    roles = sorted(action.kind.split(".")[2] for action in offered)
    assert all(len(list(group)) <= 2 for _, group in groupby(roles))
    everything = await editor.actions(uri, (0, 0), only=[""])
    assert len(everything) > len(offered)


async def test_the_menu_offers_what_a_comment_asks_for(edit_with):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", COMMENTED)
    offered = await editor.actions(uri, (1, 0), (3, 0))
    asked = [action.title for action in offered if action.kind.endswith(".instruction")]
    assert asked == ["Developer: refuse negative prices", "QA Engineer: cover zero"]


async def test_what_a_comment_asks_for_reaches_the_model_in_its_words(edit_with, endpoint):
    editor = await edit_with(HELIX)
    uri = editor.open("src/pricing.py", COMMENTED)
    action = (await editor.actions(uri, (1, 0)))[0]
    await editor.command(action.command.command, action.command.arguments[0])
    asked = endpoint.completions[0].json["messages"][-1]["content"].rpartition("</context>")[2]
    assert "refuse negative prices" in asked


async def test_a_menu_is_answered_from_memory_where_the_disk_is_gone_and_the_model_hangs(edit_with, endpoint):
    endpoint.replies.append(stream(Hang()))
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", "def only_in_memory():\n    pass\n")
    run = {"role": "developer", "task": "refactor", "uri": uri}
    running = asyncio.create_task(editor.command("rolecall.run", run))
    await endpoint.received(1)
    shutil.rmtree(editor.folder)
    titles = [
        action.title for action in await editor.actions(uri, (1, 0), only=["refactor.rolecall.developer"])
    ]
    assert "Developer: refactor only_in_memory" in titles
    (task,) = await editor.command("rolecall.tasks")
    await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
    await running
    assert len(endpoint.completions) == 1


async def test_an_action_is_resolved_with_and_without_its_data(edit_with):
    editor = await edit_with(VSCODE)
    action = (await editor.actions(editor.open("src/pricing.py"), (0, 0)))[0]
    assert action.command is None
    resolved = await editor.client.code_action_resolve_async(action)
    assert resolved.command.command == "rolecall.run"
    assert list(resolved.command.arguments) == [action.data]
    action.data = None
    assert (await editor.client.code_action_resolve_async(action)).title == action.title


async def test_a_running_task_can_be_stopped_from_the_menu_of_its_file(edit_with, endpoint):
    endpoint.replies.append(stream(chunk("x"), Hang()))
    editor = await edit_with(HELIX)
    uri, other = editor.open("src/pricing.py"), editor.open("pyproject.toml", language="toml")
    kind = "refactor.rolecall.developer.stop"
    assert await editor.actions(uri, (0, 0), only=[kind]) == []
    run = {"role": "developer", "task": "refactor", "uri": uri}
    running = asyncio.create_task(editor.command("rolecall.run", run))
    upstream = await endpoint.received(1)
    (action,) = await editor.actions(uri, (0, 0), only=[kind])
    assert action.title == "Stop: Developer: refactor pricing.py"
    assert (await editor.actions(uri, (0, 0)))[0].title == action.title
    assert await editor.actions(other, (0, 0), only=[kind]) == []
    await editor.command(action.command.command, action.command.arguments[0])
    await asyncio.wait_for(upstream.disconnected.wait(), 5)
    assert (await running)["status"] == "cancelled"
    assert await editor.actions(uri, (0, 0), only=[kind]) == []
