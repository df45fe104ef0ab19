"""Code fences: whole files named by the opening line, the line above or a first-line comment.

Fences follow CommonMark 4.5: three or more of one character, indented by at most three spaces, closed by at
least as many of them bare on a line. The other grammars may stand in a fence and come first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rolecall.answer import unified_diff
from rolecall.answer.blocks import Block, Grammar
from rolecall.answer.envelope import EnvelopeReader, begins_envelope
from rolecall.answer.info import fence_info
from rolecall.answer.names import backticked_path, is_markdown, path_in_comment, path_on_line
from rolecall.answer.reading import BlockReader, Line, Taken
from rolecall.answer.search_replace import EditRun, misread_search, opening_length
from rolecall.answer.tags import tag_on_line

if TYPE_CHECKING:
    from rolecall.answer.reading import Reader
    from rolecall.answer.tags import Tag

_DEEPEST_INDENT = 3
_SHORTEST = 3
_PATCH_SUFFIXES = (".diff", ".patch")


@dataclass(frozen=True, slots=True)
class FenceMark:
    """A line that opens or closes a fence."""

    sign: str
    length: int
    indent: int
    info: str

    def closes(self, opening: FenceMark) -> bool:
        """Whether the mark closes a fence that ``opening`` opened."""
        return not self.info and self.sign == opening.sign and self.length >= opening.length

    def opens_inside(self, opening: FenceMark) -> bool:
        """Whether the mark, tagged, may open a fence inside of the one that ``opening`` opened."""
        return bool(self.info) and (self.sign != opening.sign or self.length >= opening.length)


def fence_mark(text: str) -> FenceMark | None:
    """The fence mark a line is, or None."""
    stripped = text.lstrip(" ")
    if not stripped.startswith(("```", "~~~")):
        return None
    indent, sign = len(text) - len(stripped), stripped[0]
    info = stripped.lstrip(sign)
    if indent > _DEEPEST_INDENT or (sign == "`" and "`" in info):
        return None
    return FenceMark(sign, len(stripped) - len(info), indent, info.strip())


class FenceReader(BlockReader):
    """A fence from the line after its opening mark to its closing one.

    Args:
        mark: the opening mark.
        line: 1-based line of the answer at which it stands.
        above: the nearest non-blank line of prose above it, None where there is none.

    Attributes:
        named_above: whether the line above names the file.
        anonymous: whether nothing outside the body names a file and no language is given.
        is_file: whether the closed fence was the body of files.
        done: the count of a ``<done/>`` tag inside, None where there is none.
        tagged: whether file tags were read inside.
    """

    def __init__(self, mark: FenceMark, line: int, above: str | None) -> None:
        super().__init__()
        self._mark = mark
        self._line = line
        self._info = fence_info(mark.info)
        above_path = path_on_line(above) if above is not None else None
        self._name = self._info.path or above_path
        self._guess = backticked_path(above) if above is not None else None
        self.named_above = self._info.path is None and above_path is not None
        self.anonymous = self._name is None and not mark.info
        self.is_file = False
        self.done: int | None = None
        self.tagged = False
        self._body: list[str] = []
        self._prose: list[str] = []
        self._filled = 0
        self._inner: Reader | None = None
        self._script = False
        self._nested: list[FenceMark] = []
        self._hold: str | None = None
        self._hidden_tag = 0
        self._misread: str | None = None
        self._misread_at = 0
        self._counter = unified_diff.HunkCounter() if self._info.diff else None

    # -- lines

    def take(self, line: Line) -> Taken:
        """Take a line of the fence, or its closing mark."""
        inside = Line(self._dedented(line.text), line.number)
        if self._inner is not None:
            taken = self._take_inner(inside, line)
            if taken is not None:
                return taken
        mark = fence_mark(line.text)
        if mark is not None and self._closes(mark, line):
            self._close(line)
            return Taken.LAST
        if not self._begin_inner(inside):
            self._add(line)
        return Taken.MORE

    def _dedented(self, text: str) -> str:
        indent = self._mark.indent
        return text[min(indent, len(text) - len(text.lstrip(" "))) :] if indent else text

    def _add(self, line: Line) -> None:
        self._body.append(line.text)
        self._filled += bool(line.text.strip())
        if self._filled == 1 and not self._misread:
            self._misread = misread_search(line.text)
            self._misread_at = line.number
        if self._counter is not None:
            self._counter.take(line.text)
        if not self._hidden_tag and tag_on_line(line.text):
            self._hidden_tag = line.number

    def _take_inner(self, inside: Line, line: Line) -> Taken | None:
        """Hands a line to the grammar inside; None where the fence itself has to look at it."""
        inner = self._inner
        if inner is None:
            return None
        if isinstance(inner, EnvelopeReader):
            mark = fence_mark(line.text)  # every line of an envelope is marked, so a bare fence ends it
            if mark is not None and mark.closes(self._mark) and mark.indent == self._mark.indent:
                self._end_inner(cut=True)
                return Taken.LAST
        taken = inner.take(inside)
        if taken is Taken.MORE:
            self._closed.extend(inner.closed())
            return Taken.MORE
        if taken is Taken.LAST:
            self._end_inner()
            return Taken.MORE
        name = path_on_line(inside.text) or path_in_comment(inside.text)
        if name is not None and isinstance(inner, EditRun):
            inner.rename(name)
            return Taken.MORE
        return None

    def _end_inner(self, *, cut: bool = False) -> None:
        inner, self._inner = self._inner, None
        if inner is None:
            return
        self._closed.extend(inner.closed())
        block = inner.cut() if cut else None
        if block is not None:
            fault = f"the patch at answer line {block.line} has no *** End Patch"
            self._closed.append(replace(block, complete=True, fault=fault))
        self._prose.extend(inner.prose())
        self._problems.extend(inner.problems())

    def _begin_inner(self, line: Line) -> bool:
        """Starts the grammar that a line opens, if it opens one here."""
        text = line.text
        if text.startswith("<<<<<") and opening_length(text) and self._may_script():
            self._inner = self._edit_run()
            self._script = True
            self._inner.take(line)
            return True
        if (
            text.startswith("***")
            and begins_envelope(text)
            and self._filled <= 1
            and not self._is_patch_file()
        ):
            self._inner, self._script = EnvelopeReader(line.number), True
            return True
        tag = tag_on_line(text)
        if tag is not None and (self.tagged or (self._filled == 0 and self._may_hold(tag))):
            return self._begin_tag(tag, line)
        return self._script  # what stands beside edits is no file

    def _may_script(self) -> bool:
        if self._filled <= 1 or self._script:
            return True
        if self._name is None:
            return True
        self._hold = self._hold or "its body holds SEARCH/REPLACE markers: was an edit meant?"
        return False

    def _edit_run(self) -> EditRun:
        last = next((text for text in reversed(self._body) if text.strip()), None)
        inner_name = (path_on_line(last) or path_in_comment(last)) if last is not None else None
        name = inner_name or self._name
        self._body.clear()
        return EditRun(name, None if name else self._guess)

    def _is_patch_file(self) -> bool:
        return self._name is not None and self._name.casefold().endswith(_PATCH_SUFFIXES)

    def _may_hold(self, tag: Tag) -> bool:
        named = tag.attributes.get("path", tag.attributes.get("from"))
        return self._name is None or named == self._name

    def _begin_tag(self, tag: Tag, line: Line) -> bool:
        self.tagged = self._script = True
        block, reader = tag.block(line.number), tag.reader(line.number)
        if tag.name == "done":
            self.done = tag.count
        if block is not None:
            self._closed.append(block)
        self._inner = reader
        return True

    # -- the closing mark

    def _closes(self, mark: FenceMark, line: Line) -> bool:
        """Whether a mark closes the fence, rather than one inside of it or none."""
        if self._nested:
            if mark.closes(self._nested[-1]):
                self._nested.pop()
            elif mark.opens_inside(self._nested[-1]):
                self._doubt(line)
            return False
        if mark.closes(self._mark):
            return not self._is_context(mark, line)
        if mark.opens_inside(self._mark):
            if self._markdown():
                self._nested.append(mark)
            elif mark.sign == self._mark.sign:
                self._doubt(line)
        return False

    def _is_context(self, mark: FenceMark, line: Line) -> bool:
        """Whether an indented mark is a context line of a diff, whose lines all begin with a sign."""
        if self._counter is None or mark.indent <= self._mark.indent:
            return False
        if self._counter.expects_more:
            return True
        self._hold = f"a line of the diff may have been read as its end (answer line {line.number})"
        return False

    def _doubt(self, line: Line) -> None:
        self._hold = self._hold or (
            f"a code fence opens inside its body (answer line {line.number}), so the body may end elsewhere"
        )

    def _markdown(self) -> bool:
        return is_markdown(self._name) if self._name is not None else self._info.markdown

    def _close(self, line: Line) -> None:
        if self._inner is not None:
            self._end_inner()
        if self._script:
            return
        blocks = self._blocks()
        if self._misread is not None:
            self._problems.append(f"answer line {self._misread_at} is {self._misread}")
        if blocks:
            self.is_file = True
            self._closed.extend(replace(block, hold=block.hold or self._hold) for block in blocks)
        else:
            indent = " " * self._mark.indent
            opening = f"{indent}{self._mark.sign * self._mark.length}{self._mark.info}"
            self._prose = [opening, *self._body, line.text]

    def _blocks(self) -> list[Block]:
        if self._is_diff():
            return self._diff()
        block = self._whole()
        return [block] if block is not None else []

    def _is_diff(self) -> bool:
        if self._is_patch_file():
            return False
        return self._info.diff or unified_diff.begins_diff(self._body)

    def _diff(self) -> list[Block]:
        blocks = unified_diff.parse(self._plain(), self._line + 1, self._name, guess=self._guess)
        about_itself = self._name is not None and all(block.path == self._name for block in blocks)
        if not (self._info.diff or about_itself or unified_diff.has_git_header(self._body)):
            self._hold = self._hold or "it looks like a diff, and its fence does not say that it is one"
        return blocks

    def _whole(self) -> Block | None:
        path, grammar = self._naming()
        if path is None:
            return None
        text = "".join(f"{text}\n" for text in self._plain())
        suggestion = grammar is Grammar.PROSE or self._info.shell
        return Block(path, "whole", grammar, self._line, text, suggestion=suggestion)

    def _naming(self) -> tuple[str | None, Grammar]:
        if self._info.path is not None:
            return self._info.path, Grammar.FENCE_INFO
        if self._name is not None:
            return self._name, Grammar.LINE_ABOVE
        if self._info.shell:
            return None, Grammar.PROSE
        first = self._dedented(self._body[0]) if self._body else ""
        comment = path_in_comment(first, hash_is_heading=self._info.markdown)
        if comment is not None:
            return comment, Grammar.COMMENT
        return self._guess, Grammar.PROSE

    def _plain(self) -> list[str]:
        """The body without the indentation of the fence, where every line has it (CommonMark 4.5)."""
        indent = " " * self._mark.indent
        if not indent:
            return self._body
        if all(text.startswith(indent) or not text.strip() for text in self._body):
            return [text[len(indent) :] for text in self._body]
        if not any(text.startswith(" ") for text in self._body):
            return self._body
        self._hold = self._hold or "the fence is indented and its body is not, so its indentation is unclear"
        return self._body

    # -- the end of the answer

    def cut(self) -> Block | None:
        """The open block, if the fence has a name."""
        if self._inner is not None:
            return self._inner.cut()
        if self._script:
            return None
        blocks = self._blocks()
        last = blocks[-1] if blocks else None
        if last is None or last.suggestion:
            return None
        return replace(last, text="\n".join(self._plain()), hunks=(), fault=None, hold=None, complete=False)

    def lost(self) -> str | None:
        """Tags that an open fence hides."""
        if isinstance(self._inner, EnvelopeReader):
            return self._inner.lost()
        if self._script or not self._hidden_tag:
            return None
        return (
            f"the code fence opened at answer line {self._line} is not closed, and tags in it were not read"
        )

    def prose(self) -> list[str]:
        """The fence, where it is no file."""
        return self._prose
