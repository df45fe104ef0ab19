"""Calls in progress, for a server that ends: it waits for them, and takes no new ones."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class Traffic:
    """Counts tool calls.

    Attributes:
        is_draining: whether the server ends when the last call has been answered.
    """

    def __init__(self) -> None:
        self.is_draining = False
        self._calls = 0
        self._quiet = anyio.Event()
        self._quiet.set()
        self._ends: list[Callable[[], None]] = []

    @contextmanager
    def call(self) -> Generator[None]:
        """A call is in progress inside."""
        if self._calls == 0:
            self._quiet = anyio.Event()
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            if self._calls == 0:
                self._quiet.set()

    def at_end(self, end: Callable[[], None]) -> None:
        """Call this once no call is waited for any more: it ends what would otherwise last forever."""
        self._ends.append(end)

    async def drain(self, seconds: float) -> bool:
        """Take no new work, and wait so long for the calls in progress; whether all of them ended."""
        self.is_draining = True
        with anyio.move_on_after(seconds):
            await self._quiet.wait()
        for end in self._ends:
            end()
        return self._calls == 0
