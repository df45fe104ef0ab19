"""Asking an endpoint which models it has."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import jiter

from rolecall.errors import ModelNotFound, TimedOut, UpstreamError, UpstreamProtocolError
from rolecall.llm.local import LISTING_LIMIT
from rolecall.llm.models import chat_models
from rolecall.llm.pieces import bounded
from rolecall.llm.retry import Schedule
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rolecall.llm.services import Connection, Shared
    from rolecall.llm.types import Endpoint

LISTING_S = 15.0
"""Seconds one listing may take, beyond the connecting."""

_NOT_THERE = {404, 405, 501}


async def list_models(
    runtime: Shared,
    session: Connection,
    endpoint: Endpoint,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> list[str]:
    """The chat models ``endpoint`` has. Failures that may pass are retried as the settings say.

    Raises:
        ModelNotFound: the endpoint does not list its models.
        UpstreamError: it failed.
    """
    schedule = Schedule(session.settings.retry, random.random, lambda: session.settings.llm.total_timeout_s)
    async for turn in schedule.attempts():
        if schedule.wait_s:
            await sleep(schedule.wait_s)
        try:
            return chat_models(await fetch_listing(runtime, session, endpoint))
        except UpstreamError as error:
            if error.status in _NOT_THERE:
                raise _unlisted(endpoint) from None
            turn.retry_state.set_exception((type(error), error, error.__traceback__))
    raise AssertionError("a schedule ends with a result or an error")


async def fetch_listing(runtime: Shared, session: Connection, endpoint: Endpoint) -> Any:
    """The answer to ``GET /models``, as JSON. Raises UpstreamError."""
    settings = session.settings
    async with runtime.pool.lease(endpoint, settings.pool) as lease:
        from rolecall.llm import wire  # noqa: PLC0415  # heavy; the pool has imported it in a thread

        allowed_s = settings.llm.connect_timeout_s + LISTING_S
        timeout = asyncio.timeout(allowed_s)
        try:
            async with timeout:
                with wire.mapped_errors(endpoint, settings.llm):
                    response = await wire.send_listing(lease.client, endpoint, settings.llm)
                    async with aclosing(response):
                        body = await bounded(response, LISTING_LIMIT)
        except TimeoutError:
            raise TimedOut(
                f"{host_of(endpoint)} did not list its models within {allowed_s:g} s.",
                hint="Set llm.model, so that the list is not needed.",
                retriable=False,  # a server that hangs on so small a question hangs on the next one too
            ) from None
    try:
        return jiter.from_json(body)
    except ValueError:
        raise UpstreamProtocolError(
            f"{host_of(endpoint)} lists its models in a form that cannot be read.",
            hint="Check llm.base_url; it usually ends in /v1. Or set llm.model.",
            retriable=False,
        ) from None


def _unlisted(endpoint: Endpoint) -> ModelNotFound:
    return ModelNotFound(
        f"{host_of(endpoint)} does not list its models, and llm.model is not set.",
        hint="Set llm.model. If you did not expect this, check llm.base_url; it usually ends in /v1.",
    )
