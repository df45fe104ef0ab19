"""Running tasks: the one registry, and the driver that takes a task down the road.

Every task ends with exactly one result, however it ends. Its events go to any number of subscribers; a slow
subscriber gets joined deltas, never lost or reordered ones. What has ended is remembered: so many tasks, in
so many bytes.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from rolecall.errors import ConfigurationInvalid
from rolecall.events import Delta, Numbered
from rolecall.runner import Run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from rolecall.applying import Applier
    from rolecall.errors import RolecallError
    from rolecall.events import Event
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import TaskRequest, TaskResult

KEPT_TASKS = 200
"""Finished tasks the registry remembers (contract section 9)."""

KEPT_BYTES = 256 * 1024 * 1024
"""Memory for their texts: enough for all of them where each rewrites a file of ``context.max_file_bytes``."""

MOMENT_S = 0.15
"""Seconds a cancel waits for edits that are with an editor: less than what a cancel may take (section 5)."""

log = structlog.get_logger(__name__)


class Subscription:
    """One reader's place in a task's events. Iterate it; it ends after the task's last event."""

    def __init__(self) -> None:
        self._waiting: deque[Numbered] = deque()
        self._joined: list[str] = []
        self._closed = False
        self._wake = asyncio.Event()

    def push(self, numbered: Numbered) -> None:
        """Add an event; a delta joins the unread delta before it."""
        if isinstance(numbered.event, Delta):
            if self._joined:
                self._waiting.pop()
            self._joined.append(numbered.event.text)
        else:
            self._seal()
        self._waiting.append(numbered)
        self._wake.set()

    def close(self) -> None:
        """No more events will come."""
        self._closed = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Numbered]:
        while True:
            while self._waiting:
                if len(self._waiting) == 1:
                    self._seal()
                yield self._waiting.popleft()
            if self._closed:
                return
            self._wake.clear()
            await self._wake.wait()

    def _seal(self) -> None:
        if len(self._joined) > 1:
            last = self._waiting.pop()
            self._waiting.append(Numbered(last.task_id, last.seq, Delta("".join(self._joined))))
        self._joined.clear()


class Task:
    """One request on its way, and afterwards its result and its proposals.

    Attributes:
        id: what clients name it by.
        owner: id of the session that started it; the task ends with that session.
        audience: sessions with the same one may watch, cancel and apply it.
        run: the trip down the road, with the proposed changes.
        writing: held while its edits are written, so that a second client finds them written.
    """

    def __init__(
        self,
        runtime: Runtime,
        session: Session,
        request: TaskRequest,
        applier: Applier | None,
        problem: RolecallError | None,
        ended: Callable[[Task], None],
    ) -> None:
        self.id = secrets.token_hex(6)
        self.owner = session.id
        self.audience = session.audience
        self.run = Run(runtime, session, request, applier, problem, task_id=self.id)
        self.writing = asyncio.Lock()
        self._subscriptions: list[Subscription] = []
        self._seq = 0
        self._done = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None
        self._ended = ended

    @property
    def request(self) -> TaskRequest:
        """What was asked for; once it has ended, without what only the model had to see."""
        return self.run.request

    @property
    def size(self) -> int:
        """Bytes of memory that its texts take, about."""
        return self.run.proposal.size + sys.getsizeof(self.request.instruction)

    def condense(self) -> int:
        """Keep no more than the diffs of those edits that were applied, or never can be.

        Returns:
            The bytes that are free by it.
        """
        before = self.size
        for change in self.run.proposal.changes.changes:
            if change.spent:
                change.condense()
        return before - self.size

    @property
    def finished(self) -> bool:
        """Whether the result is final."""
        return self._done.is_set()

    @property
    def result(self) -> TaskResult:
        """The result so far; ``status`` is ``running`` until the task has ended."""
        return self.run.result()

    def subscribe(self) -> Subscription:
        """All events from now on; subscribe before the first await to get every one."""
        subscription = Subscription()
        if self.finished:
            subscription.close()
        else:
            self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop keeping events for a reader that went away."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def start(self) -> None:
        """Begin; returns at once."""
        self._driver = asyncio.create_task(self._drive(), name=f"rolecall-task-{self.id}")
        self._driver.add_done_callback(self._end)

    async def wait(self) -> TaskResult:
        """The final result. Cancelling the wait leaves the task running."""
        await self._done.wait()
        return self.result

    async def cancel(self) -> TaskResult:
        """Stop the task and return its final result. Edits that are being written are finished first.

        An editor that was just asked to apply them gets a moment to answer: it may be doing so already.
        """
        if self._driver is not None and self.run.writer is not None:
            await asyncio.wait([self._driver], timeout=MOMENT_S)
        if self._driver is not None and not self.finished and not self.run.committing:
            self._driver.cancel()
        return await self.wait()

    async def _drive(self) -> None:
        with structlog.contextvars.bound_contextvars(**self.run.log_context()), self.run.collecting():
            async with aclosing(self.run.events()) as events:
                async for event in events:
                    self._publish(event)

    def _end(self, driver: asyncio.Task[None]) -> None:
        """Close the task, whatever became of its driver; one cancelled before its first step ran nothing."""
        with structlog.contextvars.bound_contextvars(**self.run.log_context()), self.run.collecting():
            if not driver.cancelled() and (fault := driver.exception()) is not None:
                log.error("a task's driver failed", exc_info=fault)
            try:
                for event in self.run.end_as_cancelled():
                    self._publish(event)
            finally:
                # Whatever failed: nobody may wait for a task that has ended.
                self._done.set()
                for subscription in self._subscriptions:
                    subscription.close()
                self._subscriptions.clear()
                self.run.settle()
                self._ended(self)

    def _publish(self, event: Event) -> None:
        self._seq += 1
        numbered = Numbered(self.id, self._seq, event)
        for subscription in self._subscriptions:
            subscription.push(numbered)


class TaskRegistry:
    """All tasks of the process: the running ones, and the last finished ones.

    Args:
        runtime: the process-wide state.
        kept_bytes: of memory for the texts of the finished ones.
    """

    def __init__(self, runtime: Runtime, kept_bytes: int = KEPT_BYTES) -> None:
        self._runtime = runtime
        self._kept_bytes = kept_bytes
        self._tasks: dict[str, Task] = {}
        self._finished: dict[str, Task] = {}

    def start(
        self,
        session: Session,
        request: TaskRequest,
        applier: Applier | None = None,
        *,
        problem: RolecallError | None = None,
    ) -> tuple[Task, Subscription]:
        """Start a task; the subscription sees every event from the first.

        ``problem`` is what the door found wrong with the request: the task fails with it at once, so that
        a bad request ends in the same events and the same result object as any other failure.
        """
        task = Task(self._runtime, session, request, applier, problem, self._keep)
        subscription = task.subscribe()
        self._tasks[task.id] = task
        task.start()
        return task, subscription

    def get(self, task_id: str, session: Session) -> Task:
        """The task of that id in the session's workspace.

        Raises:
            ConfigurationInvalid: there is none, or it belongs to another workspace or user.
        """
        task = self._tasks.get(task_id)
        if task is None or task.audience != session.audience:
            raise ConfigurationInvalid(
                f"There is no task {task_id[:80]!r} in this workspace.",
                hint=f"A running server keeps its last {KEPT_TASKS} tasks, of very large ones fewer. "
                "List them, or run the role again.",
            )
        return task

    def visible(self, session: Session) -> list[Task]:
        """The tasks of the session's user in its workspace, oldest first."""
        return [task for task in self._tasks.values() if task.audience == session.audience]

    async def end_session(self, session: Session) -> None:
        """Cancel what a client that went away had running."""
        await self._cancel([task for task in self._tasks.values() if task.owner == session.id])

    async def aclose(self) -> None:
        """Cancel everything that runs."""
        await self._cancel(list(self._tasks.values()))

    async def _cancel(self, tasks: list[Task]) -> None:
        await asyncio.gather(*(task.cancel() for task in tasks if not task.finished))

    def _keep(self, task: Task) -> None:
        """Remember a task that has ended, and forget what there is no room for."""
        self._finished[task.id] = task
        while len(self._finished) > KEPT_TASKS:
            self._forget(next(iter(self._finished.values())))
        self._make_room()

    def _make_room(self) -> None:
        """Keep within the bytes: first by texts that nobody needs any more, then by whole tasks."""
        excess = sum(task.size for task in self._finished.values()) - self._kept_bytes
        if excess <= 0:
            return
        for task in self._large():
            if excess > 0:
                excess -= task.condense()
        for task in self._large():
            if excess > 0:
                excess -= task.size
                self._forget(task)

    def _large(self) -> list[Task]:
        """The finished tasks that have more than an equal share, oldest first.

        To forget the others would make no room. The task that ended last stays, whatever it takes.
        """
        share = self._kept_bytes // KEPT_TASKS
        return [task for task in list(self._finished.values())[:-1] if task.size > share]

    def _forget(self, task: Task) -> None:
        del self._finished[task.id], self._tasks[task.id]
