"""Where a SEARCH text or a hunk stands in a file: three steps, each needing exactly one match.

The steps are: exactly; ignoring trailing white space; under one uniform shift of the indentation. Several
matches of a step, or none of all three, fail with the candidates' line numbers. Nothing is fuzzy, so that an
edit never lands where its author did not mean it (contract section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from rolecall.answer.lines import content, split_lines, usual_ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rolecall.answer.blocks import Hunk

_MOST_STARTS: Final = 500
"""Matches of one step that are told apart; more are as ambiguous as these."""
_MOST_NAMED: Final = 12
_FEW: Final = 50


@dataclass(frozen=True, slots=True)
class Shift:
    """The indentation that SEARCH lines lack (``added``) or have too much of."""

    indent: str
    added: bool

    def apply(self, line: str) -> str | None:
        """A line under the shift; None where it has not the indentation to lose."""
        if not line.strip():
            return line
        if self.added:
            return self.indent + line
        return line[len(self.indent) :] if line.startswith(self.indent) else None


@dataclass(frozen=True, slots=True)
class Match:
    """The place of a hunk: 0-based first line, and the shift under which it was found."""

    start: int
    shift: Shift | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a hunk has no place, in words that a person and a model can act on."""

    reason: str


class Form(Enum):
    """How lines are compared in a step of the ladder."""

    EXACT = "as they are"
    TRIMMED = "without trailing white space"
    BARE = "without white space around them"

    def join(self, lines: Sequence[str]) -> str:
        """The lines in this form, each followed by a line feed."""
        if self is Form.TRIMMED:
            lines = [line.rstrip() for line in lines]
        elif self is Form.BARE:
            lines = [line.strip() for line in lines]
        return "\n".join(lines) + "\n" if lines else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines that take the place of ``start`` to ``end`` (0-based, half-open), with their endings."""

    start: int
    end: int
    contents: Sequence[str]
    endings: Sequence[str]


class FileLines:
    """The lines of a file under edit.

    Attributes:
        contents: lines without their endings.
        endings: the ending of each line; only the last may be empty.
        usual_ending: the most frequent ending.
    """

    def __init__(self, text: str) -> None:
        lines = split_lines(text)
        self.contents = [content(line) for line in lines]
        self.endings = [line[len(bare) :] for line, bare in zip(lines, self.contents, strict=True)]
        self.usual_ending = usual_ending(self.endings)
        self._final_newline = not lines or bool(self.endings[-1])
        self._forms: dict[Form, str] = {}
        self._index: dict[str, list[int]] | None = None
        self._found: dict[int, int] = {}

    def text(self) -> str:
        """The whole text."""
        return "".join(part for pair in zip(self.contents, self.endings, strict=True) for part in pair)

    def splice(self, piece: Piece) -> None:
        """Puts other lines in the place of some, keeping the state of the final newline."""
        self._keep_exact_form(piece)
        self.contents[piece.start : piece.end] = piece.contents
        self.endings[piece.start : piece.end] = [sign or self.usual_ending for sign in piece.endings]
        if piece.start and not self.endings[piece.start - 1]:
            self.endings[piece.start - 1] = self.usual_ending  # it was the last line and is no more
        self._end_as_before()

    def splice_all(self, pieces: Sequence[Piece]) -> None:
        """Likewise for several pieces at once, in order and apart from each other, in one pass."""
        contents, endings, at = list[str](), list[str](), 0
        for piece in pieces:
            contents += [*self.contents[at : piece.start], *piece.contents]
            endings += [*self.endings[at : piece.start], *piece.endings]
            at = piece.end
        self.contents = contents + self.contents[at:]
        self.endings = [sign or self.usual_ending for sign in endings + self.endings[at:]]
        self._forms.clear()
        self._end_as_before()

    def starts(self, old: Sequence[str], form: Form) -> list[int]:
        """0-based lines at which ``old`` stands, both sides in a form; at most ``_MOST_STARTS``.

        The search runs over joined text: linear, and in C.
        """
        if form is Form.EXACT and self._index is not None:
            rarest = min(range(len(old)), key=lambda i: len(self._positions(old[i])))
            places = self._positions(old[rarest])
            if len(places) <= _FEW:
                wanted, length = list(old), len(old)
                starts = (place - rarest for place in places)
                return [s for s in starts if s >= 0 and self.contents[s : s + length] == wanted]
        return self._search(self._joined(form), "\n" + form.join(old), form)

    def index(self) -> None:
        """Prepares for many searches without a change in between."""
        self._index = {}
        for number, line in enumerate(self.contents):
            self._index.setdefault(line, []).append(number)

    def _positions(self, line: str) -> list[int]:
        return self._index.get(line, []) if self._index is not None else []

    def _search(self, joined: str, needle: str, form: Form) -> list[int]:
        found: list[int] = []
        line = counted = 0
        at = joined.find(needle)
        while at >= 0 and len(found) < _MOST_STARTS:
            line += joined.count("\n", counted, at)
            counted = at
            found.append(line)
            if form is Form.EXACT:
                self._found[line] = at
            at = joined.find(needle, at + 1)
        return found

    def _joined(self, form: Form) -> str:
        joined = self._forms.get(form)
        if joined is None:
            joined = self._forms[form] = "\n" + form.join(self.contents)
        return joined

    def _keep_exact_form(self, piece: Piece) -> None:
        """Edits the joined text too, where a search told its place: joining anew costs much more."""
        joined, at = self._forms.get(Form.EXACT), self._found.get(piece.start)
        self._forms.clear()
        self._found.clear()
        self._index = None
        if joined is not None and at is not None:
            gone = sum(len(line) + 1 for line in self.contents[piece.start : piece.end])
            self._forms[Form.EXACT] = (
                joined[: at + 1] + Form.EXACT.join(piece.contents) + joined[at + 1 + gone :]
            )

    def _end_as_before(self) -> None:
        if self.endings and not self._final_newline:
            self.endings[-1] = ""


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def locate(
    file: FileLines, old: Sequence[str], narrow: Callable[[list[int]], list[int]] = list
) -> Match | list[int]:
    """The one place of ``old``, or the 0-based lines of the candidates: none, or several.

    Args:
        file: where to look.
        old: at least one line.
        narrow: keeps those starts that an anchor, a line number or the end of the file allows.
    """
    for matches in _steps(file, old):
        allowed = set(narrow([match.start for match in matches]))
        left = [match for match in matches if match.start in allowed]
        if len(left) == 1:
            return left[0]
        if left:
            return [match.start for match in left]
    return []


def _steps(file: FileLines, old: Sequence[str]) -> Iterator[list[Match]]:
    yield [Match(start) for start in file.starts(old, Form.EXACT)]
    yield [Match(start) for start in file.starts(old, Form.TRIMMED)]
    if any(line.strip() for line in old):
        yield _shifted(file, old)


def _shifted(file: FileLines, old: Sequence[str]) -> list[Match]:
    found: list[Match] = []
    budget = 20 * (len(file.contents) + len(old))
    for start in file.starts(old, Form.BARE):
        shift, compared = _uniform_shift(file.contents, start, old)
        budget -= compared
        if shift is not None:
            found.append(Match(start, shift))
        if budget < 0:
            break
    return found


def _uniform_shift(contents: Sequence[str], start: int, old: Sequence[str]) -> tuple[Shift | None, int]:
    """The one shift that brings ``old`` to the lines at ``start``, and how many lines were compared."""
    shift: Shift | None = None
    for index, line in enumerate(old):
        if not line.strip():
            continue
        there, here = _indent(contents[start + index]), _indent(line)
        if shift is None:
            shift = _shift_between(here, there)
        if shift is None or shift.apply(here + "x") != there + "x":
            return None, index + 1
    return shift, len(old)


def _shift_between(here: str, there: str) -> Shift | None:
    if there.endswith(here):
        return Shift(there[: len(there) - len(here)], added=True)
    if here.endswith(there):
        return Shift(here[: len(here) - len(there)], added=False)
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """What besides its text says where a hunk belongs."""

    file: FileLines
    hunk: Hunk

    def missing_anchor(self) -> str | None:
        """The first ``@@`` line that stands nowhere in the file."""
        return next((anchor for anchor in self.hunk.anchors if not self._lines_like(anchor)), None)

    def narrow(self, starts: list[int]) -> list[int]:
        """Keeps the starts that the anchors allow; of several, the one at the end or at the hinted line."""
        if self.hunk.anchors and starts:
            starts = self._below_anchors(starts)
        if len(starts) > 1 and self.hunk.at_end:
            last = len(self.file.contents) - len(self.hunk.old)
            starts = [start for start in starts if start == last] or starts
        if len(starts) > 1 and self.hunk.hint is not None:
            starts = [start for start in starts if start == (self.hunk.hint or 1) - 1] or starts
        return starts

    def _below_anchors(self, starts: list[int]) -> list[int]:
        scopes = [(-1, len(self.file.contents))]
        for anchor in self.hunk.anchors:
            lines = _inside(self._lines_like(anchor), scopes)
            scopes = [(line, self._scope_end(line)) for line in lines]
        return _inside(starts, scopes)

    def _lines_like(self, anchor: str) -> list[int]:
        return self.file.starts([anchor], Form.BARE)

    def _scope_end(self, anchor: int) -> int:
        """Where the class or function that begins at a line ends, by its indentation."""
        contents = self.file.contents
        own = len(_indent(contents[anchor]))
        for index in range(anchor + 1, len(contents)):
            line = contents[index]
            if line.strip() and len(_indent(line)) <= own and line.lstrip()[0] not in ")]}{":
                return index
        return len(contents)


def _inside(lines: list[int], scopes: list[tuple[int, int]]) -> list[int]:
    """The lines inside of a scope, or where there are none, those below the beginning of one."""
    inside = [line for line in lines if any(begin <= line < end for begin, end in scopes)]
    return inside or [line for line in lines if any(begin <= line for begin, _ in scopes)]


def explain(path: str, file: FileLines, hunk: Hunk, candidates: Sequence[int], what: str) -> Mismatch:
    """Why a hunk has no place, with the lines of the candidates (1-based)."""
    where = f"{what} at answer line {hunk.line}"
    if len(candidates) > 1:
        return Mismatch(
            f"{where} matches {len(candidates)} places in {path}: lines {_listed(candidates)}. "
            "Give more of the lines around it, so that it stands there once."
        )
    return Mismatch(f"{where} matches nothing in {path}: {_nearest(file, hunk)}")


def _listed(candidates: Sequence[int]) -> str:
    named = ", ".join(str(line + 1) for line in candidates[:_MOST_NAMED])
    more = len(candidates) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _nearest(file: FileLines, hunk: Hunk) -> str:
    """Where the text comes nearest to matching: the longest run of its first lines."""
    if not file.contents:
        return "the file is empty."
    offset = next((i for i, line in enumerate(hunk.old) if line.strip()), 0)
    old = [line.strip() for line in hunk.old[offset:]]
    starts = file.starts(old[:1], Form.BARE)
    if not starts:
        return f"no line of the file reads {_shown(hunk.old[offset])}. Copy the lines exactly as they stand."
    best = max(starts[:_MOST_NAMED], key=lambda start: _run(file, start, old))
    length = _run(file, best, old)
    begin = f"its first line stands at {'line' if len(starts) == 1 else 'lines'} {_listed(starts)}"
    if length == len(old) or best + length >= len(file.contents):
        return (
            f"{begin}, with other indentation or other lines around it. Copy the lines exactly as they stand."
        )
    there = file.contents[best + length]
    return (
        f"{begin}; from line {best + 1} on the first difference is line {best + length + 1}, "
        f"which reads {_shown(there)} where the answer has {_shown(hunk.old[offset + length])}."
    )


def _run(file: FileLines, start: int, old: Sequence[str]) -> int:
    length = 0
    for line in old:
        if start + length >= len(file.contents) or file.contents[start + length].strip() != line:
            break
        length += 1
    return length


def _shown(line: str) -> str:
    longest = 80
    text = line.strip()
    return repr(text if len(text) <= longest else f"{text[:longest]}…")
