"""Hundreds of paced streams at once: CPU and wall of ours beside the SDK's, and that no text is lost.

Usage: ``python bench/llm_streams.py [ROUNDS]``. Exits 1 where ours needs more than the SDK, or text is wrong.
"""

from __future__ import annotations

import sys

from streams.rounds import compare

CASES = ((100, 200, 0.02), (500, 80, 0.1))
"""Streams at once, chunks of each, seconds between two."""


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    broken = False
    for streams, chunks, seconds in CASES:
        names = ("rolecall", "openai", "httpx2")
        figures = compare(names, streams=streams, chunks=chunks, seconds=seconds, rounds=rounds)
        sdk = figures["openai"]
        pace = f"one every {seconds * 1000:.0f} ms"
        print(f"{streams} streams of {chunks} chunks, {pace}, best of {rounds} rounds")
        print(f"{'client':<12}{'CPU s':>8}{'of the SDK':>12}{'wall s':>8}{'of the SDK':>12}{'wrong':>7}")
        for name, found in figures.items():
            cpu, wall = min(found.cpu), min(found.wall)
            shares = cpu / min(sdk.cpu), wall / min(sdk.wall)
            print(f"{name:<12}{cpu:>8.2f}{shares[0]:>12.2f}{wall:>8.2f}{shares[1]:>12.2f}{found.wrong:>7}")
        ours = figures["rolecall"]
        # The pace bounds the wall from below: where both keep it, they are equal.
        slower = min(ours.wall) > 1.02 * min(sdk.wall)
        broken = broken or bool(ours.wrong) or min(ours.cpu) > min(sdk.cpu) or slower
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
