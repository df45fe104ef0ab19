"""The one pool: a client for each (origin, key, proxy, CA), shared by every role and every door.

A pooled client is replaced when it is too old or fails too often. Streams that still run on the old one
run to their end; it is closed after the last.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rolecall.llm.dialect import Dialects
from rolecall.llm.gate import Gate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import httpx2
    from openai import AsyncOpenAI

    from rolecall.llm.types import Endpoint
    from rolecall.settings import PoolSettings
    from rolecall.telemetry.metrics import Metrics

HEALTH_WINDOW = 20
"""Outcomes the success rate of a client is taken over."""

HEALTH_MINIMUM = 10
"""Outcomes below which a success rate says nothing."""

RecycleReason = Literal["age", "health"]

_Key = tuple[str, str | None, str | None, str | None, int, int, float]


@dataclass(slots=True, eq=False)
class _Pooled:
    """One client, and what is known of it. Times in monotonic seconds."""

    origin: str
    created: float
    last_used: float
    in_flight: int = 0
    requests: int = 0
    opened: int = 0
    retired: bool = False
    outcomes: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=HEALTH_WINDOW))
    clients: dict[tuple[str, str], AsyncOpenAI] = field(default_factory=dict[tuple[str, str], "AsyncOpenAI"])
    http: httpx2.AsyncClient = field(init=False)

    def success_rate(self) -> float | None:
        """Share of the latest outcomes that were good, None before the first."""
        return sum(self.outcomes) / len(self.outcomes) if self.outcomes else None


@dataclass(frozen=True, slots=True)
class Lease:
    """The use of a pooled client for one request.

    Attributes:
        client: the SDK's, for the endpoint's base URL.
        http: what is below it, for what the SDK does not know.
    """

    client: AsyncOpenAI
    http: httpx2.AsyncClient
    _outcomes: deque[bool]

    def record(self, *, succeeded: bool) -> None:
        """Tell the pool how the request went. What the client cannot help (a wrong key) is not told."""
        self._outcomes.append(succeeded)


class ClientPool:
    """Pooled clients.

    The limits are part of what clients are told apart by: one user's ``pool.max_connections`` is never
    another's bottleneck.

    Args:
        clock: monotonic seconds.
        metrics: where ``rolecall.pool.*`` is counted.

    Attributes:
        dialects: what the endpoints do not take of the protocol.
        gate: how many requests each endpoint gets at once.
    """

    def __init__(self, clock: Callable[[], float], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._pooled: dict[_Key, _Pooled] = {}
        self._draining: set[_Pooled] = set()
        self._building = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._recycled = 0
        self.dialects = Dialects()
        self.gate = Gate()

    @asynccontextmanager
    async def lease(self, endpoint: Endpoint, settings: PoolSettings) -> AsyncGenerator[Lease]:
        """The client for ``endpoint``, for the time of one request and its stream.

        Raises:
            ConfigurationInvalid: the proxy or the certificates cannot be used.
        """
        pooled = await self._fitting(endpoint, settings)
        pooled.in_flight += 1
        pooled.requests += 1
        pooled.last_used = self._clock()
        self._metrics.count("rolecall.pool.requests", origin=endpoint.origin)
        try:
            yield Lease(_client_for(pooled, endpoint), pooled.http, pooled.outcomes)
        finally:
            pooled.in_flight -= 1
            pooled.last_used = self._clock()
            self._close_if_drained(pooled)

    def statistics(self) -> list[dict[str, Any]]:
        """What is pooled now, one object a client, as JSON values. Times in seconds."""
        now = self._clock()
        return [
            {
                "origin": pooled.origin,
                "age_s": round(now - pooled.created, 3),
                "in_flight": pooled.in_flight,
                "requests": pooled.requests,
                "connections_opened": pooled.opened,
                "connections_reused": max(0, pooled.requests - pooled.opened),
                "success_rate": pooled.success_rate(),
                "draining": pooled.retired,
            }
            for pooled in (*self._pooled.values(), *self._draining)
        ]

    @property
    def recycled(self) -> int:
        """Clients that were replaced so far."""
        return self._recycled

    async def aclose(self) -> None:
        """Close every client and every connection. Running streams end with an error."""
        for pooled in (*self._pooled.values(), *self._draining):
            self._close(pooled)
        self._pooled.clear()
        self._draining.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _fitting(self, endpoint: Endpoint, settings: PoolSettings) -> _Pooled:
        key = _key(endpoint, settings)
        async with self._building:
            self._drop_unused(settings)
            pooled = self._pooled.get(key)
            if pooled is not None and (reason := self._worn(pooled, settings)):
                self._retire(key, reason)
                pooled = None
            if pooled is None:
                pooled = self._pooled[key] = await self._build(endpoint, settings)
            return pooled

    async def _build(self, endpoint: Endpoint, settings: PoolSettings) -> _Pooled:
        now = self._clock()
        pooled = _Pooled(endpoint.origin, created=now, last_used=now)

        def opened() -> None:
            pooled.opened += 1
            self._metrics.count("rolecall.pool.connections_opened", origin=endpoint.origin)

        # In a thread: imports and certificates take up to a second, and every editor waits on this loop.
        pooled.http = await asyncio.to_thread(_transport, endpoint, settings, opened)
        return pooled

    def _worn(self, pooled: _Pooled, settings: PoolSettings) -> RecycleReason | None:
        if self._clock() - pooled.created >= settings.max_age_s:
            return "age"
        rate = pooled.success_rate()
        if rate is not None and len(pooled.outcomes) >= HEALTH_MINIMUM and rate < settings.min_success_rate:
            return "health"
        return None

    def _drop_unused(self, settings: PoolSettings) -> None:
        # A client nobody asked for since is no longer wanted: its key or its proxy was changed.
        oldest = self._clock() - settings.max_age_s
        for key, pooled in tuple(self._pooled.items()):
            if pooled.last_used < oldest and not pooled.in_flight:
                self._retire(key, "age")

    def _retire(self, key: _Key, reason: RecycleReason) -> None:
        pooled = self._pooled.pop(key)
        pooled.retired = True
        self._recycled += 1
        self._metrics.count("rolecall.pool.recycled", origin=pooled.origin, reason=reason)
        self._draining.add(pooled)
        self._close_if_drained(pooled)

    def _close_if_drained(self, pooled: _Pooled) -> None:
        if pooled.retired and not pooled.in_flight and pooled in self._draining:
            self._draining.discard(pooled)
            self._close(pooled)

    def _close(self, pooled: _Pooled) -> None:
        # As a task of its own, so that the cancelling of a request cannot cut the closing short.
        task = asyncio.ensure_future(pooled.http.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _key(endpoint: Endpoint, settings: PoolSettings) -> _Key:
    return (
        endpoint.origin,
        endpoint.api_key,
        endpoint.proxy,
        endpoint.ca_file,
        settings.max_connections,
        settings.max_keepalive,
        settings.keepalive_expiry_s,
    )


def _transport(endpoint: Endpoint, settings: PoolSettings, opened: Callable[[], None]) -> httpx2.AsyncClient:
    imported = "rolecall.llm.transport" in sys.modules
    from rolecall.llm import transport  # noqa: PLC0415  # heavy; only once something is sent

    if not imported:
        # What was imported makes a collection of all objects due. It stops everything for a moment; now is
        # better than among the first answers.
        gc.collect()
    return transport.build(endpoint, settings, opened)


def _client_for(pooled: _Pooled, endpoint: Endpoint) -> AsyncOpenAI:
    from rolecall.llm import transport  # noqa: PLC0415  # heavy; only once something is sent

    assert endpoint.base_url is not None
    address = (endpoint.base_url, endpoint.query)
    client = pooled.clients.get(address)
    if client is None:
        client = pooled.clients[address] = transport.client(pooled.http, endpoint)
    return client
