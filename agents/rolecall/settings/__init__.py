"""Settings: one model, its sources, where each value came from, and what a workspace may set.

The names below are imported on first use: ``rolecall.settings.variables`` must stay importable by a relay
that may load nothing beyond the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.settings.credential import Credential
    from rolecall.settings.loading import Inspection, LoadedSettings, inspect, load
    from rolecall.settings.masking import masked
    from rolecall.settings.model import Settings

__all__ = ["Credential", "Inspection", "LoadedSettings", "Settings", "inspect", "load", "masked"]

_HOMES = {
    "Credential": "credential",
    "Inspection": "loading",
    "LoadedSettings": "loading",
    "Settings": "model",
    "inspect": "loading",
    "load": "loading",
    "masked": "masking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
