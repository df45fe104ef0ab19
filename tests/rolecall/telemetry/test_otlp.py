"""Sending metrics to a collector, by what the collector got."""

import asyncio

from structlog.testing import capture_logs

from fakes.endpoint import FakeEndpoint, http_error, json_reply
from rolecall.telemetry.metrics import Metrics
from rolecall.telemetry.otlp import Exporter, encoded


def filled():
    metrics = Metrics()
    metrics.count("rolecall.llm.requests", 3, role="developer")
    metrics.gauge("rolecall.breaker.state", 2)
    metrics.observe("rolecall.task.duration", 1.5)
    return metrics


def by_name(body):
    [scope] = body["resourceMetrics"][0]["scopeMetrics"]
    return {metric["name"]: metric for metric in scope["metrics"]}


def test_each_kind_has_its_form():
    found = by_name(encoded(filled().snapshot(), 1, 2))
    total = found["rolecall.llm.requests"]["sum"]
    assert (total["isMonotonic"], total["aggregationTemporality"]) == (True, 2)
    assert total["dataPoints"] == [
        {
            "attributes": [{"key": "role", "value": {"stringValue": "developer"}}],
            "startTimeUnixNano": "1",
            "timeUnixNano": "2",
            "asDouble": 3.0,
        }
    ]
    assert found["rolecall.breaker.state"]["gauge"]["dataPoints"][0]["asDouble"] == 2.0
    [summary] = found["rolecall.task.duration"]["summary"]["dataPoints"]
    assert (summary["count"], summary["sum"]) == ("1", 1.5)
    assert [one["quantile"] for one in summary["quantileValues"]] == [0.5, 0.95, 0.99]


async def test_metrics_are_sent_each_interval_and_at_the_end():
    turns = asyncio.Queue()

    async def sleep(_seconds):
        await turns.get()

    async with FakeEndpoint(default=json_reply({})) as collector:
        exporter = Exporter(filled(), sleep=sleep)
        exporter.use(collector.origin, {})
        exporter.use(collector.origin, {})
        turns.put_nowait(None)
        first = await collector.received(1)
        await first.answered.wait()
        await exporter.aclose()
    assert [request.path for request in collector.completions] == ["/v1/metrics"] * 2
    assert "rolecall.llm.requests" in by_name(first.json)


async def test_a_collector_that_fails_or_redirects_is_logged_and_nothing_else():
    async with FakeEndpoint(default=json_reply({})) as elsewhere:
        move = json_reply({}, 307, location=f"{elsewhere.origin}/v1/metrics")
        with capture_logs() as logs:
            async with FakeEndpoint([move]) as collector:
                exporter = Exporter(filled())
                exporter.use(f"{collector.origin}/v1/metrics", {})
                await exporter.aclose()
            exporter.use(f"{collector.origin}/gone", {})
            await exporter.aclose()
    assert len(collector.completions) == 1
    assert elsewhere.connections == 0
    assert [line["event"] for line in logs] == ["the metrics could not be sent"] * 2


async def test_no_collector_means_nothing_is_sent():
    exporter = Exporter(filled())
    exporter.use(None, {})
    await exporter.aclose()


async def test_an_error_answer_is_survived():
    async with FakeEndpoint(default=http_error(503)) as collector:
        exporter = Exporter(filled())
        exporter.use(collector.origin, {})
        await exporter.aclose()
    assert len(collector.completions) == 1
