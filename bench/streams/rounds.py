"""Several clients measured in turn, round after round, so that a busy moment of the machine hits them all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from streams.server import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAMEWORKS = ("litellm", "pydantic-ai")
PYTHON = os.environ.get("ROLECALL_BENCH_PYTHON", sys.executable)
"""The interpreter that has the frameworks, where they cannot share one with us."""


@dataclass
class Figures:
    """What one client needed in each round, in seconds.

    Attributes:
        lag: from the writing of a word to its arrival, for the median of all words.
        late: the same for the 99th of 100.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    wrong: int = 0
    problem: str = ""


def compare(
    names: Sequence[str], *, streams: int, chunks: int, seconds: float, rounds: int
) -> dict[str, Figures]:
    """Measure each client ``rounds`` times; one that cannot be measured has its ``problem``."""
    figures = {name: Figures() for name in names}
    with serving() as base_url:
        for _ in range(rounds):
            for name, found in figures.items():
                if not found.problem:
                    _measure(name, found, [base_url, str(streams), str(chunks), str(seconds)])
    return figures


def _measure(client: str, found: Figures, arguments: list[str]) -> None:
    program = str(Path(__file__).with_name("clients.py"))
    python = PYTHON if client in {*FRAMEWORKS, "aiohttp"} else sys.executable
    run = subprocess.run([python, program, client, *arguments], capture_output=True, text=True, check=False)
    if run.returncode:
        found.problem = (run.stderr.strip().splitlines() or ["it failed"])[-1][:70]
        return
    measured = json.loads(run.stdout.splitlines()[-1])
    for name, values in (("cpu", found.cpu), ("wall", found.wall), ("lag", found.lag), ("late", found.late)):
        values.append(measured[name])
    found.wrong += measured["wrong"]
