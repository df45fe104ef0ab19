"""The deadlines of one attempt: first token, silence within the answer, the whole task.

A keep-alive comment resets none of them; only what the model writes does. The time a slow reader takes
between two chunks is its own, not the endpoint's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from rolecall.errors import TimedOut
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from rolecall.llm.types import Endpoint
    from rolecall.settings.model import LlmSettings

T = TypeVar("T")


class Deadlines:
    """Waits for the endpoint no longer than the settings allow.

    Args:
        endpoint: for the words of errors.
        settings: of the connection that asks.
        total_at: loop time at which everything must be over.
        total_s: how long that was from the start; for the words.
        stream: whether the answer comes in pieces; a whole one has the total deadline only.
    """

    def __init__(
        self, endpoint: Endpoint, settings: LlmSettings, *, total_at: float, total_s: float, stream: bool
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._total_at = total_at
        self._total_s = total_s
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._begun = False

    def progress(self) -> None:
        """The model wrote something, or its text was just taken by the reader."""
        self._begun = True
        self._since = self._loop.time()

    async def wait(self, awaitable: Awaitable[T], *, until: float | None = None) -> T:
        """The result of ``awaitable``. ``until``: an earlier loop time, for what need not come.

        Raises:
            TimedOut: naming the deadline that passed.
        """
        when = self._next() if until is None else min(until, self._total_at)
        timeout = asyncio.timeout_at(when)
        try:
            async with timeout:
                return await awaitable
        except TimeoutError:
            if timeout.expired():
                raise self._passed() from None
            raise

    def _next(self) -> float:
        if not self._stream:
            return self._total_at
        allowed = self._settings.idle_timeout_s if self._begun else self._settings.first_token_timeout_s
        return min(self._since + allowed, self._total_at)

    def _passed(self) -> TimedOut:
        host, model = host_of(self._endpoint), self._endpoint.model
        if self._loop.time() >= self._total_at:
            return total_passed(self._endpoint, self._total_s)
        if not self._begun:
            return TimedOut(
                f"{model} at {host} wrote nothing within {self._settings.first_token_timeout_s:g} s "
                "(llm.first_token_timeout_s).",
                hint="The model may still be loading: try again, or raise llm.first_token_timeout_s.",
            )
        return TimedOut(
            f"{model} at {host} wrote nothing more for {self._settings.idle_timeout_s:g} s "
            "(llm.idle_timeout_s).",
            hint="Try again, or raise llm.idle_timeout_s.",
        )


def total_passed(endpoint: Endpoint, total_s: float) -> TimedOut:
    """The error of a task that is out of time; no attempt can mend it."""
    return TimedOut(
        f"{endpoint.model} at {host_of(endpoint)} was not done within {total_s:g} s "
        "(llm.total_timeout_s or --timeout).",
        hint="Ask for less at once, or allow more time.",
        retriable=False,
    )
