"""From proposal to written: the one way by which edits reach a buffer or the disk.

Every door applies through :func:`apply`. It checks the path policy and the present state of each file at
that moment, rebases what moved, asks where it must, and lets the applier write: all or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from rolecall.answer.changeset import rebase
from rolecall.errors import EditConflict, EditError, EditNotFound, PathRefused
from rolecall.workspace.consent import needs_confirmation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rolecall.answer.changeset import Change, ChangeSet
    from rolecall.session import Session
    from rolecall.task import ApplyMode
    from rolecall.workspace.documents import Document

MOST_REBASES = 20
"""Other writers of the same files that one write makes way for, before it gives up."""


class Applier(Protocol):
    """Where edits go: an editor's buffers, or the disk."""

    @property
    def by(self) -> Literal["editor", "disk"]:
        """What the result reports as ``applied_by``."""
        ...

    @property
    def explicit(self) -> bool:
        """Whether choosing this applier was itself the user's word to apply (``--apply``)."""
        ...

    @property
    def interruptible(self) -> bool:
        """Whether :meth:`write` waits for someone else, and nothing is known to be written yet."""
        ...

    async def confirm(self, changes: Sequence[Change], asking: Sequence[Change]) -> bool:
        """Ask the person; ``asking`` are those of ``changes`` that need the confirmation.

        Returns False when the person declined; raises PathRefused where nobody can be asked.
        """
        ...

    async def write(self, changes: Sequence[Change], task_id: str | None) -> Collection[str] | None:
        """Write all of them or none, recorded under the task so that it can be taken back. Raises EditError.

        Returns the paths that the person left out, where writing itself asks, as an editor's preview does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Consent:
    """What is already agreed to.

    Attributes:
        mode: the run's ``apply``.
        explicit: the user asked for exactly this change to be applied.
        target: the file the action was asked in.
    """

    mode: ApplyMode = "ask"
    explicit: bool = False
    target: str | None = None


async def apply(
    session: Session,
    changes: ChangeSet,
    applier: Applier,
    consent: Consent,
    *,
    task_id: str | None,
    paths: Sequence[str] | None = None,
) -> bool:
    """Apply a change set, or the picked paths of it.

    Returns:
        Whether something was written; False when the person declined, or nothing was left to write.

    Raises:
        EditError: nothing was written; the states of the changes say why.
    """
    picked = _pick(changes, paths)
    _check_policy(session, picked)
    _rebase(session, picked)
    if not picked:
        return False
    asking = [change for change in picked if _asks(session, change, consent)]
    for change in asking:
        change.state = "needs_confirmation"
    if asking:
        if not await applier.confirm(picked, asking):
            return False
        # A person takes their time; what they agreed to is judged by the state of things now.
        _check_policy(session, picked)
        _rebase(session, picked)
    left_out = await _write(session, picked, applier, task_id)
    for change in picked:
        if change.path in left_out:
            change.state, change.reason = "needs_confirmation", "left out by the user"
        else:
            change.state, change.reason = "applied", None
    return len(left_out) < len(picked)


async def _write(
    session: Session, picked: list[Change], applier: Applier, task_id: str | None
) -> Collection[str]:
    """Write; where another program saved a file just before, bring the edits onto that and try again."""
    for _ in range(MOST_REBASES):
        try:
            return await applier.write(picked, task_id) or ()
        except EditConflict:
            if applier.by != "disk" or not _moved(session, picked):
                raise
            _check_policy(session, picked)
            _rebase(session, picked)
    return await applier.write(picked, task_id) or ()


def _moved(session: Session, picked: Sequence[Change]) -> bool:
    return any(_digest(session.documents.read(change.path)) != _digest(change.base) for change in picked)


def _digest(document: Document | None) -> str | None:
    return document.digest if document else None


def blocking_error(changes: Sequence[Change]) -> EditError | None:
    """Why these changes cannot be applied as one set; None where they can."""
    blocked = [change for change in changes if change.state in {"refused", "conflict"}]
    if not blocked:
        return None
    reasons = "\n".join(f"{change.path}: {change.reason}" for change in blocked)
    return blocked[0].error_type()(
        f"{len(blocked)} of {len(changes)} files cannot be changed; nothing was written.\n{reasons}",
        hint="Pick the other files by path, or ask again: one answer is applied as a whole.",
    )


def _pick(changes: ChangeSet, paths: Sequence[str] | None) -> list[Change]:
    if paths is None:
        picked = [change for change in changes.changes if change.state not in {"suggestion", "incomplete"}]
    else:
        known = {change.path: change for change in changes.changes}
        missing = [path for path in paths if path not in known]
        if missing:
            raise PathRefused(
                f"The answer has no file {', '.join(missing)}.", hint=f"It has: {', '.join(known) or 'none'}."
            )
        picked = [known[path] for path in dict.fromkeys(paths)]
        unusable = [
            change.path for change in picked if change.after is None and change.action in {"create", "modify"}
        ]
        if unusable and blocking_error(picked) is None:
            raise EditNotFound(
                f"There is no complete text for {', '.join(unusable)}.", hint="Run the role again to get one."
            )
    picked = [change for change in picked if change.state != "applied"]
    for change in picked:
        if change.overtaken and change.state == "conflict":
            # The file may allow it by now; it is looked at again before anything is written.
            change.state, change.reason = "proposed", None
    error = blocking_error(picked)
    if error is not None:
        raise error
    return picked


def _check_policy(session: Session, picked: Sequence[Change]) -> None:
    for change in picked:
        for path in filter(None, (change.path, change.new_path)):
            verdict = session.policy.check(path)
            if verdict.kind == "refused":
                change.state, change.reason = "refused", verdict.reason
                raise PathRefused(
                    f"{path} cannot be written: {verdict.reason}. Nothing was written.",
                    hint="Edits stay inside the workspace and out of version-control internals.",
                )


def _rebase(session: Session, picked: list[Change]) -> None:
    """Bring every change onto the present state of its file, or raise without having written."""
    for index, change in enumerate(picked):
        current = session.documents.read(change.path)
        if _digest(current) == _digest(change.base):
            change.base = current
            continue
        if current is None or change.base is None:
            change.state = "conflict"
            change.reason = (
                "the file was deleted meanwhile" if change.base else "the file came to exist meanwhile"
            )
        else:
            moved = rebase(change, current)
            change.base, change.after = moved.base, moved.after
            change.state, change.reason = moved.state, moved.reason
        if change.state == "conflict":
            change.overtaken = True
            raise EditConflict(
                f"{change.path}: {change.reason}. Nothing was written.",
                hint="The proposal is kept. Run the role again, or apply the other files by path.",
            )
        picked[index] = change


def _asks(session: Session, change: Change, consent: Consent) -> bool:
    verdicts = [session.policy.check(path) for path in filter(None, (change.path, change.new_path))]
    protected = next((verdict for verdict in verdicts if verdict.kind == "needs_confirmation"), verdicts[0])
    return change.held or needs_confirmation(
        change,
        confirm=session.settings.apply.confirm,
        verdict=protected,
        target=consent.target,
        mode=consent.mode,
        explicit=consent.explicit,
    )
