"""Service levels, burn-rate alerts and a runbook; metrics in the code, where the project has the library."""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.instrumenting import METRICS, instrument
from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rolecall.context.items import ContextItem
    from rolecall.llm.offline.delivery.project import Project

_ROUTES = re.compile(
    r"(?:@\w+|\b(?:app|router|server|r|mux|e))\.(get|post|put|patch|delete|route|GET|POST|PUT|PATCH|DELETE|HandleFunc)\(\s*[\"'`]"
    r"((?:[A-Z]+ )?/[^\"'`\n]{0,80})[\"'`]"
)
_MOST = 6


def observability(
    found: list[Project], target: ContextItem | None, paths: Collection[str], texts: Mapping[str, str]
) -> Draft:
    """Pages and alerts for the first project; every target is left to a person."""
    draft = Draft()
    project = found[0] if found else None
    folder = project.folder if project else ""
    name = recipe(project).name if project else "service"
    levels, alerts = join(folder, "docs", "observability.md"), join(folder, "deploy", "alerts.yaml")
    if levels in paths or alerts in paths:
        draft.say(f"{levels if levels in paths else alerts} exists already; nothing was written over it.")
        return draft
    entry = target or _entry(project)
    measured = bool(project and entry and instrument(draft, project, entry))
    requests, errors = (
        METRICS if measured else ("TODO_rolecall_requests_total", "TODO_rolecall_requests_total")
    )
    routes = _routes(texts if entry is None else {entry.path: entry.text})
    draft.file(levels, _levels(name, routes, measured=measured))
    draft.file(alerts, _alerts(name, requests, errors, levels, measured=measured))
    draft.say(f"Service levels, a runbook and burn-rate alerts for {name}.")
    draft.say(
        "Targets stand in no file: they are marked TODO(rolecall), and so is 0.001, which is "
        "1 minus the target."
    )
    if not measured:
        draft.say(
            "No metrics library is in the manifests, and none was added: the metrics' names are open, too."
        )
    draft.say(f"Nothing was run. Check with: `promtool check rules {alerts}`")
    draft.say("Roll back by reverting this change; no data is touched.")
    return draft


def _entry(project: Project | None) -> ContextItem | None:
    from rolecall.context.items import ContextItem  # noqa: PLC0415 - only without a target

    for path in project.named(r"(?:src/)?(?:app|main|server|api)\.py") if project else ():
        text = project.text(path) if project else ""
        if text and project:
            return ContextItem(join(project.folder, path), text, "file")
    return None


def _routes(texts: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for path in sorted(texts):
        for method, route in _ROUTES.findall(texts[path]) if not path.endswith((".md", ".rst")) else ():
            plain = (
                route if " " in route or method in {"route", "HandleFunc"} else f"{method.upper()} {route}"
            )
            found.append(plain.replace("|", "\\|"))
    return list(dict.fromkeys(found))[:_MOST]


def _levels(name: str, routes: list[str], *, measured: bool) -> str:
    functions = [f"`{route}`" for route in routes] or ["TODO(rolecall): what users do"]
    rows = "".join(
        f"| {function} | share of requests answered without a server error | TODO(rolecall): "
        "target | 30 days |\n"
        f"| {function} | share of requests answered within TODO(rolecall): ms | "
        "TODO(rolecall): target | 30 days |\n"
        for function in functions
    )
    metrics = (
        f"- Metrics: `{METRICS[0]}` by method, endpoint and status, and "
        "`http_request_duration_seconds` by method and "
        "endpoint, at `/metrics`. Endpoints are the code's own route patterns, so their number is bounded.\n"
        if measured
        else "- Metrics: rate, errors and duration at each entry point; label values from a bounded set.\n"
    )
    return f"""# Observability of {name}

## Service levels (SLO)

| Function | Indicator | Target | Window |
| --- | --- | --- | --- |
{rows}
## Signals

- Logs: structured lines to stdout with level and request id; no secret, no personal data.
{metrics}
## Runbook: error budget burns

1. Symptom: the alert `ErrorBudgetBurnsFast` or `ErrorBudgetBurnsSlowly` fires for {name}.
2. First checks: what was deployed last, which function fails, and since when. TODO(rolecall): where to look.
3. Remedy: roll back the last deployment; then find the cause. TODO(rolecall): the command, and who decides.
"""


def _alerts(name: str, requests: str, errors: str, runbook: str, *, measured: bool) -> str:
    note = "" if measured else "# TODO(rolecall): the metrics' names.\n"
    status = 'status=~"5.."'
    rules = "".join(
        f"""      - alert: {alert}
        # {why} TODO(rolecall): 1 minus the target in place of 0.001.
        expr: >-
          sum(rate({errors}{{{status}}}[{long}])) / sum(rate({requests}[{long}])) > {rate} * 0.001
          and
          sum(rate({errors}{{{status}}}[{short}])) / sum(rate({requests}[{short}])) > {rate} * 0.001
        labels:
          severity: {severity}
          service: {name}
        annotations:
          summary: "{name} spends its error budget {rate} times too fast"
          runbook: {runbook}
"""
        for alert, long, short, rate, severity, why in (
            (
                "ErrorBudgetBurnsFast",
                "1h",
                "5m",
                "14.4",
                "page",
                "At this rate an hour spends 2 % of the budget of 30 days.",
            ),
            (
                "ErrorBudgetBurnsSlowly",
                "6h",
                "30m",
                "6",
                "ticket",
                "At this rate six hours spend 5 % of the budget of 30 days.",
            ),
        )
    )
    return f"{note}groups:\n  - name: {name}-error-budget\n    rules:\n{rules}"
