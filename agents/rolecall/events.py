"""What a task says while it runs: the typed events of the one road, and their wire form.

The wire form is the stream-json of contract section 1: ``{"type", "task_id", "seq", ...}``. ``seq`` rises
strictly within a task. Plain dataclasses, because a delta is made for every piece of text that arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from rolecall.task import ErrorInfo, TaskResult


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events.

    Attributes:
        public: whether it has a wire form; the others are for the doors' own progress.
    """

    type: ClassVar[str]
    public: ClassVar[bool] = True

    def payload(self) -> dict[str, Any]:
        """The event's own members of the wire form, as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The task was accepted. ``provider`` and ``model`` are what will be asked, as far as is known."""

    type: ClassVar[str] = "started"
    role: str
    task: str | None
    provider: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Queued(Event):
    """The task waits for its turn: ``place`` 1 is the next of ``waiting`` (``concurrency.max_tasks``)."""

    type: ClassVar[str] = "queued"
    public: ClassVar[bool] = False
    place: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Attempt(Event):
    """Attempt ``n`` of ``of`` is about to be made, after ``wait_s`` seconds, because of ``reason``."""

    type: ClassVar[str] = "attempt"
    n: int
    of: int
    wait_s: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Restart(Event):
    """What was streamed so far is void: the answer begins again."""

    type: ClassVar[str] = "restart"


@dataclass(frozen=True, slots=True)
class Delta(Event):
    """Text of the answer, in order. A delta may join several chunks, never reorders or drops any."""

    type: ClassVar[str] = "delta"
    text: str


@dataclass(frozen=True, slots=True)
class FileClosed(Event):
    """The block of this file is complete. ``action``: create, modify, delete or rename."""

    type: ClassVar[str] = "file"
    path: str
    action: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The one result every task ends with."""

    type: ClassVar[str] = "result"
    result: TaskResult

    def payload(self) -> dict[str, Any]:
        """The result object of contract section 2."""
        return {"result": self.result.to_json()}


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Follows the result where it carries an error; the last event of a task that failed."""

    type: ClassVar[str] = "error"
    error: ErrorInfo

    def payload(self) -> dict[str, Any]:
        """The error object of contract section 2."""
        return {"error": self.error.model_dump(mode="json")}


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event as it leaves a task: with the task's id and its place in the sequence."""

    task_id: str
    seq: int
    event: Event

    def to_json(self) -> dict[str, Any]:
        """The wire form: ``type``, ``task_id``, ``seq``, then the event's own members."""
        return {
            "type": self.event.type,
            "task_id": self.task_id,
            "seq": self.seq,
            **self.event.payload(),
        }
