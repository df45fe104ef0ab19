"""Prometheus' text exposition format, version 0.0.4, from a snapshot of the metrics.

Names follow OpenTelemetry's rules for Prometheus: dots become underscores, units are spelt out at the end,
counters end in ``_total``. Histograms are summaries, since their percentiles are computed here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_TYPES = {"counter": "counter", "gauge": "gauge", "histogram": "summary"}
_UNITS = {"s": "_seconds"}


def exposition(snapshot: Mapping[str, Any]) -> str:
    """The whole snapshot as text, each line ended."""
    return "".join(f"{line}\n" for name, metric in snapshot.items() for line in _metric(name, metric))


def sanitized(name: str) -> str:
    """``name`` as Prometheus allows names and labels: ``[a-zA-Z_][a-zA-Z0-9_]*``."""
    clean = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{clean}" if clean[:1].isdigit() else clean


def _metric(name: str, metric: Mapping[str, Any]) -> Iterator[str]:
    full = (
        sanitized(name) + _UNITS.get(metric["unit"], "") + ("_total" if metric["kind"] == "counter" else "")
    )
    yield f"# HELP {full} {_escape(metric['description'], quote=False)}"
    yield f"# TYPE {full} {_TYPES[metric['kind']]}"
    for series in metric["series"]:
        if metric["kind"] == "histogram":
            yield from _summary(full, series)
        else:
            yield f"{full}{_labels(series['attributes'])} {_number(series['value'])}"


def _summary(full: str, series: Mapping[str, Any]) -> Iterator[str]:
    attributes = series["attributes"]
    for key, quantile in (("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")):
        yield f"{full}{_labels({**attributes, 'quantile': quantile})} {_number(series[key])}"
    yield f"{full}_sum{_labels(attributes)} {_number(series['sum'])}"
    yield f"{full}_count{_labels(attributes)} {_number(series['count'])}"


def _labels(attributes: Mapping[str, str]) -> str:
    if not attributes:
        return ""
    pairs = (f'{sanitized(name)}="{_escape(value, quote=True)}"' for name, value in attributes.items())
    return "{" + ",".join(pairs) + "}"


def _escape(text: str, *, quote: bool) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quote else escaped


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
