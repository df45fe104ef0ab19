"""One ``workspace/applyEdit`` on its way: sent, answered or not, and verified from what the editor did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rolecall_server.lsp.shapes import at
from rolecall_server.lsp.verifying import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.changeset import Change
    from rolecall.session import Session
    from rolecall_server.lsp.connection import Connection

SEEN_S: Final = 1.0
"""Seconds a client still gets to answer once its buffers show the whole edit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an edit.

    Attributes:
        applied: what the client said.
        reason: why not, in the client's words.
        done: the paths whose change is there.
        answered: whether the client has said anything, by its answer or its buffers.
    """

    applied: bool
    reason: str | None
    done: frozenset[str]
    answered: bool = True


class Delivery:
    """Sends an edit, in a task of its own: whoever waits for it may give up, and the client still answer.

    Args:
        connection: the client.
        session: its session.
        changes: what the edit changes.
        request: the parameters of ``workspace/applyEdit``.
    """

    def __init__(
        self, connection: Connection, session: Session, changes: Sequence[Change], request: dict[str, Any]
    ) -> None:
        self._connection = connection
        self._verification = Verification(session, connection.documents, changes)
        self._answered = False
        self._work: asyncio.Task[Outcome] = connection.spawn(self._deliver(request), "apply")

    @property
    def pending(self) -> bool:
        """Whether the client has neither answered nor shown the edit in its buffers."""
        return not (self._answered or self._verification.complete)

    async def outcome(self, seconds: float | None = None) -> Outcome:
        """What came of it. Giving up on the wait leaves the edit on its way.

        Raises:
            TimeoutError: the client did not answer within the seconds.
        """
        return await asyncio.wait_for(asyncio.shield(self._work), seconds)

    async def _deliver(self, request: dict[str, Any]) -> Outcome:
        with self._verification as verification:
            applied, reason = await self._answer(request)
            self._answered = True
            return Outcome(applied, reason, frozenset(await verification.done(applied=applied)))

    async def _answer(self, request: dict[str, Any]) -> tuple[bool, str | None]:
        """The client's word; where it gives none, that of its buffers."""
        asking = asyncio.ensure_future(self._ask(request))
        seeing = asyncio.ensure_future(self._verification.completed())
        try:
            await asyncio.wait({asking, seeing}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({asking}, timeout=None if asking.done() else SEEN_S)
            return asking.result() if asking.done() else (True, None)
        finally:
            asking.cancel()
            seeing.cancel()

    async def _ask(self, request: dict[str, Any]) -> tuple[bool, str | None]:
        try:
            answer = await self._connection.server.protocol.ask(types.WORKSPACE_APPLY_EDIT, request)
        except JsonRpcException as error:
            return False, error.message
        reason = at(answer, "failureReason")
        return at(answer, "applied") is True, reason if isinstance(reason, str) else None
