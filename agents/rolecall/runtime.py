"""What one process shares between all clients and doors: one pool, one breaker and one task registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rolecall.llm.breaker import BreakerRegistry
from rolecall.llm.calibration import Calibration
from rolecall.llm.endpoint import EndpointCache
from rolecall.llm.pool import ClientPool
from rolecall.tasks import TaskRegistry
from rolecall.telemetry.metrics import Metrics
from rolecall.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.session import Session
    from rolecall.telemetry.otlp import Exporter


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
        self.calibration = Calibration()
        self.turns = Turns()
        self.tasks = TaskRegistry(self)
        self._exporter: Exporter | None = None

    def export_metrics(self, session: Session) -> None:
        """Send the metrics to the collector that a client's settings name, from now on."""
        settings = session.settings.metrics
        if settings.enabled and settings.otlp_endpoint:
            from rolecall.telemetry.otlp import Exporter  # noqa: PLC0415 - few send metrics anywhere

            if self._exporter is None:
                self._exporter = Exporter(self.metrics)
            self._exporter.use(str(settings.otlp_endpoint), session.caller.environment)

    async def aclose(self) -> None:
        """Cancel what runs and close every connection."""
        await self.tasks.aclose()
        if self._exporter is not None:
            await self._exporter.aclose()
        await self.pool.aclose()
