"""What happens to a file while the model writes: no text is lost, whatever it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from lsprotocol import types

from fakes.endpoint import DONE, Until, answer, chunk, stream
from fakes.lsp_profiles import NEOVIM, VSCODE

PATH = "src/pricing.py"
RAISE_LIMIT = (
    f'<edit path="{PATH}">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
)
RENAME_LIMIT = RAISE_LIMIT.replace("LIMIT = 200", "LIMIT = 300")

pytestmark = pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=["vscode", "neovim"])


class Generation:
    """A run that waits for its last words until something has happened in the editor."""

    def __init__(self, editor: Any, uri: str, running: asyncio.Task[Any], ready: asyncio.Event) -> None:
        self.editor, self.uri = editor, uri
        self._running, self._ready = running, ready

    @property
    def text(self) -> str:
        return self.editor.files[self.uri].text

    async def finish(self) -> Any:
        """Let the model end, after the server has read all that the editor sent."""
        await self.editor.command("rolecall.tasks")
        self._ready.set()
        return await self._running


@asynccontextmanager
async def generating(edit_with: Any, endpoint: Any, profile: Any) -> AsyncIterator[Generation]:
    ready = asyncio.Event()
    endpoint.replies.append(
        stream(chunk(RAISE_LIMIT), Until(ready), chunk('<done files="1"/>\n'), chunk(finish="stop"), DONE)
    )
    editor = await edit_with(profile)
    editor.surroundings.extra["ROLECALL_APPLY__REPAIR_ROUNDS"] = "0"
    editor = await edit_with(profile)
    uri = editor.open(PATH)
    argument = {"role": "developer", "task": "refactor", "uri": uri}
    running = asyncio.create_task(editor.command("rolecall.run", argument))
    await endpoint.received(1)
    yield Generation(editor, uri, running, ready)


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "# before\n" + text,
        lambda text: text + "# after\n",
        replaced("LIMIT = 100\n", "# above\nLIMIT = 100\n# below\n"),
    ],
    ids=["before the hunk", "after the hunk", "beside the hunk"],
)
async def test_what_is_edited_around_the_hunk_stays_and_the_hunk_is_applied(
    edit_with, endpoint, profile, edit
):
    async with generating(edit_with, endpoint, profile) as run:
        mine = edit(run.text)
        run.editor.type(run.uri, mine)
        result = await run.finish()
        assert (result["status"], result["applied"]) == ("completed", True), result
        assert run.text == mine.replace("LIMIT = 100", "LIMIT = 200")


async def test_what_is_edited_inside_the_hunk_is_a_conflict_and_stays(edit_with, endpoint, profile):
    async with generating(edit_with, endpoint, profile) as run:
        mine = run.text.replace("LIMIT = 100", "LIMIT = 7")
        run.editor.type(run.uri, mine)
        result = await run.finish()
        assert (result["error"]["code"], result["files"][0]["state"]) == ("edit_conflict", "conflict")
        assert run.text == mine
        assert run.editor.edits == []
        assert "+LIMIT = 200" in result["files"][0]["diff"]


async def test_an_edit_whose_place_became_ambiguous_is_a_conflict(edit_with, endpoint, profile):
    async with generating(edit_with, endpoint, profile) as run:
        mine = run.text + run.text
        run.editor.type(run.uri, mine)
        result = await run.finish()
        assert (result["error"]["code"], result["files"][0]["state"]) == ("edit_conflict", "conflict")
        assert run.text == mine
        assert run.editor.edits == []


async def test_a_document_closed_with_its_edits_thrown_away_is_edited_as_it_is_on_disk(
    edit_with, endpoint, profile
):
    async with generating(edit_with, endpoint, profile) as run:
        run.editor.type(run.uri, "# never saved\n" + run.text)
        run.editor.close(run.uri)
        result = await run.finish()
        assert result["applied"], result
        reopened = run.editor.files.get(run.uri)
        text = reopened.text if reopened else (run.editor.folder / PATH).read_text()
        assert "LIMIT = 200" in text
        assert "never saved" not in text


async def test_a_file_deleted_meanwhile_is_a_conflict_and_stays_deleted(edit_with, endpoint, profile):
    async with generating(edit_with, endpoint, profile) as run:
        run.editor.close(run.uri)
        (run.editor.folder / PATH).unlink()
        result = await run.finish()
        assert (result["error"]["code"], result["files"][0]["state"]) == ("edit_conflict", "conflict")
        assert not (run.editor.folder / PATH).exists()
        assert run.editor.edits == []


async def test_a_file_renamed_meanwhile_is_a_conflict_and_keeps_its_text_under_its_new_name(
    edit_with, endpoint, profile
):
    async with generating(edit_with, endpoint, profile) as run:
        before, moved = run.text, run.editor.folder / "src/prices.py"
        run.editor.close(run.uri)
        (run.editor.folder / PATH).rename(moved)
        run.editor.open("src/prices.py")
        result = await run.finish()
        assert result["error"]["code"] == "edit_conflict"
        assert moved.read_text() == before
        assert not (run.editor.folder / PATH).exists()


async def test_a_file_changed_on_disk_only_does_not_touch_the_open_buffer(edit_with, endpoint, profile):
    async with generating(edit_with, endpoint, profile) as run:
        on_disk = run.editor.folder / PATH
        theirs = "# by another program\n" + on_disk.read_text()
        on_disk.write_text(theirs)
        result = await run.finish()
        assert result["applied"], result
        assert "LIMIT = 200" in run.text
        assert on_disk.read_text() == theirs


@pytest.mark.parametrize("same_lines", [True, False])
async def test_two_tasks_on_one_file_see_each_others_edits(edit_with, endpoint, profile, same_lines):
    async with generating(edit_with, endpoint, profile) as run:
        other = (
            RENAME_LIMIT
            if same_lines
            else RENAME_LIMIT.replace("LIMIT = 100", "def discounted").replace(
                "LIMIT = 300", "# quick\ndef discounted"
            )
        )
        assert same_lines or "def discounted" in run.text
        if not same_lines:
            line = next(line for line in run.text.split("\n") if line.startswith("def discounted"))
            other = other.replace("def discounted", line)
        endpoint.replies.append(answer(other, '<done files="1"/>\n'))
        argument = {"role": "developer", "task": "harden", "uri": run.uri}
        quick = await run.editor.command("rolecall.run", argument)
        assert quick["applied"], quick
        result = await run.finish()
        assert result["applied"] is not same_lines
        assert ("LIMIT = 300" in run.text) is same_lines
        assert ("LIMIT = 200" in run.text and "# quick" in run.text) is not same_lines


async def test_a_folder_taken_out_of_the_workspace_is_not_written_to(edit_with, endpoint, profile, tmp_path):
    async with generating(edit_with, endpoint, profile) as run:
        other = tmp_path / "other"
        other.mkdir()
        event = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(other.as_uri(), "other")],
            removed=[types.WorkspaceFolder(run.editor.folder.as_uri(), "project")],
        )
        run.editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        result = await run.finish()
        assert (result["applied"], result["error"]["code"]) == (False, "path_refused")
        assert run.editor.edits == []
        assert "LIMIT = 100" in run.text


async def test_a_folder_taken_out_is_not_written_to_while_its_successors_are_still_being_opened(
    edit_with, endpoint, profile, tmp_path
):
    """The new session waits for settings that the editor takes its time to send; the run ends before."""

    async def never(_: Any) -> None:
        await asyncio.Event().wait()

    async with generating(edit_with, endpoint, profile) as run:
        other = tmp_path / "other"
        other.mkdir()
        run.editor.client.protocol.fm.features[types.WORKSPACE_CONFIGURATION] = never
        event = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(other.as_uri(), "other")],
            removed=[types.WorkspaceFolder(run.editor.folder.as_uri(), "project")],
        )
        run.editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await run.editor.actions(run.uri, (0, 0))
        run._ready.set()
        result = await run._running
        assert (result["applied"], result["error"]["code"]) == (False, "path_refused")
        assert "LIMIT = 100" in run.text


async def test_a_folder_added_meanwhile_leaves_the_unsaved_text_of_open_documents_in_view(
    edit_with, endpoint, profile, tmp_path
):
    """With it every file has another name, and the run still goes by the old ones."""
    async with generating(edit_with, endpoint, profile) as run:
        mine = "# unsaved\n" + run.text
        other = tmp_path / "other"
        other.mkdir()
        event = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(other.as_uri(), "other")], [])
        run.editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        run.editor.type(run.uri, mine)
        status = await run.editor.command("rolecall.status")
        assert len(status["workspace"]) == 2
        before = (run.editor.folder / PATH).read_text()
        result = await run.finish()
        assert (result["applied"], result["applied_by"]) == (True, "editor"), result
        assert run.text == mine.replace("LIMIT = 100", "LIMIT = 200")
        assert (run.editor.folder / PATH).read_text() == before


async def test_an_editor_that_is_gone_leaves_the_disk_as_it_was(edit_with, endpoint, profile):
    async with generating(edit_with, endpoint, profile) as run:
        before = (run.editor.folder / PATH).read_text()
        server = run.editor.client._server
        server.stdin.close()
        assert await asyncio.wait_for(server.wait(), 10) == 0
        assert (run.editor.folder / PATH).read_text() == before
        run._running.cancel()
        await asyncio.gather(run._running, return_exceptions=True)


async def test_a_file_opened_while_the_model_writes_counts_with_its_unsaved_text(
    edit_with, endpoint, profile
):
    async with generating(edit_with, endpoint, profile) as run:
        run.editor.close(run.uri)
        mine = (run.editor.folder / PATH).read_text() + "# unsaved\n"
        run.editor.open(PATH, mine)
        result = await run.finish()
        assert result["applied"], result
        assert run.text == mine.replace("LIMIT = 100", "LIMIT = 200")
        assert types.TEXT_DOCUMENT_DID_OPEN in {one.get("method") for _, one in run.editor.wire.messages}
