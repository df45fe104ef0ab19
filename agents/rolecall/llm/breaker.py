"""The breaker registry: a breaker for each (role, origin, key, model) over a shared (origin, key, model).

The shared one lets five roles learn of one outage together; a role's own one keeps a role whose requests
alone make the endpoint fail from troubling the others. A request needs the permit of both.
"""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.errors import BreakerOpen, UpstreamError
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from rolecall.llm.circuit import Circuit, Permit, StateName
    from rolecall.llm.types import Endpoint
    from rolecall.settings.model import BreakerSettings
    from rolecall.telemetry.metrics import Metrics

MAX_CIRCUITS = 2_000
"""Breakers that are kept; beyond it the ones that know least are forgotten first."""

STATE_NUMBERS: dict[StateName, int] = {"closed": 0, "half_open": 1, "open": 2}


@dataclass(frozen=True, slots=True)
class _Key:
    """What a breaker is for. ``role`` None: shared by all roles. The key of the endpoint is hashed."""

    role: str | None
    origin: str
    key: str
    model: str

    def attributes(self) -> dict[str, str | None]:
        return {"role": self.role, "origin": self.origin, "model": self.model}


class BreakerRegistry:
    """All breakers of the process.

    Args:
        clock: monotonic seconds.
        metrics: where ``rolecall.breaker.*`` is counted.
    """

    def __init__(self, clock: Callable[[], float], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._circuits: dict[_Key, Circuit] = {}

    @asynccontextmanager
    async def guard(self, role: str, endpoint: Endpoint, policy: BreakerSettings) -> AsyncGenerator[None]:
        """Span one request to the end of its stream; how it ends decides what the breakers learn.

        Raises:
            BreakerOpen: one of the breakers refuses; nothing may be sent.
        """
        circuits = self._pair(role, endpoint, policy)
        permits = self._admit(circuits, endpoint)
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            for circuit, permit in zip(circuits, permits, strict=True):
                outcome = circuit.judge(error)
                if outcome == "failure":
                    circuit.last_failure = _kind(error)
                circuit.settle(permit, outcome)

    def check(self, role: str, endpoint: Endpoint, policy: BreakerSettings, *, after_s: float = 0.0) -> None:
        """Raise BreakerOpen where a request made in ``after_s`` seconds would be refused."""
        for circuit in self._pair(role, endpoint, policy):
            rest = circuit.present.refusal(after_s)
            if rest is not None:
                raise _refused(endpoint, circuit, rest)

    def snapshot(self) -> list[dict[str, Any]]:
        """All breakers, as JSON values; ``role`` null for those all roles share."""
        return [
            {
                **key.attributes(),
                "state": circuit.present.name,
                "retry_after_s": circuit.present.refusal() or 0.0,
            }
            for key, circuit in self._circuits.items()
        ]

    def _admit(self, circuits: tuple[Circuit, Circuit], endpoint: Endpoint) -> list[Permit]:
        from rolecall.llm.circuit import Refused  # noqa: PLC0415  # aiobreaker; only once something is sent

        permits: list[Permit] = []
        try:
            for circuit in circuits:
                permits.append(circuit.present.admit())  # noqa: PERF401  # the ones before a refusal are given back
        except Refused as refused:
            for circuit, permit in zip(circuits, permits, strict=False):
                circuit.settle(permit, "neutral")
            raise _refused(endpoint, circuits[len(permits)], refused.retry_after_s) from None
        return permits

    def _pair(self, role: str, endpoint: Endpoint, policy: BreakerSettings) -> tuple[Circuit, Circuit]:
        digest = hashlib.sha256((endpoint.api_key or "").encode()).hexdigest()
        shared, own = (_Key(name, endpoint.origin, digest, endpoint.model) for name in (None, role))
        return self._circuit(shared, policy), self._circuit(own, policy)

    def _circuit(self, key: _Key, policy: BreakerSettings) -> Circuit:
        circuit = self._circuits.pop(key, None) or self._new(key, policy)
        # The settings belong to the connection that asks; put back last, as the one used last.
        circuit.policy = policy
        self._circuits[key] = circuit
        return circuit

    def _new(self, key: _Key, policy: BreakerSettings) -> Circuit:
        from rolecall.llm.circuit import Circuit  # noqa: PLC0415  # aiobreaker; only once something is sent

        self._forget_some()

        def changed(old: StateName, new: StateName) -> None:
            self._metrics.gauge("rolecall.breaker.state", STATE_NUMBERS[new], **key.attributes())
            self._metrics.count(
                "rolecall.breaker.transitions", **key.attributes(), **{"from": old, "to": new}
            )

        self._metrics.gauge("rolecall.breaker.state", STATE_NUMBERS["closed"], **key.attributes())
        return Circuit(self._clock, policy, changed, counts)

    def _forget_some(self) -> None:
        if len(self._circuits) < MAX_CIRCUITS:
            return
        closed = [key for key, circuit in self._circuits.items() if circuit.present.name == "closed"]
        for key in (closed or list(self._circuits))[: MAX_CIRCUITS // 10]:
            del self._circuits[key]


def counts(error: BaseException) -> bool:
    """Whether an error tells of a sick endpoint.

    Those another attempt may overcome do. A refused key or request, an unknown model, a request that is too
    large, a used-up quota, a total deadline and a cancellation tell nothing about the endpoint's health.
    """
    return isinstance(error, UpstreamError) and error.retriable


def _kind(error: BaseException | None) -> str:
    """What a failure was, without the endpoint's words: they may quote a request that another user made."""
    if not isinstance(error, UpstreamError):
        return ""
    return f"HTTP {error.status}" if error.status else error.code


def _refused(endpoint: Endpoint, circuit: Circuit, retry_after_s: float) -> BreakerOpen:
    last = f", last with {circuit.last_failure}" if circuit.last_failure else ""
    return BreakerOpen(
        f"{host_of(endpoint)} failed too often lately on requests to {endpoint.model}{last}; "
        "nothing was sent.",
        hint=f"Its breaker lets a request through again in {max(1, round(retry_after_s))} s. "
        "`rolecall doctor` tells whether the endpoint is well.",
        retry_after_s=round(retry_after_s, 3),
    )
