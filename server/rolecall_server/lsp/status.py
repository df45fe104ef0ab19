"""``rolecall.status``: pool, breakers, metrics and provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall._version import __version__
from rolecall.errors import RolecallError
from rolecall.llm.endpoint import resolve

if TYPE_CHECKING:
    from rolecall.session import Session
    from rolecall_server.lsp.connection import Connection


async def status(connection: Connection, session: Session) -> dict[str, Any]:
    """Everything, as JSON values."""
    runtime = connection.host.runtime
    tasks = runtime.tasks.visible(session)
    return {
        "version": __version__,
        "workspace": [str(root) for root in session.workspace.roots],
        "provider": await _provider(connection, session),
        "roles": [role.id for role in session.roles.roles()],
        "role_problems": [str(problem) for problem in session.roles.problems()],
        "running": sum(1 for task in tasks if not task.finished),
        "pool": runtime.pool.statistics(),
        "breakers": runtime.breakers.snapshot(),
        "metrics": runtime.metrics.snapshot(),
    }


async def _provider(connection: Connection, session: Session) -> dict[str, Any]:
    try:
        session.ready()
        endpoint = await resolve(session, connection.host.runtime, model=None)
    except RolecallError as error:
        problem = {"code": error.code.value, "message": error.message, "hint": error.hint}
        return {"provider": None, "problem": problem}
    return {"provider": endpoint.provider, "model": endpoint.model, "origin": endpoint.origin}
