"""An answer as a grader sees it: its prose, and each file before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rolecall.answer import AnswerParser, ChangeSet, propose
from rolecall.workspace.documents import Document, digest
from rolecall.workspace.policy import Verdict


@dataclass(frozen=True)
class Graded:
    """One answer to grade.

    Attributes:
        text: the whole answer.
        before: the workspace it was given.
        asked: the user's words.
        allowed: folders or files that may be written; empty for any.
    """

    text: str
    before: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    allowed: tuple[str, ...] = ()

    @cached_property
    def changes(self) -> ChangeSet:
        """What the answer proposes."""
        return propose(self._answer, self._read, lambda path: Verdict("allowed", None, path))

    @cached_property
    def prose(self) -> str:
        """The text before the first block."""
        lines: list[str] = []
        for line in self.text.splitlines():
            if line.startswith(("<file ", "<edit ", "<delete ", "<move ", "<done ")):
                break
            lines.append(line)
        return "\n".join(lines).strip()

    @cached_property
    def after(self) -> dict[str, str]:
        """The texts of created and changed files, by path."""
        return {change.path: change.after for change in self.changes.changes if change.after is not None}

    @property
    def given(self) -> str:
        """Everything the model could take a name from."""
        return "\n".join([self.asked, *self.before, *self.before.values()])

    def written(self, *suffixes: str) -> list[str]:
        """The texts written to files of these endings; all where none is given."""
        return [text for path, text in self.after.items() if not suffixes or path.endswith(suffixes)]

    @cached_property
    def _answer(self):
        parser = AnswerParser()
        parser.feed(self.text)
        return parser.finish()

    @property
    def incomplete(self) -> str | None:
        """Why the answer counts as cut off, if it does."""
        return self._answer.incomplete

    def _read(self, path: str) -> Document | None:
        text = self.before.get(path)
        return None if text is None else Document(path, text, digest(text))


Grader = Callable[[Graded], bool]
GRADERS: dict[str, Grader] = {}


def grader(function: Grader) -> Grader:
    """Make a check known by its name. It is true where the answer holds to the rule."""
    GRADERS[function.__name__] = function
    return function
