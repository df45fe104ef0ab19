"""Whether files changed since they were read: what a look at them costs is a stat of each, not a read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_RACY_NS = 2_000_000_000
"""A file changed within this time of being read may change again without its time stamp moving: the coarsest
file systems in use keep time in steps of two seconds."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """What some files looked like at one moment.

    Attributes:
        values: by path, the stat values that tell one state of a file from another; empty for none there.
        settled: whether the next change of any of them is certain to show.
    """

    values: tuple[tuple[Path, tuple[int, ...]], ...]
    settled: bool

    @classmethod
    def of(cls, paths: Iterable[Path], *, wall_clock_ns: Callable[[], int] = time.time_ns) -> Stamps:
        """Look at the files. Take it before reading them, so that no change is lost in between."""
        now = wall_clock_ns()
        values = tuple((path, _values(path)) for path in paths)
        racy = any(abs(now - stamp) <= _RACY_NS for _, found in values for stamp in found[:2])
        return cls(values, not racy)

    def still_hold(self, present: Stamps) -> bool:
        """Whether the files are certain to be as they were, from a later look at them."""
        return self.settled and self.values == present.values


def _values(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)
