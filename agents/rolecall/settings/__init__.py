"""Settings: one model, its sources, where each value came from, and what a workspace may set.

The names below are imported on first use: ``rolecall.settings.variables`` must stay importable by a relay
that may load nothing beyond the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.settings.credential import Credential
    from rolecall.settings.loading import Inspection, LoadedSettings, inspect, load, masked, settings_files
    from rolecall.settings.model import (
        ApplySettings,
        BreakerSettings,
        ConcurrencySettings,
        ContextSettings,
        DaemonSettings,
        LlmSettings,
        LoggingSettings,
        McpSettings,
        MetricsSettings,
        PoolSettings,
        RetrySettings,
        Settings,
    )

__all__ = [
    "ApplySettings",
    "BreakerSettings",
    "ConcurrencySettings",
    "ContextSettings",
    "Credential",
    "DaemonSettings",
    "Inspection",
    "LlmSettings",
    "LoadedSettings",
    "LoggingSettings",
    "McpSettings",
    "MetricsSettings",
    "PoolSettings",
    "RetrySettings",
    "Settings",
    "inspect",
    "load",
    "masked",
    "settings_files",
]

_ELSEWHERE = {
    "Credential": "credential",
    "Inspection": "loading",
    "LoadedSettings": "loading",
    "inspect": "loading",
    "load": "loading",
    "masked": "loading",
    "settings_files": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'model')}"), name)
