"""A file that needs the user's word is asked for where the client can ask, in both protocol eras."""

from __future__ import annotations

import mcp_types as types
import pytest

from fakes.endpoint import FakeEndpoint, answer, endpoint_in_thread
from fakes.wire import McpPeer
from rolecall.workspace.folder import Workspace
from rolecall_server.attached import AttachedEditor

PROTECTED = (
    '<file path=".vscode/settings.json">\n{}\n</file>\n<file path="a.txt">\nA\n</file>\n<done files="2"/>\n'
)


class User:
    """Answers the question as told, and remembers it."""

    def __init__(self, action: str, **content: bool) -> None:
        self.answer = types.ElicitResult(action=action, content=content or None)  # type: ignore[arg-type]
        self.asked: list[str] = []

    async def __call__(self, context, params):
        self.asked.append(params.message)
        return self.answer


async def applied(connect, surroundings, era: str, user: User, **arguments):
    async with FakeEndpoint([answer(PROTECTED)]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect(era, elicitation_callback=user) as client:
            made = await client.call_tool("developer", {"instruction": "Set it up."})
            task_id = made.structured_content["task_id"]
            return await client.call_tool("apply_edits", {"task_id": task_id, **arguments})


async def test_a_user_who_agrees_gets_the_files_written(connect, surroundings, era, project):
    user = User("accept", write=True)
    result = await applied(connect, surroundings, era, user)

    assert not result.is_error
    assert (project / ".vscode/settings.json").read_text() == "{}\n"
    assert (project / "a.txt").read_text() == "A\n"
    (asked,) = user.asked
    assert ".vscode/settings.json" in asked
    assert "a.txt" not in asked


@pytest.mark.parametrize("user", [User("decline"), User("accept", write=False), User("accept")])
async def test_a_user_who_declines_gets_nothing_written(connect, surroundings, era, project, user):
    result = await applied(connect, surroundings, era, user)

    assert result.is_error
    assert "declined" in result.structured_content["error"]["message"]
    assert not (project / ".vscode").exists()
    assert not (project / "a.txt").exists()


async def test_a_form_closed_without_a_choice_leaves_the_other_way_open(connect, surroundings, era, project):
    result = await applied(connect, surroundings, era, User("cancel"))

    assert "confirm_protected" in result.structured_content["error"]["hint"]
    assert not (project / ".vscode").exists()


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("given", [{"action": "perhaps"}, {"x": 1}, {}])
def test_an_answer_that_says_nothing_leaves_the_other_way_open(surroundings, project, given):
    shake = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "t", "version": "1"}}
    with endpoint_in_thread(default=answer(PROTECTED)) as endpoint:
        surroundings.use(endpoint.base_url)
        with surroundings.serve("mcp", cwd=project) as process:
            peer = McpPeer(process.stdout, process.stdin, answer=lambda _: given)
            peer.request("initialize", {**shake, "capabilities": {"elicitation": {}}})
            peer.notify("notifications/initialized")
            made = peer.request("tools/call", {"name": "developer", "arguments": {"instruction": "Do."}})
            named = {"task_id": made["result"]["structuredContent"]["task_id"]}
            result = peer.request("tools/call", {"name": "apply_edits", "arguments": named})["result"]
            process.stdin.close()

    assert "confirm_protected" in result["structuredContent"]["error"]["hint"]
    assert not (project / ".vscode").exists()


async def test_what_was_confirmed_already_is_not_asked_again(connect, surroundings, era, project):
    user = User("decline")
    result = await applied(connect, surroundings, era, user, confirm_protected=True)

    assert not result.is_error
    assert not user.asked
    assert (project / ".vscode/settings.json").exists()


async def test_files_that_need_no_word_are_written_unasked(connect, surroundings, era, project):
    user = User("decline")
    result = await applied(connect, surroundings, era, user, paths=["a.txt"])

    assert not result.is_error
    assert not user.asked
    assert (project / "a.txt").exists()


class Editor:
    """Takes the edits it is handed, and asks nobody; nothing is open in it."""

    by, explicit, interruptible = "editor", True, False

    def __init__(self) -> None:
        self.written: list[str] = []

    def get(self, path):
        return None

    def paths(self):
        return []

    async def confirm(self, changes, asking):
        return True

    async def write(self, changes, task_id):
        self.written += [change.path for change in changes]
        for change in changes:
            change.state = "applied"


@pytest.mark.parametrize("agrees", [True, False])
async def test_edits_for_an_editor_are_asked_about_in_the_assistant_too(
    connect, surroundings, era, project, host, agrees
):
    editor, user = Editor(), User("accept" if agrees else "decline", write=agrees)
    host.editors.join(AttachedEditor(Workspace([project]), editor, lambda _: editor))
    result = await applied(connect, surroundings, era, user)

    assert len(user.asked) == 1
    assert sorted(editor.written) == ([".vscode/settings.json", "a.txt"] if agrees else [])
    assert result.structured_content["applied_by"] == ("editor" if agrees else None)
    assert not (project / "a.txt").exists()
