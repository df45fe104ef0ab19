"""A run's scores as a table and in words."""

from __future__ import annotations

from statistics import mean
from typing import Any

from grading.tasks import ROLES


def by_role(report: dict[str, Any]) -> dict[str, float]:
    """The mean of each role's tasks, each task by the mean of its samples."""
    scores: dict[str, list[float]] = {}
    for task, samples in report["scores"].items():
        scores.setdefault(task.split("/")[0], []).append(mean(samples))
    return {role: mean(scores[role]) for role in ROLES if role in scores}


def table(report: dict[str, Any]) -> str:
    """One row a role, in Markdown."""
    name = report["model"] or report["provider"]
    rows = [f"| role | {name} |", "|---|---|"]
    rows += [f"| {role} | {value:.2f} |" for role, value in by_role(report).items()]
    return "\n".join([*rows, f"| all | {mean(by_role(report).values()):.2f} |"])


def summary(report: dict[str, Any]) -> str:
    """What the numbers stand on."""
    protection = ", ".join(f"{what}: {how}" for what, how in report["sandbox"].items())
    return (
        f"{len(report['scores'])} tasks, {report['samples']} sample(s) each; {report['tokens']:,} tokens; "
        f"prompts {report['prompts']}; generated code ran with {protection}."
    )
