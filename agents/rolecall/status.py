"""What the process is doing, for every door that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall._version import __version__
from rolecall.errors import RolecallError
from rolecall.llm.endpoint import resolve

if TYPE_CHECKING:
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.tasks import Task

RECENT_TASKS = 10


async def status(runtime: Runtime, session: Session) -> dict[str, Any]:
    """A session's workspace, provider, roles and latest tasks, and the process's counts, as JSON values."""
    tasks = runtime.tasks.visible(session)
    return {
        "version": __version__,
        "workspace": [str(root) for root in session.workspace.roots],
        "provider": await _provider(runtime, session),
        "settings_problems": session.unheeded,
        "roles": [role.id for role in session.roles.roles()],
        "role_problems": [str(problem) for problem in session.roles.problems()],
        "running": sum(1 for task in tasks if not task.finished),
        "tasks": [_task(task) for task in reversed(tasks[-RECENT_TASKS:])],
        **statistics(runtime),
    }


def statistics(runtime: Runtime) -> dict[str, Any]:
    """Pool, breakers and metrics of the process, as JSON values."""
    return {
        "pool": runtime.pool.statistics(),
        "breakers": runtime.breakers.snapshot(),
        "queue": {"running": runtime.turns.running, "waiting": runtime.turns.waiting},
        "metrics": runtime.metrics.snapshot(),
    }


async def _provider(runtime: Runtime, session: Session) -> dict[str, Any]:
    try:
        session.ready()
        endpoint = await resolve(session, runtime, model=None)
    except RolecallError as error:
        problem = {"code": error.code.value, "message": error.message, "hint": error.hint}
        return {"provider": None, "problem": problem}
    return {"provider": endpoint.provider, "model": endpoint.model, "origin": endpoint.origin}


def _task(task: Task) -> dict[str, Any]:
    result = task.result
    return {"task_id": task.id, "role": result.role, "task": result.task, "status": result.status}
