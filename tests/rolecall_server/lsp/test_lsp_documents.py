"""Which documents count, and what they are called: notebooks, several folders, huge ones."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from lsprotocol import types

from fakes.endpoint import answer
from fakes.lsp_profiles import VSCODE
from fakes.patience import PATIENCE_S
from rolecall.caller import Caller
from rolecall.errors import PathRefused
from rolecall.workspace.folder import Workspace
from rolecall_server.host import Host
from rolecall_server.lsp.code_actions import actions
from rolecall_server.lsp.documents import OpenDocuments, is_notebook
from rolecall_server.lsp.lifecycle import roots_of
from rolecall_server.lsp.server import create_server
from rolecall_server.lsp.titles import name_in

CELL = "vscode-notebook-cell:/home/me/book.ipynb#W0sZmlsZQ%3D%3D"
NOTEBOOK = (
    json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1\n"]}], "nbformat": 4}, indent=1) + "\n"
)
CHANGE = (
    '<edit path="book.ipynb">\n<<<<<<< SEARCH\n    "x = 1\\n"\n=======\n    "x = 2\\n"\n>>>>>>> REPLACE\n</edit>\n'
    '<done files="1"/>\n'
)


def run(uri, **about):
    return {"role": "developer", "task": "refactor", "uri": uri, **about}


def menu(connection, uri, line=0):
    spot = {"line": line, "character": 0}
    return actions(
        connection,
        {"textDocument": {"uri": uri}, "range": {"start": spot, "end": spot}, "context": {"diagnostics": []}},
    )


async def test_notebooks_and_their_cells_are_refused_with_what_to_do(edit_with, endpoint):
    editor = await edit_with(VSCODE)
    (editor.folder / "book.ipynb").write_text(NOTEBOOK)
    notebook = editor.open("book.ipynb", language="json")
    cell = types.TextDocumentItem(CELL, "python", 1, "x = 1\n")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(cell))
    change = types.TextDocumentContentChangePartial(
        types.Range(types.Position(0, 4), types.Position(0, 5)), "2"
    )
    editor.client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, CELL), [change])
    )
    for uri in (notebook, CELL):
        assert await editor.actions(uri, (0, 0)) == []
        result = await editor.command("rolecall.run", run(uri))
        assert (result["status"], result["error"]["code"]) == ("failed", "path_refused")
        assert result["error"]["message"].startswith("book.ipynb is a notebook")
        assert "nbconvert" in result["error"]["hint"]
    assert endpoint.completions == []
    assert ["book.ipynb" in text for text in editor.texts()] == [True, True]
    editor.client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(CELL))
    )
    assert await editor.actions(editor.open("src/pricing.py"), (8, 0))


async def test_notebook_synchronization_is_not_offered_and_not_taken(edit_with):
    editor = await edit_with(VSCODE)
    assert editor.initialized.capabilities.notebook_document_sync is None
    for name in ("didOpen", "didChange", "didSave", "didClose"):
        odd = {"notebookDocument": {"uri": "file:///a.ipynb", "version": 1}, "cellTextDocuments": None}
        message = {"jsonrpc": "2.0", "method": f"notebookDocument/{name}", "params": odd}
        editor.client.protocol._send_data(message)
    asked = {"jsonrpc": "2.0", "id": "asked", "method": "notebookDocument/didOpen", "params": {}}
    editor.client.protocol._send_data(asked)
    assert await editor.actions(editor.open("src/pricing.py"), (8, 0))
    assert [
        one["error"]["code"] for way, one in editor.wire.messages if (way, one.get("id")) == ("got", "asked")
    ] == [-32601]
    assert editor.texts() == []


async def test_an_answer_that_changes_a_notebook_is_asked_about_and_written_to_disk(edit_with, endpoint):
    """The editor would open its text beside the notebook; what is on disk the notebook takes up."""
    editor = await edit_with(VSCODE)
    editor.answers.append("Apply")
    (editor.folder / "book.ipynb").write_text(NOTEBOOK)
    endpoint.replies.append(answer(CHANGE))
    result = await editor.command("rolecall.run", run(editor.open("src/pricing.py")))
    assert (result["files"][0]["state"], result["applied"]) == ("applied", True), result
    assert len(editor.questions) == 1
    assert editor.edits == []
    assert (editor.folder / "book.ipynb").read_text() == NOTEBOOK.replace("x = 1", "x = 2")


@pytest.mark.parametrize(
    ("uri", "notebook", "name"),
    [
        (CELL, True, "book.ipynb"),
        ("vscode-notebook-cell-output:/a/b.ipynb?x#y", True, "b.ipynb"),
        ("file:///a/B.IPYNB", True, "B.IPYNB"),
        ("file:///a/b.ipynb.py", False, "b.ipynb.py"),
        ("file:///notebook/a%20b.py", False, "a b.py"),
        ("untitled:Untitled-1", False, "Untitled-1"),
    ],
)
def test_notebooks_are_known_by_their_uri(uri, notebook, name):
    assert is_notebook(uri) is notebook
    assert name_in(uri) == name


@pytest.fixture
def folders(tmp_path):
    """Two folders of one name, one in the other's sibling, and one nested in the first."""
    made = [tmp_path / "a/app", tmp_path / "b/app", tmp_path / "a/app/web"]
    for folder in made:
        folder.mkdir(parents=True)
        (folder / "x y.py").write_text("def f():\n    pass\n")
    return made


def test_each_document_has_one_name_by_its_innermost_folder(folders, tmp_path):
    documents, workspace = OpenDocuments(), Workspace(folders)
    uris = [(folder / "x y.py").as_uri() for folder in folders]
    documents.open(uris[0], "early", 1, "python")
    documents.place_in(workspace, tmp_path)
    for uri in uris[1:]:
        documents.open(uri, "late", 1, "python")
    names = ["app/x y.py", "app-2/x y.py", "web/x y.py"]
    assert [documents.path_of(uri) for uri in uris] == names
    seen = documents.seen_from(workspace)
    assert sorted(seen.paths()) == sorted(names)
    assert [seen.buffer_at(name).uri for name in names] == uris
    assert seen.buffer_at("app/web/x y.py").uri == uris[2]
    assert seen.buffer_at("../x y.py") is None
    assert seen.get("nowhere/x y.py") is None


def test_a_document_keeps_its_old_name_for_those_who_began_with_it(folders, tmp_path):
    documents, first = OpenDocuments(), Workspace(folders[:1])
    both, second = Workspace(folders[:2]), Workspace(folders[1:2])
    uri = (folders[0] / "x y.py").as_uri()
    documents.place_in(first, tmp_path)
    documents.open(uri, "text", 1, "python")
    documents.place_in(both, tmp_path)
    assert documents.path_of(uri) == "app/x y.py"
    assert documents.seen_from(first).get("x y.py").text == "text"
    documents.place_in(second, tmp_path)
    assert documents.path_of(uri) is None
    assert documents.seen_from(second).paths() == []
    assert documents.seen_from(first).paths() == ["x y.py"]
    documents.close(uri)
    assert documents.seen_from(first).get("x y.py") is None


async def test_a_document_outside_of_all_folders_and_one_without_any_have_no_menu(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    caller = Caller({"HOME": str(home)}, home)
    for roots in ([], [tmp_path / "project"]):
        connection = create_server(Host(), caller, roots=roots).connection
        await connection.roles_known()
        uri = (tmp_path / "elsewhere.py").as_uri()
        connection.documents.open(uri, "def f():\n    pass\n", 1, "python")
        assert menu(connection, uri) == []
        session = await connection.ready()
        with pytest.raises(PathRefused) as refused:
            session.workspace.relative(uri, caller.cwd)
        assert refused.value.hint
        await connection.close()


async def test_many_changes_of_folders_end_in_one_session_of_the_last(tmp_path, monkeypatch):
    connection = create_server(Host(), Caller({"HOME": str(tmp_path)}, tmp_path), roots=[tmp_path]).connection
    first = await connection.ready()
    loop, opening, go_on, opened = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), []
    open_session = connection._open_session

    def slowly(roots):
        loop.call_soon_threadsafe(opening.set)
        assert go_on.wait(PATIENCE_S)
        opened.append(open_session(roots))
        return opened[-1]

    monkeypatch.setattr(connection, "_open_session", slowly)
    folders = [tmp_path / f"folder{number}" for number in range(20)]
    reopening = []
    for folder in folders:
        folder.mkdir()
        connection.roots = (*connection.roots, folder)
        reopening.append(connection.spawn(connection.reopen(), "reopen"))
        await opening.wait()
    go_on.set()
    await asyncio.gather(*reopening)
    assert connection.session.workspace.roots == (tmp_path, *folders)
    assert [*connection._former, connection.session] == [first, *opened]
    assert len(opened) == 2
    await connection.close()


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"rootPath": "/a b"}, ["/a b"]),
        ({"rootUri": "file:///a%20b/"}, ["/a b"]),
        ({"rootPath": "/other", "rootUri": "file:///a"}, ["/a"]),
        ({"rootPath": "relative", "rootUri": None}, []),
        ({"rootUri": "untitled:x", "rootPath": "/a"}, ["/a"]),
        ({"workspaceFolders": [], "rootUri": "file:///a"}, ["/a"]),
        ({"workspaceFolders": None, "rootUri": None, "rootPath": None}, []),
        ({"workspaceFolders": [{"uri": "file:///a/b"}, {"uri": 7}, {"uri": "ssh://x/c"}]}, ["/a/b"]),
    ],
)
def test_the_folders_are_those_that_the_client_names(params, found):
    assert roots_of(params) == [Path(path) for path in found]


HUGE = [
    pytest.param("    value = compute(x)  # some more of it\n" * 200_000, id="200,000 lines"),
    pytest.param("a\U0001d4b3b" * 1_700_000, id="one line of 5 MB"),
    pytest.param(("x = '" + "«ß»" * 20 + "'\n") * 900_000, id="60 MB"),
]


@pytest.mark.parametrize("text", HUGE)
async def test_a_huge_document_has_its_menu_at_once(text, tmp_path):
    connection = create_server(Host(), Caller({"HOME": str(tmp_path)}, tmp_path), roots=[tmp_path]).connection
    await connection.roles_known()
    uri = (tmp_path / "a.py").as_uri()
    connection.documents.open(uri, text, 1, "python")
    lines = text.count("\n")
    for number in range(10):
        spot = types.Position(lines * number // 10, 3)
        change = types.TextDocumentContentChangePartial(types.Range(spot, spot), "«\U0001d4b3»")
        identifier = types.VersionedTextDocumentIdentifier(number + 2, uri)
        connection.documents.change(types.DidChangeTextDocumentParams(identifier, [change]))
        assert menu(connection, uri, lines * number // 10)
    assert connection.documents.buffer(uri)._text is None  # never put together for a menu
    await connection.close()


async def test_a_run_in_a_huge_document_edits_its_end_beside_a_letter_beyond_the_basic_plane(
    edit_with, endpoint
):
    last = "LIMIT = '\U0001d4b3'; rest = 100"
    text = "".join(f"    value_{number} = compute({number})  # «ß»\n" for number in range(60_000)) + last
    done = last.replace("100", "200")
    blocks = f"<<<<<<< SEARCH\n{last}\n=======\n{done}\n>>>>>>> REPLACE\n"
    endpoint.replies.append(answer(f'<edit path="src/pricing.py">\n{blocks}</edit>\n<done files="1"/>\n'))
    editor = await edit_with(VSCODE)
    editor.surroundings.extra["ROLECALL_CONTEXT__MAX_FILE_BYTES"] = "100000000"
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", text)
    selected = {"start": {"line": 59_990, "character": 0}, "end": {"line": 60_000, "character": 5}}
    result = await editor.command("rolecall.run", run(uri, range=selected, version=1))
    assert result["applied"], result
    assert editor.files[uri].text == text.replace(last, done)
    assert "LIMIT = '\U0001d4b3'" in endpoint.completions[0].json["messages"][-1]["content"]
    ((edit,),) = [change["edits"] for change in editor.wire.document_changes()]
    assert edit["range"] == {
        "start": {"line": 60_000, "character": 0},
        "end": {"line": 60_000, "character": len(last) + 1},
    }


async def test_a_document_that_no_model_can_be_shown_is_refused_with_the_setting_to_raise(
    edit_with, endpoint
):
    editor = await edit_with(VSCODE)
    uri = editor.open("src/pricing.py", "x = '\U0001d4b3'\n" * 200_000)
    result = await editor.command("rolecall.run", run(uri))
    assert (result["status"], result["error"]["code"]) == ("failed", "configuration_invalid")
    assert "context.max_file_bytes" in result["error"]["hint"]
    assert endpoint.completions == []
