"""Asking the user by a message, where the client has no preview of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.session import Session
    from rolecall_server.lsp.connection import Connection

APPLY: Final = "Apply"
SHOW: Final = "Show diff"
DISCARD: Final = "Discard"
LISTED: Final = 8


async def ask(
    connection: Connection, session: Session, title: str, changes: Sequence[Change], asking: Sequence[Change]
) -> bool:
    """Whether the user wants the changes; a dismissed question is a no."""
    question = f"{title}: {_listed(changes)}{_reasons(asking)}. Apply?"
    choices = [APPLY, SHOW, DISCARD]
    while True:
        chosen = await connection.messages.ask(question, choices)
        if chosen != SHOW:
            return chosen == APPLY
        await _show(connection, session, changes)
        choices = [APPLY, DISCARD]


async def _show(connection: Connection, session: Session, changes: Sequence[Change]) -> None:
    from rolecall_server.lsp.content import show_text  # noqa: PLC0415 - only where it is asked for

    diff = "".join(change.diff() for change in changes)
    if not await show_text(connection, session, "proposal.diff", diff):
        connection.messages.show_info(diff)


def _listed(changes: Sequence[Change]) -> str:
    names = [f"{_VERBS[change.action]} {change.path}" for change in changes[:LISTED]]
    more = len(changes) - len(names)
    return ", ".join([*names, f"{more} more"] if more else names)


def _reasons(asking: Sequence[Change]) -> str:
    reasons = [change.reason for change in asking if change.reason]
    return f" ({'; '.join(reasons[:LISTED])})" if reasons else ""


_VERBS: Final = {"create": "create", "modify": "change", "delete": "delete", "rename": "rename"}
