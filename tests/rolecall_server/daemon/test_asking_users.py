"""Protected files are asked about through a real relay, in both protocol eras: whatever the client answers, or not.

The edits go through a real attached editor, or to disk where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.endpoint import answer, endpoint_in_thread
from fakes.house import HANDSHAKE, Client, House, eventually
from fakes.wire import LspPeer, McpPeer, Message

NAME = ".vscode/settings.json"
BEFORE, AFTER = '{"limit": 100}\n', '{"limit": 200}\n'
EDIT = (
    f'Raises it.\n\n<edit path="{NAME}">\n<<<<<<< SEARCH\n{BEFORE}=======\n{AFTER}>>>>>>> REPLACE\n</edit>\n'
    '<done files="1"/>\n'
)
ANSWERS = {
    "accept": {"action": "accept", "content": {"write": True}},
    "decline": {"action": "decline"},
    "cancel": {"action": "cancel"},
}
DEADLINE = {"ROLECALL_MCP__CALL_DEADLINE_S": "0.7"}


@pytest.fixture(params=["2025-11-25", "2026-07-28"])
def era(request: pytest.FixtureRequest) -> str:
    return request.param


class Assistant:
    """A client with a form to show, at the pipes of its relay.

    Attributes:
        asked: the questions it was to put to its user.
    """

    def __init__(self, house: House, project: Path, era: str, **environment: str) -> None:
        self.process = house.start("mcp", project, **environment)
        self.asked: list[str] = []
        self.reply: dict[str, Any] = {}
        self.peer = McpPeer(self.process.stdout, self.process.stdin, answer=self._answer)  # type: ignore[arg-type]
        self._modern = era == "2026-07-28"
        self._meta = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientInfo": HANDSHAKE["clientInfo"],
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        }
        if not self._modern:
            shake = {**HANDSHAKE, "protocolVersion": era, "capabilities": {"elicitation": {}}}
            self.peer.request("initialize", shake)
            self.peer.notify("notifications/initialized")

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool; a question is answered with ``reply``."""
        result = self.peer.request("tools/call", self.params(tool, **arguments))["result"]
        if result.get("resultType") != "input_required":
            return result
        ((key, question),) = result["inputRequests"].items()
        given = {key: self._answer(question)}
        params = self.params(tool, **arguments) | {"inputResponses": given}
        return self.peer.request("tools/call", params)["result"]

    def ask_unanswered(self, task_id: str) -> Message:
        """Call ``apply_edits`` and take the question; answer nothing. Returns the question."""
        self.send("asking", self.params("apply_edits", task_id=task_id))
        while True:
            message = self.peer._read()
            if message.get("method") == "elicitation/create":
                return message
            if message.get("id") == "asking":
                ((_, question),) = message["result"]["inputRequests"].items()
                return question

    def params(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Of a call."""
        return {"name": tool, "arguments": arguments, **({"_meta": self._meta} if self._modern else {})}

    def send(self, number: str, params: dict[str, Any]) -> None:
        """Call a tool, and do not wait."""
        self.peer._write({"id": number, "method": "tools/call", "params": params})

    def seen(self, number: str) -> Message | None:
        """The response to what was sent so, once it has come."""
        return next((message for message in self.peer.seen if message.get("id") == number), None)

    def proposed(self) -> str:
        """The id of a task that proposes to change the protected file."""
        made = self.call("developer", instruction="Raise the limit.", files=[NAME])["structuredContent"]
        while made["status"] == "running":
            made = self.call("task_result", task_id=made["task_id"], wait_s=5)["structuredContent"]
        assert made["files"][0]["state"] == "needs_confirmation", made
        return made["task_id"]

    def _answer(self, request: Message) -> dict[str, Any]:
        self.asked.append(request["params"]["message"])
        return self.reply


class Editor:
    """An editor that has the file open, and takes the edits it is handed.

    Attributes:
        applied: what it was handed.
    """

    def __init__(self, house: House, project: Path, **environment: str) -> None:
        self.applied: list[Message] = []
        process = house.start("lsp", "/", **environment)
        self.client = Client(process, LspPeer(process.stdout, process.stdin, answer=self._answer))
        capabilities = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}
        shake = {"processId": None, "rootUri": project.as_uri(), "capabilities": capabilities}
        self.client.request("initialize", shake)
        self.client.peer.notify("initialized", {})
        self._uri = (project / NAME).as_uri()
        document = {"uri": self._uri, "languageId": "json", "version": 1, "text": BEFORE}
        self.client.peer.notify("textDocument/didOpen", {"textDocument": document})
        self.client.command("rolecall.tasks")

    def _answer(self, message: Message) -> Any:
        if message["method"] != "workspace/applyEdit":
            return None
        self.applied.append(message["params"])
        document = {"textDocument": {"uri": self._uri, "version": 2}, "contentChanges": [{"text": AFTER}]}
        self.client.peer.notify("textDocument/didChange", document)
        return {"applied": True}


@contextmanager
def proposing(project: Path) -> Iterator[dict[str, str]]:
    """The environment of clients whose model proposes to change the protected file."""
    (project / ".vscode").mkdir()
    (project / NAME).write_text(BEFORE)
    with endpoint_in_thread(default=answer(EDIT)) as endpoint:
        yield {
            "ROLECALL_LLM__PROVIDER": "openai",
            "ROLECALL_LLM__BASE_URL": endpoint.base_url,
            "ROLECALL_LLM__MODEL": "fake-model",
        }


@pytest.mark.parametrize("reply", ANSWERS)
def test_what_the_user_says_decides_about_an_attached_editors_edits(house, project, era, reply) -> None:
    with proposing(project) as environment, ThreadPoolExecutor(1) as threads:
        editor = Editor(house, project, **environment)
        assistant = Assistant(house, project, era, **environment)
        assistant.reply = ANSWERS[reply]
        task_id = assistant.proposed()
        calling = threads.submit(assistant.call, "apply_edits", task_id=task_id)
        eventually(lambda: editor.client.command("rolecall.tasks") is not None and calling.done())
        result = calling.result()

    (question,) = assistant.asked
    assert NAME in question
    assert result["isError"] == (reply != "accept")
    assert result["structuredContent"]["applied_by"] == ("editor" if reply == "accept" else None)
    assert len(editor.applied) == (reply == "accept")
    assert (project / NAME).read_text() == BEFORE  # saving is the user's


@pytest.mark.parametrize("reply", ANSWERS)
def test_what_the_user_says_decides_about_the_disk(house, project, era, reply) -> None:
    with proposing(project) as environment:
        assistant = Assistant(house, project, era, **environment)
        assistant.reply = ANSWERS[reply]
        result = assistant.call("apply_edits", task_id=assistant.proposed())

    said = result["content"][0]["text"]
    assert {"accept": "written to disk", "decline": "declined", "cancel": "confirm_protected"}[reply] in said
    assert (project / NAME).read_text() == (AFTER if reply == "accept" else BEFORE)


def test_a_question_never_answered_ends_the_call_and_a_late_answer_writes_nothing(house, project) -> None:
    with proposing(project) as environment:
        assistant = Assistant(house, project, "2025-11-25", **environment, **DEADLINE)
        task_id = assistant.proposed()
        question = assistant.ask_unanswered(task_id)
        # Meanwhile the client is served as ever.
        status = assistant.call("status")
        while (message := assistant.seen("asking")) is None:
            assistant.peer.seen.append(assistant.peer._read())
        assistant.peer._write({"id": question["id"], "result": ANSWERS["accept"]})
        later = assistant.call("task_result", task_id=task_id)

    assert "notifications/cancelled" in [message.get("method") for message in assistant.peer.seen]
    assert not status["isError"]
    assert message["result"]["isError"]
    assert "confirm_protected" in message["result"]["structuredContent"]["error"]["hint"]
    assert later["structuredContent"]["files"][0]["state"] == "needs_confirmation"
    assert (project / NAME).read_text() == BEFORE


def test_a_question_that_was_returned_may_be_left_or_answered_late(house, project) -> None:
    """Since 2026-07-28 nothing waits for the answer: it comes with a call of its own, or never."""
    with proposing(project) as environment:
        assistant = Assistant(house, project, "2026-07-28", **environment, **DEADLINE)
        task_id = assistant.proposed()
        assistant.ask_unanswered(task_id)
        left = assistant.call("task_result", task_id=task_id)["structuredContent"]
        unwritten = (project / NAME).read_text()
        assistant.reply = ANSWERS["accept"]
        written = assistant.call("apply_edits", task_id=task_id)

    assert (left["files"][0]["state"], unwritten) == ("needs_confirmation", BEFORE)
    assert written["structuredContent"]["applied"]
    assert (project / NAME).read_text() == AFTER


@pytest.mark.parametrize("attached", [False, True])
def test_a_client_that_disappears_while_it_is_asked_leaves_the_task_to_others(
    house, project, era, attached
) -> None:
    with proposing(project) as environment, ThreadPoolExecutor(1) as threads:
        editor = Editor(house, project, **environment) if attached else None
        assistant, other = (Assistant(house, project, era, **environment) for _ in range(2))
        task_id = assistant.proposed()
        assistant.ask_unanswered(task_id)
        assistant.process.kill()
        eventually(lambda: len(house.status()["clients"]) == (2 if attached else 1))
        left = other.call("task_result", task_id=task_id)["structuredContent"]
        unwritten = (project / NAME).read_text()
        calling = threads.submit(other.call, "apply_edits", task_id=task_id, confirm_protected=True)
        if editor is not None:
            eventually(lambda: editor.client.command("rolecall.tasks") is not None and calling.done())
        result = calling.result()["structuredContent"]

    assert (left["files"][0]["state"], unwritten) == ("needs_confirmation", BEFORE)
    assert result["applied_by"] == ("editor" if attached else "disk")
    assert other.asked == []
