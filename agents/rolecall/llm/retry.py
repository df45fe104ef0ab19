"""When a failed request is made again: one schedule, for every role and every door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from rolecall.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.settings.model import RetrySettings


class Schedule:
    """The waits between the attempts of one request, over all models that are tried.

    Args:
        settings: of the connection that asks.
        random: a number from 0 to 1, for the jitter.
        time_left: seconds until the request must be over; a wait beyond it is in vain.

    Attributes:
        wait_s: the wait before the attempt that comes next.
    """

    def __init__(
        self, settings: RetrySettings, random: Callable[[], float], time_left: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._random = random
        self._time_left = time_left
        self._budget = settings.max_total_delay_s
        self.wait_s = 0.0

    def attempts(self) -> AsyncRetrying:
        """The attempts at one model; the last failure is raised as it is.

        It does not sleep: :attr:`wait_s` is for the caller, who announces the wait before.
        """
        self.wait_s = 0.0
        return AsyncRetrying(
            stop=self._is_over,
            wait=self._next_wait,
            retry=retry_if_exception(_is_retriable),
            sleep=self._note,
            reraise=True,
        )

    def _next_wait(self, state: RetryCallState) -> float:
        asked = _asked_wait(state)
        if asked is not None:
            return asked
        return self._jittered(self._backoff(state.attempt_number))

    def _backoff(self, failed: int) -> float:
        try:
            delay = self._settings.initial_delay_s * self._settings.multiplier ** (failed - 1)
        except OverflowError:
            return self._settings.max_delay_s
        return min(delay, self._settings.max_delay_s)

    def _jittered(self, delay: float) -> float:
        match self._settings.jitter:
            case "full":
                return delay * self._random()
            case "equal":
                return delay / 2 + delay / 2 * self._random()
            case "none":
                return delay

    def _is_over(self, state: RetryCallState) -> bool:
        if state.attempt_number >= self._settings.max_attempts:
            return True
        wait = state.upcoming_sleep
        return wait > self._budget or wait >= self._time_left()

    async def _note(self, seconds: float) -> None:
        self.wait_s = seconds
        self._budget -= seconds


def _is_retriable(error: BaseException) -> bool:
    return isinstance(error, UpstreamError) and error.retriable


def _asked_wait(state: RetryCallState) -> float | None:
    """What the endpoint asked for; shorter would be in vain, so neither jitter nor the longest wait apply."""
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after_s if isinstance(error, UpstreamError) else None
