"""What the process has counted: pool, breakers, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.runtime import Runtime


def statistics(runtime: Runtime) -> dict[str, Any]:
    """Pool, breakers and metrics of a process, as JSON values."""
    return {
        "pool": runtime.pool.statistics(),
        "breakers": runtime.breakers.snapshot(),
        "metrics": runtime.metrics.snapshot(),
    }
