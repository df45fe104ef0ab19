"""Requests and results: what every door sends down the road, and what comes back.

The result object is contract section 2; it is the same at every door.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from rolecall.errors import ErrorCode

if TYPE_CHECKING:
    from rolecall.errors import RolecallError

Status = Literal["completed", "incomplete", "cancelled", "failed", "running"]
FileAction = Literal["create", "modify", "delete", "rename"]
FileState = Literal[
    "proposed", "applied", "needs_confirmation", "refused", "conflict", "incomplete", "suggestion"
]
ApplyMode = Literal["ask", "auto", "never"]

SUMMARY_LIMIT = 2_000
"""Characters of prose a summary may have."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whole lines of a file, 1-based and inclusive. Every door snaps its ranges to lines."""

    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by its workspace path (``/`` separated, as shown to the model), perhaps some lines of it."""

    path: str
    selection: Selection | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What a tool reported about a line (1-based) of the target."""

    line: int
    message: str
    severity: Literal["error", "warning", "information", "hint"] = "error"
    source: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One request, the same whichever door it came through.

    Attributes:
        role: id of a role.
        task: id of one of its tasks, or None for an instruction alone.
        instruction: the user's own words; may be empty when ``task`` is given.
        target: the file the work is about, with the selected lines.
        files: further files the user asked for.
        context: further text the caller gives, as data.
        diagnostics: of the target.
        apply: ``ask`` follows ``apply.confirm``, ``auto`` asks for protected names only, ``never`` proposes.
        timeout_s: total deadline; None for ``llm.total_timeout_s``.
    """

    role: str
    task: str | None = None
    instruction: str = ""
    target: FileRef | None = None
    files: tuple[FileRef, ...] = ()
    context: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    apply: ApplyMode = "never"
    model: str | None = None
    stream: bool | None = None
    timeout_s: float | None = None

    def without_texts(self) -> TaskRequest:
        """The same request without what only the model had to see, for a task that has ended."""
        return replace(self, context="", diagnostics=())


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileResult(_Shape):
    """One file of an answer. ``added`` and ``removed`` count lines; ``diff`` is what ``git apply`` takes."""

    path: str
    action: FileAction
    new_path: str | None = None
    added: int = 0
    removed: int = 0
    diff: str | None = None
    state: FileState = "proposed"
    reason: str | None = None


class Usage(_Shape):
    """Tokens as the endpoint counted them, or estimated from characters."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = True

    def plus(self, other: Usage) -> Usage:
        """What two requests cost together."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            estimated=self.estimated or other.estimated,
        )


class OmittedContext(_Shape):
    """Something the model did not get to see, and why."""

    path: str
    reason: str


class ErrorInfo(_Shape):
    """The error object: what happened, to what, and what to do next."""

    code: ErrorCode
    message: str
    hint: str = ""
    retry_after_s: float | None = None
    correlation_id: str

    @classmethod
    def of(cls, error: RolecallError, correlation_id: str) -> ErrorInfo:
        """The error object of a failure."""
        return cls(
            code=error.code,
            message=error.message,
            hint=error.hint,
            retry_after_s=error.retry_after_s,
            correlation_id=correlation_id,
        )


class TaskResult(_Shape):
    """The result object of contract section 2. Times in whole milliseconds, None until known."""

    task_id: str
    workflow_id: str | None = None
    role: str | None
    task: str | None
    status: Status
    summary: str = ""
    answer: str | None = None
    files: list[FileResult] = []
    applied: bool = False
    applied_by: Literal["editor", "disk"] | None = None
    provider: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    attempts: int = 0
    omitted_context: list[OmittedContext] = []
    time_to_first_token_ms: int | None = None
    duration_ms: int | None = None
    error: ErrorInfo | None = None

    def to_json(self) -> dict[str, Any]:
        """The object as JSON values, every member present."""
        return self.model_dump(mode="json")
