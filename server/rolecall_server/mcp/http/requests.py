"""uvicorn's connection, which does not wait forever for a request.

It is h11's wherever Rolecall runs: left to itself uvicorn takes whichever parser it finds installed, and the
other one reads headers of any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

REQUEST_S: Final = 60.0
"""Seconds that a request may take to arrive, from the opened connection or its first byte to its last."""


class TimedRequests(H11Protocol):
    """A connection that is closed once a request has been arriving for too long, however steadily."""

    request_s: ClassVar[float] = REQUEST_S
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: its first request is due."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """More of a request came, or all of it, or one and the beginning of the next."""
        super().data_received(data)
        if self._is_arriving():
            self._expect()
        else:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._forget()
        super().connection_lost(exc)

    def _is_arriving(self) -> bool:
        begun, _ = self.conn.trailing_data
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(begun))

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_s, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
