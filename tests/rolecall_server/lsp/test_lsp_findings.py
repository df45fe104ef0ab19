"""What a role finds, as diagnostics in the editor."""

from __future__ import annotations

from fakes.endpoint import answer
from fakes.lsp_profiles import NEOVIM, VSCODE

SHOWS = {**VSCODE, "textDocument": {**VSCODE["textDocument"], "publishDiagnostics": {"dataSupport": True}}}

REVIEW = (
    "Two findings.\n\n"
    "- `src/pricing.py`: `LIMIT = 100`: error: «🦀» no unit\n"
    "- `src/pricing.py:1`: note: a first line\n"
    "- `src/nowhere.py`: `x = 1`: warning: no such file\n"
    "- `../outside.py:1`: warning: not ours\n\n"
    '<done files="0"/>\n'
)


def review(uri):
    return {"role": "qa_engineer", "instruction": "review this file", "uri": uri}


async def reviewed(edit_with, endpoint, profile=SHOWS):
    endpoint.replies.append(answer(REVIEW))
    editor = await edit_with(profile)
    uri = editor.open("src/pricing.py")
    result = await editor.command("rolecall.run", review(uri))
    return editor, uri, result


def shown(editor, uri):
    return list(editor.client.diagnostics.get(uri, []))


async def test_findings_are_shown_on_their_lines_with_a_quick_fix(edit_with, endpoint):
    editor, uri, _ = await reviewed(edit_with, endpoint)
    await editor.until(lambda: shown(editor, uri))
    first, second = shown(editor, uri)
    assert (first.source, first.message, first.severity.name) == ("rolecall", "«🦀» no unit", "Error")
    assert (first.range.start.line, first.range.start.character) == (2, 0)
    assert first.range.end.character == len("LIMIT = 100")
    assert (second.range.start.line, second.severity.name) == (0, "Information")
    assert list(editor.client.diagnostics) == [uri]
    offered = await editor.actions(uri, (2, 0), diagnostics=[first])
    assert "quickfix.rolecall.developer.fix" in [action.kind for action in offered]


async def test_findings_go_when_their_text_changes(edit_with, endpoint):
    editor, uri, _ = await reviewed(edit_with, endpoint)
    await editor.until(lambda: shown(editor, uri))
    editor.type(uri, editor.files[uri].text + "# more\n")
    await editor.until(lambda: not shown(editor, uri))


async def test_findings_go_with_a_discard(edit_with, endpoint):
    editor, uri, result = await reviewed(edit_with, endpoint)
    await editor.until(lambda: shown(editor, uri))
    await editor.command("rolecall.discard", {"task_id": result["task_id"]})
    await editor.until(lambda: not shown(editor, uri))


async def test_a_client_that_shows_no_diagnostics_gets_none(edit_with, endpoint):
    profile = {**NEOVIM, "textDocument": {"codeAction": NEOVIM["textDocument"]["codeAction"]}}
    editor, uri, _ = await reviewed(edit_with, endpoint, profile)
    await editor.command("rolecall.tasks")
    assert shown(editor, uri) == []
