"""Counters, gauges and histograms, and how they are read."""

import random
import re
import statistics
import threading

import pytest

from fakes.connection import Clock
from rolecall.telemetry.instruments import INSTRUMENTS
from rolecall.telemetry.metrics import Metrics
from rolecall.telemetry.prometheus import sanitized

CONTRACT = [
    "gen_ai.client.operation.duration",
    "gen_ai.client.token.usage",
    "gen_ai.client.operation.time_to_first_chunk",
    "rolecall.llm.requests",
    "rolecall.llm.successes",
    "rolecall.llm.errors",
    "rolecall.llm.timeouts",
    "rolecall.llm.retries",
    "rolecall.llm.context_truncations",
    "rolecall.breaker.state",
    "rolecall.breaker.transitions",
    "rolecall.pool.connections_opened",
    "rolecall.pool.requests",
    "rolecall.pool.recycled",
    "rolecall.task.started",
    "rolecall.task.completed",
    "rolecall.task.failed",
    "rolecall.task.duration",
    "rolecall.workflow.started",
    "rolecall.workflow.completed",
    "rolecall.workflow.failed",
    "rolecall.workflow.duration",
    "rolecall.edits.applied",
    "rolecall.edits.refused",
    "rolecall.edits.conflicts",
]


def test_the_table_holds_the_metrics_of_the_contract_and_no_others():
    assert set(INSTRUMENTS) == set(CONTRACT)
    assert all(one.description.endswith(".") and one.unit for one in INSTRUMENTS.values())


def series(metrics, name):
    return metrics.snapshot()[name]["series"]


def test_counters_add_up_by_attributes():
    metrics = Metrics()
    metrics.count("rolecall.llm.requests", role="developer")
    metrics.count("rolecall.llm.requests", 2, role="developer")
    metrics.count("rolecall.llm.requests", role="qa_engineer", model=None)
    assert series(metrics, "rolecall.llm.requests") == [
        {"attributes": {"role": "developer"}, "value": 3},
        {"attributes": {"role": "qa_engineer"}, "value": 1},
    ]


def test_gauges_keep_the_last_value():
    metrics = Metrics()
    metrics.gauge("rolecall.breaker.state", 2)
    metrics.gauge("rolecall.breaker.state", 1)
    assert series(metrics, "rolecall.breaker.state") == [{"attributes": {}, "value": 1}]


def test_percentiles_are_within_one_percent_of_the_truth():
    metrics = Metrics()
    values = [random.Random(7).lognormvariate(0, 2)] + [
        random.Random(n).lognormvariate(0, 2) for n in range(5_000)
    ]
    for value in values:
        metrics.observe("rolecall.task.duration", value)
    [found] = series(metrics, "rolecall.task.duration")
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    for key, truth in (("p50", cuts[49]), ("p95", cuts[94]), ("p99", cuts[98])):
        assert found[key] == pytest.approx(truth, rel=0.02)
    assert found["count"] == len(values)
    assert found["sum"] == pytest.approx(sum(values))


def test_a_timer_records_what_the_block_takes_even_when_it_fails():
    clock = Clock()
    metrics = Metrics(clock)

    def work():
        with metrics.timer("rolecall.workflow.duration", kind="x"):
            clock.advance(3)
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        work()
    assert series(metrics, "rolecall.workflow.duration")[0]["sum"] == 3


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda metrics: metrics.count("rolecall.llm.request"), KeyError),
        (lambda metrics: metrics.observe("nonsense", 1), KeyError),
        (lambda metrics: metrics.gauge("rolecall.llm.requests", 1), KeyError),
        (lambda metrics: metrics.count("rolecall.llm.requests", -1), ValueError),
    ],
)
def test_what_is_not_in_the_table_is_refused(act, error):
    metrics = Metrics()
    with pytest.raises(error):
        act(metrics)
    assert metrics.snapshot() == {}


def test_the_number_of_series_is_bounded(monkeypatch):
    monkeypatch.setattr("rolecall.telemetry.metrics.MAX_SERIES", 3)
    metrics = Metrics()
    for number in range(10):
        metrics.count("rolecall.llm.requests", model=f"m{number}")
    found = series(metrics, "rolecall.llm.requests")
    assert len(found) == 4
    assert found[-1] == {"attributes": {"otel.metric.overflow": "true"}, "value": 7}


def test_threads_lose_no_count():
    metrics = Metrics()

    def work():
        for _ in range(2_000):
            metrics.count("rolecall.llm.requests")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert series(metrics, "rolecall.llm.requests")[0]["value"] == 8_000


def test_prometheus_text_is_what_the_format_says():
    metrics = Metrics()
    metrics.count("rolecall.llm.errors", 2, model='a"b\\c\nd', **{"error.code": "timed_out"})
    metrics.gauge("rolecall.breaker.state", 2, role="developer")
    metrics.observe("gen_ai.client.operation.duration", 1.5)
    text = re.sub(r"1\.(49|50)\d+", "1.5", metrics.prometheus())  # the percentiles are within 1 %
    assert text == (
        "# HELP gen_ai_client_operation_duration_seconds Time one request to a model took.\n"
        "# TYPE gen_ai_client_operation_duration_seconds summary\n"
        'gen_ai_client_operation_duration_seconds{quantile="0.5"} 1.5\n'
        'gen_ai_client_operation_duration_seconds{quantile="0.95"} 1.5\n'
        'gen_ai_client_operation_duration_seconds{quantile="0.99"} 1.5\n'
        "gen_ai_client_operation_duration_seconds_sum 1.5\n"
        "gen_ai_client_operation_duration_seconds_count 1\n"
        "# HELP rolecall_llm_errors_total Requests that failed, by error code.\n"
        "# TYPE rolecall_llm_errors_total counter\n"
        'rolecall_llm_errors_total{error_code="timed_out",model="a\\"b\\\\c\\nd"} 2\n'
        "# HELP rolecall_breaker_state State of a breaker: 0 closed, 1 half-open, 2 open.\n"
        "# TYPE rolecall_breaker_state gauge\n"
        'rolecall_breaker_state{role="developer"} 2\n'
    )


def test_every_line_of_prometheus_text_parses():
    metrics = Metrics()
    for name, one in INSTRUMENTS.items():
        act = {"counter": metrics.count, "gauge": metrics.gauge, "histogram": metrics.observe}[one.kind]
        act(name, 0.25, **{"a.b": "ü", "9x": "y"})
    sample = re.compile(
        r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\.)*",?)*\})? [0-9.e+-]+'
    )
    for line in metrics.prometheus().splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line


def test_names_are_made_fit():
    assert sanitized("a.b-c") == "a_b_c"
    assert sanitized("9x") == "_9x"
