"""Rolecall from a program: one call, callbacks for what streams, the same result object as at every door.

    import asyncio, rolecall

    def show(text: str) -> None:
        print(text, end="", flush=True)

    result = asyncio.run(rolecall.run("qa_engineer", task="tests", files=["src/a.py"], on_delta=show))
    print(result.status, [file.path for file in result.files])

A callback may be a plain function or a coroutine function. Raising :class:`StopEarly` in one ends the task at
once and keeps what has come; any other exception ends it too and is raised to the caller of :func:`run`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.caller import Caller
from rolecall.errors import RolecallError
from rolecall.events import Delta
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import TaskRequest
from rolecall.workspace.disk import DiskApplier

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from rolecall.events import Event
    from rolecall.task import TaskResult
    from rolecall.tasks import Subscription


class StopEarly(Exception):
    """Raised by a callback that has seen enough: the request is closed, and what has come is the result."""


async def run(  # noqa: PLR0913  # all but the first two are named by the caller
    role: str,
    instruction: str = "",
    *,
    task: str | None = None,
    files: Sequence[str | Path] = (),
    workspace: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    model: str | None = None,
    timeout_s: float | None = None,
    apply: bool = False,
    on_delta: Callable[[str], object] | None = None,
    on_event: Callable[[Event], object] | None = None,
    runtime: Runtime | None = None,
) -> TaskResult:
    """Run one role and return its result.

    Failures are told by the result (``status`` and ``error``), as at every door; nothing is raised for them.

    Args:
        role: id of a role.
        instruction: what you want, in your own words; may be empty where ``task`` is given.
        task: id of one of the role's tasks.
        files: the target first, then further files; paths, perhaps with ``:10-40`` behind them.
        workspace: its folder; None for the current one.
        settings: key paths and values, like ``{"llm.model": "m"}``; they win over files and environment.
        model: asked instead of ``llm.model``.
        timeout_s: seconds for everything.
        apply: write the proposed edits to disk, as ``rolecall run --apply`` does.
        on_delta: called with each piece of the answer, in order.
        on_event: called with every public event (see :mod:`rolecall.events`), deltas included. After a
            ``Restart`` the pieces so far are void.
        runtime: shared by several calls: one pool, one breaker registry, one queue; the caller closes it.
            None for one of the call's own.

    Returns:
        The result object. After :class:`StopEarly` its status is ``cancelled``, its ``answer`` is what had
        come, and files that were complete are proposals.
    """
    async with _runtime(runtime) as shared:
        session = Session(Caller.here("library", overrides=settings), roots=_roots(workspace))
        problem: RolecallError | None = None
        request = TaskRequest(role, task, instruction)
        try:
            named = [session.file_ref(str(file)) for file in files]
            request = TaskRequest(
                role,
                task,
                instruction,
                target=named[0] if named else None,
                files=tuple(named[1:]),
                apply="ask" if apply else "never",
                model=model,
                timeout_s=timeout_s,
            )
        except RolecallError as error:
            problem = error
        applier = DiskApplier(session, how_to_confirm=_UNCONFIRMED) if apply else None
        started, events = shared.tasks.start(session, request, applier, problem=problem)
        try:
            await _tell(events, on_delta, on_event)
        except StopEarly:
            return await started.cancel()
        except BaseException:
            await started.cancel()
            raise
        return await started.wait()


_UNCONFIRMED = "Look at the files of the result, and write those you want yourself."


async def _tell(
    events: Subscription,
    on_delta: Callable[[str], object] | None,
    on_event: Callable[[Event], object] | None,
) -> None:
    async for numbered in events:
        event = numbered.event
        if on_event is not None and event.public:
            await _finished(on_event(event))
        if on_delta is not None and isinstance(event, Delta):
            await _finished(on_delta(event.text))


async def _finished(returned: object) -> None:
    if isawaitable(returned):
        awaited: Awaitable[object] = returned
        await awaited


@asynccontextmanager
async def _runtime(given: Runtime | None) -> AsyncGenerator[Runtime]:
    if given is not None:
        yield given
        return
    own = Runtime()
    try:
        yield own
    finally:
        await own.aclose()


def _roots(workspace: str | Path | None) -> tuple[Path, ...]:
    return () if workspace is None else (Path(workspace).resolve(),)
