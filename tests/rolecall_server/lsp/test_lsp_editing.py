"""A role's answer as edits in the editor, seen from the editor's side of the wire."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.endpoint import DONE, Until, answer, chunk, stream
from fakes.lsp_editor import path_of, plain
from fakes.lsp_profiles import EGLOT, NEOVIM, PLAIN, VSCODE
from fakes.patience import PATIENCE_S

RAISE_LIMIT = '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
NEW_TEST = '<file path="tests/test_pricing.py">\ndef test_it():\n    assert True\n</file>\n'
OTHER = '<edit path="pyproject.toml">\n<<<<<<< SEARCH\nversion = "1"\n=======\nversion = "2"\n>>>>>>> REPLACE\n</edit>\n'

PROFILES = pytest.mark.parametrize(
    "profile", [VSCODE, NEOVIM, EGLOT, PLAIN], ids=["vscode", "neovim", "eglot", "plain"]
)


def replies(endpoint, *blocks):
    endpoint.replies.append(answer("Done.\n\n", *blocks, f'<done files="{len(blocks)}"/>\n'))


def run(uri, **more):
    return {"role": "developer", "task": "refactor", "uri": uri, **more}


@PROFILES
async def test_an_edit_of_the_open_file_arrives_in_its_buffer(edit_with, endpoint, profile):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(profile)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert result["status"] == "completed"
    assert (result["applied"], result["applied_by"]) == (True, "editor")
    assert [file["state"] for file in result["files"]] == ["applied"]
    assert "LIMIT = 200" in editor.files[uri].text
    assert "LIMIT = 100" in (editor.folder / "src/pricing.py").read_text()


@PROFILES
async def test_only_the_changed_line_is_sent(edit_with, endpoint, profile):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(profile)
    uri = editor.open("src/pricing.py")
    await editor.command("rolecall.run", run(uri))
    edit = editor.edits[0]
    edits = edit.document_changes[0].edits if edit.document_changes else edit.changes[uri]
    assert [(one.range.start.line, one.range.end.line, one.new_text) for one in edits] == [
        (2, 3, "LIMIT = 200\n")
    ]
    if edit.document_changes:
        assert edit.document_changes[0].text_document.version == 1


@pytest.mark.parametrize(
    ("profile", "opens"),
    [(VSCODE, True), (NEOVIM, False), (EGLOT, True), (PLAIN, True)],
    ids=["vscode", "neovim", "eglot", "plain"],
)
async def test_a_new_file_ends_up_where_the_user_can_run_it(edit_with, endpoint, profile, opens):
    replies(endpoint, NEW_TEST, RAISE_LIMIT)
    editor = await edit_with(profile, opens=opens)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert result["applied"], result
    path = editor.folder / "tests/test_pricing.py"
    shown = editor.files[path.as_uri()].text if path.as_uri() in editor.files else path.read_text()
    assert shown == "def test_it():\n    assert True\n"
    assert path.exists()


async def test_text_edits_come_first_and_creations_last(edit_with, endpoint):
    replies(endpoint, NEW_TEST, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    kinds = [getattr(change, "kind", "edit") for change in editor.edits[0].document_changes]
    assert kinds == ["edit", "create", "edit"]


@pytest.mark.parametrize("accepts", [True, False])
async def test_a_change_of_another_file_is_previewed_where_the_editor_can(edit_with, endpoint, accepts):
    replies(endpoint, OTHER)
    editor = await edit_with(VSCODE, accepts=accepts)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    annotations = editor.edits[0].change_annotations
    assert [one.needs_confirmation for one in annotations.values()] == [True]
    assert editor.questions == []
    assert result["status"] == "completed"
    assert result["applied"] is accepts
    assert result["files"][0]["state"] == ("applied" if accepts else "needs_confirmation")


async def test_a_refusal_that_the_editor_reports_as_applied_is_not_believed(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, accepts=False, honest=False)
    editor.surroundings.extra["ROLECALL_APPLY__CONFIRM"] = "always"
    editor = await edit_with(VSCODE, accepts=False, honest=False)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert (result["applied"], result["files"][0]["state"]) == (False, "needs_confirmation")


@pytest.mark.parametrize(
    ("answers", "applied"),
    [(["Apply"], True), (["Show diff", "Apply"], True), (["Discard"], False), ([None], False)],
)
async def test_without_a_preview_the_user_is_asked_by_a_message(edit_with, endpoint, answers, applied):
    replies(endpoint, OTHER)
    editor = await edit_with(NEOVIM)
    editor.answers.extend(answers)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert [action.title for action in editor.questions[0].actions] == ["Apply", "Show diff", "Discard"]
    assert "pyproject.toml" in editor.questions[0].message
    assert result["applied"] is applied
    assert bool(editor.edits) is applied
    if "Show diff" in answers:
        assert '+version = "2"' in read(editor.client.shown_documents[0].uri)


async def test_what_is_typed_while_the_model_writes_is_kept(edit_with, endpoint):
    ready = asyncio.Event()
    endpoint.replies.append(
        stream(chunk(RAISE_LIMIT), Until(ready), chunk('<done files="1"/>\n'), chunk(finish="stop"), DONE)
    )
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    running = asyncio.create_task(editor.command("rolecall.run", run(uri)))
    await endpoint.received(1)
    editor.type(uri, "# mine\n" + editor.files[uri].text)
    await editor.actions(uri, (0, 0))  # its answer says that the server has read what was typed
    ready.set()
    result = await running
    assert result["applied"], result
    assert editor.files[uri].text.startswith("# mine\n")
    assert "LIMIT = 200" in editor.files[uri].text
    assert editor.edits[0].document_changes[0].text_document.version == 2


async def test_a_key_typed_at_the_moment_of_sending_is_kept_and_the_edit_comes_again(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    editor.before_apply = lambda: editor.type(uri, "# mine\n" + editor.files[uri].text)
    result = await editor.command("rolecall.run", run(uri))
    assert result["applied"], result
    assert len(editor.edits) == 2
    assert editor.files[uri].text.startswith("# mine\n")
    assert editor.files[uri].text.count("LIMIT = 200") == 1


async def test_a_line_rewritten_meanwhile_is_a_conflict_and_stays_as_it_is(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    editor.before_apply = lambda: editor.type(uri, editor.files[uri].text.replace("100", "7"))
    result = await editor.command("rolecall.run", run(uri))
    assert result["status"] == "failed"
    assert result["error"]["code"] == "edit_conflict"
    assert result["files"][0]["state"] == "conflict"
    assert "LIMIT = 7" in editor.files[uri].text
    editor.type(uri, editor.files[uri].text.replace("LIMIT = 7", "LIMIT = 100"))
    applied = await editor.command("rolecall.apply", {"task_id": result["task_id"]})
    assert (applied["applied"], applied["files"][0]["state"]) == (True, "applied")
    assert "LIMIT = 200" in editor.files[uri].text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_positions_are_right_in_every_encoding(edit_with, endpoint, encoding):
    replies(endpoint, '<file path="notes.md">\nbegin\n«ß𝒳» end\nnow without newline\n</file>\n')
    profile = NEOVIM | {"general": {"positionEncodings": [encoding]}}
    editor = await edit_with(profile)
    (editor.folder / "notes.md").write_text("begin\n«ß𝒳» end")
    uri = editor.open("notes.md", language="markdown")
    assert editor.encoding == encoding
    result = await editor.command("rolecall.run", run(uri, instruction="add a line"))
    assert result["applied"], result
    assert editor.files[uri].text.splitlines() == ["begin", "«ß𝒳» end", "now without newline"]


async def test_never_leaves_a_proposal_that_apply_applies_and_revert_takes_back(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT, NEW_TEST)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri, apply="never"))
    assert (result["applied"], editor.edits) == (False, [])
    task = {"task_id": result["task_id"]}
    applied = await editor.command("rolecall.apply", {**task, "paths": ["src/pricing.py"]})
    assert {file["path"]: file["state"] for file in applied["files"]} == {
        "src/pricing.py": "applied",
        "tests/test_pricing.py": "proposed",
    }
    editor.type(uri, "# mine\n" + editor.files[uri].text)
    reverted = await editor.command("rolecall.revert", task)
    assert reverted["error"] is None
    assert reverted["applied"] is False
    assert editor.files[uri].text.startswith("# mine\n")
    assert "LIMIT = 100" in editor.files[uri].text


async def test_revert_deletes_a_file_that_the_run_created(edit_with, endpoint):
    replies(endpoint, NEW_TEST)
    editor = await edit_with(NEOVIM, opens=False)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert (editor.folder / "tests/test_pricing.py").exists()
    await editor.command("rolecall.revert", {"task_id": result["task_id"]})
    assert not (editor.folder / "tests/test_pricing.py").exists()


async def test_a_discarded_proposal_cannot_be_applied(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py"), apply="never"))
    task = {"task_id": result["task_id"]}
    discarded = await editor.command("rolecall.discard", task)
    assert discarded["files"][0]["state"] == "refused"
    assert (await editor.command("rolecall.apply", task))["error"]["code"] == "path_refused"
    assert editor.edits == []


async def test_a_broken_stream_applies_nothing(edit_with, endpoint):
    endpoint.replies.append(stream(chunk(RAISE_LIMIT)))
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert result["status"] == "failed"
    assert result["files"][0]["state"] == "proposed"
    assert editor.edits == []
    assert any(result["error"]["message"] in text for text in editor.texts())


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=["vscode", "neovim"])
async def test_an_answer_without_files_is_shown_as_a_document(edit_with, endpoint, profile):
    endpoint.replies.append(answer("Nothing to change here.\n\n", '<done files="0"/>\n'))
    editor = await edit_with(profile)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    uri = editor.client.shown_documents[0].uri
    if profile is VSCODE:
        assert uri == f"rolecall:/tasks/{result['task_id']}.md"
        content = await editor.client.workspace_text_document_content_async(
            types.TextDocumentContentParams(uri)
        )
        assert content.text == result["answer"]
    else:
        assert read(uri) == result["answer"]


async def test_an_answer_without_files_is_a_message_where_no_document_can_be_shown(edit_with, endpoint):
    endpoint.replies.append(answer("Nothing to change here.\n\n", '<done files="0"/>\n'))
    editor = await edit_with(PLAIN)
    await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert any("Nothing to change here." in text for text in editor.texts())


async def test_an_editor_that_never_says_whether_it_shows_the_answer_does_not_keep_the_result(
    edit_with, endpoint
):
    endpoint.replies.append(answer("Nothing to change here."))
    editor = await edit_with(VSCODE)

    async def never(_):
        await asyncio.Event().wait()

    editor.client.protocol.fm.features[types.WINDOW_SHOW_DOCUMENT] = never
    uri = editor.open("src/pricing.py")
    async with asyncio.timeout(PATIENCE_S):
        result = await editor.command("rolecall.run", run(uri))
    assert result["status"] == "completed"
    assert any("Nothing to change here." in text for text in editor.texts())


def read(uri):
    return path_of(uri).read_text()


async def test_an_edit_that_its_editor_only_claims_to_have_made_is_not_believed(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, works=False)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert (result["status"], result["applied"]) == ("failed", False)
    assert (result["error"]["code"], result["files"][0]["state"]) == ("edit_conflict", "conflict")
    assert "LIMIT = 100" in (editor.folder / "src/pricing.py").read_text()


async def test_an_edit_that_is_applied_at_the_second_try_leaves_no_failure_behind(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, works=False)
    uri = editor.open("src/pricing.py")
    failed = await editor.command("rolecall.run", run(uri))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "edit_conflict")
    editor.works = True
    result = await editor.command("rolecall.apply", {"task_id": failed["task_id"]})
    assert "LIMIT = 200" in editor.files[uri].text
    assert (result["status"], result["applied"], result["error"]) == ("completed", True, None)


@pytest.mark.parametrize("action", ["modify", "create", "delete", "rename"])
async def test_what_an_editor_shows_nowhere_is_brought_to_disk(edit_with, endpoint, action):
    blocks = {"modify": RAISE_LIMIT, "create": NEW_TEST}
    blocks |= {"delete": '<delete path="src/pricing.py"/>\n'}
    blocks |= {"rename": '<move from="src/pricing.py" to="src/prices.py"/>\n'}
    replies(endpoint, blocks[action])
    editor = await edit_with(VSCODE, works=False)
    (editor.folder / "notes.py").write_text("x = 1\n")
    uri = editor.open("notes.py")
    result = await editor.command("rolecall.run", run(uri, apply="auto"))
    assert (result["status"], result["files"][0]["state"]) == ("completed", "applied"), result
    present = {path.name: path.read_text() for path in editor.folder.rglob("*.py") if path.name != "notes.py"}
    if action == "modify":
        assert "LIMIT = 200" in present["pricing.py"]
    elif action == "create":
        assert present["test_pricing.py"] == "def test_it():\n    assert True\n"
    else:
        assert "pricing.py" not in present
        assert ("prices.py" in present) is (action == "rename")


async def test_an_edit_of_a_file_that_was_opened_for_it_is_sent_once_and_believed(edit_with, endpoint):
    insert = RAISE_LIMIT.replace("LIMIT = 200", "LIMIT = 100\nMORE = 1")
    replies(endpoint, insert)
    editor = await edit_with(EGLOT, tells=False)
    (editor.folder / "notes.py").write_text("x = 1\n")
    result = await editor.command("rolecall.run", run(editor.open("notes.py"), apply="auto"))
    assert (result["status"], result["applied"]) == ("completed", True), result
    assert len(editor.edits) == 1
    assert editor.files[editor.uri("src/pricing.py")].text.count("MORE = 1") == 1


async def cancel_by(editor, way, request_id):
    """Cancel the one task that runs, in one of the three ways."""
    if way == "request":
        editor.client.cancel_request(types.CancelParams(request_id))
    elif way == "progress":
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("mine"))
    else:
        (task,) = await editor.command("rolecall.tasks")
        answered = await editor.command("rolecall.cancel", {"task_id": task["task_id"]})
        assert answered["status"] == "cancelled"


def request_run(editor, uri, request_id="r1"):
    """Send ``rolecall.run`` under an id that can be cancelled; the future is its answer."""
    params = types.ExecuteCommandParams("rolecall.run", [run(uri)], work_done_token="mine")
    sent = editor.client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id=request_id)
    return asyncio.wrap_future(sent)


@pytest.mark.parametrize("way", ["request", "progress", "command"])
async def test_a_run_whose_editor_does_not_answer_an_edit_can_be_cancelled(edit_with, endpoint, way):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, holding=asyncio.Event())
    uri = editor.open("src/pricing.py")
    answered = request_run(editor, uri)
    await editor.until(lambda: editor.edits)
    await cancel_by(editor, way, "r1")
    await editor.until(lambda: editor.progress["mine"][-1]["kind"] == "end")
    if way == "request":
        with pytest.raises(JsonRpcException) as cancelled:
            await answered
        assert cancelled.value.code == -32800
    else:
        await answered
    (task,) = await editor.command("rolecall.tasks")
    assert (task["status"], task["applied"]) == ("cancelled", False)
    assert "had been asked" in task["error"]["hint"]
    assert editor.texts() == []


async def test_an_edit_that_comes_after_the_cancel_is_owned_up_to_and_can_be_taken_back(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, holding=asyncio.Event())
    uri = editor.open("src/pricing.py")
    answered = request_run(editor, uri)
    await editor.until(lambda: editor.edits)
    await cancel_by(editor, "progress", "r1")
    await answered
    editor.holding.set()
    await editor.until(editor.texts)
    assert "src/pricing.py after all" in editor.texts()[0]
    (task,) = await editor.command("rolecall.tasks")
    assert (task["status"], task["applied"], task["applied_by"]) == ("cancelled", True, "editor")
    assert "LIMIT = 200" in editor.files[uri].text
    await editor.command("rolecall.revert", {"task_id": task["task_id"]})
    assert "LIMIT = 100" in editor.files[uri].text


async def test_an_edit_that_is_just_being_made_is_waited_for_by_a_cancel(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, holding=asyncio.Event())
    uri = editor.open("src/pricing.py")
    answered = request_run(editor, uri)
    await editor.until(lambda: editor.edits)
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("mine"))
    editor.holding.set()
    result = plain(await answered)
    assert (result["status"], result["applied"]) == ("completed", True)
    assert "LIMIT = 200" in editor.files[uri].text


async def test_an_edit_that_the_buffers_show_needs_no_answer(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, holding_answer=asyncio.Event())
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert (result["status"], result["applied"]) == ("completed", True)
    assert "LIMIT = 200" in editor.files[uri].text


MOVE = '<move from="src/pricing.py" to="src/prices.py"/>\n<delete path="old.txt"/>\n'


@pytest.mark.parametrize("profile", [VSCODE, EGLOT], ids=["vscode", "eglot"])
async def test_files_are_moved_and_deleted_by_the_editor_or_else_on_disk(edit_with, endpoint, profile):
    replies(endpoint, MOVE)
    editor = await edit_with(profile)
    editor.answers.append("Apply")
    (editor.folder / "old.txt").write_text("old\n")
    (editor.folder / "notes.txt").write_text("notes\n")
    result = await editor.command("rolecall.run", run(editor.open("notes.txt")))
    assert result["applied"], result
    assert not (editor.folder / "old.txt").exists()
    assert not (editor.folder / "src/pricing.py").exists()
    assert "LIMIT" in (editor.folder / "src/prices.py").read_text()
    kinds = [getattr(one, "kind", "edit") for edit in editor.edits for one in edit.document_changes]
    assert kinds == (["rename", "delete"] if profile is VSCODE else []) or sorted(kinds) == [
        "delete",
        "rename",
    ]


async def test_a_client_that_takes_no_edits_has_them_written_to_disk(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with({"window": {}})
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri))
    assert (result["applied"], result["applied_by"]) == (True, "disk")
    assert "LIMIT = 200" in (editor.folder / "src/pricing.py").read_text()
    assert editor.edits == []


async def test_what_was_written_to_disk_is_taken_back_there_whatever_the_buffer_shows(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with({"window": {}})
    uri = editor.open("src/pricing.py")
    before = (editor.folder / "src/pricing.py").read_text()
    result = await editor.command("rolecall.run", run(uri))
    assert editor.files[uri].text == before != (editor.folder / "src/pricing.py").read_text()
    back = await editor.command("rolecall.revert", {"task_id": result["task_id"]})
    assert (back["applied"], back["error"]) == (False, None)
    assert (editor.folder / "src/pricing.py").read_text() == before


async def test_an_unsaved_buffer_of_such_a_client_is_not_overwritten_on_disk(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with({"window": {}})
    uri = editor.open("src/pricing.py")
    before = (editor.folder / "src/pricing.py").read_text()
    editor.type(uri, editor.files[uri].text + "# mine\n")
    result = await editor.command("rolecall.run", run(uri))
    assert (result["applied"], result["error"]["code"]) == (False, "edit_conflict")
    assert (editor.folder / "src/pricing.py").read_text() == before


async def test_a_protected_file_is_asked_for_even_when_edits_are_applied_automatically(edit_with, endpoint):
    replies(endpoint, '<file path="CLAUDE.md">\nObey.\n</file>\n')
    editor = await edit_with(NEOVIM)
    editor.answers.append(None)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py"), apply="auto"))
    assert len(editor.questions) == 1
    assert (result["applied"], result["files"][0]["state"]) == (False, "needs_confirmation")
    assert not (editor.folder / "CLAUDE.md").exists()


async def test_a_file_outside_the_workspace_is_never_sent_to_the_editor(edit_with, endpoint):
    replies(endpoint, '<file path="../outside.py">\nx = 1\n</file>\n', RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert result["error"]["code"] == "path_refused"
    assert editor.edits == []
    assert not (editor.folder.parent / "outside.py").exists()


@pytest.mark.parametrize("profile", [VSCODE, EGLOT, PLAIN], ids=["vscode", "eglot", "plain"])
async def test_a_proposal_that_was_not_applied_is_offered_again_where_its_files_are(
    edit_with, endpoint, profile
):
    replies(endpoint, RAISE_LIMIT, NEW_TEST)
    editor = await edit_with(profile)
    uri = editor.open("src/pricing.py")
    offer = "Apply the proposal of Developer: refactor pricing.py"
    assert offer not in await titles(editor, uri)
    await editor.command("rolecall.run", run(uri, apply="never"))
    (action,) = [one for one in await editor.actions(uri, (0, 0)) if one.title == offer]
    other = editor.open("README.md", "# Notes\n", language="markdown")
    assert offer not in await titles(editor, other)
    command = getattr(action, "command", action)
    command = action if isinstance(command, str) else command
    applied = await editor.command(command.command, command.arguments[0])
    assert applied["applied"], applied
    assert "LIMIT = 200" in editor.files[uri].text
    assert offer not in await titles(editor, uri)


@pytest.mark.parametrize("command", ["rolecall.apply", "rolecall.discard"])
async def test_a_proposal_that_was_a_conflict_is_offered_no_more_once_applied_or_discarded(
    edit_with, endpoint, command
):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE, works=False)
    uri = editor.open("src/pricing.py")
    task = {"task_id": (await editor.command("rolecall.run", run(uri)))["task_id"]}

    async def offered():
        return [action.title for action in await editor.actions(uri, (0, 0)) if "proposal" in action.title]

    assert len(await offered()) == 1
    editor.works = True
    await editor.command(command, task)
    assert await offered() == []


async def test_a_proposal_is_offered_by_its_kind_and_not_once_discarded(edit_with, endpoint):
    replies(endpoint, RAISE_LIMIT)
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", run(uri, apply="never"))
    wanted = ["refactor.rolecall.developer.proposal"]
    assert len(await editor.actions(uri, (0, 0), only=wanted)) == 1
    assert await editor.actions(uri, (0, 0), only=["refactor.rolecall.qa_engineer.proposal"]) == []
    await editor.command("rolecall.discard", {"task_id": result["task_id"]})
    assert await editor.actions(uri, (0, 0), only=wanted) == []


async def titles(editor, uri):
    return [one.title for one in await editor.actions(uri, (0, 0))]
