"""From parsed blocks to changes: applied in order in memory, then compared with what was read."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.answer.bodies import fitted, left_out
from rolecall.answer.changeset import Change, ChangeSet, Failure
from rolecall.answer.drafts import Failed, FileDraft
from rolecall.answer.editing import edit
from rolecall.errors import ErrorCode, PathRefused, RolecallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rolecall.answer.blocks import Answer, Block
    from rolecall.task import FileState
    from rolecall.workspace.documents import Document, Unseen
    from rolecall.workspace.policy import Verdict


class Proposer:
    """Computes change sets.

    Args:
        read: the file at a workspace path, None where there is none; may raise RolecallError.
        check: the path policy.
        unseen: what the model does not know of a file.
    """

    def __init__(
        self,
        read: Callable[[str], Document | None],
        check: Callable[[str], Verdict],
        unseen: Callable[[Document], Unseen | None],
    ) -> None:
        self._read = read
        self._check = check
        self._unseen = unseen
        self._files: dict[str, FileDraft] = {}
        self._spelled: dict[str, str] = {}
        self._notes: list[str] = []

    def change_set(self, answer: Answer) -> ChangeSet:
        """The changes an answer proposes, in the order of its blocks."""
        self._apply_all(block for block in answer.blocks if not block.suggestion)
        changes = self._changes(answer.problems)
        if answer.open_block is not None:
            self._mark_open(changes, answer.open_block, answer.incomplete)
        taken = {change.path for change in changes}
        changes += self._suggestions([b for b in answer.blocks if b.suggestion and b.path not in taken])
        return ChangeSet(changes, list(answer.problems), answer.incomplete, self._notes)

    # -- blocks

    def _apply_all(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            file = self._file(block.path, block)
            file.only_target = False
            target = self._target(block)
            if block.hold is not None:
                file.holds.append(block.hold)
            if file.failure is None:
                self._try(block, file, target)
            elif file.failures and block.kind == "edit" and target is None:
                # What else is wrong is told at once, so that one further answer can repair all of it.
                self._try(block, file, None)

    def _try(self, block: Block, file: FileDraft, target: FileDraft | None) -> None:
        try:
            self._apply(block, file, target)
        except Failed as failed:
            if not failed.final:
                file.failures.append(Failure(block.line, failed.reason, failed.hunks))
            if file.failure is None:
                file.failure = failed
                file.moved_to = target.path if target is not None else None

    def _target(self, block: Block) -> FileDraft | None:
        if block.new_path is None:
            return None
        known = len(self._files)
        target = self._file(block.new_path, block)
        if len(self._files) > known:
            target.only_target, target.action = True, "create"
        return target

    def _file(self, path: str, block: Block) -> FileDraft:
        """The file at a path, checked and read when it is first named."""
        verdict = self._check(path)
        name = verdict.path or path
        known = self._files.get(name)
        if known is not None:
            return known
        file = self._files[name] = FileDraft(name, block.action(exists=False))
        try:
            self._admit(file, verdict)
        except Failed as failed:
            file.failure = failed
        file.action = block.action(exists=file.base is not None)
        return file

    def _admit(self, file: FileDraft, verdict: Verdict) -> None:
        reason = verdict.reason
        if verdict.kind == "refused":
            raise Failed(ErrorCode.PATH_REFUSED, reason or "the path is refused", "refused")
        twin = self._twin(file.path)
        if twin is not None:
            reason = f"it differs only in case or composition from {twin!r} in the same answer"
            raise Failed(ErrorCode.PATH_REFUSED, reason, "refused")
        if verdict.kind == "needs_confirmation":
            file.protected = reason or "the path is protected"
        try:
            file.base = self._read(file.path)
        except RolecallError as error:
            state: FileState = "refused" if isinstance(error, PathRefused) else "conflict"
            code = ErrorCode.PATH_REFUSED if state == "refused" else ErrorCode.EDIT_CONFLICT
            raise Failed(code, error.message, state) from error
        file.text = file.base.text if file.base is not None else None

    def _twin(self, path: str) -> str | None:
        """Another spelling of a path, or of a folder of it, in the same answer."""
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            spelled = "/".join(parts[:end])
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", spelled).casefold())
            known = self._spelled.setdefault(key, spelled)
            if known != spelled:
                return known
        return None

    def _apply(self, block: Block, file: FileDraft, target: FileDraft | None) -> None:
        if block.fault is not None:
            raise Failed(ErrorCode.EDIT_CONFLICT, f"{block.fault}.")
        if block.kind == "whole":
            self._write(block, file)
        elif block.kind == "delete":
            self._delete(block, file)
        elif block.kind == "edit":
            self._edit(block, file)
        if target is not None:
            self._move(file, target)

    def _write(self, block: Block, file: FileDraft) -> None:
        if block.must_be_new and file.text is not None:
            raise Failed(ErrorCode.EDIT_CONFLICT, "the answer creates it, and it exists already.")
        if file.body is not None and file.text is not None:
            if file.body == block.text:
                return
            raise Failed(ErrorCode.EDIT_CONFLICT, "the answer gives two different whole texts for it.")
        text = fitted(block.text, file.base.text if file.base is not None else None)
        if file.edited and text != file.text:
            raise Failed(ErrorCode.EDIT_CONFLICT, "the answer both edits it and gives it whole.")
        if file.base is not None:
            self._look_at_unseen(file, file.base)
            self._refuse_elision(block, file, file.base.text)
            if not text and file.base.text:
                file.holds.append("the answer empties the file")
        file.text, file.body, file.executable = text, block.text, block.executable

    def _look_at_unseen(self, file: FileDraft, base: Document) -> None:
        """Nothing is lost of which the model could not know."""
        unseen = self._unseen(base)
        if unseen == "newer":
            reason = "the file came to exist, or changed, while the answer was made, which has not seen it."
            raise Failed(ErrorCode.EDIT_CONFLICT, reason, final=True)
        if unseen == "cut":
            file.holds.append("the model did not get to see all of the file that it replaces")

    def _refuse_elision(self, block: Block, file: FileDraft, before: str) -> None:
        found = left_out(file.path, block.text, before)
        if found is not None:
            line, text = found
            reason = f"its whole text leaves code out (line {line} of the body: {text!r})."
            raise Failed(ErrorCode.EDIT_CONFLICT, reason, "refused")

    def _edit(self, block: Block, file: FileDraft) -> None:
        creates = bool(block.hunks) and not any(block.hunks[0].old)
        if not file.exists and not (creates and block.hunks[0].kept is None):
            raise Failed(ErrorCode.EDIT_NOT_FOUND, "the answer edits it, and there is no such file.")
        lines = file.lines()
        misplaced = edit(lines, block)
        file.edited = True
        if misplaced:
            raise Failed.misplaced(misplaced)

    def _delete(self, block: Block, file: FileDraft) -> None:
        if file.text is None:
            raise Failed(ErrorCode.EDIT_NOT_FOUND, "the answer deletes it, and there is no such file.")
        if file.edited or file.body is not None:
            raise Failed(ErrorCode.EDIT_CONFLICT, "the answer both writes and deletes it.")
        if file.base is not None and not block.hunks:
            self._look_at_unseen(file, file.base)
        if block.hunks:
            rest = file.lines()
            if misplaced := edit(rest, block):
                raise Failed.misplaced(misplaced)
            if rest.text().strip():
                raise Failed(ErrorCode.EDIT_CONFLICT, "the diff that deletes it does not hold all of it.")
        file.text = None

    def _move(self, file: FileDraft, target: FileDraft) -> None:
        if file.text is None:
            raise Failed(ErrorCode.EDIT_NOT_FOUND, "the answer moves it, and there is no such file.")
        if target.failure is not None:
            raise target.failure
        if target.text is not None or target.base is not None:
            raise Failed(
                ErrorCode.EDIT_CONFLICT, f"the answer moves it to {target.path}, which exists already."
            )
        target.text, target.origin = file.text, file.origin or file.path
        target.edited = True
        file.text, file.moved_to = None, target.path
        file.body, file.edited = None, False

    # -- changes

    def _changes(self, problems: Sequence[str]) -> list[Change]:
        found = [change for file in self._files.values() if (change := self._change(file)) is not None]
        self._refuse_nesting(found)
        for change in found:
            if change.state == "proposed" and problems:
                self._hold(change, problems)
        return found

    def _change(self, file: FileDraft) -> Change | None:
        if file.failure is not None:
            return self._failed(file)
        if file.origin is not None and self._renames(self._files[file.origin]) is file:
            return None  # told by the change of the file it was
        untouched = file.only_target and file.origin is None
        if untouched or (file.base is None and file.text is None):
            return None
        target = self._renames(file)
        change = Change(file.path, "modify", base=file.base, after=file.text)
        if target is not None:
            change.action, change.new_path, change.after = "rename", target.path, target.text
        elif file.base is None:
            change.action, change.executable = "create", file.executable
        elif file.text is None:
            change.action = "delete"
        elif file.text == file.base.text:
            self._notes.append(f"{file.path} is already as the answer wants it.")
            return None
        self._ask(change, [file] if target is None else [file, target])
        return change

    def _renames(self, file: FileDraft) -> FileDraft | None:
        """The file that this one became, where nothing else was made of either."""
        at = file
        while at.moved_to is not None and at.text is None:
            at = self._files[at.moved_to]
        moved = at is not file and file.base is not None and file.text is None and at.text is not None
        return at if moved and at.failure is None and at.origin == file.path else None

    def _failed(self, file: FileDraft) -> Change | None:
        failure = file.failure
        assert failure is not None
        if file.only_target:
            return None  # told by the change of the file that was to move here
        moves = file.moved_to is not None
        return Change(
            file.path,
            "rename" if moves else file.action,
            new_path=file.moved_to,
            base=file.base,
            state=failure.state,
            reason=" ".join(dict.fromkeys(each.reason for each in file.failures)) or failure.reason,
            code=failure.code,
            failures=tuple(file.failures),
        )

    @staticmethod
    def _ask(change: Change, files: Sequence[FileDraft]) -> None:
        holds = [hold for file in files for hold in file.holds]
        protected = [file.protected for file in files if file.protected is not None]
        if holds:
            Proposer._hold(change, holds)
        elif protected:
            change.state, change.reason = "needs_confirmation", "; ".join(dict.fromkeys(protected))

    @staticmethod
    def _hold(change: Change, reasons: Sequence[str]) -> None:
        change.state, change.held = "needs_confirmation", True
        change.reason = f"held for confirmation: {'; '.join(dict.fromkeys(reasons))}"

    @staticmethod
    def _refuse_nesting(changes: Sequence[Change]) -> None:
        """A path cannot be a file and a folder at once."""
        files = {change.new_path or change.path for change in changes if change.after is not None}
        for change in changes:
            path = change.new_path or change.path
            above = [path[:index] for index, sign in enumerate(path) if sign == "/"]
            if change.after is not None and (clash := files.intersection(above)):
                change.state, change.code = "conflict", ErrorCode.EDIT_CONFLICT
                change.reason = f"the answer also makes {clash.pop()} a file."

    def _mark_open(self, changes: list[Change], block: Block, reason: str | None) -> None:
        file = self._file(block.path, block)
        change = next((change for change in changes if change.path == file.path), None)
        if change is None and file.failure is not None:
            change = Change(file.path, file.action, state=file.failure.state, reason=file.failure.reason)
            change.code = file.failure.code
            changes.append(change)
        elif change is None:
            change = Change(file.path, file.action, base=file.base)
            changes.append(change)
        change.partial = block.text
        if change.state in {"proposed", "needs_confirmation"}:
            change.state, change.reason = "incomplete", reason

    def _suggestions(self, blocks: Sequence[Block]) -> list[Change]:
        """What prose names. A suggestion that cannot be computed is left out: nobody asked for it."""
        found: list[Change] = []
        for path in dict.fromkeys(block.path for block in blocks):
            proposer = Proposer(self._read, self._check, self._unseen)
            proposer._apply_all(replace(b, suggestion=False) for b in blocks if b.path == path)
            for change in proposer._changes(()):
                if change.computed and change.state in {"proposed", "needs_confirmation"}:
                    change.state = "suggestion"
                    change.reason = "the answer does not plainly say that this is the file's new text"
                    found.append(change)
        return found
