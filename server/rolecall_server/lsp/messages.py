"""What the user is told in words: ``window/showMessage``, ``window/logMessage`` and questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lsprotocol.types import (
    LogMessageParams,
    MessageActionItem,
    MessageType,
    ShowMessageParams,
    ShowMessageRequestParams,
)
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall_server.lsp.server import RolecallServer

LIMIT = 2_000
"""Characters of a message: more than that no editor shows in one."""


class Failure(Protocol):
    """An error or its public form: what happened, and what to do next."""

    message: str
    hint: str


class Messages:
    """Talks to one client's user."""

    def __init__(self, server: RolecallServer) -> None:
        self._server = server

    def show_error(self, failure: Failure) -> None:
        """Show what failed and what to do about it."""
        self._show(MessageType.Error, f"Rolecall: {failure.message} {failure.hint}".strip())

    def show_warning(self, text: str) -> None:
        """Show something to look at."""
        self._show(MessageType.Warning, f"Rolecall: {text}")

    def show_info(self, text: str) -> None:
        """Show something good to know."""
        self._show(MessageType.Info, f"Rolecall: {text}")

    def log_warning(self, text: str) -> None:
        """Put something into the client's log."""
        self._server.window_log_message(LogMessageParams(MessageType.Warning, f"Rolecall: {text}"))

    async def ask(self, question: str, choices: Sequence[str]) -> str | None:
        """The chosen answer; None where the question was dismissed or cannot be asked."""
        params = ShowMessageRequestParams(
            MessageType.Info,
            f"Rolecall: {question}"[:LIMIT],
            [MessageActionItem(choice) for choice in choices],
        )
        try:
            chosen = await self._server.window_show_message_request_async(params)
        except JsonRpcException:
            return None
        return chosen.title if chosen is not None else None

    def _show(self, kind: MessageType, text: str) -> None:
        self._server.window_show_message(ShowMessageParams(kind, text[:LIMIT]))
