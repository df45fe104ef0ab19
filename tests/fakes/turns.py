"""How long one callback kept the event loop, in seconds of its thread's own work, however busy the machine."""

import asyncio
import gc
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Turns:
    """The longest turn so far, in CPU seconds."""

    longest: float = 0.0


@asynccontextmanager
async def turns():
    """Measure the loop's turns. Without the collector, whose pauses grow with what other tests left behind."""
    found = Turns()

    async def watch():
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            found.longest = max(found.longest, time.thread_time() - began)

    collecting = gc.isenabled()
    gc.disable()
    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        if collecting:
            gc.enable()
    assert found.longest > 0
