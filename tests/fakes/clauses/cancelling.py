"""The three ways to cancel, and the end of the client."""

from __future__ import annotations

from fakes.clauses.clause import Clause, each, some
from fakes.endpoint import Received
from fakes.lsp_wire import Wire

ANY_WAY = "test_a_cancel_is_heard_of_by_the_model_at_once_and_applies_nothing"
LIMIT_S = 0.2
REQUEST_CANCELLED = -32800


def lags(wire: Wire) -> list[float]:
    """Seconds from each cancel that was sent to the end of its request as the endpoint saw it.

    Tasks run one after the other here: the n-th cancel belongs to the n-th request.
    """
    commands = [call.asked for call in wire.commands("rolecall.cancel")]
    notices = [
        *wire.places("sent", "$/cancelRequest"),
        *wire.places("sent", "window/workDoneProgress/cancel"),
    ]
    sent = [wire.times[place] for place in sorted(commands + notices)]
    heard = [one.disconnected_at for one in wire.upstream]
    return [there - here for here, there in zip(sent, heard, strict=True) if there is not None]


def _in_time(wire: Wire) -> bool:
    """The quickest counts: a busy machine delays some, a slow product all."""
    return min(lags(wire), default=LIMIT_S) < LIMIT_S


def _statuses(wire: Wire) -> bool:
    return each(
        wire.runs(),
        lambda one: (one.answer["status"], one.answer["error"]["code"]) == ("cancelled", "cancelled"),
    )


def _ended_with_the_client(left: Wire, upstream: list[Received]) -> bool:
    """Hung up on; the run got no result, and at most heard that it is cancelled."""
    return (
        each(left.runs(), lambda one: one.code == REQUEST_CANCELLED or one.answered is None)
        and each(upstream, lambda one: one.disconnected_at is not None)
        and not left.edits()
    )


CLAUSES = {
    "cancel.request": Clause(
        "`$/cancelRequest` answers with error -32800.",
        (f"{ANY_WAY}[request]",),
        lambda wire: (
            wire.sent("$/cancelRequest") and each(wire.runs(), lambda one: one.code == REQUEST_CANCELLED)
        ),
    ),
    "cancel.progress": Clause(
        "`window/workDoneProgress/cancel` answers with status `cancelled`.",
        (f"{ANY_WAY}[progress]", "test_a_cancel_that_comes_before_the_progress_has_begun_counts"),
        lambda wire: wire.sent("window/workDoneProgress/cancel") and _statuses(wire),
    ),
    "cancel.command": Clause(
        "So does `rolecall.cancel`, and its own answer.",
        (f"{ANY_WAY}[command]",),
        lambda wire: (
            _statuses(wire)
            and each(wire.commands("rolecall.cancel"), lambda one: one.answer["status"] == "cancelled")
        ),
    ),
    **{
        f"cancel.{way}.at_once": Clause(
            f"By {words} the upstream stream stops within 200 ms.",
            (f"{ANY_WAY}[{way}]",),
            _in_time,
        )
        for way, words in (
            ("request", "`$/cancelRequest`"),
            ("progress", "`window/workDoneProgress/cancel`"),
            ("command", "`rolecall.cancel`"),
        )
    },
    "cancel.nothing": Clause(
        "It applies nothing, though the answer held a whole edit.",
        (ANY_WAY,),
        lambda wire: (
            each(wire.upstream, lambda one: one.disconnected_at is not None)
            and not wire.edits()
            and wire.commands("rolecall.tasks")[-1].answer
            and each(wire.commands("rolecall.tasks")[-1].answer, lambda one: one["applied"] is False)
        ),
    ),
    "cancel.question": Clause(
        "Also while its question is open.",
        ("test_a_question_that_is_open_can_be_cancelled",),
        lambda wire: wire.questions() and _statuses(wire) and not wire.edits(),
    ),
    "client.end": Clause(
        "A task ends with the client that started it.",
        ("test_the_end_of_the_client_closes_its_stream",),
        lambda wire: _ended_with_the_client(wire, wire.upstream),
    ),
    "client.end.cancelled": Clause(
        "Cancelled, as another client of the same workspace sees.",
        ("test_what_a_client_left_running_is_cancelled_as_others_see[shared]",),
        lambda wire: (
            some(
                wire.commands("rolecall.tasks"),
                lambda one: [task["status"] for task in one.answer] == ["running"],
            )
            and [task["status"] for task in wire.commands("rolecall.tasks")[-1].answer] == ["cancelled"]
            and _ended_with_the_client(wire.others[0], wire.upstream)
        ),
    ),
}
