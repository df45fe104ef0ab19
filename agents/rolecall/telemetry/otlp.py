"""Sending the metrics to an OpenTelemetry collector: OTLP over HTTP, as JSON.

The encoding is that of opentelemetry-proto's ``ExportMetricsServiceRequest``: counters are cumulative sums,
gauges gauges, and histograms summaries, since their percentiles are computed here. Sums never go back while
the process lives. The standard library sends it; nothing here is worth a dependency.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from rolecall._version import __version__
from rolecall.llm.surroundings import proxy_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from rolecall.telemetry.metrics import Metrics

INTERVAL_S = 60.0
"""Seconds between two exports, the default of OpenTelemetry's periodic reader."""

SENDING_S = 10.0
"""Seconds one export may take, the default of OTLP exporters."""

_CUMULATIVE = 2

log = structlog.get_logger(__name__)


class Exporter:
    """Sends the metrics of the process to the collectors its clients name.

    Args:
        metrics: what is sent.
        sleep: waits between exports.
    """

    def __init__(
        self, metrics: Metrics, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._metrics = metrics
        self._sleep = sleep
        self._started = time.time_ns()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._proxies: dict[str, str | None] = {}

    def use(self, endpoint: str | None, environment: Mapping[str, str]) -> None:
        """Send to the collector at ``endpoint`` from now on, through the proxy ``environment`` names."""
        if endpoint is None or endpoint in self._running:
            return
        self._proxies[endpoint] = proxy_for(endpoint, environment)
        self._running[endpoint] = asyncio.create_task(self._send_again_and_again(endpoint))

    async def aclose(self) -> None:
        """Send a last time and stop."""
        running, self._running = self._running, {}
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
        await asyncio.gather(*(self._send(endpoint) for endpoint in running))

    async def _send_again_and_again(self, endpoint: str) -> None:
        while True:
            await self._sleep(INTERVAL_S)
            await self._send(endpoint)

    async def _send(self, endpoint: str) -> None:
        body = json.dumps(encoded(self._metrics.snapshot(), self._started, time.time_ns())).encode()
        problem = await asyncio.to_thread(_post, _metrics_url(endpoint), body, self._proxies[endpoint])
        if problem is not None:
            log.warning("the metrics could not be sent", problem=problem)


def encoded(snapshot: Mapping[str, Any], started_ns: int, now_ns: int) -> dict[str, Any]:
    """A snapshot as an ``ExportMetricsServiceRequest``. Times in nanoseconds since the epoch."""
    times = {"startTimeUnixNano": str(started_ns), "timeUnixNano": str(now_ns)}
    metrics = [_metric(name, metric, times) for name, metric in snapshot.items()]
    scope = {"scope": {"name": "rolecall", "version": __version__}, "metrics": metrics}
    resource = _attributes({"service.name": "rolecall", "service.version": __version__})
    return {"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": [scope]}]}


def _metric(name: str, metric: Mapping[str, Any], times: Mapping[str, str]) -> dict[str, Any]:
    described = {"name": name, "unit": metric["unit"], "description": metric["description"]}
    points = [
        {"attributes": _attributes(series["attributes"]), **times, **_values(series)}
        for series in metric["series"]
    ]
    match metric["kind"]:
        case "counter":
            data = {"dataPoints": points, "aggregationTemporality": _CUMULATIVE, "isMonotonic": True}
            return {**described, "sum": data}
        case "gauge":
            return {**described, "gauge": {"dataPoints": points}}
        case _:
            return {**described, "summary": {"dataPoints": points}}


def _values(series: Mapping[str, Any]) -> dict[str, Any]:
    if "value" in series:
        return {"asDouble": float(series["value"])}
    quantiles = [
        {"quantile": quantile, "value": series[key]}
        for key, quantile in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    ]
    return {"count": str(series["count"]), "sum": series["sum"], "quantileValues": quantiles}


def _attributes(attributes: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def _metrics_url(endpoint: str) -> str:
    url = endpoint.rstrip("/")
    return url if url.endswith("/v1/metrics") else f"{url}/v1/metrics"


def _post(url: str, body: bytes, proxy: str | None) -> str | None:
    """Send ``body``; what went wrong, or None. Redirects are not followed, the process's proxy not used."""
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirect())
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # the settings admit http(s) only
    try:
        with opener.open(request, timeout=SENDING_S) as response:
            response.read(1)
    except urllib.error.HTTPError as error:
        with suppress(OSError):
            error.close()
        return f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return type(error).__name__
    return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""
