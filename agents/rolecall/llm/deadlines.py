"""The deadlines of one attempt: first token, silence within the answer, the whole task.

A keep-alive comment resets none of them; only what the model writes does. The time a slow reader takes
between two chunks is its own, not the endpoint's; nor is the time in which somebody keeps the whole loop, a
callback that blocks for instance: what the endpoint sent meanwhile is read first.

One timer serves a whole attempt: it is moved only when it rings, not for each piece of the answer, which
would cost more than the reading does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rolecall.errors import TimedOut
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from rolecall.llm.types import Endpoint
    from rolecall.settings.model import LlmSettings

T = TypeVar("T")

OVERDUE_S = 0.5
"""Seconds in which what had come before a deadline passed may still be read."""

LATE_S = 0.1
"""Seconds a timer may ring late before that is taken for a loop that was kept from running."""


class Deadlines:
    """Waits for the endpoint no longer than the settings allow. Used in a ``with`` statement, by one task.

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
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[Any] | None = None
        self._ends_at = 0.0
        self._overdue_since: float | None = None
        self._rang = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def progress(self) -> None:
        """The model wrote something, or its text was just taken by the reader."""
        self._begun = True
        self._since = self._loop.time()

    async def wait(self, awaitable: Awaitable[T], *, until: float | None = None) -> T:
        """The result of ``awaitable``. ``until``: an earlier loop time, for what need not come.

        Raises:
            TimedOut: naming the deadline that passed.
        """
        self._ends_at = self._next() if until is None else min(until, self._total_at)
        self._check_overdue()
        if self._timer is None or self._timer.when() > self._ends_at:
            self._set_timer()
        task = asyncio.current_task()
        assert task is not None
        cancelled_before = task.cancelling()
        self._waiting, self._rang = task, False
        try:
            return await awaitable
        except asyncio.CancelledError:
            # As asyncio.timeout does it: a cancel that came from elsewhere as well goes on.
            if self._rang and task.cancelling() - 1 <= cancelled_before:
                raise self._passed() from None
            raise
        finally:
            self._waiting = None
            if self._rang:
                task.uncancel()

    def _check_overdue(self) -> None:
        """Raise TimedOut where reading goes on without ever waiting: no timer can ring then."""
        now = self._loop.time()
        if now < self._ends_at:
            self._overdue_since = None
        elif now >= self._total_at:
            raise self._passed()
        elif self._overdue_since is None:
            self._overdue_since = now
        elif now - self._overdue_since > OVERDUE_S:
            raise self._passed()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ends_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        now = self._loop.time()
        late = now - self._ends_at
        if late > LATE_S:
            # So long, at least, nobody could read; the endpoint gets it back, but not beyond the total.
            self._ends_at = min(now + late, self._total_at)
        if now < self._ends_at:
            self._set_timer()
        else:
            # What has come by now wakes the reader before this.
            self._loop.call_soon(self._give_up)

    def _give_up(self) -> None:
        if self._waiting is None:
            return
        if self._loop.time() < self._ends_at:
            if self._timer is None:
                self._set_timer()
        elif not self._rang:
            self._rang = True
            self._waiting.cancel()

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
