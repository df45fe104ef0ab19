"""Rolecall's core: five software roles, one road from a request to an edit.

The public names are imported when first used, so that ``import rolecall`` costs nothing.
"""

from __future__ import annotations

from rolecall._version import __version__

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from rolecall.caller import Caller
    from rolecall.errors import ErrorCode, RolecallError
    from rolecall.library import StopEarly, run
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import FileRef, Selection, TaskRequest, TaskResult

_HOMES = {
    "Caller": "rolecall.caller",
    "ErrorCode": "rolecall.errors",
    "FileRef": "rolecall.task",
    "RolecallError": "rolecall.errors",
    "Runtime": "rolecall.runtime",
    "Selection": "rolecall.task",
    "Session": "rolecall.session",
    "StopEarly": "rolecall.library",
    "TaskRequest": "rolecall.task",
    "TaskResult": "rolecall.task",
    "run": "rolecall.library",
}

__all__ = [
    "Caller",
    "ErrorCode",
    "FileRef",
    "RolecallError",
    "Runtime",
    "Selection",
    "Session",
    "StopEarly",
    "TaskRequest",
    "TaskResult",
    "__version__",
    "run",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - not before a name is used

    return getattr(import_module(home), name)
