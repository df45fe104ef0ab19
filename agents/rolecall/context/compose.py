"""The prompt of one request, within a budget. Pure: the same arguments give the same bytes.

The system message holds the role's prompt, the task's instruction and the shared rules, and nothing of the
single request, so that endpoints can cache it as a prefix. The user message holds everything else; its
order and the priority under the budget are contract section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.context.budget import Budget, estimate_tokens
from rolecall.context.message import Message
from rolecall.context.shared import shared_rules
from rolecall.errors import ConfigurationInvalid
from rolecall.llm.types import Prompt

if TYPE_CHECKING:
    from rolecall.context.items import Gathered
    from rolecall.context.shared import FormatHint
    from rolecall.roles import Role, RoleTask
    from rolecall.task import OmittedContext, TaskRequest


@dataclass(frozen=True, slots=True)
class Composed:
    """The prompt, and what the model does not get to see."""

    prompt: Prompt
    omitted: list[OmittedContext]


def compose(
    role: Role,
    task: RoleTask | None,
    request: TaskRequest,
    gathered: Gathered,
    *,
    max_tokens: int,
    format_hint: FormatHint = "auto",
) -> Composed:
    """Compose the prompt of a request.

    What does not fit is left out whole, the least important first: facts, imports, tests or source
    counterpart, diagnostics, files asked for, target, selection. Only then is the target, or a file asked
    for, cut; cuts are marked in the text. All of it is listed under ``omitted``.

    Args:
        role: whose prompt it is.
        task: one of its tasks, or None where the instruction alone says what to do.
        request: what was asked.
        gathered: what the model may get to see.
        max_tokens: the most tokens, by estimate, that both messages may have together.
        format_hint: which form of edits to ask for (``apply.format_hint``).

    Raises:
        ConfigurationInvalid: there is nothing to do, or the instruction alone does not fit.
    """
    system = system_message(role, task, format_hint)
    message = Message(task, request, gathered)
    budget = Budget(max_tokens - estimate_tokens(system))
    if not budget.take(message.frame()):
        needed = estimate_tokens(system) + estimate_tokens(message.frame())
        raise ConfigurationInvalid(
            f"The instruction alone does not fit the model: about {needed:,} tokens with the role's prompt, "
            f"where {max_tokens:,} are available.",
            hint="Shorten the instruction, raise context.max_total_tokens, or choose another model.",
        )
    message.fill(budget)
    return Composed(Prompt(system, message.text()), [*gathered.omitted, *message.omitted])


def system_message(role: Role, task: RoleTask | None, format_hint: FormatHint = "auto") -> str:
    """The role's prompt, the task's instruction, and the rules and answer format all roles share."""
    work = f"## This task\n{task.instruction}" if task else ""
    return "\n\n".join(part for part in (role.prompt, work, shared_rules(format_hint)) if part)
