"""What a role is: a system prompt, and the tasks it offers.

How a task reaches an editor's menu (contract section 5):

- ``applies_to`` says what the work is about, and with it where the task fits. A task for a ``selection``
  also fits the whole file, which is the largest selection; one for the ``workspace`` is offered on a file.
- The *situation* decides the kind of the code action: a diagnostic in range gives ``quickfix.rolecall.…``,
  a selection or the symbol under the cursor ``refactor.rolecall.…``, the file ``source.rolecall.…``.
- ``kind`` is the menu the task belongs to by nature. Where several tasks fit, those at home come first, so
  that a menu cut to two shows the natural ones.
- ``title`` is a verb phrase. ``{symbol}`` marks the place of the object; without it, `` for <object>`` is
  appended: ``write tests`` becomes ``QA Engineer: write tests for parse_config``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rolecall.errors import ConfigurationInvalid
from rolecall.roles.nearest import suggestion

if TYPE_CHECKING:
    from pathlib import Path

AppliesTo = Literal["selection", "file", "diagnostic", "workspace"]
Kind = Literal["quickfix", "refactor", "source"]
Situation = Literal["diagnostic", "selection", "file"]
"""Where an action is offered: at a diagnostic, at a selection or symbol, or for the file."""

KIND_BY_SITUATION: dict[Situation, Kind] = {
    "diagnostic": "quickfix",
    "selection": "refactor",
    "file": "source",
}
FITS: dict[AppliesTo, tuple[Situation, ...]] = {
    "selection": ("selection", "file"),
    "file": ("file",),
    "diagnostic": ("diagnostic",),
    "workspace": ("file",),
}
PLACE = "{symbol}"
_ANY_OBJECT: dict[AppliesTo, str] = {
    "selection": "the selection",
    "file": "the file",
    "diagnostic": "the diagnostics",
    "workspace": "the workspace",
}


@dataclass(frozen=True, slots=True)
class RoleTask:
    """One piece of work a role offers.

    Attributes:
        id: lower case, unique within the role.
        title: a verb phrase; ``{symbol}`` marks the place of the object.
        applies_to: what the work is about.
        kind: the menu it belongs to by nature.
        instruction: what this task alone asks of the model.
    """

    id: str
    title: str
    applies_to: AppliesTo
    kind: Kind
    instruction: str

    def fits(self, situation: Situation) -> bool:
        """Whether an editor offers the task in this situation."""
        return situation in FITS[self.applies_to]

    def action_kind(self, role_id: str, situation: Situation) -> str:
        """The kind of the code action: ``refactor.rolecall.qa_engineer.tests``."""
        return f"{KIND_BY_SITUATION[situation]}.rolecall.{role_id}.{self.id}"

    def action_title(self, role_title: str, subject: str) -> str:
        """The title of the code action: ``QA Engineer: write tests for parse_config``.

        Args:
            role_title: the role's title.
            subject: the symbol or file the work is about.
        """
        return f"{role_title}: {self.phrase(subject)}"

    def phrase(self, subject: str) -> str:
        """The work with its object: ``write tests for parse_config``."""
        if PLACE in self.title:
            return self.title.replace(PLACE, subject)
        return f"{self.title} for {subject}"

    def label(self) -> str:
        """The work in general, for lists: ``write tests for the selection``."""
        return self.phrase(_ANY_OBJECT[self.applies_to])


@dataclass(frozen=True, slots=True)
class Role:
    """One role.

    Attributes:
        id: lower case; a role of the user's with a built-in id replaces that one.
        title: as shown in menus.
        description: one or two sentences on when to call it.
        prompt: the system prompt.
        tasks: in the order of the file, the most useful first.
        source: the file it was read from.
        model: asks for this model, whatever the settings say; None for the settings' model.
        temperature: likewise, 0 to 2.
        max_output_tokens: likewise.
        built_in: whether it came with Rolecall.
    """

    id: str
    title: str
    description: str
    prompt: str
    tasks: tuple[RoleTask, ...]
    source: Path
    model: str | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    built_in: bool = False

    def task(self, task_id: str) -> RoleTask:
        """The task of that id.

        Raises:
            ConfigurationInvalid: there is none; the hint names the nearest and lists all.
        """
        for task in self.tasks:
            if task.id == task_id:
                return task
        ids = [task.id for task in self.tasks]
        listed = f"Tasks of {self.id}: {', '.join(ids)}." if ids else "It takes an instruction instead."
        raise ConfigurationInvalid(
            f"The role {self.id} has no task {task_id!r}.", hint=f"{suggestion(task_id, ids)}{listed}"
        )

    def fitting(self, situation: Situation) -> list[RoleTask]:
        """The tasks to offer in a situation, those whose natural menu it is first."""
        tasks = [task for task in self.tasks if task.fits(situation)]
        return sorted(tasks, key=lambda task: task.kind != KIND_BY_SITUATION[situation])


@dataclass(frozen=True, slots=True)
class RoleProblem:
    """Why a role file, or a part of it, cannot be used. ``line`` is 1-based."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"
