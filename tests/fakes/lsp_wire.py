"""What went between one editor and the server, and what the model's endpoint saw meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fakes.endpoint import Received

Json = dict[str, Any]
Way = Literal["sent", "got"]


@dataclass(frozen=True)
class Call:
    """One request of the editor's.

    Attributes:
        params: its parameters.
        answer: the result, or the error object where it failed; None while there is no answer.
        failed: whether the answer is an error.
        asked: its place among the messages.
        answered: the answer's place; None while there is none.
    """

    params: Json
    answer: Any
    failed: bool
    asked: int
    answered: int | None

    @property
    def argument(self) -> Json:
        """The argument object of a command."""
        return (self.params.get("arguments") or [{}])[0]

    @property
    def code(self) -> int | None:
        """The error's code."""
        return self.answer["code"] if self.failed else None


@dataclass
class Wire:
    """The messages between one editor and the server, in order.

    Attributes:
        times: monotonic seconds of each message.
        upstream: the requests that the model's endpoint got in the same test, from any editor.
        others: the wires of the other editors of the test, in the order they were started.
    """

    messages: list[tuple[Way, Json]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    upstream: list[Received] = field(default_factory=list)
    others: list[Wire] = field(default_factory=list)

    def add(self, way: Way, message: Json) -> None:
        """Keep a message."""
        self.messages.append((way, message))
        self.times.append(time.monotonic())

    def unanswered(self) -> Wire:
        """The same, had the server said nothing but hello, and asked no model."""
        kept = [number for number, (way, _) in enumerate(self.messages) if way == "sent"]
        hello = [call.answered for call in self.calls("initialize") if call.answered is not None]
        kept = sorted({*kept, *hello})
        return Wire(
            [self.messages[number] for number in kept],
            [self.times[number] for number in kept] if self.times else [],
            others=[other.unanswered() for other in self.others],
        )

    def places(self, way: Way, method: str) -> list[int]:
        """Where the messages of a method are."""
        return [
            place
            for place, (gone, one) in enumerate(self.messages)
            if (gone, one.get("method")) == (way, method)
        ]

    def sent(self, method: str) -> list[Json]:
        """Parameters of what the editor sent by that method."""
        return [self.messages[place][1].get("params") or {} for place in self.places("sent", method)]

    def got(self, method: str) -> list[Json]:
        """Parameters of what the server sent by that method."""
        return [self.messages[place][1].get("params") or {} for place in self.places("got", method)]

    def calls(self, method: str) -> list[Call]:
        """The editor's requests by that method."""
        answers = {
            one.get("id"): place
            for place, (way, one) in enumerate(self.messages)
            if way == "got" and "method" not in one
        }
        found = []
        for place in self.places("sent", method):
            message = self.messages[place][1]
            answered = answers.get(message.get("id"))
            answer = {} if answered is None else self.messages[answered][1]
            found.append(
                Call(
                    message.get("params") or {},
                    answer.get("result", answer.get("error")),
                    "error" in answer,
                    place,
                    answered,
                )
            )
        return found

    def replies(self, method: str) -> list[int]:
        """Where the editor's answers to the server's requests of a method are."""
        asked = {self.messages[place][1].get("id") for place in self.places("got", method)}
        return [
            place
            for place, (way, one) in enumerate(self.messages)
            if way == "sent" and "method" not in one and one.get("id") in asked
        ]

    def commands(self, name: str) -> list[Call]:
        """The calls of a command."""
        return [call for call in self.calls("workspace/executeCommand") if call.params["command"] == name]

    def runs(self) -> list[Call]:
        """The calls of ``rolecall.run``."""
        return self.commands("rolecall.run")

    def results(self) -> list[Json]:
        """Result objects of commands."""
        found = [call.answer for call in self.calls("workspace/executeCommand")]
        return [one for one in found if isinstance(one, dict) and "task_id" in one]

    def menus(self) -> list[Call]:
        """The requests for code actions."""
        return self.calls("textDocument/codeAction")

    def actions(self) -> Iterator[Json]:
        """Every code action that was offered."""
        for menu in self.menus():
            yield from menu.answer or []

    def titles(self) -> list[str]:
        """What the code actions are called."""
        return [action["title"] for action in self.actions()]

    def reports(self) -> dict[str | int, list[Json]]:
        """The values of all progress reports, by token."""
        found: dict[str | int, list[Json]] = {}
        for one in self.got("$/progress"):
            found.setdefault(one["token"], []).append(one["value"])
        return found

    def progress(self, kind: str) -> list[Json]:
        """Values of the progress reports of a kind."""
        return [one["value"] for one in self.got("$/progress") if one["value"]["kind"] == kind]

    def events(self) -> list[Json]:
        """What came as ``rolecall/event``."""
        return self.got("rolecall/event")

    def edits(self) -> list[Json]:
        """The workspace edits the server asked for."""
        return [one["edit"] for one in self.got("workspace/applyEdit")]

    def document_changes(self) -> list[Json]:
        """The members of all ``documentChanges``."""
        return [change for edit in self.edits() for change in edit.get("documentChanges", [])]

    def text_edits(self) -> list[Json]:
        """All text edits, of either form."""
        plain = [one for edit in self.edits() for some in edit.get("changes", {}).values() for one in some]
        return [one for change in self.document_changes() for one in change.get("edits", [])] + plain

    def questions(self) -> list[Json]:
        """What the user was asked by a message."""
        return self.got("window/showMessageRequest")

    def previews(self) -> list[Json]:
        """The edits that the editor was to have confirmed."""
        return [
            edit
            for edit in self.edits()
            if any(one.get("needsConfirmation") for one in edit.get("changeAnnotations", {}).values())
        ]

    def files(self) -> list[Json]:
        """The files of all results."""
        return [file for result in self.results() for file in result["files"]]

    def states(self) -> set[str]:
        """The states of files in results."""
        return {file["state"] for file in self.files()}

    def statuses(self) -> set[str]:
        """The statuses of results."""
        return {result["status"] for result in self.results()}

    def system(self) -> list[str]:
        """The system messages the model got."""
        return [one.json["messages"][0]["content"] for one in self.upstream]

    def prompts(self) -> list[str]:
        """The user's messages the model got."""
        return [one.json["messages"][-1]["content"] for one in self.upstream]

    def declared(self, *way: str) -> Any:
        """A capability of the editor."""
        return self._below(self.sent("initialize")[0]["capabilities"], way)

    def offered(self, *way: str) -> Any:
        """A capability of the server."""
        return self._below(self.calls("initialize")[0].answer["capabilities"], way)

    def wants(self, option: str) -> Any:
        """An initialization option."""
        return (self.sent("initialize")[0].get("initializationOptions") or {}).get(option)

    def _below(self, value: Any, way: tuple[str, ...]) -> Any:
        for name in way:
            value = value.get(name) if isinstance(value, dict) else None
        return value
