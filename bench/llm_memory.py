"""Ten thousand tasks down the whole road of one process: memory must not grow with their number.

Usage: ``python bench/llm_memory.py [TASKS]``. Exits 1 where it grows by more than 200 bytes a task.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "agents"), str(ROOT / "tests")]

from streams.server import serving

from rolecall.caller import Caller
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import TaskRequest
from rolecall.telemetry.logging import configure

AT_ONCE = 20
LIMIT_BYTES = 200


def resident() -> int:
    """Bytes of memory the process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def work(runtime: Runtime, session: Session, tasks: int) -> None:
    """So many tasks, some at once; each must complete."""

    async def some(count: int) -> None:
        for _ in range(count):
            task, _ = runtime.tasks.start(session, TaskRequest("developer", instruction="Say the words."))
            result = await task.wait()
            assert result.status == "completed", result.error

    await asyncio.gather(*(some(tasks // AT_ONCE) for _ in range(AT_ONCE)))


async def run(base_url: str, folder: Path, tasks: int) -> int:
    environment = {
        "HOME": str(folder),
        "ROLECALL_LLM__BASE_URL": base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_CONCURRENCY__MAX_TASKS": str(AT_ONCE),
        "ROLECALL_LOGGING__LEVEL": "error",
    }
    session = Session(Caller(environment, folder), roots=[folder])
    configure(session.settings.logging, stream=sys.stderr)
    runtime = Runtime()
    # Until everything that is bounded (kept tasks, histograms, free lists) has filled up.
    await work(runtime, session, tasks // 5)
    before, began = resident(), time.perf_counter()
    for _ in range(5):
        await work(runtime, session, tasks // 5)
        print(f"  memory {resident() / 1e6:.2f} MB", flush=True)
    grown, wall = resident() - before, time.perf_counter() - began
    [pooled] = runtime.pool.statistics()
    print(f"{tasks:,} tasks in {wall:.1f} s ({1000 * wall / tasks:.1f} ms each), {AT_ONCE} at once")
    print(f"memory {before / 1e6:.1f} MB, then {grown / 1e6:+.2f} MB ({grown / tasks:+.0f} bytes a task)")
    print(f"connections opened: {pooled['connections_opened']}, requests: {pooled['requests']:,}")
    await runtime.aclose()
    return int(grown > LIMIT_BYTES * tasks)


def main() -> int:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder, serving() as base_url:
        return asyncio.run(run(base_url, Path(folder), tasks))


if __name__ == "__main__":
    sys.exit(main())
