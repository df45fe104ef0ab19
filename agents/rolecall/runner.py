"""The one road: a request becomes context, a prompt, a streamed answer, proposed edits and one result.

:class:`Run` is one trip. Its :meth:`Run.events` is the async generator all doors translate from. A trip
keeps what it has learnt so far, so that a result can be given at any moment, a cancelled one included.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal

import structlog

from rolecall import applying
from rolecall.errors import (
    AnswerIncomplete,
    ContextTooLarge,
    EditConflict,
    EditError,
    InternalError,
    RolecallError,
    TaskCancelled,
    TimedOut,
)
from rolecall.events import Attempt, Delta, Event, Failed, FileClosed, Finished, Queued, Restart, Started
from rolecall.llm.types import FinishChunk, ModelCall, TextChunk
from rolecall.mending import Mending
from rolecall.preparing import Preparation
from rolecall.proposal import Proposal
from rolecall.requests import Requests
from rolecall.task import ErrorInfo, TaskResult, Usage
from rolecall.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Generator, Iterator, Sequence
    from contextlib import AbstractContextManager

    from rolecall.answer.changeset import Change
    from rolecall.applying import Applier
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import Status, TaskRequest
    from rolecall.turns import Turn

SHORTER_REQUESTS = 2
"""Further requests, each with less context, where the context was too large (contract section 3)."""

_HANDED_OVER = (
    "The editor had been asked to apply the edits and had not answered. "
    "Should it still do so, undo it there, or take it back with rolecall.revert."
)

log = structlog.get_logger(__name__)


class Run:
    """One trip down the road, and everything learnt on it.

    Attributes:
        proposal: the answer and its edits.
        writer: who is writing edits at this moment.
    """

    def __init__(
        self,
        runtime: Runtime,
        session: Session,
        request: TaskRequest,
        applier: Applier | None = None,
        problem: RolecallError | None = None,
        *,
        task_id: str,
    ) -> None:
        self.runtime = runtime
        self.session = session
        self.request = request
        self.task_id = task_id
        self.correlation_id = uuid.uuid4().hex
        self.proposal = Proposal(session, request.target.path if request.target else None)
        self._applier = applier
        self.writer: Applier | None = None
        self._interrupted = False
        self._problem = problem
        self._status: Status = "running"
        self._error: RolecallError | None = None
        self._preparation: Preparation | None = None
        self._model: str | None = None
        self._requests = Requests(runtime, session)
        self._applied_by: Literal["editor", "disk"] | None = None
        self._started = runtime.clock()
        self._deadline_from = self._started
        self._first_token: float | None = None
        self._ended: float | None = None

    @property
    def committing(self) -> bool:
        """Whether edits are being written, so that it is too late to cancel."""
        return self.writer is not None and not self.writer.interruptible

    @contextmanager
    def writing(self, applier: Applier) -> Generator[None]:
        """Within it edits are being written."""
        self.writer, self._applied_by = applier, applier.by
        try:
            yield
        except asyncio.CancelledError:
            self._interrupted = True
            raise
        finally:
            self.writer = None

    def log_context(self) -> dict[str, Any]:
        """The ids every log line of this trip carries."""
        return {
            "correlation_id": self.correlation_id,
            "task_id": self.task_id,
            "workflow_id": None,
            "agent_id": f"{self.request.role}:{self.task_id}",
            "role": self.request.role,
        }

    def collecting(self) -> AbstractContextManager[None]:
        """Within it this trip is counted, where its client has metrics enabled."""
        return metrics.collecting(self.session.settings.metrics.enabled)

    async def events(self) -> AsyncGenerator[Event]:
        """Everything that happens, in order; ends with the result, and the error where there is one."""
        self._count("started")
        log.info("task started", task=self.request.task)
        try:
            yield Started(self.request.role, self.request.task)
            async for event in self._travel():
                yield event
        except RolecallError as error:
            self._fail(error)
        except Exception:
            log.exception("task failed on a fault of our own")
            self._fail(
                InternalError(
                    f"Rolecall failed on this task ({self.request.role}).",
                    hint=f"The log has the details under correlation id {self.correlation_id}.",
                )
            )
        for event in self._end():
            yield event

    def end_as_cancelled(self) -> Iterator[Event]:
        """Give the result of a trip that was cut short; nothing where it had ended already."""
        if self._ended is None:
            hint = _HANDED_OVER if self._interrupted else "Nothing was applied."
            self._fail(TaskCancelled("The task was cancelled.", hint=hint), status="cancelled")
            yield from self._end()

    async def apply(
        self,
        applier: Applier,
        *,
        explicit: bool,
        paths: Sequence[str] | None = None,
        session: Session | None = None,
    ) -> bool:
        """Apply the proposed edits, or the picked paths; see :func:`rolecall.applying.apply`.

        Args:
            applier: where they go.
            explicit: asking for it was itself the confirmation that ``apply.confirm: overwrite`` wants.
            paths: the picked ones; None for all.
            session: who applies, where that is another client than the one that asked for the task.
        """
        counts, role = self.runtime.metrics, self.request.role
        target = self.request.target.path if self.request.target else None
        consent = applying.Consent(self.request.apply, explicit, target)
        try:
            applied = await applying.apply(
                session or self.session,
                self.proposal.changes,
                _Committing(self, applier),
                consent,
                task_id=self.task_id,
                paths=paths,
            )
        except EditError as error:
            kind = "conflicts" if isinstance(error, EditConflict) else "refused"
            with self.collecting():
                counts.count(f"rolecall.edits.{kind}", role=role)
            raise
        if applied:
            states = [change.state for change in self.proposal.changes.changes]
            if isinstance(self._error, EditConflict) and set(states) == {"applied"}:
                self._status, self._error = "completed", None  # what failed at first was applied later
            with self.collecting():
                counts.count("rolecall.edits.applied", states.count("applied"), role=role)
        return applied

    def settle(self) -> None:
        """It has ended: keep what its result and its edits need, and no more."""
        self._applier, self.request = None, self.request.without_texts()
        self.proposal.forget()
        if self._preparation is not None:
            self._preparation.forget()

    def result(self) -> TaskResult:
        """The result object as things stand now."""
        preparation = self._preparation
        endpoint = preparation.endpoint if preparation else None
        changes = self.proposal.changes.changes
        applied = any(change.state == "applied" for change in changes)
        return TaskResult(
            task_id=self.task_id,
            role=self.request.role,
            task=self.request.task,
            status=self._status,
            summary=self.proposal.summary,
            answer=self.proposal.text or None,
            files=[change.to_result() for change in changes],
            applied=applied,
            applied_by=self._applied_by if applied else None,
            provider=endpoint.provider if endpoint else None,
            model=self._model or (endpoint.model if endpoint else None),
            usage=self._requests.usage or Usage(),
            attempts=self._requests.attempts,
            omitted_context=preparation.omitted if preparation else [],
            time_to_first_token_ms=self._milliseconds(self._first_token),
            duration_ms=self._milliseconds(self._ended),
            error=self._error_info(),
        )

    async def _travel(self) -> AsyncGenerator[Event]:
        self.session.ready()
        if self._problem is not None:
            raise self._problem
        self.runtime.export_metrics(self.session)
        self._preparation = preparation = Preparation(self.session, self.request)
        turn = self.runtime.turns.ask(self.session.id, self.session.settings.concurrency.max_tasks)
        try:
            async with aclosing(self._wait_for(turn)) as waiting:
                async for event in waiting:
                    yield event
            async with self._deadline():
                await preparation.complete(self.runtime, self.proposal.documents)
            mending = Mending(self.proposal, preparation, self.session.settings.apply.repair_rounds)
            for stage in (self._ask(preparation), mending.events(self._requests, self._time_left)):
                async with aclosing(stage) as asking:
                    async for event in asking:
                        yield event
        finally:
            # Before edits are applied: a person may take their time to confirm them.
            turn.end()
        await self._finish()

    async def _wait_for(self, turn: Turn) -> AsyncGenerator[Event]:
        """Tell the place in the queue until it is the task's turn."""
        while place := turn.place:
            yield Queued(place, self.runtime.turns.waiting)
            async with self._deadline():
                await turn.moved_from(place)
        if self.request.timeout_s is None:
            # The settings limit how long a model may take, not how long others are served before.
            self._deadline_from = self.runtime.clock()

    @asynccontextmanager
    async def _deadline(self) -> AsyncGenerator[None]:
        """Raise TimedOut where the block is not done within the total deadline."""
        timeout = asyncio.timeout(self._time_left())
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise TimedOut(
                f"The task was not done within {self._total_s():g} s (llm.total_timeout_s or --timeout).",
                hint="Ask for less at once, or allow more time.",
                retriable=False,
            ) from None

    async def _ask(self, preparation: Preparation) -> AsyncGenerator[Event]:
        """Ask, and where the context turns out too large, ask again with less of it."""
        for left in reversed(range(SHORTER_REQUESTS + 1)):
            try:
                async for event in self._answer(preparation.call(self._time_left())):
                    yield event
            except ContextTooLarge as error:
                if not left or not preparation.shrink(error):
                    raise
                self.runtime.metrics.count("rolecall.llm.context_truncations", role=self.request.role)
                if self.proposal.text:
                    yield self._restart()
            else:
                return

    async def _answer(self, call: ModelCall) -> AsyncGenerator[Event]:
        truncated = False
        again = "context_too_large" if self._requests.attempts else None
        async with aclosing(self._requests.said(call, again)) as said:
            async for item in said:
                match item:
                    case Attempt():
                        yield item
                    case Restart():
                        yield self._restart()
                    case TextChunk():
                        for event in self._take(item.text):
                            yield event
                    case FinishChunk():
                        self._model = item.model
                        if self._preparation and not item.usage.estimated:
                            self._preparation.learn(item.usage.input_tokens, item.model)
                        truncated = item.reason == "length"
        for block in await self.proposal.closed(truncated=truncated):
            yield FileClosed(block.path, block.action)

    def _restart(self) -> Restart:
        self.proposal.restart()
        self._first_token = None
        return Restart()

    def _time_left(self) -> float:
        """Seconds of the total deadline that are left."""
        return max(self._total_s() - (self.runtime.clock() - self._deadline_from), 0.001)

    def _total_s(self) -> float:
        return self.request.timeout_s or self.session.settings.llm.total_timeout_s

    def _take(self, text: str) -> Iterator[Event]:
        if not text:
            return
        if self._first_token is None:
            self._first_token = self.runtime.clock()
        closed = self.proposal.feed(text)
        yield Delta(text)
        for block in closed:
            yield FileClosed(block.path, block.action)

    async def _finish(self) -> None:
        """Apply what has come, where that was asked for and nothing stands against it."""
        self.proposal.check()
        if self._applier is not None and self.request.apply != "never" and self.proposal.changes.changes:
            await self.apply(self._applier, explicit=self._applier.explicit)
        self._status = "completed"

    def _fail(self, error: RolecallError, status: Status = "failed") -> None:
        if isinstance(error, AnswerIncomplete):
            status = "incomplete"
        elif self.proposal.text and not self.proposal.changes.changes:
            self._keep_what_came()
        self._status, self._error = status, error

    def _keep_what_came(self) -> None:
        """What was closed before the stream broke is kept as a proposal; the failure stays the reason."""
        try:
            self.proposal.close()
        except RolecallError:
            return
        except Exception:
            log.exception("what came of the answer could not be kept")

    def _end(self) -> Iterator[Event]:
        self._ended = self.runtime.clock()
        self._count("completed" if self._status == "completed" else "failed")
        self.runtime.metrics.observe(
            "rolecall.task.duration", self._ended - self._started, role=self.request.role
        )
        log.info(
            "task ended", status=self._status, **({"error.code": self._error.code} if self._error else {})
        )
        yield Finished(self.result())
        info = self._error_info()
        if info is not None:
            yield Failed(info)

    def _count(self, what: str) -> None:
        self.runtime.metrics.count(f"rolecall.task.{what}", role=self.request.role)

    def _milliseconds(self, moment: float | None) -> int | None:
        return None if moment is None else round((moment - self._started) * 1000)

    def _error_info(self) -> ErrorInfo | None:
        return ErrorInfo.of(self._error, self.correlation_id) if self._error else None


class _Committing:
    """An applier that marks its run while it writes: from then on it is too late to cancel."""

    def __init__(self, run: Run, applier: Applier) -> None:
        self.by: Literal["editor", "disk"] = applier.by
        self.explicit = applier.explicit
        self.confirm = applier.confirm
        self._run = run
        self._applier = applier

    @property
    def interruptible(self) -> bool:
        return self._applier.interruptible

    async def write(self, changes: Sequence[Change], task_id: str | None) -> Collection[str] | None:
        with self._run.writing(self._applier):
            return await self._applier.write(changes, task_id)
