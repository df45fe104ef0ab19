"""Asking a model: retry outside, breaker inside, the pooled client, and the whole stream guarded.

Never are two attempts joined: an attempt that fails after text was shown is voided by a Restart before
the next. Closing the generator, or cancelling the task that reads it, closes the connection at once.
"""

from __future__ import annotations

import asyncio
import random as _random
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from rolecall.errors import (
    BreakerOpen,
    EndpointUnreachable,
    ModelNotFound,
    RolecallError,
    TimedOut,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.events import Attempt, Restart
from rolecall.llm import offline_stream
from rolecall.llm.deadlines import Deadlines, total_passed
from rolecall.llm.measure import Measurement
from rolecall.llm.retry import Schedule
from rolecall.llm.secrecy import host_of
from rolecall.llm.stream import Exchange
from rolecall.llm.types import FinishChunk, TextChunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from rolecall.llm.pool import Lease
    from rolecall.llm.services import Connection, Shared
    from rolecall.llm.types import Endpoint, ModelCall

Said = Attempt | Restart | TextChunk | FinishChunk

log = structlog.get_logger(__name__)


async def complete(
    runtime: Shared,
    session: Connection,
    call: ModelCall,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    random: Callable[[], float] = _random.random,
) -> AsyncGenerator[Said]:
    """Ask the model of ``call``, then the fallback models where it is not available.

    An Attempt before each attempt, a Restart where shown text becomes void, the text as it comes, and one
    FinishChunk.

    Args:
        runtime: the process: pool, breakers, metrics.
        session: the connection that asks: its settings.
        call: what to ask whom.
        sleep: waits between attempts.
        random: a number from 0 to 1, for the jitter.

    Raises:
        UpstreamError: the last failure, when no attempt is left.
        BreakerOpen: the endpoint failed too often lately.
    """
    if call.endpoint.provider == "offline":
        async with aclosing(offline_stream.answer(runtime, call)) as scaffold:
            async for piece in scaffold:
                yield piece
        return
    async with aclosing(_Asking(runtime, session, call, sleep, random).models()) as said:
        async for item in said:
            yield item


@dataclass(slots=True)
class _Asking:
    """One request, over all its attempts and models."""

    runtime: Shared
    session: Connection
    call: ModelCall
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    made: int = 0
    shown: bool = False
    reason: str | None = None
    failed: UpstreamError | None = None
    ends_at: float = 0.0
    schedule: Schedule = field(init=False)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ends_at = loop.time() + self.call.total_timeout_s
        self.schedule = Schedule(self.session.settings.retry, self.random, lambda: self.ends_at - loop.time())

    async def models(self) -> AsyncGenerator[Said]:
        """Ask one model after the other."""
        endpoints = self._endpoints()
        for endpoint, is_last in zip(endpoints, [False] * (len(endpoints) - 1) + [True], strict=True):
            try:
                async with aclosing(self._attempts(endpoint, of=len(endpoints))) as said:
                    async for item in said:
                        yield item
            except RolecallError as error:
                if is_last or not _another_model_may_help(error):
                    if isinstance(error, BreakerOpen) and self.failed is not None:
                        raise _cut_short(self.failed, error, endpoint) from None
                    raise
                self.reason = error.code
                log.warning(
                    "falling back to the next model", model=endpoint.model, **{"error.code": error.code}
                )
            else:
                return

    def _endpoints(self) -> list[Endpoint]:
        names = (self.call.endpoint.model, *self.session.settings.llm.fallback_models)
        return [replace(self.call.endpoint, model=name) for name in dict.fromkeys(names)]

    async def _attempts(self, endpoint: Endpoint, *, of: int) -> AsyncGenerator[Said]:
        """Ask one model until it answers, the error is final, or the schedule ends."""
        limit = self.session.settings.retry.max_attempts * of
        async for turn in self.schedule.attempts():
            wait_s = self.schedule.wait_s
            self.runtime.breakers.check(self._role, endpoint, self.session.settings.breaker, after_s=wait_s)
            if self.shown:
                self.shown = False
                yield Restart()
            self.made += 1
            yield Attempt(self.made, limit, wait_s, self.reason)
            if wait_s:
                await self.sleep(wait_s)
            try:
                async with aclosing(self._attempt(endpoint)) as said:
                    async for item in said:
                        yield item
            except UpstreamError as error:
                self.reason, self.failed = error.code, error
                # Not its message: endpoints quote the request they refuse.
                log.warning(
                    "attempt failed",
                    n=self.made,
                    model=endpoint.model,
                    status=error.status,
                    **{"error.code": error.code},
                )
                turn.retry_state.set_exception((type(error), error, error.__traceback__))
            else:
                return

    async def _attempt(self, endpoint: Endpoint) -> AsyncGenerator[TextChunk | FinishChunk]:
        """Ask once, in turn, under the breaker, measured."""
        settings, runtime = self.session.settings, self.runtime
        async with AsyncExitStack() as stack:
            await self._take_turn(stack, endpoint)
            await stack.enter_async_context(runtime.breakers.guard(self._role, endpoint, settings.breaker))
            lease = await stack.enter_async_context(runtime.pool.lease(endpoint, settings.pool))
            measurement = stack.enter_context(
                Measurement(runtime, endpoint, self._role, is_retry=self.made > 1)
            )
            try:
                async with aclosing(self._exchange(lease, endpoint).run()) as said:
                    async for item in said:
                        self._note(item, measurement)
                        yield item
            except _CONNECTION_FAILURES as error:
                if error.retriable:
                    lease.record(succeeded=False)
                raise
            lease.record(succeeded=True)

    async def _take_turn(self, stack: AsyncExitStack, endpoint: Endpoint) -> None:
        """Wait while the endpoint has as many requests as the settings allow."""
        limit = self.session.settings.concurrency.per_endpoint
        try:
            async with asyncio.timeout_at(self.ends_at):
                await stack.enter_async_context(self.runtime.pool.gate.place(endpoint.origin, limit))
        except TimeoutError:
            raise total_passed(endpoint, self._allowed_s) from None

    def _exchange(self, lease: Lease, endpoint: Endpoint) -> Exchange:
        llm = self.session.settings.llm
        deadlines = Deadlines(
            endpoint,
            llm,
            total_at=self.ends_at,
            total_s=self._allowed_s,
            stream=self.call.stream,
        )
        return Exchange(lease.client, self.call, endpoint, llm, deadlines, self.runtime.pool.dialects)

    def _note(self, item: TextChunk | FinishChunk, measurement: Measurement) -> None:
        if isinstance(item, TextChunk):
            self.shown = True
            measurement.text()
        else:
            measurement.finished(item.usage)

    @property
    def _allowed_s(self) -> float:
        """What the user allowed for everything; errors name it, not what was left when this request began."""
        return self.call.request.timeout_s or self.session.settings.llm.total_timeout_s

    @property
    def _role(self) -> str:
        return self.call.request.role


_CONNECTION_FAILURES = (EndpointUnreachable, UpstreamUnavailable, UpstreamProtocolError, TimedOut)


def _cut_short(failed: UpstreamError, refused: BreakerOpen, endpoint: Endpoint) -> BreakerOpen:
    """The error of a task that failed before a breaker refused it: why it failed, and why it stops."""
    cause = failed.message if failed.message.endswith((".", "!", "?", "…")) else f"{failed.message}."
    return BreakerOpen(
        f"{cause} No further attempt was made: the breaker of {host_of(endpoint)} for {endpoint.model} "
        "is open.",
        hint=refused.hint,
        retry_after_s=max(refused.retry_after_s or 0.0, failed.retry_after_s or 0.0),
    )


def _another_model_may_help(error: RolecallError) -> bool:
    """Whether the failure can be this model's alone: it is unknown, down, or limited."""
    if isinstance(error, BreakerOpen | ModelNotFound):
        return True
    return isinstance(error, UpstreamError) and error.retriable
