"""The parser of answers: fed in any chunking, line by line, in linear time and memory.

Outside of a block each line either opens one, in the precedence of contract section 6, or is prose. A block
is read by the reader of its grammar until that says it is over. There is no backtracking.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.answer.blocks import Answer, Block, BlockClosed
from rolecall.answer.envelope import EnvelopeReader, begins_envelope
from rolecall.answer.fences import FenceReader, fence_mark
from rolecall.answer.lookalikes import lookalike
from rolecall.answer.names import backticked_path, path_on_line
from rolecall.answer.reading import Line, Reader, Taken
from rolecall.answer.search_replace import EditRun, closing_length, opening_length
from rolecall.answer.tags import is_stray, tag_on_line, torn_tag
from rolecall.answer.unified_diff import GitDiffReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.answer.tags import Tag

_UNDERLINES = ({"-"}, {"="})
_THINKING = ("<think>", "<thinking>")


def _nothing_exists(_path: str) -> bool:
    return False


class AnswerParser:
    """Parses one answer as it streams in.

    Args:
        exists: whether a workspace path exists; only decides between ``create`` and ``modify`` in events.
    """

    def __init__(self, exists: Callable[[str], bool] = _nothing_exists) -> None:
        self._exists = exists
        self._pending: list[str] = []
        self._number = 0
        self._reader: Reader | None = None
        self._blocks: list[Block] = []
        self._events: list[BlockClosed] = []
        self._prose = _Prose()
        self._problems: list[str] = []
        self._done: int | None = None
        self._tags_inside = self._tags_outside = False
        self._thought_end: str | None = None
        self._started = False
        self._watch = _EarlyEnd()

    def feed(self, text: str) -> list[BlockClosed]:
        """Take the next piece of the answer; returns the blocks it completed, in order."""
        start = 0
        end = text.find("\n")
        while end >= 0:
            self._pending.append(text[start:end])
            self._complete_line()
            start = end + 1
            end = text.find("\n", start)
        if start < len(text):
            self._pending.append(text[start:])
        return self._take_events()

    def settled_prose(self, start: int = 0) -> list[str]:
        """The lines of prose from line ``start`` (from 0) on, up to the one that may still name a file.

        For showing the prose while it comes; :meth:`finish` has all of it.
        """
        return self._prose.settled(start)

    def finish(self, *, truncated: bool = False) -> Answer:
        """The answer has ended.

        Args:
            truncated: the model's side says that it was cut off (``finish_reason: length``).
        """
        last = "".join(self._pending)
        if last:
            self._complete_line()
        open_block, lost = self._end_reader()
        if open_block is None and lost is None and (name := torn_tag(last)):
            lost = f"it ends inside a <{name}> tag"
        if self._tags_inside and self._tags_outside:
            self._problems.append(
                "file tags stand both inside and outside of code fences; some may be examples"
            )
        return Answer(
            blocks=tuple(self._blocks),
            prose=self._prose.text(),
            done=self._done,
            problems=tuple(self._problems),
            open_block=open_block,
            incomplete=self._incomplete(open_block, lost, truncated=truncated),
            closed_at_end=self._take_events(),
        )

    # -- lines

    def _complete_line(self) -> None:
        text = self._pending[0] if len(self._pending) == 1 else "".join(self._pending)
        self._pending.clear()
        self._number += 1
        text = text.removesuffix("\r")
        if self._number == 1:
            text = text.removeprefix("\ufeff")
        self._take(Line(_whole_characters(text), self._number))

    def _take(self, line: Line) -> None:
        if self._thought_end is not None:
            self._think(line)
            return
        if self._reader is None:
            self._outside(line)
            return
        taken = self._reader.take(line)
        self._collect(self._reader)
        if taken is not Taken.MORE:
            self._end_of_construct(self._reader, line)
        if taken is Taken.REFUSED:
            self._outside(line)

    def _outside(self, line: Line) -> None:
        text = line.text
        if not text.strip():
            self._prose.add(text)
        elif not self._started and text.startswith(_THINKING):
            self._started = True
            self._thought_end = "</think>" if text.startswith("<think>") else "</thinking>"
            self._think(line)
        else:
            self._started = True
            self._watch.line(line.number)
            if not self._open(line):
                self._prose.add(text)

    def _think(self, line: Line) -> None:
        """Skips what a model thinks aloud before its answer."""
        end = self._thought_end or ""
        _, found, rest = line.text.partition(end)
        if found:
            self._thought_end = None
            if rest.strip():
                self._outside(Line(rest, line.number))

    def _open(self, line: Line) -> bool:
        """Opens what the line opens; False where it is prose."""
        text = line.text
        tag = tag_on_line(text)
        if tag is not None:
            return self._open_tag(tag, line) or self._note_stray(line)
        if begins_envelope(text):
            self._begin(EnvelopeReader(line.number))
        elif opening_length(text):
            self._begin_edits(line)
        elif text.startswith("diff --git "):
            self._begin(GitDiffReader(line.number), line)
        else:
            return self._open_fence(line) or self._note_stray(line)
        return True

    def _open_tag(self, tag: Tag, line: Line) -> bool:
        block, reader = tag.block(line.number), tag.reader(line.number)
        if tag.name == "done":
            self._done = tag.count if tag.count is not None else self._done
            return True
        if block is None and reader is None:
            return False
        self._tags_outside = True
        if block is not None:
            self._close_block(block)
            self._prose.separate()
            self._watch.opened(anonymous=False)
        if reader is not None:
            self._begin(reader)
        return True

    def _begin_edits(self, line: Line) -> None:
        above = self._prose.above
        path = path_on_line(above) if above is not None else None
        if path is not None:
            self._prose.drop_name()
        guess = backticked_path(above) if above is not None and path is None else None
        self._begin(EditRun(path, guess), line)

    def _open_fence(self, line: Line) -> bool:
        mark = fence_mark(line.text)
        if mark is None:
            return False
        reader = FenceReader(mark, line.number, self._prose.above)
        if reader.named_above:
            self._prose.drop_name()
        if self._watch.opened(anonymous=reader.anonymous):
            self._hold_last_fence(f"a bare code fence follows it at answer line {line.number}")
        self._begin(reader)
        return True

    def _note_stray(self, line: Line) -> bool:
        text = line.text
        meant = lookalike(text, self._prose.above)
        if meant is not None:
            self._problems.append(f"answer line {line.number} is {meant}")
        elif is_stray(text):
            self._problems.append(
                f"a stray {text.rstrip()} stands at answer line {line.number}: "
                "a body before it may have ended too early"
            )
        elif closing_length(text):
            self._problems.append(f"a REPLACE marker without its SEARCH stands at answer line {line.number}")
        elif text.startswith("</think") and self._blocks:
            self._problems.append(
                f"a thought ends at answer line {line.number}: what stands before may be a draft"
            )
        return False

    # -- blocks

    def _begin(self, reader: Reader, line: Line | None = None) -> None:
        self._reader = reader
        if not isinstance(reader, FenceReader):
            self._watch.opened(anonymous=False)
        if line is not None:
            reader.take(line)

    def _collect(self, reader: Reader) -> None:
        for block in reader.closed():
            self._close_block(block)

    def _close_block(self, block: Block) -> None:
        self._blocks.append(block)
        if not block.suggestion and block.fault is None:
            self._events.append(BlockClosed(block.path, block.action(exists=self._exists(block.path))))

    def _end_of_construct(self, reader: Reader, line: Line) -> None:
        self._reader = None
        self._problems.extend(reader.problems())
        self._prose.add_snippet(reader.prose())
        if isinstance(reader, FenceReader):
            self._tags_inside = self._tags_inside or reader.tagged
            self._done = reader.done if reader.done is not None else self._done
            if reader.is_file:
                self._watch.closed(len(self._blocks) - 1, line.number)

    def _hold_last_fence(self, doubt: str) -> None:
        if self._watch.block is not None:
            held = self._blocks[self._watch.block]
            reason = f"{doubt}, so its body may end elsewhere"
            self._blocks[self._watch.block] = replace(held, hold=held.hold or reason)

    # -- the end

    def _end_reader(self) -> tuple[Block | None, str | None]:
        reader, self._reader = self._reader, None
        if reader is None:
            return None, None
        block, lost = reader.cut(), reader.lost()
        self._collect(reader)
        self._problems.extend(reader.problems())
        self._prose.add_snippet(reader.prose())
        if isinstance(reader, FenceReader):
            self._tags_inside = self._tags_inside or reader.tagged
            self._done = reader.done if reader.done is not None else self._done
            if block is None and reader.anonymous:
                self._hold_last_fence("a code fence after it is never closed")
        return (None if block is not None and block.suggestion else block), lost

    def _incomplete(self, open_block: Block | None, lost: str | None, *, truncated: bool) -> str | None:
        if open_block is not None:
            return f"it ends inside the block of {open_block.path} (answer line {open_block.line})"
        if lost is not None:
            return lost
        if self._thought_end is not None:
            return f"it ends before {self._thought_end}"
        found = sum(not block.suggestion for block in self._blocks)
        if self._done is not None and found < self._done:
            return f"it announces {self._done} file blocks and has {found}"
        return "the model stopped at its length limit" if truncated else None

    def _take_events(self) -> list[BlockClosed]:
        events, self._events = self._events, []
        return events


class _Prose:
    """The text outside of file blocks, and the line that may name the next one."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.above: str | None = None
        self._above_at = 0

    def add(self, text: str) -> None:
        if text.strip() and not self._underlines(text):
            self.above, self._above_at = text, len(self._lines)
        self._lines.append(text)

    def _underlines(self, text: str) -> bool:
        """Whether a line makes the one directly above a heading (CommonMark 4.3)."""
        marks = text.strip()
        return self.above is not None and self._above_at == len(self._lines) - 1 and set(marks) in _UNDERLINES

    def add_snippet(self, lines: list[str]) -> None:
        """Adds what an ended construct left; the line above the next one is then that construct's."""
        self._lines.extend(lines)
        self.separate()

    def separate(self) -> None:
        self.above = None

    def drop_name(self) -> None:
        """Takes out the line above: it names a file and says nothing else."""
        self._lines[self._above_at] = ""
        self.above = None

    def settled(self, start: int) -> list[str]:
        return self._lines[start : self._above_at if self.above is not None else len(self._lines)]

    def text(self) -> str:
        return "\n".join(self._lines)


class _EarlyEnd:
    """Watches for signs that a fence ended earlier than its author meant.

    A bare mark inside of a body reads as its end. Then text follows directly, and the real end reads as
    the opening of a fence without name or language. CommonMark cannot tell the two readings apart.

    Attributes:
        block: index of the last block that a fence closed, None where something else came since.
    """

    def __init__(self) -> None:
        self.block: int | None = None
        self._closed_at = 0
        self._followed = False

    def closed(self, block: int, number: int) -> None:
        """The fence of a block ended at an answer line."""
        self.block, self._closed_at, self._followed = block, number, False

    def line(self, number: int) -> None:
        """A line that is not blank stands outside of all blocks."""
        self._followed = self._followed or number == self._closed_at + 1

    def opened(self, *, anonymous: bool) -> bool:
        """Something opens; whether that puts the end of the last fence in doubt."""
        if not anonymous:
            self.block = None
        return anonymous and self._followed and self.block is not None


def _whole_characters(text: str) -> str:
    """Joins surrogate pairs that a chunk boundary split; a lone surrogate becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
