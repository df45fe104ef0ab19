"""CPU for each streamed chunk: ours beside the ``openai`` SDK's own loop, plain HTTP clients and frameworks.

Usage: ``python bench/llm_chunks.py [CHUNKS] [ROUNDS]``. Exits 1 where ours is above 0.35 of the SDK's.
Frameworks are measured where they can be imported: here, or by the interpreter of ``ROLECALL_BENCH_PYTHON``.
"""

from __future__ import annotations

import sys

from streams.clients import CLIENTS
from streams.rounds import compare

LIMIT = 0.35


def main() -> int:
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    figures = compare(list(CLIENTS), streams=1, chunks=chunks, seconds=0, rounds=rounds)
    sdk = min(figures["openai"].cpu)
    print(f"{chunks:,} chunks, the best of {rounds} interleaved rounds")
    print(f"{'client':<14}{'CPU µs a chunk':>16}{'of the SDK':>12}")
    for name, found in figures.items():
        if found.problem:
            print(f"{name:<14}  not measured: {found.problem}")
            continue
        best = min(found.cpu)
        print(f"{name:<14}{1e6 * best / chunks:>16.1f}{best / sdk:>12.2f}")
        assert not found.wrong, f"{name} lost or reordered text"
    return 0 if min(figures["rolecall"].cpu) / sdk <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
