"""A workspace in memory, and what applying an answer makes of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rolecall.answer import AnswerParser, propose
from rolecall.workspace.documents import Document
from rolecall.workspace.policy import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rolecall.answer import Answer, ChangeSet

BOM = "\ufeff"


def document(path: str, text: str) -> Document:
    bare = text.removeprefix(BOM)
    return Document(path, bare, hashlib.sha256(bare.encode()).hexdigest(), bom=bare != text)


def allow_all(path: str) -> Verdict:
    return Verdict("allowed", None)


def parse(answer: str, *, truncated: bool = False) -> Answer:
    parser = AnswerParser()
    parser.feed(answer)
    return parser.finish(truncated=truncated)


def proposal(
    answer: str, before: Mapping[str, str] | None = None, check: Callable[[str], Verdict] = allow_all
) -> ChangeSet:
    files = {path: document(path, text) for path, text in (before or {}).items()}
    return propose(parse(answer), files.get, check)


@dataclass(frozen=True)
class Outcome:
    """The workspace after an answer was applied as ``rolecall apply --write`` does."""

    status: Literal["applied", "error"]
    files: dict[str, str]
    changes: ChangeSet

    @property
    def messages(self) -> str:
        return " ".join([*self.changes.messages(), self.changes.blocked or ""])


def outcome(
    answer: str,
    before: Mapping[str, str] | None = None,
    check: Callable[[str], Verdict] = allow_all,
    *,
    yes: bool = False,
) -> Outcome:
    files = dict(before or {})
    changes = proposal(answer, files, check)
    asks = any(change.state == "needs_confirmation" for change in changes.changes)
    if changes.blocked or (asks and not yes):
        return Outcome("error", files, changes)
    for change in changes.applicable:
        mark = BOM if change.base is not None and change.base.bom else ""
        if change.action in {"delete", "rename"}:
            del files[change.path]
        if change.after is not None:
            files[change.new_path or change.path] = mark + change.after
    return Outcome("applied", files, changes)


def written(answer: str, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """The workspace after an answer that has to be applicable."""
    result = outcome(answer, before)
    assert result.status == "applied", result.messages
    return result.files


def refusal(answer: str, before: Mapping[str, str] | None = None) -> str:
    """What is said of an answer that must not be applied."""
    result = outcome(answer, before)
    assert result.status == "error"
    assert result.files == dict(before or {})
    return result.messages
