"""Streaming, in three layers, and the answers that are shown."""

from __future__ import annotations

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Json, Wire

OWN_TOKEN = "test_progress_on_the_clients_token_begins_at_once_and_ends"
CREATED = "test_a_server_created_token_can_cancel_the_run"
PACE = "test_reports_come_at_most_ten_a_second_and_at_least_every_five_while_waiting"
EVERY_PATH = "test_progress_ends_on_every_path"
PER_S = 10
HEARTBEAT_S = 5.0
EVENTS = {
    "started": {"role", "task", "provider", "model"},
    "attempt": {"n", "of", "wait_s", "reason"},
    "restart": set(),
    "delta": {"text"},
    "file": {"path", "action"},
    "result": {"result"},
    "error": {"error"},
}
"""Members of the stream-json events of the contract's section 1, beside those that all have."""

LATE_S = 0.5
"""What a report may be late where it arrives."""


def _times(wire: Wire, kind: str) -> list[float]:
    return [
        wire.times[place]
        for place in wire.places("got", "$/progress")
        if wire.messages[place][1]["params"]["value"]["kind"] == kind
    ]


def is_whole(reports: list[Json]) -> bool:
    """Whether a progress begins once, first, and ends once, last."""
    kinds = [report["kind"] for report in reports]
    middle = kinds[1:-1]
    return (kinds[:1], kinds[-1:]) == (["begin"], ["end"]) and middle == ["report"] * len(middle)


def _ends(wire: Wire) -> bool:
    return each(wire.reports().values(), is_whole)


def _begins_at_once(wire: Wire) -> bool:
    """The first word after the request, before the model has said any."""
    (run,) = wire.runs()
    first = next(place for place in wire.places("got", "$/progress") if place > run.asked)
    value = wire.messages[first][1]["params"]["value"]
    return value["kind"] == "begin" and wire.times[first] <= wire.upstream[0].received_at + LATE_S


def _keeps_pace(wire: Wire) -> bool:
    """Ten intervals take a second; measured where they arrive, so one report may catch up with another."""
    times = _times(wire, "report")
    spans = [late - early for early, late in zip(times, times[PER_S:], strict=False)]
    return len(times) > 2 * PER_S and all(span > 0.9 for span in spans)


def _beats(wire: Wire) -> bool:
    """The last two reports, which came while nothing else did."""
    early, late = _times(wire, "report")[-2:]
    return 1 < late - early < HEARTBEAT_S + LATE_S


def _tells(wire: Wire) -> bool:
    return some(
        wire.progress("report"),
        lambda one: (
            one["message"].startswith("Developer: ")
            and "tokens" in one["message"]
            and "shown." in one["message"]
        ),
    )


def _events(wire: Wire) -> bool:
    """Typed, numbered, of the task; the deltas are the answer."""
    events, (run,) = wire.events(), wire.runs()
    text = "".join(one["text"] for one in events if one["type"] == "delta")
    numbers = [one["seq"] for one in events]
    return (
        [one["type"] for one in events if one["type"] != "delta"] == ["started", "attempt", "file", "result"]
        and numbers == sorted(set(numbers))
        and {one["task_id"] for one in events} == {run.answer["task_id"]}
        and text == run.answer["answer"]
        and events[-1]["result"] == run.answer
    )


def _has_its_members(event: Json) -> bool:
    return event.keys() - {"type", "task_id", "seq"} == EVENTS[event["type"]]


def _starts_again(wire: Wire) -> bool:
    events = wire.events()
    types = [one["type"] for one in events]
    attempts = [one["n"] for one in events if one["type"] == "attempt"]
    again = types.index("restart")
    text = "".join(one["text"] for one in events[again:] if one["type"] == "delta")
    return attempts == [1, 2] and text == wire.results()[0]["answer"]


def _ends_with_the_error(wire: Wire) -> bool:
    *_, result, error = wire.events()
    return (result["type"], error["type"]) == ("result", "error") and (
        error["error"] == result["result"]["error"] == wire.results()[0]["error"]
    )


def _shown(wire: Wire) -> str:
    (shown,) = wire.got("window/showDocument")
    return str(shown["uri"])


def _read_only(wire: Wire) -> bool:
    (run,) = wire.runs()
    (content,) = wire.calls("workspace/textDocumentContent")
    wanted = f"rolecall:/tasks/{run.answer['task_id']}.md"
    return _shown(wire) == content.params["uri"] == wanted and content.answer["text"] == run.answer["answer"]


CLAUSES = {
    "progress.token": Clause(
        "Progress goes to the client's `workDoneToken`.",
        (OWN_TOKEN,),
        lambda wire: list(wire.reports()) == ["mine"] and not wire.got("window/workDoneProgress/create"),
    ),
    "progress.created": Clause(
        "Else to a server-created token.",
        (CREATED,),
        lambda wire: (
            [one["token"] for one in wire.got("window/workDoneProgress/create")] == list(wire.reports())
            and _ends(wire)
        ),
    ),
    "progress.cancellable": Clause(
        "That token is cancellable: its cancel stops the run.",
        (CREATED,),
        lambda wire: (
            each(wire.progress("begin"), lambda one: one["cancellable"] is True)
            and [one["token"] for one in wire.sent("window/workDoneProgress/cancel")] == list(wire.reports())
            and wire.statuses() == {"cancelled"}
        ),
    ),
    "progress.undeclared": Clause(
        "A client that shows no progress gets no token.",
        ("test_a_client_that_shows_no_progress_gets_none",),
        lambda wire: wire.results() and not wire.reports() and not wire.got("window/workDoneProgress/create"),
    ),
    "progress.begin": Clause(
        "At once `begin`.",
        (OWN_TOKEN,),
        _begins_at_once,
    ),
    "progress.percentage": Clause(
        "Never a percentage.",
        (OWN_TOKEN, PACE),
        lambda wire: each(
            [one["value"] for one in wire.got("$/progress")], lambda one: "percentage" not in one
        ),
    ),
    "progress.pace": Clause(
        "At most 10 reports a second.",
        (PACE,),
        _keeps_pace,
    ),
    "progress.heartbeat": Clause(
        "A report at least every 5 s while waiting.",
        (PACE,),
        _beats,
    ),
    "progress.message": Clause(
        "With the role, the tokens so far and the tail of the text.",
        (OWN_TOKEN,),
        _tells,
    ),
    **{
        f"progress.end.{path}": Clause(
            f"Always an `end`: {words}.",
            (f"{EVERY_PATH}[{path}]",),
            lambda wire, wanted=wanted: _ends(wire) and wanted(wire),
        )
        for path, words, wanted in (
            ("completed", "where it is completed", lambda wire: wire.statuses() == {"completed"}),
            ("declined", "where the edit is declined", lambda wire: wire.questions() and not wire.edits()),
            ("failed", "where the endpoint fails", lambda wire: wire.statuses() == {"failed"}),
            ("broken", "where the stream breaks", lambda wire: wire.states() == {"proposed"}),
            ("unknown", "where the role is not there", lambda wire: not wire.upstream and wire.results()),
            ("stale", "where the range is of an older text", lambda wire: wire.runs()[0].code == -32801),
            ("cancelled", "where the request is cancelled", lambda wire: wire.runs()[0].code == -32800),
        )
    },
    "events": Clause(
        "`rolecall/event` with the stream-json events, for clients that set `events: true`.",
        ("test_events_are_sent_to_clients_that_want_them",),
        lambda wire: wire.wants("events") is True and _events(wire),
    ),
    "events.members": Clause(
        "Each event has the members of section 1.",
        (
            "test_events_are_sent_to_clients_that_want_them",
            "test_a_second_attempt_is_announced_and_voids_what_was_streamed",
            "test_the_events_of_a_failed_task_end_with_its_error",
        ),
        lambda wire: each(wire.events(), _has_its_members),
    ),
    "events.restart": Clause(
        "`restart`: what was streamed so far is void.",
        ("test_a_second_attempt_is_announced_and_voids_what_was_streamed",),
        _starts_again,
    ),
    "events.error": Clause(
        "`error` follows the result of a task that failed.",
        ("test_the_events_of_a_failed_task_end_with_its_error",),
        _ends_with_the_error,
    ),
    "events.unasked": Clause(
        "No `rolecall/event` for others.",
        ("test_events_are_not_sent_unasked",),
        lambda wire: wire.results() and not wire.wants("events") and not wire.events(),
    ),
    "answer.document": Clause(
        "An answer without files is shown as the read-only document `rolecall:/tasks/{task_id}.md`.",
        ("test_an_answer_without_files_is_shown_as_a_document[vscode]",),
        _read_only,
    ),
    "answer.scheme": Clause(
        "`workspace/textDocumentContent` is announced for the scheme `rolecall`.",
        ("test_an_answer_without_files_is_shown_as_a_document[vscode]",),
        lambda wire: (
            wire.offered("workspace", "textDocumentContent", "schemes") == ["rolecall"] and _read_only(wire)
        ),
    ),
    "answer.file": Clause(
        "Else as a file in the state folder, opened by `window/showDocument`.",
        ("test_an_answer_without_files_is_shown_as_a_document[neovim]",),
        lambda wire: (
            not wire.declared("workspace", "textDocumentContent")
            and _shown(wire).startswith("file:///")
            and _shown(wire).endswith(f"/answers/{wire.results()[0]['task_id']}.md")
        ),
    ),
    "answer.message": Clause(
        "Else its summary by `window/showMessage`.",
        ("test_an_answer_without_files_is_a_message_where_no_document_can_be_shown",),
        lambda wire: (
            some(wire.got("window/showMessage"), lambda one: wire.results()[0]["summary"] in one["message"])
            and not wire.got("window/showDocument")
        ),
    ),
    "wait.false": Clause(
        "With `wait: false` the run answers at once with `running`.",
        ("test_a_client_that_does_not_wait_is_answered_at_once_and_the_rest_follows",),
        lambda wire: (
            wire.wants("wait") is False
            and [one.answer["status"] for one in wire.runs()] == ["running"]
            and (wire.runs()[0].answered or 0) < wire.places("got", "workspace/applyEdit")[0]
        ),
    ),
    "wait.false.rest": Clause(
        "The rest follows as progress, edits and a message.",
        ("test_a_client_that_does_not_wait_is_answered_at_once_and_the_rest_follows",),
        lambda wire: (
            min(wire.places("got", "workspace/applyEdit")) < min(wire.places("got", "window/showMessage"))
            and _ends(wire)
            and some(wire.got("window/showMessage"), lambda one: "changed src/pricing.py" in one["message"])
            and [one.answer["status"] for one in wire.commands("rolecall.result")] == ["completed"]
        ),
    ),
}
