"""What other programs change on disk, while an editor is open."""

from __future__ import annotations

import asyncio
import os

import pytest
from lsprotocol import types

from fakes.endpoint import answer
from fakes.lsp_profiles import EGLOT, HELIX, NEOVIM, PLAIN, VSCODE
from rolecall.caller import Caller
from rolecall_server.host import Host
from rolecall_server.lsp.server import create_server

METHOD = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
SHOWS = {**VSCODE, "textDocument": {**VSCODE["textDocument"], "publishDiagnostics": {"dataSupport": True}}}
SILENT = {
    **SHOWS,
    "workspace": {**SHOWS["workspace"], "didChangeWatchedFiles": {"dynamicRegistration": False}},
}
OTHER = "src/[odd] name.py"
REVIEW = (
    f"- `src/pricing.py`: `LIMIT = 100`: error: no unit\n- {OTHER}:1: hint: odd\n\n" + '<done files="0"/>\n'
)
STRICT, BROKEN = "llm: {temperature: 0.125}\n", "llm: {temperature: 0.5\nllm: [\n"


def registered(editor):
    """The watchers of each registration, in order."""
    found = [
        one for params in editor.wire.got("client/registerCapability") for one in params["registrations"]
    ]
    return [one["registerOptions"]["watchers"] for one in found if one["method"] == METHOD]


def tell(editor, *uris):
    """The client says that something happened to files."""
    changes = [{"uri": uri, "type": number % 3 + 1} for number, uri in enumerate(uris)]
    editor.client.protocol._send_data({"jsonrpc": "2.0", "method": METHOD, "params": {"changes": changes}})


async def started(edit_with, *arguments, **traits):
    editor = await edit_with(*arguments, **traits)
    await editor.command("rolecall.status")
    return editor


async def reviewed(edit_with, endpoint, profile, review=REVIEW):
    """An editor that shows findings for a file that is open nowhere."""
    endpoint.replies.append(answer(review))
    editor = await edit_with(profile)
    uri = editor.open("pyproject.toml", language="toml")
    await editor.command("rolecall.run", {"role": "qa_engineer", "instruction": "review", "uri": uri})
    found = editor.uri("src/pricing.py")
    await editor.until(lambda: shown(editor, found))
    return editor, found


def shown(editor, uri):
    return list(editor.client.diagnostics.get(uri, []))


async def test_a_client_that_can_is_asked_to_watch_each_file_in_its_own_folder(edit_with):
    editor = await started(edit_with, VSCODE)
    await editor.until(lambda: registered(editor))
    (watchers,) = registered(editor)
    folder = {"baseUri": editor.folder.as_uri(), "pattern": ".rolecall.yaml"}
    assert folder in [one["globPattern"] for one in watchers]


@pytest.mark.parametrize("profile", [HELIX, EGLOT], ids=["helix", "emacs"])
async def test_a_client_without_relative_patterns_is_asked_by_name(edit_with, profile):
    editor = await started(edit_with, profile)
    await editor.until(lambda: registered(editor))
    assert registered(editor) == [[{"globPattern": "**/.rolecall.yaml"}]]


@pytest.mark.parametrize("profile", [NEOVIM, PLAIN, SILENT], ids=["neovim", "plain", "silent"])
async def test_a_client_that_registers_nothing_is_not_asked_to_watch(edit_with, profile):
    editor = await started(edit_with, profile)
    (editor.folder / ".rolecall.yaml").write_text(STRICT)
    await editor.command("rolecall.status")
    assert registered(editor) == []


async def test_files_with_findings_are_watched_too(edit_with, endpoint, project):
    (project / OTHER).write_text("x = 1\n")
    quoted = OTHER.replace(" ", "_")
    (project / quoted).write_text("x = 1\n")
    editor, _ = await reviewed(edit_with, endpoint, SHOWS, REVIEW.replace(OTHER, quoted))
    await editor.until(lambda: len(registered(editor)) == 2)
    patterns = [one["globPattern"] for one in registered(editor)[1]]
    folder = (editor.folder / "src").as_uri()
    assert {"baseUri": folder, "pattern": "pricing.py"} in patterns
    assert {"baseUri": folder, "pattern": "?odd?_name.py"} in patterns
    await editor.until(lambda: editor.wire.got("client/unregisterCapability"))


@pytest.mark.parametrize("profile", [SHOWS, SILENT], ids=["told", "untold"])
@pytest.mark.parametrize("change", ["changed", "vanished"])
async def test_findings_of_a_file_that_changed_on_disk_are_cleared(edit_with, endpoint, profile, change):
    editor, uri = await reviewed(edit_with, endpoint, profile)
    path = editor.folder / "src/pricing.py"
    if change == "changed":
        path.write_text("# by another program\n" + path.read_text())
    else:
        path.unlink()
    if profile is SHOWS:
        tell(editor, uri)
    await editor.until(lambda: not shown(editor, uri), 5)


async def test_findings_stay_while_their_text_does_whatever_the_client_tells(edit_with, endpoint):
    editor, uri = await reviewed(edit_with, endpoint, SHOWS)
    os.utime(editor.folder / "src/pricing.py", (1, 1))
    tell(editor, uri, editor.uri("src"))
    endpoint.replies.append(answer("- `pyproject.toml:1`: note: seen\n\n" + '<done files="0"/>\n'))
    argument = {"role": "qa_engineer", "instruction": "review", "uri": editor.uri("pyproject.toml")}
    await editor.command("rolecall.run", argument)
    await editor.until(lambda: shown(editor, editor.uri("pyproject.toml")))
    assert shown(editor, uri)


async def test_an_open_documents_findings_stay_when_the_disk_changes_and_go_when_it_closes(
    edit_with, endpoint
):
    editor, uri = await reviewed(edit_with, endpoint, SHOWS)
    path = editor.folder / "src/pricing.py"
    editor.open("src/pricing.py")
    await editor.command("rolecall.tasks")
    path.write_text("# by another program\n")
    tell(editor, uri)
    # A look at a file that is not open comes after the one that the event asked for.
    (editor.folder / ".rolecall.yaml").write_text(BROKEN)
    tell(editor, editor.uri(".rolecall.yaml"))
    await editor.until(lambda: any(".rolecall.yaml" in text for text in editor.texts()))
    assert shown(editor, uri)
    editor.close(uri)
    await editor.until(lambda: not shown(editor, uri), 5)


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=["told", "untold"])
async def test_saved_settings_of_the_workspace_count_from_the_next_run_on(edit_with, endpoint, profile):
    editor = await edit_with(profile)
    uri = editor.open("src/pricing.py")
    argument = {"role": "developer", "task": "refactor", "uri": uri}
    (editor.folder / ".rolecall.yaml").write_text(STRICT)
    if profile is VSCODE:
        tell(editor, editor.uri(".rolecall.yaml"))
    await editor.command("rolecall.run", argument)
    (editor.folder / ".rolecall.yaml").write_text(BROKEN)
    await editor.until(lambda: [text for text in editor.texts() if ".rolecall.yaml" in text], 5)
    tell(editor, editor.uri(".rolecall.yaml"), editor.uri(".rolecall.yaml"))
    await editor.command("rolecall.run", argument)
    assert [one.json["temperature"] for one in endpoint.completions] == [0.125, 0.125]
    (said,) = [text for text in editor.texts() if ".rolecall.yaml" in text]
    assert "not valid YAML" in said


async def test_a_burst_of_events_of_every_kind_costs_next_to_nothing(edit_with):
    editor = await started(edit_with, VSCODE)
    uri = editor.open("src/pricing.py")
    odd = ["untitled:Untitled-1", "file:///%ff%00", "file://elsewhere/x", "", "no uri", "file:///nowhere/at/all",
           editor.folder.as_uri(), editor.uri("src/%ZZ.py"), "vscode-notebook-cell:/a.ipynb#X"]  # fmt: skip
    tell(editor, *(odd + [editor.uri(f"build/{number}.o") for number in range(10_000)]))
    for params in (None, [], {}, {"changes": 7}, {"changes": [None, {"uri": 1}]}):
        editor.client.protocol._send_data({"jsonrpc": "2.0", "method": METHOD, "params": params})
    async with asyncio.timeout(5):
        assert await editor.actions(uri, (8, 0))
    assert editor.texts() == []


async def test_events_that_come_while_one_look_is_under_way_cost_one_more(tmp_path, monkeypatch):
    connection = create_server(Host(), Caller({"HOME": str(tmp_path)}, tmp_path), roots=[tmp_path]).connection
    looks, under_way, go_on = [], asyncio.Event(), asyncio.Event()

    async def look():
        looks.append(len(looks))
        under_way.set()
        await go_on.wait()

    monkeypatch.setattr(connection, "look", look)
    for _ in range(1_000):
        connection.watching.told()
    await under_way.wait()
    assert looks == [0]
    for _ in range(1_000):
        connection.watching.told()
    go_on.set()
    await connection.watching._looking
    assert looks == [0, 1]
    await connection.close()
