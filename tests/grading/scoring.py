"""From an answer to a score between 0 and 1.

``score = gates x quality``, and times 0.4 where an essential clause is broken. The gates are 0 or 1: the answer
parses and applies, delivers something, stays in scope, and invents nothing. Quality is the mean of the task's own checks, nine tenths
of it, and of manners that every answer should have, one tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from grading import checks
from grading.answers import GRADERS, Graded

if TYPE_CHECKING:
    from grading.sandbox import Sandbox
    from grading.tasks import Check, EvaluationTask

GATES = {
    "applies": "shared.file",
    "counts_blocks": "shared.done",
    "parses": "qa.deliver",
    "in_scope": "shared.delete_move",
    "nothing_invented": "shared.nothing_invented",
}
DELIVERS = "shared.scope"
"""The clause of an answer that writes nothing where something was asked for: "do what was asked"."""

MANNERS = ("says_not_run", "short_prose", "bare_tags", "todo_is_visible", "nothing_elided")
BROKEN = 0.4
"""The most an answer can have that breaks an essential clause."""

MANNERS_SHARE = 0.1


@dataclass(frozen=True)
class Score:
    """One graded answer.

    Attributes:
        value: 0 to 1.
        broken: clauses that it breaks, gates among them.
        notes: a line for each check that did not give full marks.
    """

    value: float
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def grade(task: EvaluationTask, answer: str, sandbox: Sandbox) -> Score:
    """Grade an answer without a person and without a model."""
    graded = Graded(answer, task.files, task.instruction, task.allowed)
    shut = [clause for name, clause in GATES.items() if not _safely(name, graded)]
    if not graded.changes.changes and all(check.name != "writes_nothing" for check in task.checks):
        shut.append(DELIVERS)
    if shut:
        looked_at = [check for check in task.checks if check.essential and check.name in GRADERS]
        named = [check.clause for check in looked_at if not _safely(check.name, graded)]
        return Score(0.0, tuple(dict.fromkeys([*shut, *named])), tuple(f"gate: {clause}" for clause in shut))
    attempt = checks.Attempt(task, graded, sandbox)
    marks = [(check, *_mark(check, attempt)) for check in task.checks]
    manners = [name for name in MANNERS if _safely(name, graded)]
    quality = (1 - MANNERS_SHARE) * sum(mark for _, mark, _ in marks) / len(marks)
    quality += MANNERS_SHARE * len(manners) / len(MANNERS)
    broken = tuple(
        check.clause for check, mark, _ in marks if check.essential and mark < checks.least(check.options)
    )
    notes = [f"{check.clause}: {mark:.2f} {why}" for check, mark, why in marks if mark < 1]
    notes += [f"manners: {name}" for name in MANNERS if name not in manners]
    return Score(quality * (BROKEN if broken else 1), broken, tuple(notes))


def _mark(check: Check, attempt: checks.Attempt) -> tuple[float, str]:
    if check.name in checks.CHECKS:
        options = {name: value for name, value in check.options.items() if name != "least"}
        return checks.CHECKS[check.name](attempt, **options)
    return float(_safely(check.name, attempt.graded)), check.name


def _safely(name: str, graded: Graded) -> bool:
    """A grader's verdict; text that does not parse holds to no rule."""
    try:
        return GRADERS[name](graded)
    except (SyntaxError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return False
