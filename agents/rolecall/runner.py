"""The one road: a request becomes context, a prompt, a streamed answer, proposed edits and one result.

:class:`Run` is one trip. Its :meth:`Run.events` is the async generator all doors translate from. A trip
keeps what it has learnt so far, so that a result can be given at any moment, a cancelled one included.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Literal

import structlog

from rolecall import applying
from rolecall.context import compose, gather
from rolecall.errors import (
    AnswerIncomplete,
    ConfigurationInvalid,
    EditConflict,
    EditError,
    FileUnreadable,
    InternalError,
    RolecallError,
    TaskCancelled,
)
from rolecall.events import Attempt, Delta, Event, Failed, FileClosed, Finished, Restart, Started
from rolecall.llm.client import complete
from rolecall.llm.endpoint import resolve
from rolecall.llm.types import FinishChunk, ModelCall, TextChunk
from rolecall.proposal import Proposal
from rolecall.task import ErrorInfo, OmittedContext, TaskResult, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterator, Sequence

    from rolecall.answer.changeset import Change
    from rolecall.applying import Applier
    from rolecall.context.items import Gathered
    from rolecall.llm.types import Endpoint
    from rolecall.roles import Role, RoleTask
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import Status, TaskRequest

UNKNOWN_WINDOW_TOKENS = 32_000
"""Budget for the prompt where neither the settings nor the endpoint tell the window."""

OUTPUT_SHARE = 4
"""Where the output is not limited by a setting, one part in so many of the window is left for it."""

log = structlog.get_logger(__name__)


class Run:
    """One trip down the road, and everything learnt on it.

    Attributes:
        proposal: the answer and its edits.
        committing: edits are being written; it is too late to cancel.
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
        self.committing = False
        self._applier = applier
        self._problem = problem
        self._status: Status = "running"
        self._error: RolecallError | None = None
        self._endpoint: Endpoint | None = None
        self._usage = Usage()
        self._attempts = 0
        self._omitted: list[OmittedContext] = []
        self._applied_by: Literal["editor", "disk"] | None = None
        self._started = runtime.clock()
        self._first_token: float | None = None
        self._ended: float | None = None

    def log_context(self) -> dict[str, Any]:
        """The ids every log line of this trip carries."""
        return {
            "correlation_id": self.correlation_id,
            "task_id": self.task_id,
            "workflow_id": None,
            "agent_id": f"{self.request.role}:{self.task_id}",
            "role": self.request.role,
        }

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
            self._fail(
                TaskCancelled("The task was cancelled.", hint="Nothing was applied."), status="cancelled"
            )
            yield from self._end()

    async def apply(self, applier: Applier, *, explicit: bool, paths: Sequence[str] | None = None) -> bool:
        """Apply the proposed edits, or the picked paths; see :func:`rolecall.applying.apply`.

        ``explicit``: asking for it was itself the confirmation that ``apply.confirm: overwrite`` wants.
        """
        metrics, role = self.runtime.metrics, self.request.role
        target = self.request.target.path if self.request.target else None
        consent = applying.Consent(self.request.apply, explicit, target)
        try:
            applied = await applying.apply(
                self.session,
                self.proposal.changes,
                _Committing(self, applier),
                consent,
                task_id=self.task_id,
                paths=paths,
            )
        except EditError as error:
            kind = "conflicts" if isinstance(error, EditConflict) else "refused"
            metrics.count(f"rolecall.edits.{kind}", role=role)
            raise
        if applied:
            self._applied_by = applier.by
            metrics.count(
                "rolecall.edits.applied",
                sum(change.state == "applied" for change in self.proposal.changes.changes),
                role=role,
            )
        return applied

    def taken_back(self, *, except_for: Collection[str] = ()) -> None:
        """What was applied was reverted, but for some paths: it is a proposal again."""
        kept = False
        for change in self.proposal.changes.changes:
            if change.state == "applied" and change.path not in except_for:
                change.state, change.reason = "proposed", "taken back"
            kept = kept or change.state == "applied"
        if not kept:
            self._applied_by = None

    def result(self) -> TaskResult:
        """The result object as things stand now."""
        return TaskResult(
            task_id=self.task_id,
            role=self.request.role,
            task=self.request.task,
            status=self._status,
            summary=self.proposal.summary,
            answer=self.proposal.text or None,
            files=[change.to_result() for change in self.proposal.changes.changes],
            applied=self._applied_by is not None,
            applied_by=self._applied_by,
            provider=self._endpoint.provider if self._endpoint else None,
            model=self._endpoint.model if self._endpoint else None,
            usage=self._usage,
            attempts=self._attempts,
            omitted_context=self._omitted,
            time_to_first_token_ms=self._milliseconds(self._first_token),
            duration_ms=self._milliseconds(self._ended),
            error=self._error_info(),
        )

    async def _travel(self) -> AsyncGenerator[Event]:
        self.session.ready()
        if self._problem is not None:
            raise self._problem
        self.session.roles.refresh()
        role = self.session.roles.get(self.request.role)
        task = role.task(self.request.task) if self.request.task else None
        if task is None and not self.request.instruction.strip():
            raise ConfigurationInvalid(
                f"There is nothing to do: no task and no instruction for {role.id}.",
                hint=f"Name one of its tasks ({', '.join(t.id for t in role.tasks)}) or say what you want.",
            )
        call = await self._prepare(role, task)
        async for event in self._ask(call):
            yield event
        await self._finish()

    async def _prepare(self, role: Role, task: RoleTask | None) -> ModelCall:
        """Find the endpoint, gather what the model gets to see, and compose the prompt."""
        llm = self.session.settings.llm
        model = self.request.model or role.model
        self._endpoint = await resolve(self.session, self.runtime, model=model)
        gathered = await self._gather()
        output = role.max_output_tokens or llm.max_output_tokens
        composed = compose(
            role,
            task,
            self.request,
            gathered,
            max_tokens=self._budget(output),
            format_hint=self.session.settings.apply.format_hint,
        )
        self._omitted = composed.omitted
        stream = llm.stream if self.request.stream is None else self.request.stream
        return ModelCall(
            endpoint=self._endpoint,
            prompt=composed.prompt,
            request=self.request,
            gathered=gathered,
            stream=stream,
            temperature=role.temperature if role.temperature is not None else llm.temperature,
            max_output_tokens=output,
            total_timeout_s=self.request.timeout_s or llm.total_timeout_s,
        )

    async def _gather(self) -> Gathered:
        try:
            return await asyncio.to_thread(
                gather,
                self.session.workspace,
                self.proposal.documents,
                self.request,
                self.session.settings,
                open_paths=self.session.buffers.paths() if self.session.buffers else (),
            )
        except FileUnreadable as error:
            # What the user named cannot be used: a wrong argument, not a refused edit.
            raise ConfigurationInvalid(error.message, hint=error.hint) from error

    def _budget(self, output: int | None) -> int:
        """Tokens the prompt may have: the window less the output, unless the settings say."""
        settings = self.session.settings
        window = settings.llm.context_window or UNKNOWN_WINDOW_TOKENS
        room = window - (output or window // OUTPUT_SHARE)
        return min(room, settings.context.max_total_tokens or room)

    async def _ask(self, call: ModelCall) -> AsyncGenerator[Event]:
        truncated = False
        async with aclosing(complete(self.runtime, self.session, call)) as stream:
            async for item in stream:
                match item:
                    case Attempt():
                        self._attempts = max(self._attempts, item.n)
                        yield item
                    case Restart():
                        self.proposal.restart()
                        self._first_token = None
                        yield item
                    case TextChunk():
                        for event in self._take(item.text):
                            yield event
                    case FinishChunk():
                        self._usage = item.usage
                        truncated = item.reason == "length"
        for block in self.proposal.close(truncated=truncated):
            yield FileClosed(block.path, block.action)

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
            # What was closed before the stream broke is kept as a proposal.
            with suppress(RolecallError):
                self.proposal.close()
        self._status, self._error = status, error

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

    async def write(self, changes: Sequence[Change], task_id: str | None) -> Collection[str] | None:
        self._run.committing = True
        try:
            return await self._applier.write(changes, task_id)
        finally:
            self._run.committing = False
