"""A process and a connection with the settings a test wants, and a clock the test turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolecall.caller import Caller
from rolecall.llm.breaker import BreakerRegistry
from rolecall.llm.endpoint import EndpointCache
from rolecall.llm.local import Port
from rolecall.llm.pool import ClientPool
from rolecall.llm.types import Endpoint, ModelCall, Prompt
from rolecall.settings import Credential, Settings
from rolecall.settings.addresses import origin
from rolecall.task import TaskRequest
from rolecall.telemetry.metrics import Metrics


class Clock:
    """Monotonic seconds that pass only when told to; also a ``sleep`` that passes them."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class FakeRuntime:
    """What :mod:`rolecall.llm` needs of a process."""

    def __init__(self, clock: Clock | None = None, ports: tuple[Port, ...] = ()) -> None:
        self.clock = clock or Clock()
        self.metrics = Metrics(self.clock)
        self.pool = ClientPool(self.clock, self.metrics)
        self.breakers = BreakerRegistry(self.clock, self.metrics)
        self.endpoints = EndpointCache(self.clock, ports=ports)

    def counted(self, name: str, **attributes: str) -> float:
        """The sum of a counter over the series with these attributes."""
        series = self.metrics.snapshot().get(name, {"series": []})["series"]
        return sum(one["value"] for one in series if attributes.items() <= one["attributes"].items())


@dataclass
class FakeConnection:
    """What :mod:`rolecall.llm` needs of a connection; ``groups`` are settings as a file would have them."""

    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    base_url: str | None = None
    api_key: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(self.groups, strict=False)

    @property
    def loaded(self) -> FakeConnection:
        return self

    @property
    def caller(self) -> Caller:
        return Caller(self.environment, Path("/"))

    def credential(self) -> Credential:
        return Credential(self.base_url, self.api_key)


def endpoint_at(base_url: str, *, model: str = "fake-model", **members: Any) -> Endpoint:
    """The endpoint at ``base_url``."""
    return Endpoint(provider="openai", model=model, base_url=base_url, origin=origin(base_url), **members)


def call_to(endpoint: Endpoint, **members: Any) -> ModelCall:
    """A small request."""
    members = {
        "prompt": Prompt("You are terse.", "Say hello."),
        "request": TaskRequest("developer"),
        **members,
    }
    return ModelCall(endpoint=endpoint, gathered=None, **members)  # type: ignore[arg-type]
