"""What one process shares between all clients and doors: one pool, one breaker and one task registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rolecall.llm.breaker import BreakerRegistry
from rolecall.llm.endpoint import EndpointCache
from rolecall.llm.pool import ClientPool
from rolecall.tasks import TaskRegistry
from rolecall.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable


class Runtime:
    """The process-wide state. Nothing in it belongs to a single client.

    Args:
        clock: monotonic seconds; injected so that tests own the time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.metrics = Metrics()
        self.pool = ClientPool(clock, self.metrics)
        self.breakers = BreakerRegistry(clock, self.metrics)
        self.endpoints = EndpointCache(clock)
        self.tasks = TaskRegistry(self)

    async def aclose(self) -> None:
        """Cancel what runs and close every connection."""
        await self.tasks.aclose()
        await self.pool.aclose()
