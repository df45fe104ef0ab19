"""The V4A envelope: ``*** Begin Patch`` … ``*** End Patch``, bare, fenced or in a heredoc."""

from __future__ import annotations

from typing import Final

from rolecall.answer.blocks import Block, BlockKind, Grammar, Hunk
from rolecall.answer.names import written
from rolecall.answer.notation import HunkBuilder, hunk_range
from rolecall.answer.reading import BlockReader, Line, Taken

_BEGIN: Final = "*** Begin Patch"
_END: Final = "*** End Patch"
_END_OF_FILE: Final = "*** End of File"
_MOVE: Final = "*** Move to:"
_OPERATIONS: Final[tuple[tuple[str, BlockKind], ...]] = (
    ("*** Add File:", "whole"),
    ("*** Update File:", "edit"),
    ("*** Delete File:", "delete"),
)


def begins_envelope(text: str) -> bool:
    """Whether a line opens an envelope."""
    return text.startswith(_BEGIN) and text.rstrip() == _BEGIN


class EnvelopeReader(BlockReader):
    """An envelope from the line after ``*** Begin Patch`` on.

    Args:
        line: 1-based line of the answer at which the envelope begins.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self._line = line
        self._operation: _Operation | None = None

    def take(self, line: Line) -> Taken:
        """Take a line of the envelope."""
        marker = line.text.strip() if line.text.lstrip().startswith("*** ") else ""
        if marker == _END:
            self._finish()
            return Taken.LAST
        kind, path = _operation(marker)
        if kind is not None:
            self._finish()
            self._operation = _Operation(kind, path, line.number)
        elif self._operation is not None:
            self._operation.take(line, marker)
        elif line.text.strip():
            self._problems.append(f"answer line {line.number} of the patch belongs to no file")
        return Taken.MORE

    def cut(self) -> Block | None:
        """The open operation, or the envelope itself where none was begun."""
        if self._operation is None:
            return None
        return self._operation.cut()

    def lost(self) -> str | None:
        """An envelope is complete only with its end marker."""
        return f"the patch at answer line {self._line} has no {_END}"

    def _finish(self) -> None:
        if self._operation is not None:
            self._closed.append(self._operation.block())
            self._operation = None


def _operation(marker: str) -> tuple[BlockKind | None, str]:
    for prefix, kind in _OPERATIONS:
        if marker.startswith(prefix):
            return kind, written(marker[len(prefix) :].strip())
    return None, ""


class _Operation:
    def __init__(self, kind: BlockKind, path: str, line: int) -> None:
        self._kind: BlockKind = kind
        self._path = path
        self._line = line
        self._new_path: str | None = None
        self._raw: list[str] = []
        self._hunks: list[Hunk] = []
        self._hunk: HunkBuilder | None = None
        self._anchors: list[str] = []
        self._fault: str | None = None
        self._blank: Line | None = None

    def take(self, line: Line, marker: str) -> None:
        self._raw.append(line.text)
        if self._kind == "whole":
            unsigned = not line.text.startswith("+")
            if unsigned and line.text.strip():
                self._note(line)
            elif not unsigned and self._blank is not None:
                self._note(self._blank)
            self._blank = line if unsigned else None
        elif self._kind == "edit":
            self._take_update(line, marker)
        elif line.text.strip():
            self._note(line)

    def block(self) -> Block:
        if self._kind == "whole":
            return self._whole()
        self._end_hunk()
        fault = self._fault
        if self._kind == "edit" and not self._hunks and self._new_path is None and not fault:
            fault = f"the patch of {self._path} at answer line {self._line} changes nothing"
        kind: BlockKind = (
            "move" if self._kind == "edit" and not self._hunks and self._new_path else self._kind
        )
        return Block(
            self._path,
            kind,
            Grammar.ENVELOPE,
            self._line,
            hunks=tuple(self._hunks),
            new_path=self._new_path,
            fault=fault,
        )

    def cut(self) -> Block:
        text = "\n".join(self._raw)
        return Block(self._path, self._kind, Grammar.ENVELOPE, self._line, text, complete=False)

    def _whole(self) -> Block:
        text = "".join(f"{line[1:]}\n" for line in self._raw if line.startswith("+"))
        return Block(
            self._path, "whole", Grammar.ENVELOPE, self._line, text, must_be_new=True, fault=self._fault
        )

    def _take_update(self, line: Line, marker: str) -> None:
        text = line.text
        if marker.startswith(_MOVE) and not self._hunks and self._hunk is None:
            self._new_path = written(marker[len(_MOVE) :].strip())
        elif marker == _END_OF_FILE:
            self._end_hunk(at_end=True)
        elif text.startswith("@@"):
            self._end_hunk()
            anchor = text[2:].strip().removesuffix("@@").strip()
            if anchor and hunk_range(text) is None:
                self._anchors.append(anchor)
        elif self._hunk is None and not text.strip():
            return
        else:
            self._hunk = self._hunk or HunkBuilder(line.number)
            if not self._hunk.take(text):
                self._note(line)

    def _end_hunk(self, *, at_end: bool = False) -> None:
        if self._hunk is None:
            return
        if self._hunk.changes:
            self._hunks.append(self._hunk.build(anchors=tuple(self._anchors), at_end=at_end))
        self._hunk = None
        self._anchors.clear()

    def _note(self, line: Line) -> None:
        self._fault = self._fault or (
            f"answer line {line.number} of the patch begins with none of ' ', '+', '-', '@@', '***'"
        )
