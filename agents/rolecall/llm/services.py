"""What this package needs of the process and of the connection that asks, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.caller import Caller
    from rolecall.llm.breaker import BreakerRegistry
    from rolecall.llm.endpoint import EndpointCache
    from rolecall.llm.pool import ClientPool
    from rolecall.settings import Credential, Settings
    from rolecall.telemetry.metrics import Metrics


class Shared(Protocol):
    """The process: :class:`rolecall.runtime.Runtime`."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic seconds."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where everything is counted."""
        ...

    @property
    def pool(self) -> ClientPool:
        """The pooled clients."""
        ...

    @property
    def breakers(self) -> BreakerRegistry:
        """All breakers."""
        ...

    @property
    def endpoints(self) -> EndpointCache:
        """The endpoints found lately."""
        ...


class Loaded(Protocol):
    """What loading the settings gave: :class:`rolecall.settings.LoadedSettings`."""

    def credential(self) -> Credential:
        """The base URL and the key that belongs to it."""
        ...


class Connection(Protocol):
    """The connection that asks: :class:`rolecall.session.Session`."""

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        ...

    @property
    def loaded(self) -> Loaded:
        """Where they came from."""
        ...

    @property
    def caller(self) -> Caller:
        """The client's surroundings."""
        ...
