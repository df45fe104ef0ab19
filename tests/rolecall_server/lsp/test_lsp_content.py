"""What an answer's documents hold, as an editor that shows two texts side by side reads them."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.endpoint import answer
from rolecall.answer.changeset import Change
from rolecall_server.lsp.content import text_of
from rolecall_server.lsp.errors import Refusal

CHANGES = (
    '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n',
    '<file path="docs/price list 😀.md">\n# Prices\n</file>\n',
    '<delete path="old.txt"/>\n',
)


@pytest.fixture
async def proposal(edit_with, endpoint) -> Any:
    """Reads documents of a task that proposes a change, a new file and a deletion."""
    endpoint.replies.append(answer(*CHANGES, '<done files="3"/>\n'))
    editor = await edit_with()
    (editor.folder / "old.txt").write_text("old\n")
    run = {"role": "developer", "uri": editor.open("src/pricing.py"), "instruction": "Go", "apply": "never"}
    result = await editor.command("rolecall.run", run)

    async def read(rest: str) -> str:
        params = types.TextDocumentContentParams(f"rolecall:/tasks/{result['task_id']}/{rest}")
        return (await editor.client.workspace_text_document_content_async(params)).text

    return read


async def test_a_proposed_change_can_be_read_before_and_after(proposal):
    before, after = await proposal("before/src/pricing.py"), await proposal("after/src/pricing.py")
    assert "LIMIT = 100\n" in before
    assert after == before.replace("LIMIT = 100\n", "LIMIT = 200\n")


async def test_a_new_file_is_empty_before_and_a_deleted_one_after(proposal):
    escaped = "docs/price%20list%20%F0%9F%98%80.md"
    assert (await proposal(f"before/{escaped}"), await proposal(f"after/{escaped}")) == ("", "# Prices\n")
    assert (await proposal("before/old.txt"), await proposal("after/old.txt")) == ("old\n", "")


@pytest.mark.parametrize("path", ["src/other.py", "../../etc/passwd", "%2Fetc%2Fpasswd"])
async def test_only_files_of_the_answer_can_be_read(proposal, path):
    with pytest.raises(JsonRpcException, match="has no file"):
        await proposal(f"after/{path}")


@pytest.mark.parametrize("side", ["before", "after"])
def test_texts_that_are_not_kept_any_more_are_not_shown_as_an_empty_file(side):
    change = Change("src/pricing.py", "create", after="LIMIT = 200\n", state="applied")
    assert text_of(change, "after", "") == "LIMIT = 200\n"
    change.condense()
    with pytest.raises(Refusal, match=r"src/pricing\.py are not kept any more.* rolecall:/tasks/x\.diff"):
        text_of(change, side, "rolecall:/tasks/x.diff")
