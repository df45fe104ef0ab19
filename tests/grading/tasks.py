"""The tasks roles are evaluated with, and the answers recorded for them (``bench/roles``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rolecall.task import Diagnostic, FileRef, Selection, TaskRequest

FOLDER = Path(__file__).parents[2] / "bench" / "roles"
ROLES = ("business_analyst", "developer", "qa_engineer", "devops_engineer", "technical_writer")


@dataclass(frozen=True)
class Check:
    """One thing an answer is graded on.

    Attributes:
        clause: id of the clause of the prompt that it examines.
        name: a check of ``grading.checks`` or a grader of ``grading.answers``.
        options: of the check.
        essential: whether an answer that fails it can score no more than 0.4.
    """

    clause: str
    name: str
    options: dict[str, Any]
    essential: bool


@dataclass(frozen=True)
class EvaluationTask:
    """One small real task.

    Attributes:
        id: ``role/name``.
        files: the workspace.
        allowed: what may be written: paths, or folders that end with a slash.
        checks: what the answer is graded on.
    """

    id: str
    role: str
    task: str | None
    target: str | None
    instruction: str
    files: dict[str, str]
    allowed: tuple[str, ...]
    checks: tuple[Check, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    def request(self) -> TaskRequest:
        """What is sent down the road."""
        return TaskRequest(
            self.role,
            self.task,
            self.instruction,
            target=_reference(self.target) if self.target else None,
            diagnostics=self.diagnostics,
            apply="auto",
        )


@dataclass(frozen=True)
class Recorded:
    """Answers written to prove the graders: a good one, and three that each break one clause."""

    good: str
    bad: list[tuple[str, str]] = field(default_factory=list)


@cache
def tasks(role: str) -> tuple[EvaluationTask, ...]:
    """The tasks of a role, in the order of its file."""
    data: dict[str, Any] = yaml.safe_load((FOLDER / "tasks" / f"{role}.yaml").read_text(encoding="utf-8"))
    # Names with a leading dot hold what several tasks share.
    return tuple(_task(role, name, entry) for name, entry in data.items() if not name.startswith("."))


@cache
def recorded(role: str) -> dict[str, Recorded]:
    """The recorded answers of a role, by the task's id.

    Raises:
        ValueError: a change for a bad answer does not find its place in the good one exactly once.
    """
    data = yaml.safe_load((FOLDER / "recorded" / f"{role}.yaml").read_text(encoding="utf-8"))
    return {f"{role}/{name}": _recorded(f"{role}/{name}", entry) for name, entry in data.items()}


def _task(role: str, name: str, entry: dict[str, Any]) -> EvaluationTask:
    return EvaluationTask(
        id=f"{role}/{name}",
        role=role,
        task=entry.get("task"),
        target=entry.get("target"),
        instruction=entry.get("instruction", ""),
        files=entry["files"],
        allowed=tuple(entry["allowed"]),
        checks=tuple(
            _check(clause, said, essential=clause in entry["essential"])
            for clause, said in entry["checks"].items()
        ),
        diagnostics=tuple(Diagnostic(**said) for said in entry.get("diagnostics", ())),
    )


def _check(clause: str, said: str | dict[str, Any], *, essential: bool) -> Check:
    options: dict[str, Any] = {"check": said} if isinstance(said, str) else dict(said)
    return Check(clause, options.pop("check"), options, essential=essential)


def _recorded(task: str, entry: dict[str, Any]) -> Recorded:
    bad: list[tuple[str, str]] = []
    for clause, changes in entry["bad"].items():
        text: str = entry["good"]
        for old, new in changes:
            if text.count(old) != 1:
                raise ValueError(
                    f"{task}, {clause}: {old!r} stands {text.count(old)} times in the good answer"
                )
            text = text.replace(old, new)
        bad.append((clause, text))
    return Recorded(entry["good"], bad)


def _reference(named: str) -> FileRef:
    path, _, lines = named.partition(":")
    if not lines:
        return FileRef(path)
    start, _, end = lines.partition("-")
    return FileRef(path, Selection(int(start), int(end or start)))
