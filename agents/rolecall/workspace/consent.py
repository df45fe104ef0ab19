"""Who is asked before a change is written: the matrix of contract section 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rolecall.answer.changeset import Change
    from rolecall.task import ApplyMode
    from rolecall.workspace.policy import Verdict

Confirm = Literal["always", "overwrite", "protected"]


def needs_confirmation(
    change: Change,
    *,
    confirm: Confirm,
    verdict: Verdict,
    target: str | None = None,
    mode: ApplyMode = "ask",
    explicit: bool = False,
) -> bool:
    """Whether a person must agree before this change is written.

    Args:
        change: what would be written.
        confirm: the setting ``apply.confirm``.
        verdict: the path policy's word on the change's path; of two paths the stricter one.
        target: workspace path of the file the action was asked in.
        mode: the run's ``apply``.
        explicit: the user asked for this very change to be written (``--apply``, ``--write``,
            ``apply_edits``); that is itself the confirmation under ``overwrite``.
    """
    if verdict.kind != "allowed":
        return True
    if explicit:
        return confirm == "always"
    if mode != "ask":
        return mode == "never"
    if confirm == "overwrite":
        return change.action != "create" and change.path != target
    return confirm == "always"
