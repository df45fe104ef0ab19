"""What the server is doing: for the ``status`` tool and the status resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall import __version__
from rolecall.errors import RolecallError
from rolecall.llm.endpoint import resolve
from rolecall_server.mcp import links
from rolecall_server.mcp.report import OFFLINE, clip
from rolecall_server.mcp.results import json_size

if TYPE_CHECKING:
    from rolecall.tasks import Task
    from rolecall_server.mcp.connection import Connection

RECENT = 10
"""Tasks that a status lists, the newest first."""

_CUT_IN_TURN = ("metrics", "breakers", "pool", "tasks")


async def status(connection: Connection) -> dict[str, Any]:
    """Everything, as JSON values."""
    runtime, session = connection.runtime, connection.session
    tasks = runtime.tasks.visible(session)
    return {
        "version": __version__,
        "workspace": [str(root) for root in session.workspace.roots],
        "provider": await _provider(connection),
        "roles": [role.id for role in session.roles.roles()],
        "role_problems": [str(problem) for problem in session.roles.problems()],
        "running": sum(1 for task in tasks if not task.finished),
        "tasks": [_task(task) for task in reversed(tasks[-RECENT:])],
        "pool": runtime.pool.statistics(),
        "breakers": runtime.breakers.snapshot(),
        "metrics": runtime.metrics.snapshot(),
    }


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
        *(f"Role file problem: {problem}" for problem in report["role_problems"]),
        f"Tasks running: {report['running']}",
        *_listed("Recent task", report["tasks"]),
        *_listed("Connections", report["pool"]),
        *_listed("Breaker", report["breakers"]),
        f"Metrics: {links.METRICS_URI}",
    ]
    return clip("\n".join(lines), limit)


async def _provider(connection: Connection) -> dict[str, Any]:
    try:
        endpoint = await resolve(connection.session, connection.runtime, model=None)
    except RolecallError as error:
        return {
            "provider": None,
            "problem": {"code": str(error.code), "message": error.message, "hint": error.hint},
        }
    return {"provider": endpoint.provider, "model": endpoint.model, "origin": endpoint.origin}


def _provider_line(provider: dict[str, Any]) -> str:
    if problem := provider.get("problem"):
        return f"Model: none. {problem['code']}: {problem['message']} {problem['hint']}"
    if provider["provider"] == "offline":
        return f"Model: none ({OFFLINE})"
    return f"Model: {provider['model']} at {provider['origin']}"


def _task(task: Task) -> dict[str, Any]:
    result = task.result
    return {"task_id": task.id, "role": result.role, "task": result.task, "status": result.status}


def _listed(title: str, items: object) -> list[str]:
    if not isinstance(items, list):
        return [f"{title}: see {items}"]
    shown: list[str] = []
    for item in items:  # pyright: ignore[reportUnknownVariableType] - JSON
        members: dict[str, Any] = dict(item)  # pyright: ignore[reportUnknownArgumentType] - JSON
        shown.append(f"{title}: {', '.join(f'{key} {value}' for key, value in members.items())}")
    return shown
