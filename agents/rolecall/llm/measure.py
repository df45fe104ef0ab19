"""What is counted of each request to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rolecall.errors import RolecallError, TimedOut
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from types import TracebackType

    from rolecall.llm.services import Shared
    from rolecall.llm.types import Endpoint
    from rolecall.task import Usage


class Measurement:
    """Spans one request; counts how it ended, how long it took and what it cost.

    The attributes are OpenTelemetry's for generative AI clients, plus the role.
    """

    def __init__(self, runtime: Shared, endpoint: Endpoint, role: str, *, is_retry: bool) -> None:
        self._metrics = runtime.metrics
        self._clock = runtime.clock
        self._is_retry = is_retry
        self._first_text: float | None = None
        self._started = 0.0
        self._plain = {"role": role, "model": endpoint.model}
        self._gen_ai = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": endpoint.provider,
            "gen_ai.request.model": endpoint.model,
            "server.address": host_of(endpoint) if endpoint.base_url else None,
            "rolecall.role": role,
        }

    def __enter__(self) -> Self:
        self._started = self._clock()
        self._metrics.count("rolecall.llm.requests", **self._plain)
        if self._is_retry:
            self._metrics.count("rolecall.llm.retries", **self._plain)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        code = self._outcome(error)
        self._metrics.observe(
            "gen_ai.client.operation.duration",
            self._clock() - self._started,
            **self._gen_ai,
            **{"error.type": code},
        )

    def text(self) -> None:
        """Text came."""
        if self._first_text is None:
            self._first_text = self._clock()
            self._metrics.observe(
                "gen_ai.client.operation.time_to_first_chunk",
                self._first_text - self._started,
                **self._gen_ai,
            )

    def finished(self, usage: Usage) -> None:
        """The answer is complete, and cost this."""
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            self._metrics.observe(
                "gen_ai.client.token.usage", tokens, **self._gen_ai, **{"gen_ai.token.type": kind}
            )

    def _outcome(self, error: BaseException | None) -> str | None:
        if error is None:
            self._metrics.count("rolecall.llm.successes", **self._plain)
            return None
        if not isinstance(error, RolecallError):
            # Cancelled, or the reader has gone: no failure of the endpoint.
            return "cancelled"
        self._metrics.count("rolecall.llm.errors", **self._plain, **{"error.code": error.code})
        if isinstance(error, TimedOut):
            self._metrics.count("rolecall.llm.timeouts", **self._plain)
        return error.code
