"""How many connections many tasks take: two hundred in a row, and two with a person's pause between them.

Usage: ``python bench/llm_connections.py [TASKS] [PAUSE_S]``. Exits 1 where ours takes more than one.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "agents"), str(ROOT / "tests")]

from streams.clients import CLIENTS
from streams.server import serving


def opened(base_url: str) -> int:
    """Connections the server has seen; asking takes one of its own, which it does not count."""
    with urllib.request.urlopen(f"{base_url.removesuffix('/v1')}/connections", timeout=10) as response:
        return int(response.read())


async def ask_in_turn(name: str, base_url: str, tasks: int, pause_s: float) -> None:
    ask = await CLIENTS[name](base_url, 1)
    for number in range(tasks):
        if number:
            await asyncio.sleep(pause_s)
        await ask("5 0")


def main() -> int:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    pause_s = float(sys.argv[2]) if len(sys.argv) > 2 else 6.5
    worst = 0
    print(f"{'case':<34}{'client':<10}{'connections':>12}")
    for label, count, seconds in (
        (f"{tasks} tasks in a row", tasks, 0.0),
        (f"2 tasks {pause_s} s apart", 2, pause_s),
    ):
        for name in ("rolecall", "openai"):
            with serving() as base_url:
                asyncio.run(ask_in_turn(name, base_url, count, seconds))
                found = opened(base_url)
            print(f"{label:<34}{name:<10}{found:>12}")
            worst = max(worst, found) if name == "rolecall" else worst
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
