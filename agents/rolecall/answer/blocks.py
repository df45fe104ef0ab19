"""What the grammars find in an answer: blocks of files and edits, before any file was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rolecall.task import FileAction

BlockKind = Literal["whole", "edit", "delete", "move"]


class Grammar(StrEnum):
    """The ways to name a file, in their order of precedence (contract section 6)."""

    TAGS = "tags"
    ENVELOPE = "v4a"
    SEARCH_REPLACE = "search_replace"
    UNIFIED_DIFF = "unified_diff"
    FENCE_INFO = "fence_info"
    LINE_ABOVE = "line_above"
    COMMENT = "comment"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines to find in a file, and what stands there afterwards. Lines carry no line ending.

    Attributes:
        old: the lines to find; empty for a pure insertion.
        new: the lines that replace them.
        line: 1-based line of the answer at which the hunk begins.
        kept: pairs (index in ``old``, index in ``new``) of context lines where the format marks them;
            None where they have to be found by comparing.
        anchors: V4A's ``@@`` lines, outermost first: the class or function the lines belong to.
        hint: 1-based line at which a unified diff expects ``old``.
        at_end: whether the hunk says that it stands at the end of the file.
        loose_tail: how many trailing blank lines of ``old`` may be layout of the answer.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    line: int
    kept: tuple[tuple[int, int], ...] | None = None
    anchors: tuple[str, ...] = ()
    hint: int | None = None
    at_end: bool = False
    loose_tail: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One file block of an answer.

    Attributes:
        path: the path as the answer gives it.
        line: 1-based line of the answer at which the block begins.
        text: the whole body, LF line endings, of a ``whole`` block; of an incomplete one what had arrived.
        new_path: where a ``move``, or an ``edit`` that also moves, goes.
        must_be_new: the format says that the file is created (V4A ``Add File``, a diff from ``/dev/null``).
        executable: the format says that the new file can be run (a diff's ``new file mode 100755``).
        hold: why the block needs a confirmation: two readings of it differ.
        fault: why the block cannot be used: it is malformed.
        suggestion: the name comes from prose; never applied by itself.
        complete: False for the block an answer was cut off in.
    """

    path: str
    kind: BlockKind
    grammar: Grammar
    line: int
    text: str = ""
    hunks: tuple[Hunk, ...] = ()
    new_path: str | None = None
    must_be_new: bool = False
    executable: bool = False
    hold: str | None = None
    fault: str | None = None
    suggestion: bool = False
    complete: bool = True

    def action(self, *, exists: bool) -> FileAction:
        """What the block does to its file, given whether the file exists now."""
        if self.kind == "delete":
            return "delete"
        if self.new_path is not None:
            return "rename"
        if self.kind == "whole":
            return "modify" if exists and not self.must_be_new else "create"
        creates = len(self.hunks) == 1 and not any(self.hunks[0].old)
        return "create" if creates and not exists else "modify"


@dataclass(frozen=True, slots=True)
class BlockClosed:
    """A file block of the stream is complete."""

    path: str
    action: FileAction


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer.

    Attributes:
        blocks: the closed blocks, suggestions among them, in the order of the answer.
        prose: the text outside file blocks; snippets are part of it.
        done: the count of the last ``<done files="N"/>``, None where there is none.
        problems: what makes the whole answer ambiguous; each holds the set for confirmation.
        open_block: the block the answer ends in, ``complete`` False; None where it ends outside of one.
        incomplete: by what sign the answer was cut off, in words; None where it is whole.
        closed_at_end: events of blocks that only the end of the answer closed (its last line had no line
            feed), in order.
    """

    blocks: tuple[Block, ...] = ()
    prose: str = ""
    done: int | None = None
    problems: tuple[str, ...] = ()
    open_block: Block | None = None
    incomplete: str | None = None
    closed_at_end: list[BlockClosed] = field(default_factory=list[BlockClosed])

    def summary_text(self) -> str:
        """The prose, trimmed, with runs of blank lines joined. The caller cuts it to its limit."""
        lines: list[str] = []
        for line in self.prose.split("\n"):
            if line.strip() or (lines and lines[-1]):
                lines.append(line.rstrip())
        return "\n".join(lines).strip()
