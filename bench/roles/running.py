"""From a task to a score: down the product's own road, in a scratch copy, then to the graders."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grading import analyst, code, operations, shared, writing
from grading.answers import Graded
from grading.sandbox import Sandbox
from grading.scoring import Score, grade
from rolecall.caller import Caller
from rolecall.context import compose, estimate_tokens, gather
from rolecall.context.compose import system_message
from rolecall.errors import ErrorCode
from rolecall.roles import RoleCatalog
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.workspace.disk import DiskApplier

if TYPE_CHECKING:
    import argparse

    from grading.tasks import EvaluationTask
    from rolecall.task import TaskResult

assert all((analyst, code, operations, shared, writing))  # importing them makes their graders known

OUTPUT_TOKENS = 2_000
"""Of one answer, where the settings set no limit: the tasks are small."""

WINDOW = 32_000
ANSWER_IS_AT_FAULT = frozenset(
    {
        ErrorCode.ANSWER_INCOMPLETE,
        ErrorCode.ANSWER_TOO_LARGE,
        ErrorCode.EDIT_CONFLICT,
        ErrorCode.EDIT_NOT_FOUND,
        ErrorCode.PATH_REFUSED,
        ErrorCode.CONTENT_FILTERED,
    }
)
"""What the answer is scored 0 for; any other error ends the run, since it says nothing about the prompts."""


class Stopped(Exception):
    """The run cannot go on; says why."""


@dataclass(frozen=True)
class Plan:
    """What a run will do, and what it may cost.

    Attributes:
        tokens: the estimate, prompts and answers.
        cap: tokens after which no further request is made.
    """

    tasks: list[EvaluationTask]
    samples: int
    caller: Caller
    prompts: Path | None
    offline: bool
    estimates: dict[str, int]
    tokens: int
    cap: int

    def announcement(self) -> str:
        """What is shown before the start."""
        requests = len(self.tasks) * self.samples
        if self.offline:
            return f"{len(self.tasks)} tasks, {requests} scaffolds, no model is called."
        return (
            f"{len(self.tasks)} tasks, {requests} requests to your endpoint: about {self.tokens:,} tokens. "
            f"The run ends before it uses more than {self.cap:,}."
        )


def plan_for(chosen: list[EvaluationTask], options: argparse.Namespace) -> Plan:
    """Work out what the tasks need; asks nobody."""
    # What is scored is what a prompt makes a model write, not what a further request makes of it.
    overrides = {
        "llm.provider": options.provider,
        "llm.model": options.model,
        "apply.repair_rounds": "0",
    }
    caller = Caller.here("cli", overrides={name: value for name, value in overrides.items() if value})
    with tempfile.TemporaryDirectory(prefix="rolecall-eval-") as folder:
        estimates: dict[str, int] = {}
        for task in chosen:
            session = _session(task, caller, options.prompts, Path(folder))
            session.ready()
            estimates[task.id] = _estimate(task, session)
        settings = session.settings
    tokens = sum(estimates.values()) * options.samples
    offline = settings.llm.provider == "offline"
    cap = options.tokens or tokens * 2
    return Plan(chosen, options.samples, caller, options.prompts, offline, estimates, tokens, cap)


def _estimate(task: EvaluationTask, session: Session) -> int:
    role = session.roles.get(task.role)
    request = task.request()
    gathered = gather(session.workspace, session.documents, request, session.settings)
    named = role.task(task.task) if task.task else None
    prompt = compose(role, named, request, gathered, max_tokens=WINDOW).prompt
    output = role.max_output_tokens or session.settings.llm.max_output_tokens or OUTPUT_TOKENS
    return estimate_tokens(prompt.system) + estimate_tokens(prompt.user) + output


def _session(task: EvaluationTask, caller: Caller, prompts: Path | None, folder: Path) -> Session:
    """A session in a scratch copy of the task's workspace, which leaves nothing in the user's folders."""
    root = folder / "workspace"
    shutil.rmtree(root, ignore_errors=True)
    for path, text in task.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="")
    environment = {**caller.environment, "XDG_STATE_HOME": str(folder / "state")}
    session = Session(replace(caller, environment=environment, cwd=root), roots=(root,))
    if prompts is not None:
        session.roles = RoleCatalog(prompts.resolve())
    return session


async def evaluate(plan: Plan) -> dict[str, Any]:
    """Run every task, and give the report.

    Raises:
        Stopped: the endpoint failed, or the tokens are used up.
    """
    runtime = Runtime()
    report: dict[str, Any] = {
        "provider": None,
        "model": None,
        "samples": plan.samples,
        "tokens": 0,
        "scores": {},
        "notes": {},
    }
    report["prompts"] = _fingerprint(plan)
    try:
        with Sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="rolecall-eval-") as folder:
            report["sandbox"] = sandbox.protection
            for task in plan.tasks:
                for _ in range(plan.samples):
                    await _one(plan, task, runtime, sandbox, Path(folder), report)
    finally:
        await runtime.aclose()
    return report


async def _one(
    plan: Plan, task: EvaluationTask, runtime: Runtime, sandbox: Sandbox, folder: Path, report: dict[str, Any]
) -> None:
    if not plan.offline and report["tokens"] + plan.estimates[task.id] > plan.cap:
        raise Stopped(
            f"{report['tokens']:,} of {plan.cap:,} tokens are used; the next task would pass the cap."
        )
    session = _session(task, plan.caller, plan.prompts, folder)
    running, _ = runtime.tasks.start(session, task.request(), DiskApplier(session, confirmed=True))
    result = await running.wait()
    report["tokens"] += result.usage.input_tokens + result.usage.output_tokens
    report["provider"], report["model"] = result.provider, result.model
    score = _scored(task, result, session, sandbox)
    report["scores"].setdefault(task.id, []).append(round(score.value, 4))
    report["notes"].setdefault(task.id, []).append(list(score.notes))
    broken = f"  breaks {', '.join(score.broken)}" if score.broken else ""
    sys.stderr.write(f"{score.value:5.2f}  {task.id}{broken}\n")


def _scored(task: EvaluationTask, result: TaskResult, session: Session, sandbox: Sandbox) -> Score:
    if result.error is not None and result.error.code not in ANSWER_IS_AT_FAULT:
        raise Stopped(f"{task.id}: {result.error.message} {result.error.hint}")
    if result.error is not None or result.answer is None:
        said = result.error.message if result.error else "no answer"
        return Score(0.0, ("shared.file",), (f"gate: {said}",))
    score = grade(task, result.answer, sandbox)
    written = Graded(result.answer, task.files, task.instruction, task.allowed).after
    root = session.workspace.roots[0]
    if result.applied and any((root / path).read_bytes() != text.encode() for path, text in written.items()):
        raise Stopped(f"{task.id}: what was written is not what was graded; this is a fault of the product.")
    return score


def _fingerprint(plan: Plan) -> str:
    """Tells one version of the prompts from another."""
    catalog = RoleCatalog(plan.prompts.resolve() if plan.prompts else None)
    texts = [
        system_message(role, task)
        for role in catalog.roles()
        for task in (*role.tasks, None)
        if role.id in {chosen.role for chosen in plan.tasks}
    ]
    return hashlib.sha256(os.linesep.join(texts).encode()).hexdigest()[:12]
