"""How the status reads: cut to the client's limit, and in words."""

from __future__ import annotations

from typing import Any

from rolecall_server.mcp import links
from rolecall_server.mcp.report import OFFLINE, clip
from rolecall_server.mcp.results import json_size

_CUT_IN_TURN = ("metrics", "breakers", "pool", "tasks")


def fitted(report: dict[str, Any], limit: int) -> dict[str, Any]:
    """The status in at most ``limit`` bytes of JSON; what is left out says where it is read."""
    cut = dict(report)
    for member in _CUT_IN_TURN:
        if json_size(cut) <= limit:
            break
        cut[member] = links.METRICS_URI if member == "metrics" else links.STATUS_URI
    return cut


def status_text(report: dict[str, Any], limit: int) -> str:
    """The status in words."""
    lines = [
        f"Rolecall {report['version']}, workspace: {', '.join(report['workspace']) or 'none'}",
        _provider_line(report["provider"]),
        f"Roles: {', '.join(report['roles'])}",
        *(f"Settings problem: {problem}" for problem in report["settings_problems"]),
        *(f"Role file problem: {problem}" for problem in report["role_problems"]),
        f"Tasks running: {report['running']}",
        *_listed("Recent task", report["tasks"]),
        *_listed("Connections", report["pool"]),
        *_listed("Breaker", report["breakers"]),
        f"Metrics: {links.METRICS_URI}",
    ]
    return clip("\n".join(lines), limit)


def _provider_line(provider: dict[str, Any]) -> str:
    if problem := provider.get("problem"):
        return f"Model: none. {problem['code']}: {problem['message']} {problem['hint']}"
    if provider["provider"] == "offline":
        return f"Model: none ({OFFLINE})"
    return f"Model: {provider['model']} at {provider['origin']}"


def _listed(title: str, items: object) -> list[str]:
    if not isinstance(items, list):
        return [f"{title}: see {items}"]
    shown: list[str] = []
    for item in items:  # pyright: ignore[reportUnknownVariableType] - JSON
        members: dict[str, Any] = dict(item)  # pyright: ignore[reportUnknownArgumentType] - JSON
        known = [f"{key} {value}" for key, value in members.items() if value is not None]
        shown.append(f"{title}: {', '.join(known)}")
    return shown
