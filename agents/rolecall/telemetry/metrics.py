"""Counters, gauges and histograms, kept in the process and read as JSON or as Prometheus text.

Histograms are DDSketches: percentiles are within 1 % of the truth at any scale, in bounded memory.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from rolecall.telemetry.instruments import INSTRUMENTS
from rolecall.telemetry.prometheus import exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rolecall.telemetry.instruments import Instrument, Kind

MAX_SERIES = 1_000
"""Attribute sets one metric keeps apart; further ones are counted together under :data:`OVERFLOW`."""

OVERFLOW = (("otel.metric.overflow", "true"),)
"""The attribute set OpenTelemetry's SDK specification (cardinality limits) folds the excess into."""

QUANTILES = (0.5, 0.95, 0.99)

Attributes = tuple[tuple[str, str], ...]

_COLLECTING: ContextVar[bool] = ContextVar("collecting_metrics", default=True)


@contextmanager
def collecting(enabled: bool) -> Generator[None]:  # noqa: FBT001  # it is the setting itself
    """Within it, this context's work is counted or not: one client's ``metrics.enabled`` is not another's."""
    token = _COLLECTING.set(enabled)
    try:
        yield
    finally:
        _COLLECTING.reset(token)


class Sketch(Protocol):
    """What is used of a DDSketch."""

    @property
    def count(self) -> float:
        """How many values were seen."""
        ...

    @property
    def sum(self) -> float:
        """Their exact sum."""
        ...

    def add(self, val: float, weight: float = 1.0) -> None:
        """See a value."""
        ...

    def get_quantile_value(self, quantile: float) -> float | None:
        """The value at a quantile, None before the first value."""
        ...


class Metrics:
    """All metrics of the process. A name that is not in the table of instruments is refused.

    Safe to use from any thread. Attribute values are recorded as text; those that are None are left out.

    Args:
        clock: monotonic seconds, for :meth:`timer`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers: dict[str, dict[Attributes, float]] = {}
        self._sketches: dict[str, dict[Attributes, Sketch]] = {}

    def count(self, name: str, n: float = 1, /, **attributes: object) -> None:
        """Add ``n`` to a counter. Raises KeyError for an unknown name, ValueError for a negative ``n``."""
        _instrument(name, "counter")
        if n < 0:
            raise ValueError(f"counter {name} cannot go down by {n}")
        if not _COLLECTING.get():
            return
        with self._lock:
            series = self._numbers.setdefault(name, {})
            key = _key(series, attributes)
            series[key] = series.get(key, 0) + n

    def gauge(self, name: str, value: float, /, **attributes: object) -> None:
        """Set a gauge to ``value``. Raises KeyError for an unknown name."""
        _instrument(name, "gauge")
        if not _COLLECTING.get():
            return
        with self._lock:
            series = self._numbers.setdefault(name, {})
            series[_key(series, attributes)] = value

    def observe(self, name: str, value: float, /, **attributes: object) -> None:
        """Record ``value`` in a histogram. Raises KeyError for an unknown name."""
        _instrument(name, "histogram")
        if not _COLLECTING.get():
            return
        with self._lock:
            series = self._sketches.setdefault(name, {})
            key = _key(series, attributes)
            sketch = series.get(key)
            if sketch is None:
                sketch = series[key] = _sketch()
            sketch.add(value)

    @contextmanager
    def timer(self, name: str, /, **attributes: object) -> Generator[None]:
        """Record the seconds the block takes, whichever way it ends."""
        started = self._clock()
        try:
            yield
        finally:
            self.observe(name, self._clock() - started, **attributes)

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON values: ``{name: {kind, unit, description, series: [...]}}``.

        A series is ``{attributes, value}``, or for a histogram ``{attributes, count, sum, p50, p95, p99}``.
        """
        with self._lock:
            return {
                name: _described(instrument, self._series(instrument))
                for name, instrument in INSTRUMENTS.items()
                if name in self._numbers or name in self._sketches
            }

    def prometheus(self) -> str:
        """Everything, in Prometheus' text exposition format 0.0.4."""
        return exposition(self.snapshot())

    def _series(self, instrument: Instrument) -> list[dict[str, Any]]:
        if instrument.kind == "histogram":
            sketches = self._sketches[instrument.name]
            return [{"attributes": dict(key), **_summary(sketch)} for key, sketch in sketches.items()]
        numbers = self._numbers[instrument.name]
        return [{"attributes": dict(key), "value": value} for key, value in numbers.items()]


def _instrument(name: str, kind: Kind) -> None:
    instrument = INSTRUMENTS.get(name)
    if instrument is None:
        raise KeyError(f"unknown metric {name!r}: add it to rolecall.telemetry.instruments")
    if instrument.kind != kind:
        raise KeyError(f"metric {name!r} is a {instrument.kind}, not a {kind}")


def _key(series: dict[Attributes, Any], attributes: dict[str, object]) -> Attributes:
    key = tuple(sorted((name, str(value)) for name, value in attributes.items() if value is not None))
    return key if key in series or len(series) < MAX_SERIES else OVERFLOW


def _sketch() -> Sketch:
    from ddsketch import LogCollapsingLowestDenseDDSketch  # noqa: PLC0415  # only once something is measured

    return LogCollapsingLowestDenseDDSketch(0.01)


def _described(instrument: Instrument, series: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": instrument.kind,
        "unit": instrument.unit,
        "description": instrument.description,
        "series": series,
    }


def _summary(sketch: Sketch) -> dict[str, float]:
    percentiles = {
        f"p{quantile * 100:.0f}": sketch.get_quantile_value(quantile) or 0.0 for quantile in QUANTILES
    }
    return {"count": int(sketch.count), "sum": sketch.sum, **percentiles}
