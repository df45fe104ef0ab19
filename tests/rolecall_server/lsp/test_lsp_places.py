"""Several roots, unsaved buffers, several clients: every text and task in its own place."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from lsprotocol import types

from fakes.endpoint import DONE, Until, answer, chunk, stream
from fakes.lsp_editor import UNITS, workspace_folder
from fakes.lsp_profiles import VSCODE

NEW_TEST = '<file path="tests/test_pricing.py">\ndef test_it():\n    assert True\n</file>\n'
NAMES = (None, "Visual Studio Code", "Neovim", "helix", "Emacs", "Zed")


def edit(path, old, new):
    return f'<edit path="{path}">\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n</edit>\n'


def replies(endpoint, *blocks):
    endpoint.replies.append(answer(*blocks, f'<done files="{len(blocks)}"/>\n'))


def run(uri, **more):
    return {"role": "developer", "task": "refactor", "uri": uri, **more}


@pytest.mark.parametrize("encoding", UNITS)
async def test_a_change_that_the_editor_tells_lands_in_its_place_in_every_encoding(
    edit_with, endpoint, encoding
):
    editor = await edit_with(VSCODE | {"general": {"positionEncodings": [encoding]}})
    uri = editor.open("notes.md", "begin\n«ß𝒳» end; 🦆\n", language="markdown")
    start, end = (types.Position(1, UNITS[encoding](text)) for text in ("«ß𝒳» ", "«ß𝒳» end"))
    editor.client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(2, uri),
            [types.TextDocumentContentChangePartial(types.Range(start, end), "fin")],
        )
    )
    await editor.command("rolecall.run", run(uri))
    assert "\nbegin\n«ß𝒳» fin; 🦆\n" in endpoint.completions[0].json["messages"][-1]["content"]


@pytest.fixture
async def twins(edit_with, tmp_path):
    """An editor with two roots of one name, each with its own file of one path; and the files' URIs."""
    folders = [tmp_path / "one" / "app", tmp_path / "two" / "app"]
    for number, folder in enumerate(folders, 1):
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "a.py").write_text(f"VALUE = {number}\n")
    params = {"workspace_folders": [workspace_folder(folder) for folder in folders]}
    editor = await edit_with(VSCODE, folder=folders[0], params=params)
    return editor, [editor.open(str(folder / "src" / "a.py")) for folder in folders]


async def test_equal_names_of_roots_are_numbered_and_each_file_goes_to_its_own(edit_with, endpoint, twins):
    editor, (one, two) = twins
    await editor.command("rolecall.run", run(one))
    replies(
        endpoint,
        edit("app/src/a.py", "VALUE = 1", "VALUE = 10"),
        edit("app-2/src/a.py", "VALUE = 2", "VALUE = 20"),
    )
    result = await editor.command("rolecall.run", run(two, apply="auto"))
    assert result["applied"], result
    assert [editor.files[uri].text for uri in (one, two)] == ["VALUE = 10\n", "VALUE = 20\n"]
    first, second = (request.json["messages"][-1]["content"] for request in endpoint.completions)
    assert 'kind="target" path="app/src/a.py"' in first
    assert 'kind="target" path="app-2/src/a.py"' in second


async def test_a_path_without_a_root_belongs_to_the_root_of_the_file_that_was_asked_about(
    edit_with, endpoint, twins
):
    editor, (one, two) = twins
    replies(endpoint, edit("src/a.py", "VALUE = 2", "VALUE = 20"))
    result = await editor.command("rolecall.run", run(two))
    assert [file["path"] for file in result["files"]] == ["app-2/src/a.py"]
    assert [editor.files[uri].text for uri in (one, two)] == ["VALUE = 1\n", "VALUE = 20\n"]


async def test_an_edit_is_made_from_the_unsaved_buffer(edit_with, endpoint):
    replies(endpoint, edit("src/pricing.py", "UNSAVED = 1", "UNSAVED = 2"))
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py")
    editor.type(uri, "# mine\nUNSAVED = 1\n")
    result = await editor.command("rolecall.run", run(uri))
    assert result["applied"], result
    assert editor.files[uri].text == "# mine\nUNSAVED = 2\n"
    assert "UNSAVED" not in (editor.folder / "src/pricing.py").read_text()


async def test_two_clients_at_once_have_each_their_own(edit_with, endpoint, project, tmp_path):
    shutil.copytree(project, tmp_path / "second")
    ready = asyncio.Event()
    editors, running = [], []
    for number, folder in enumerate((project, tmp_path / "second")):
        block = edit("src/pricing.py", "LIMIT = 100", f"LIMIT = 20{number}")
        last = chunk('<done files="1"/>\n')
        endpoint.replies.append(stream(chunk(block), Until(ready), last, chunk(finish="stop"), DONE))
        editor = await edit_with(VSCODE, folder=folder, options={"events": True})
        asking = editor.command("rolecall.run", run(editor.open("src/pricing.py")), token=f"mine-{number}")
        running.append(asyncio.create_task(asking))
        await endpoint.received(number + 1)
        editors.append(editor)
    ready.set()
    results = await asyncio.gather(*running)
    for number, (editor, result) in enumerate(zip(editors, results, strict=True)):
        assert result["applied"], result
        assert f"LIMIT = 20{number}" in editor.files[editor.uri("src/pricing.py")].text
        assert {event["task_id"] for event in editor.events} == {result["task_id"]}
        assert list(editor.progress) == [f"mine-{number}"]


@pytest.mark.parametrize("served", ["shared"], indirect=True)
async def test_a_proposal_of_one_client_is_applied_by_another_of_its_workspace(edit_with, endpoint):
    replies(endpoint, edit("src/pricing.py", "LIMIT = 100", "LIMIT = 200"))
    asking, applying = await edit_with(VSCODE), await edit_with(VSCODE)
    uris = [editor.open("src/pricing.py") for editor in (asking, applying)]
    result = await asking.command("rolecall.run", run(uris[0], apply="never"))
    applied = await applying.command("rolecall.apply", {"task_id": result["task_id"]})
    assert applied["applied"], applied
    assert "LIMIT = 200" in applying.files[uris[1]].text
    assert "LIMIT = 100" in asking.files[uris[0]].text


async def test_the_name_of_a_client_changes_nothing(edit_with, endpoint, project, tmp_path):
    seen = []
    for number, name in enumerate(NAMES):
        folder = tmp_path / f"project-{number}"
        shutil.copytree(project, folder)
        replies(endpoint, NEW_TEST, edit("src/pricing.py", "LIMIT = 100", "LIMIT = 200"))
        info = {} if name is None else {"client_info": types.ClientInfo(name, "1.0")}
        editor = await edit_with(VSCODE, folder=folder, params=info)
        uri = editor.open("src/pricing.py")
        menu = [(one.title, one.command) for one in await editor.actions(uri, (5, 4))]
        result = await editor.command("rolecall.run", run(uri))
        seen.append((menu, editor.files[uri].text, [file["state"] for file in result["files"]]))
    assert seen == [seen[0]] * len(NAMES)
    assert seen[0][2] == ["applied", "applied"]
