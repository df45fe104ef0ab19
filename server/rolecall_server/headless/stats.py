"""``rolecall stats``: what the shared process has counted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rolecall_server.headless import exit_codes
from rolecall_server.headless.daemon import NONE_RUNS, NOT_HERE
from rolecall_server.headless.output import write_json, write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse

    from rolecall.caller import Caller
    from rolecall.runtime import Runtime


def statistics(runtime: Runtime) -> dict[str, Any]:
    """Pool, breakers and metrics of a process, as JSON values."""
    return {
        "pool": runtime.pool.statistics(),
        "breakers": runtime.breakers.snapshot(),
        "metrics": runtime.metrics.snapshot(),
    }


@guarded
def run(arguments: argparse.Namespace, caller: Caller) -> int:
    """Print what the daemon that new clients join has counted.

    Exit codes: 0, also where none runs (nothing is counted then); 1 where one runs and does not answer.
    """
    if sys.platform == "win32":
        return _nothing(NOT_HERE, arguments.format)
    from rolecall_server.daemon import control  # noqa: PLC0415 - not on Windows

    found, problems = control.running(caller.environment)
    for problem in problems:
        note(f"rolecall: {problem}")
    if not found:
        return _nothing(NONE_RUNS, arguments.format)
    try:
        answer = control.ask(found[0], "stats")
    except control.NoAnswer as problem:
        note(f"rolecall: {problem}; `rolecall daemon stop` ends it.")
        return exit_codes.INTERNAL
    _print(answer, arguments.format)
    return exit_codes.DONE


def _nothing(why: str, form: str) -> int:
    note(f"rolecall: {why}.")
    _print({"pool": [], "breakers": [], "metrics": {}}, form)
    return exit_codes.DONE


def _print(answer: dict[str, Any], form: str) -> None:
    if form == "json":
        write_json(answer)
    elif form == "prometheus":
        from rolecall.telemetry.prometheus import exposition  # noqa: PLC0415 - not for the others

        write_text(exposition(answer["metrics"]))
    else:
        write_text(_text(answer))


def _text(answer: dict[str, Any]) -> str:
    lines = [
        *_listed("pool", answer["pool"]),
        *_listed("breaker", answer["breakers"]),
        *(_metric(name, series) for name, metric in answer["metrics"].items() for series in metric["series"]),
    ]
    return "\n".join(lines or ["nothing was counted yet"]) + "\n"


def _listed(title: str, items: list[dict[str, Any]]) -> list[str]:
    return [f"{title}  {'  '.join(f'{key}={value}' for key, value in item.items())}" for item in items]


def _metric(name: str, series: dict[str, Any]) -> str:
    attributes = "".join(f"  {key}={value}" for key, value in series["attributes"].items())
    numbers = "  ".join(f"{key}={_short(value)}" for key, value in series.items() if key != "attributes")
    return f"{name}{attributes}  {numbers}"


def _short(number: float) -> str:
    return f"{number:.6g}"
