"""Logs and metrics (contract section 10)."""

from __future__ import annotations

import sys
from typing import Any, cast


def do_without_rich() -> None:
    """Keep structlog from importing rich, where that is installed; called by processes before anything logs.

    It is for tracebacks that show local variables, and with them keys and prompts. Without it a process also
    takes 5.6 MB and a good tenth of a second less.
    """
    cast("dict[str, Any]", sys.modules).setdefault("rich", None)
