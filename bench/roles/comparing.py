"""Two runs on the same tasks: the difference of the scores, with an interval.

The tasks are the pairs. A percentile bootstrap draws tasks, and samples within them, with replacement
(Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13). Its seed is fixed: a comparison can be
repeated.
"""

from __future__ import annotations

import random
from statistics import mean
from typing import Any

DRAWS = 10_000
SEED = 1979


def compare(first: dict[str, Any], second: dict[str, Any]) -> str:
    """A table: means of both, the difference, and its 95 % interval, a row a role and one for all.

    Raises:
        SystemExit: the runs have no task in common.
    """
    shared = sorted(first["scores"].keys() & second["scores"].keys())
    if not shared:
        raise SystemExit("The two runs have no task in common.")
    roles = sorted({task.split("/")[0] for task in shared})
    rows = [
        f"A: {_name(first)}\nB: {_name(second)}\n",
        "| role | tasks | A | B | B - A | 95 % interval | |",
        "|---|---|---|---|---|---|---|",
    ]
    for role in [*roles, "all"]:
        pairs = [
            (first["scores"][task], second["scores"][task])
            for task in shared
            if role in {"all", task.split("/")[0]}
        ]
        rows.append(_row(role, pairs))
    return "\n".join(rows)


def interval(pairs: list[tuple[list[float], list[float]]], draws: int = DRAWS) -> tuple[float, float]:
    """The middle 95 % of the differences of means over resampled tasks and samples."""
    generator = random.Random(SEED)

    def drawn(samples: list[float]) -> float:
        return mean(generator.choices(samples, k=len(samples)))

    found = sorted(
        mean(drawn(b) - drawn(a) for a, b in generator.choices(pairs, k=len(pairs))) for _ in range(draws)
    )
    return found[int(draws * 0.025)], found[int(draws * 0.975) - 1]


def _row(role: str, pairs: list[tuple[list[float], list[float]]]) -> str:
    a, b = mean(mean(pair[0]) for pair in pairs), mean(mean(pair[1]) for pair in pairs)
    low, high = interval(pairs)
    verdict = "B is better" if low > 0 else "A is better" if high < 0 else "no difference shown"
    figures = f"{a:.3f} | {b:.3f} | {b - a:+.3f} | {low:+.3f} to {high:+.3f}"
    return f"| {role} | {len(pairs)} | {figures} | {verdict} |"


def _name(report: dict[str, Any]) -> str:
    return (
        f"{report['model'] or report['provider']}, prompts {report['prompts']}, {report['samples']} sample(s)"
    )
