"""The commands of the LSP door: what each takes, answers and refuses."""

from __future__ import annotations

import asyncio

import pytest
from pygls.exceptions import JsonRpcException

from fakes.clauses.commands import is_result
from fakes.endpoint import Hang, answer, chunk, stream
from fakes.lsp_profiles import NEOVIM, VSCODE

RAISE_LIMIT = '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
NEW_TEST = '<file path="tests/test_pricing.py">\ndef test_it():\n    assert True\n</file>\n'
OTHER = '<edit path="pyproject.toml">\n<<<<<<< SEARCH\nversion = "1"\n=======\nversion = "2"\n>>>>>>> REPLACE\n</edit>\n'
ABOUT_A_TASK = ("cancel", "apply", "discard", "revert", "result")
LINE = {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 9}}
BACKWARDS = {"start": LINE["end"], "end": LINE["start"]}

WRONG = {
    "run": [
        ({}, "role"),
        ({"role": "developer"}, "uri"),
        *(
            ({"role": "developer", "uri": "file:///a.py", **wrong}, next(iter(wrong)))
            for wrong in (
                {"uri": 1},
                {"role": ["developer"]},
                {"task": 3},
                {"range": {"start": 1}},
                {"range": BACKWARDS},
                {"version": "1"},
                {"instruction": {}},
                {"diagnostics": "none"},
                {"diagnostics": [{"message": "no range"}]},
                {"apply": "always"},
                {"apply": ["auto"]},
                {"rang": LINE},
            )
        ),
        (["developer"], "one object"),
    ],
    **{name: [({}, "task_id"), ({"task_id": 7}, "task_id")] for name in ABOUT_A_TASK},
    "tasks": [({"task_id": "x"}, "task_id"), ("all", "one object")],
    "status": [({"verbose": True}, "verbose"), (3, "one object")],
}
WRONG["apply"] += [
    ({"task_id": "x", "paths": []}, "paths"),
    ({"task_id": "x", "paths": "src/pricing.py"}, "paths"),
    ({"task_id": "x", "path": ["a"]}, "path"),
]


def replies(endpoint, *blocks):
    endpoint.replies.append(answer("Done.\n\n", *blocks, f'<done files="{len(blocks)}"/>\n'))


def run(uri, **more):
    return {"role": "developer", "task": "refactor", "uri": uri, **more}


async def refusal_of(editor, command, argument):
    with pytest.raises(JsonRpcException) as refused:
        await editor.command(command, argument)
    return refused.value


async def test_every_command_about_a_task_answers_with_its_result_object(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT, NEW_TEST)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    ran = await editor.command("rolecall.run", run(uri, apply="never"))
    task = {"task_id": ran["task_id"]}
    for name in ("result", "apply", "revert", "discard", "cancel"):
        result = await editor.command(f"rolecall.{name}", task)
        assert is_result(result)
        assert (result["task_id"], result["error"]) == (ran["task_id"], None)
        assert ("LIMIT = 200" in editor.files[uri].text) is (name == "apply")
    (listed,) = await editor.command("rolecall.tasks")
    assert listed["task_id"] == ran["task_id"]


@pytest.mark.parametrize("command", WRONG)
async def test_a_wrong_argument_of_a_command_is_an_error_that_names_the_field(edit_with, endpoint, command):
    editor = await edit_with(VSCODE)
    for argument, named in WRONG[command]:
        error = await refusal_of(editor, f"rolecall.{command}", argument)
        assert error.code == -32602
        assert f"rolecall.{command}" in error.message
        assert named in error.message
    assert endpoint.completions == []


async def test_a_task_that_nobody_has_is_an_error_of_every_command(edit_with):
    editor = await edit_with(VSCODE)
    for name in ABOUT_A_TASK:
        error = await refusal_of(editor, f"rolecall.{name}", {"task_id": "000000000000"})
        assert (error.code, error.data["code"]) == (-32602, "configuration_invalid")
        assert "000000000000" in error.message


async def test_a_command_that_is_not_there_is_an_error_that_lists_those_that_are(edit_with):
    editor = await edit_with(VSCODE)
    for name in ("rolecall.undo", "workbench.action.files.save"):
        error = await refusal_of(editor, name, {})
        assert error.code == -32602
        assert name in error.message
        assert "rolecall.revert" in error.message


async def test_the_role_and_the_task_are_what_the_model_is_told(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    for role, task in (("developer", "refactor"), ("developer", "harden"), ("qa_engineer", "tests")):
        result = await editor.command("rolecall.run", {"role": role, "task": task, "uri": uri})
        assert (result["role"], result["task"], result["status"]) == (role, task, "completed")
    refactor, harden, tests = (one.json["messages"][0]["content"] for one in endpoint.completions)
    assert "injection" in harden.lower()
    assert refactor.split("\n")[0] == harden.split("\n")[0] != tests.split("\n")[0]


async def test_the_lines_of_a_range_are_the_selection(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    await editor.command("rolecall.run", run(uri, range=LINE, version=1))
    prompt = endpoint.completions[0].json["messages"][-1]["content"]
    assert 'lines="3-3">\nLIMIT = 100\n</context>' in prompt


async def test_an_instruction_alone_is_a_task(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    argument = {"role": "developer", "uri": editor.open("src/pricing.py"), "instruction": "Round «down» 🦆."}
    result = await editor.command("rolecall.run", argument)
    assert (result["status"], result["task"]) == ("completed", None)
    assert "Round «down» 🦆." in endpoint.completions[0].json["messages"][-1]["content"]


async def test_a_task_that_still_runs_cannot_be_applied(edit_with, endpoint):
    endpoint.replies.append(stream(chunk(RAISE_LIMIT), Hang()))
    editor = await edit_with(VSCODE)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    await endpoint.received(1)
    (task,) = await editor.command("rolecall.tasks")
    named = {"task_id": task["task_id"]}
    refused = await editor.command("rolecall.apply", named)
    assert (refused["error"]["code"], refused["applied"]) == ("configuration_invalid", False)
    await editor.command("rolecall.cancel", named)
    assert (await running)["status"] == "cancelled"
    assert editor.edits == []


async def test_a_hunk_edited_since_is_not_taken_back(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    mine = editor.files[uri].text.replace("LIMIT = 200", "LIMIT = 2_000")
    editor.type(uri, mine)
    reverted = await editor.command("rolecall.revert", {"task_id": result["task_id"]})
    assert reverted["error"]["code"] == "edit_conflict"
    assert editor.files[uri].text == mine


async def test_a_run_answers_once_its_edit_was_declined(edit_with, endpoint):
    replies(endpoint, OTHER)
    editor = await edit_with(NEOVIM)
    running = asyncio.create_task(editor.command("rolecall.run", run(editor.open("src/pricing.py"))))
    editor.answers.append("Discard")
    result = await running
    assert (result["status"], result["applied"]) == ("completed", False)
    assert 'version = "1"' in (editor.folder / "pyproject.toml").read_text()
