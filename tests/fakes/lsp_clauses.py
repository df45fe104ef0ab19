"""What the LSP door promises, clause by clause, and which tests show it.

A test named here must make its clause visible on the wire: after it has run, the clause's ``shows`` is asked
whether the messages of its editors hold what the clause is about. A test that stops exercising its clause
fails for that alone, and so does a clause without a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]


@dataclass
class Wire:
    """The messages between one editor and the server, in order."""

    messages: list[tuple[Literal["sent", "got"], Json]] = field(default_factory=list)

    def sent(self, method: str) -> list[Json]:
        """Parameters of what the editor sent by that method."""
        return [
            one.get("params") or {}
            for way, one in self.messages
            if (way, one.get("method")) == ("sent", method)
        ]

    def got(self, method: str) -> list[Json]:
        """Parameters of what the server sent by that method."""
        return [
            one.get("params") or {}
            for way, one in self.messages
            if (way, one.get("method")) == ("got", method)
        ]

    def answers(self, method: str) -> list[Any]:
        """Results of the editor's requests by that method; an error object where the request failed."""
        asked = {
            one["id"]
            for way, one in self.messages
            if way == "sent" and one.get("method") == method and "id" in one
        }
        return [
            one.get("result", one.get("error"))
            for way, one in self.messages
            if way == "got" and "method" not in one and one.get("id") in asked
        ]

    def commands(self, name: str) -> list[Json]:
        """Argument objects of a command the editor executed."""
        return [
            (params.get("arguments") or [{}])[0]
            for params in self.sent("workspace/executeCommand")
            if params["command"] == name
        ]

    def results(self) -> list[Json]:
        """Result objects of commands."""
        found = self.answers("workspace/executeCommand")
        return [one for one in found if isinstance(one, dict) and "task_id" in one]

    def actions(self) -> Iterator[Json]:
        """Every code action that was offered."""
        for menu in self.answers("textDocument/codeAction"):
            yield from menu or []

    def progress(self, kind: str) -> list[Json]:
        """Values of the progress reports of a kind."""
        return [one["value"] for one in self.got("$/progress") if one["value"]["kind"] == kind]

    def edits(self) -> list[Json]:
        """The workspace edits the server asked for."""
        return [one["edit"] for one in self.got("workspace/applyEdit")]

    def document_changes(self) -> list[Json]:
        """The members of all ``documentChanges``."""
        return [change for edit in self.edits() for change in edit.get("documentChanges", [])]

    def states(self) -> set[str]:
        """The states of files in results."""
        return {file["state"] for result in self.results() for file in result.get("files", [])}

    def statuses(self) -> set[str]:
        """The statuses of results."""
        return {result["status"] for result in self.results()}

    def declared(self, *way: str) -> Any:
        """A capability of the editor."""
        value: Any = self.sent("initialize")[0]["capabilities"]
        for name in way:
            value = value.get(name) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class Clause:
    """One promise.

    Attributes:
        text: the promise.
        tests: names of tests that show it.
        shows: whether a wire holds what the promise is about.
    """

    text: str
    tests: tuple[str, ...]
    shows: Callable[[Wire], object]


def _has(values: Any, wanted: Callable[[Any], object]) -> bool:
    return any(wanted(value) for value in values)


CLAUSES: dict[str, Clause] = {
    "action.title": Clause(
        "An action's title is the role's, then the work, naming the symbol or file.",
        ("test_the_menu_names_the_role_the_work_and_the_symbol",),
        lambda wire: _has(wire.actions(), lambda one: ": " in one["title"]),
    ),
    "action.quickfix": Clause(
        "A diagnostic in range gives `quickfix.rolecall.<role>.<task>`.",
        ("test_the_menu_has_the_kinds_of_its_situation",),
        lambda wire: _has(wire.actions(), lambda one: one["kind"].startswith("quickfix.rolecall.")),
    ),
    "action.refactor": Clause(
        "A selection or the symbol under the cursor gives `refactor.rolecall.<role>.<task>`.",
        ("test_the_menu_has_the_kinds_of_its_situation",),
        lambda wire: _has(wire.actions(), lambda one: one["kind"].startswith("refactor.rolecall.")),
    ),
    "action.source": Clause(
        "The file gives `source.rolecall.<role>.<task>`.",
        ("test_the_menu_has_the_kinds_of_its_situation",),
        lambda wire: _has(wire.actions(), lambda one: one["kind"].startswith("source.rolecall.")),
    ),
    "action.only": Clause(
        "`context.only` filters by prefix.",
        ("test_the_menu_has_the_kinds_of_its_situation",),
        lambda wire: _has(wire.sent("textDocument/codeAction"), lambda one: one["context"].get("only")),
    ),
    "action.short": Clause(
        "Without `context.only` each role offers its first two fitting tasks.",
        ("test_the_menu_is_short_unless_kinds_are_asked_for",),
        lambda wire: _has(wire.sent("textDocument/codeAction"), lambda one: not one["context"].get("only")),
    ),
    "action.comment": Clause(
        "A comment `rolecall: …` or `rolecall(<role>): …` offers that instruction.",
        ("test_the_menu_offers_what_a_comment_asks_for",),
        lambda wire: _has(wire.actions(), lambda one: one["kind"].endswith(".instruction")),
    ),
    "action.resolve": Clause(
        "`codeAction/resolve` brings the command, and tolerates missing `data`.",
        ("test_an_action_is_resolved_with_and_without_its_data",),
        lambda wire: (
            any(one.get("data") for one in wire.sent("codeAction/resolve"))
            and any(not one.get("data") for one in wire.sent("codeAction/resolve"))
        ),
    ),
    "action.proposal": Clause(
        "Edits that were not applied are offered again.",
        ("test_a_proposal_is_offered_by_its_kind_and_not_once_discarded",),
        lambda wire: _has(wire.actions(), lambda one: one["title"].startswith("Apply the proposal of ")),
    ),
    "run.applied": Clause(
        "`rolecall.run` answers after the edit was applied.",
        ("test_an_edit_of_the_open_file_arrives_in_its_buffer",),
        lambda wire: _has(wire.results(), lambda one: one["applied"]),
    ),
    "run.declined": Clause(
        "`rolecall.run` answers after the edit was declined; it stays a proposal.",
        ("test_without_a_preview_the_user_is_asked_by_a_message",),
        lambda wire: wire.got("window/showMessageRequest") and wire.statuses() == {"completed"},
    ),
    "apply": Clause(
        "`rolecall.apply` applies a proposal, or the paths picked of it.",
        ("test_never_leaves_a_proposal_that_apply_applies_and_revert_takes_back",),
        lambda wire: (
            _has(wire.commands("rolecall.apply"), lambda one: one.get("paths")) and "applied" in wire.states()
        ),
    ),
    "discard": Clause(
        "`rolecall.discard` drops a proposal.",
        ("test_a_discarded_proposal_cannot_be_applied",),
        lambda wire: wire.commands("rolecall.discard") and "refused" in wire.states(),
    ),
    "revert": Clause(
        "`rolecall.revert` undoes a run's own hunks, and keeps what was edited since.",
        ("test_never_leaves_a_proposal_that_apply_applies_and_revert_takes_back",),
        lambda wire: wire.commands("rolecall.revert") and len(wire.edits()) >= 2,
    ),
    "result": Clause(
        "`rolecall.result` answers with the result object.",
        ("test_a_client_that_does_not_wait_is_answered_at_once_and_the_rest_follows",),
        lambda wire: wire.commands("rolecall.result"),
    ),
    "tasks": Clause(
        "`rolecall.tasks` lists the tasks.",
        ("test_cancelling_the_request_closes_the_stream_and_answers_its_code",),
        lambda wire: wire.commands("rolecall.tasks") or wire.sent("workspace/executeCommand"),
    ),
    "status": Clause(
        "`rolecall.status` tells pool, breakers, metrics and provider.",
        ("test_status_tells_pool_breakers_metrics_and_provider",),
        lambda wire: _has(
            wire.answers("workspace/executeCommand"),
            lambda one: {"pool", "breakers", "metrics"} <= one.keys(),
        ),
    ),
    "progress.token": Clause(
        "Progress goes to the client's `workDoneToken`: `begin` at once, reports, always an `end`.",
        ("test_progress_on_the_clients_token_begins_at_once_and_ends",),
        lambda wire: (
            wire.progress("begin")
            and wire.progress("report")
            and wire.progress("end")
            and not wire.got("window/workDoneProgress/create")
        ),
    ),
    "progress.created": Clause(
        "Else on a server-created cancellable token.",
        ("test_without_a_token_of_the_client_one_is_created_where_it_shows_progress",),
        lambda wire: (
            not wire.declared("window", "workDoneProgress")
            or (wire.got("window/workDoneProgress/create") and wire.progress("begin")[0]["cancellable"])
        ),
    ),
    "progress.pace": Clause(
        "At most 10 reports a second, one at least every 5 s while waiting.",
        ("test_reports_come_at_most_ten_a_second_and_at_least_every_five_while_waiting",),
        lambda wire: len(wire.progress("report")) > 20,
    ),
    "events": Clause(
        "`rolecall/event` for clients that ask for it.",
        ("test_events_are_sent_to_clients_that_want_them",),
        lambda wire: (
            {"started", "delta", "file", "result"} <= {one["type"] for one in wire.got("rolecall/event")}
        ),
    ),
    "events.unasked": Clause(
        "No `rolecall/event` for others.",
        ("test_events_are_not_sent_unasked",),
        lambda wire: wire.results() and not wire.got("rolecall/event"),
    ),
    "answer.document": Clause(
        "An answer without files is shown: as the read-only document, else as a file in the state folder.",
        ("test_an_answer_without_files_is_shown_as_a_document",),
        lambda wire: wire.got("window/showDocument"),
    ),
    "answer.message": Clause(
        "Else its summary by `window/showMessage`.",
        ("test_an_answer_without_files_is_a_message_where_no_document_can_be_shown",),
        lambda wire: wire.got("window/showMessage") and not wire.got("window/showDocument"),
    ),
    "confirm.always": Clause(
        "`apply.confirm: always` asks for every change.",
        ("test_a_refusal_that_the_editor_reports_as_applied_is_not_believed",),
        lambda wire: wire.edits()[0].get("changeAnnotations"),
    ),
    "confirm.overwrite": Clause(
        "`overwrite` asks when another existing file is changed.",
        ("test_a_change_of_another_file_is_previewed_where_the_editor_can",),
        lambda wire: wire.edits()[0].get("changeAnnotations"),
    ),
    "confirm.protected": Clause(
        'Protected names ask even when `apply` is `"auto"`.',
        ("test_a_protected_file_is_asked_for_even_when_edits_are_applied_automatically",),
        lambda wire: (
            _has(wire.commands("rolecall.run"), lambda one: one.get("apply") == "auto")
            and wire.got("window/showMessageRequest")
        ),
    ),
    "apply.never": Clause(
        '`apply: "never"` leaves a proposal.',
        ("test_never_leaves_a_proposal_that_apply_applies_and_revert_takes_back",),
        lambda wire: _has(wire.commands("rolecall.run"), lambda one: one.get("apply") == "never"),
    ),
    "edit.version": Clause(
        "Edits carry the document versions that were read.",
        ("test_only_the_changed_line_is_sent",),
        lambda wire: (
            not wire.declared("workspace", "workspaceEdit", "documentChanges")
            or wire.document_changes()[0]["textDocument"]["version"] == 1
        ),
    ),
    "edit.order": Clause(
        "Text edits first, creations last.",
        ("test_text_edits_come_first_and_creations_last",),
        lambda wire: [one.get("kind") for one in wire.document_changes()].index("create") > 0,
    ),
    "edit.hunks": Clause(
        "Minimal hunks, not whole-file replacement.",
        ("test_only_the_changed_line_is_sent",),
        lambda wire: _has(_text_edits(wire), lambda one: one["newText"].count("\n") == 1),
    ),
    "edit.asked": Clause(
        "Without change annotations: `window/showMessageRequest` with Apply, Show diff, Discard.",
        ("test_without_a_preview_the_user_is_asked_by_a_message",),
        lambda wire: _has(
            wire.got("window/showMessageRequest"),
            lambda one: [item["title"] for item in one["actions"]] == ["Apply", "Show diff", "Discard"],
        ),
    ),
    "edit.rebased": Clause(
        "A buffer changed meanwhile: the edit is rebased when its hunks still match exactly once.",
        ("test_what_is_typed_while_the_model_writes_is_kept",),
        lambda wire: wire.sent("textDocument/didChange") and "applied" in wire.states(),
    ),
    "edit.conflict": Clause(
        "Else it is a conflict and stays as a proposal.",
        ("test_a_line_rewritten_meanwhile_is_a_conflict_and_stays_as_it_is",),
        lambda wire: "conflict" in wire.states(),
    ),
    "edit.verified": Clause(
        "What was applied is verified from the buffers, not from `applied`.",
        ("test_an_edit_that_its_editor_only_claims_to_have_made_is_not_believed",),
        lambda wire: wire.edits() and "conflict" in wire.states(),
    ),
    "cancel.request": Clause(
        "`$/cancelRequest` stops the stream; the request answers -32800.",
        ("test_cancelling_the_request_closes_the_stream_and_answers_its_code",),
        lambda wire: (
            wire.sent("$/cancelRequest")
            and _has(wire.answers("workspace/executeCommand"), lambda one: one.get("code") == -32800)
        ),  # type: ignore[union-attr]
    ),
    "cancel.progress": Clause(
        "`window/workDoneProgress/cancel` stops it, with status `cancelled`.",
        ("test_a_cancel_that_comes_before_the_progress_has_begun_counts",),
        lambda wire: wire.sent("window/workDoneProgress/cancel") and "cancelled" in wire.statuses(),
    ),
    "cancel.command": Clause(
        "`rolecall.cancel` stops it, with status `cancelled`.",
        ("test_a_question_that_is_open_can_be_cancelled",),
        lambda wire: wire.commands("rolecall.cancel") and "cancelled" in wire.statuses(),
    ),
    "client.end": Clause(
        "A task ends, cancelled, with the client that started it.",
        ("test_the_end_of_the_client_closes_its_stream",),
        lambda wire: wire.commands("rolecall.run") and wire.statuses() <= {"cancelled"},
    ),
    "wait.false": Clause(
        "With `wait: false` the run answers at once with `running`; the rest follows.",
        ("test_a_client_that_does_not_wait_is_answered_at_once_and_the_rest_follows",),
        lambda wire: {"running", "completed"} <= wire.statuses(),
    ),
    "encoding": Clause(
        "Positions in utf-8, utf-16 and utf-32.",
        ("test_positions_are_right_in_every_encoding",),
        lambda wire: (
            wire.answers("initialize")[0]["capabilities"]["positionEncoding"]
            == wire.declared("general", "positionEncodings")[0]
        ),
    ),
    "roots": Clause(
        "Several roots; paths shown to the model begin with the root folder's name.",
        ("test_folders_that_are_added_belong_to_the_workspace",),
        lambda wire: wire.sent("workspace/didChangeWorkspaceFolders"),
    ),
    "buffers": Clause(
        "Open buffers win over the disk.",
        ("test_the_unsaved_buffer_is_what_the_model_gets_to_see",),
        lambda wire: wire.sent("textDocument/didChange") and wire.results(),
    ),
    "findings": Clause(
        "What a review found is published as diagnostics and cleared when the text changes.",
        ("test_findings_go_when_their_text_changes",),
        lambda wire: (
            [bool(one["diagnostics"]) for one in wire.got("textDocument/publishDiagnostics")] == [True, False]
        ),
    ),
}
"""By the contract's section on LSP, in its order."""


def _text_edits(wire: Wire) -> Iterator[Json]:
    for edit in wire.edits():
        for change in edit.get("documentChanges", []):
            yield from change.get("edits", [])
        for edits in edit.get("changes", {}).values():
            yield from edits


def shown_by(test: str) -> list[str]:
    """The clauses a test is named for."""
    return [name for name, clause in CLAUSES.items() if test in clause.tests]
