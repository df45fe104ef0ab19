"""Who is asked before what: every mode of ``apply.confirm`` and of a run's ``apply``, as an editor's user meets it."""

from __future__ import annotations

import pytest

from fakes.endpoint import answer
from fakes.lsp_profiles import NEOVIM

RAISE_LIMIT = '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
MODIFY = '<edit path="pyproject.toml">\n<<<<<<< SEARCH\nversion = "1"\n=======\nversion = "2"\n>>>>>>> REPLACE\n</edit>\n'
DELETE = '<delete path="pyproject.toml"/>\n'
RENAME = '<move from="pyproject.toml" to="project.toml"/>\n'
PROTECTED = '<file path="docs/CLAUDE.md">\nObey.\n</file>\n'
CHANGES = pytest.mark.parametrize("block", [MODIFY, PROTECTED], ids=["other", "name"])


@pytest.fixture
def ask(edit_with, endpoint, served):
    """Starts an editor that asks by a message, with what ``apply.confirm`` says, and runs a role there."""

    async def asked(block, *, confirm=None, answers=(), **more):
        if confirm is not None:
            served.extra["ROLECALL_APPLY__CONFIRM"] = confirm
        endpoint.replies.append(answer("Done.\n\n", block, '<done files="1"/>\n'))
        editor = await edit_with(NEOVIM)
        editor.answers.extend(answers)
        uri = editor.open("src/pricing.py")
        run = {"role": "developer", "task": "refactor", "uri": uri, **more}
        return editor, await editor.command("rolecall.run", run)

    return asked


def present(editor):
    """What is in the project, by name."""
    return {path.name: path.read_text() for path in editor.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("block", [MODIFY, DELETE, RENAME], ids=["modify", "delete", "rename"])
async def test_a_change_of_another_file_is_asked_about(ask, edit_with, block):
    editor, result = await ask(block, answers=[None])
    assert (result["applied"], result["files"][0]["state"]) == (False, "needs_confirmation")
    assert "pyproject.toml" in editor.questions[0].message
    assert 'version = "1"' in present(editor)["pyproject.toml"]


async def test_always_asks_for_every_change(ask, edit_with):
    editor, result = await ask(RAISE_LIMIT, confirm="always", answers=["Apply"])
    assert len(editor.questions) == 1
    assert result["applied"]


@CHANGES
async def test_protected_asks_for_protected_names_alone(ask, edit_with, block):
    editor, result = await ask(block, confirm="protected", answers=[None])
    assert len(editor.questions) == (block is PROTECTED)
    assert result["applied"] is (block is not PROTECTED)
    assert "CLAUDE.md" not in present(editor)


@CHANGES
async def test_auto_asks_for_protected_names_alone(ask, edit_with, block):
    editor, result = await ask(block, confirm="always", answers=[None], apply="auto")
    assert len(editor.questions) == (block is PROTECTED)
    assert result["applied"] is (block is not PROTECTED)
    assert "CLAUDE.md" not in present(editor)


async def test_never_leaves_a_proposal_whatever_the_setting(ask, edit_with):
    editor, result = await ask(RAISE_LIMIT, confirm="protected", apply="never")
    assert (editor.edits, editor.questions) == ([], [])
    assert (result["status"], result["applied"]) == ("completed", False)


@pytest.mark.parametrize("more", [{"apply": "ask"}, {}], ids=["said", "unsaid"])
async def test_ask_follows_the_setting(ask, edit_with, more):
    editor, result = await ask(RAISE_LIMIT, confirm="always", answers=["Discard"], **more)
    assert len(editor.questions) == 1
    assert not result["applied"]


async def test_the_diff_can_be_looked_at_before_the_answer(ask, edit_with):
    editor, result = await ask(MODIFY, answers=["Show diff", "Apply"])
    assert len(editor.questions) == 2
    assert result["applied"]


@pytest.mark.parametrize("confirm", ["overwrite", "always", "protected"])
async def test_applying_a_proposal_is_itself_the_confirmation_unless_all_is_asked_for_or_its_name_is_protected(
    ask, edit_with, confirm
):
    block = PROTECTED if confirm == "protected" else MODIFY
    editor, result = await ask(block, confirm=confirm, apply="never")
    editor.answers.append("Apply" if confirm == "always" else "Discard")
    applied = await editor.command("rolecall.apply", {"task_id": result["task_id"]})
    assert len(editor.questions) == (confirm != "overwrite")
    assert applied["applied"] is (confirm != "protected")
    assert "CLAUDE.md" not in present(editor)
