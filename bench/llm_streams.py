"""Hundreds of paced streams at once: CPU and wall of ours beside the SDK's, and that no text is lost.

Usage: ``python bench/llm_streams.py [ROUNDS]``. Exits 1 where ours needs more than the SDK, or text is wrong.
"""

from __future__ import annotations

import sys
from statistics import median

from streams.rounds import compare

CASES = ((100, 200, 0.02), (500, 80, 0.1))
"""Streams at once, chunks of each, seconds between two."""


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    broken = False
    for streams, chunks, seconds in CASES:
        names = ("rolecall", "openai", "httpx2")
        figures = compare(names, streams=streams, chunks=chunks, seconds=seconds, rounds=rounds)
        pace = f"one every {seconds * 1000:.0f} ms"
        floor = (chunks + 1) * seconds
        print(f"{streams} streams of {chunks} chunks, {pace}, so {floor:.2f} s; median of {rounds} rounds")
        print(f"{'client':<12}{'CPU s':>8}{'of the SDK':>12}{'wall s':>8}{'of the SDK':>12}", end="")
        print(f"{'lag ms':>8}{'99 % ms':>9}{'wrong':>7}")
        sdk = figures["openai"]
        for name, found in figures.items():
            cpu, wall = median(found.cpu), median(found.wall)
            print(f"{name:<12}{cpu:>8.2f}{cpu / median(sdk.cpu):>12.2f}", end="")
            print(f"{wall:>8.2f}{wall / median(sdk.wall):>12.2f}", end="")
            print(f"{1000 * median(found.lag):>8.1f}{1000 * median(found.late):>9.1f}{found.wrong:>7}")
        ours = figures["rolecall"]
        more = any(median(a) >= median(b) for a, b in ((ours.cpu, sdk.cpu), (ours.wall, sdk.wall)))
        broken = broken or bool(ours.wrong) or more
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
