"""Unified diffs, as ``diff``/``patch`` fences or with git headers. Line numbers are hints."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rolecall.answer.blocks import Block, Grammar
from rolecall.answer.names import written
from rolecall.answer.notation import HunkBuilder, hunk_range
from rolecall.answer.reading import BlockReader, Line, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.blocks import BlockKind, Hunk

_GIT: Final = "diff --git "
_NULL: Final = "/dev/null"
_EXTENDED: Final = (
    "index ",
    "new file mode ",
    "deleted file mode ",
    "old mode ",
    "new mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "Binary files ",
    "GIT binary patch",
)
_EXECUTABLE: Final = "100755"
_NO_FILES: Final = {"120000": "a symbolic link", "160000": "a submodule"}
"""What git's modes make besides files; none of it is ever made here."""
_QUOTED: Final = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_ESCAPES: Final = dict(zip('abtnvfr"\\', '\a\b\t\n\v\f\r"\\', strict=True))


def begins_diff(lines: Sequence[str]) -> bool:
    """Whether the lines of a fence without a ``diff`` tag are a diff all the same, by their headers."""
    head = [line for line in lines[:10] if line.strip()][:3]
    return has_git_header(head) or (
        len(head) == 3  # noqa: PLR2004 - old name, new name, hunk
        and head[0].startswith("--- ")
        and head[1].startswith("+++ ")
        and head[2].startswith("@@")
    )


def has_git_header(lines: Sequence[str]) -> bool:
    """Whether the first line that is not blank is a ``diff --git`` header."""
    return next((line for line in lines if line.strip()), "").startswith(_GIT)


class HunkCounter:
    """Follows a diff by the counts its hunks announce."""

    def __init__(self) -> None:
        self._old = 0
        self._new = 0
        self._announced = False

    @property
    def fulfilled(self) -> bool:
        """Whether the present hunk announced its counts and has them."""
        return self._announced and self._old == self._new == 0

    @property
    def expects_more(self) -> bool:
        """Whether the present hunk is announced longer than what came."""
        return self._old > 0 or self._new > 0

    @property
    def expects_old(self) -> bool:
        """Whether the present hunk is announced to have more old lines."""
        return self._old > 0

    def take(self, text: str) -> None:
        """Follow one line."""
        if text.startswith("@@"):
            announced = hunk_range(text)
            self._announced = announced is not None
            _, self._old, _, self._new = announced or (0, 0, 0, 0)
        elif not text.startswith("\\"):
            self._old -= text[:1] != "+"
            self._new -= text[:1] != "-"


def parse(lines: Sequence[str], line: int, name: str | None, *, guess: str | None = None) -> list[Block]:
    """The blocks of a diff.

    Args:
        lines: the diff, without what surrounds it.
        line: 1-based line of the answer at which ``lines[0]`` stands.
        name: the file that hunks without headers belong to.
        guess: likewise where only prose names it; makes suggestions.
    """
    parser = _Parser(line, name or guess, suggestion=name is None)
    for index, text in enumerate(lines):
        parser.take(text, lines[index + 1 : index + 3])
    return parser.end()


class _Parser:
    def __init__(self, line: int, name: str | None, *, suggestion: bool) -> None:
        self._line = line - 1
        self._name = name
        self._suggestion = suggestion
        self._section: _Section | None = None
        self._counter = HunkCounter()
        self._blocks: list[Block] = []
        self._skip = False

    def take(self, text: str, ahead: Sequence[str]) -> None:
        self._line += 1
        if self._skip:
            self._skip = False
            return
        if text.startswith(_GIT):
            self._begin(_Section(self._line, git=_git_names(text)))
        elif self._is_header(text, ahead):
            self._header(text, ahead[0])
        elif text.startswith("@@"):
            self._counter.take(text)
            self._here().begin_hunk(text, self._line)
        elif self._section is not None and not self._section.in_hunk and text.startswith(_EXTENDED):
            self._section.extended(text)
        elif text.rstrip() == "--" and self._counter.fulfilled:
            self._close()  # the signature that git format-patch puts below a diff
        elif self._section is not None or (self._name is not None and text[:1] in {"+", "-"}):
            self._counter.take(text)
            self._here().content(text, self._line)

    def end(self) -> list[Block]:
        self._close()
        return self._blocks

    def _is_header(self, text: str, ahead: Sequence[str]) -> bool:
        if not text.startswith("--- ") or not ahead or not ahead[0].startswith("+++ "):
            return False
        inside = self._section is not None and self._section.in_hunk
        return not (inside and self._counter.expects_old) or (len(ahead) > 1 and ahead[1].startswith("@@"))

    def _header(self, old: str, new: str) -> None:
        if self._section is None or self._section.named:
            self._begin(_Section(self._line))
        self._here().names(_file_name(old), _file_name(new))
        self._counter = HunkCounter()
        self._skip = True

    def _here(self) -> _Section:
        if self._section is None:
            self._section = _Section(self._line, name=self._name, suggestion=self._suggestion)
        return self._section

    def _begin(self, section: _Section) -> None:
        self._close()
        self._section = section
        self._counter = HunkCounter()

    def _close(self) -> None:
        block = self._section.block() if self._section is not None else None
        if block is not None:
            self._blocks.append(block)
        self._section = None


class _Section:
    """One file of a diff."""

    def __init__(
        self,
        line: int,
        *,
        git: tuple[str, str] | None = None,
        name: str | None = None,
        suggestion: bool = False,
    ) -> None:
        self._line = line
        self._old: str | None = git[0] if git else name
        self._new: str | None = git[1] if git else name
        self._git = git is not None
        self._suggestion = suggestion
        self._plain = name is not None
        self._created = self._deleted = False
        self._executable = False
        self._moved = False
        self._fault: str | None = None
        self._hunks: list[Hunk] = []
        self._hunk: HunkBuilder | None = None
        self._hint: int | None = None
        self._last_newline = True
        self.named = False

    @property
    def in_hunk(self) -> bool:
        return self._hunk is not None

    def names(self, old: str, new: str) -> None:
        self.named = True
        self._created, self._deleted = self._created or old == _NULL, self._deleted or new == _NULL
        prefixed = (self._git or old.startswith("a/") or old == _NULL) and (
            self._git or new.startswith("b/") or new == _NULL
        )
        self._old = _without_prefix(old, "a/") if prefixed else old
        self._new = _without_prefix(new, "b/") if prefixed else new
        if self._moved or _NULL in {old, new} or self._old == self._new:
            return
        self._fault = f"the diff at answer line {self._line} names two files, {self._old} and {self._new}"

    def extended(self, text: str) -> None:
        if text.startswith("new file mode "):
            self._created = True
            self._mode(text.split(" ", 3)[3].strip())
        elif text.startswith("deleted file mode "):
            self._deleted = True
        elif text.startswith(("rename from ", "rename to ")):
            self._moved = True
            name = _unquoted(text.split(" ", 2)[2])
            if text.startswith("rename from "):
                self._old = name
            else:
                self._new = name
        elif text.startswith(("Binary", "GIT binary", "copy ")):
            self._fault = f"the diff at answer line {self._line} holds a binary file or a copy"

    def _mode(self, mode: str) -> None:
        self._executable = mode == _EXECUTABLE
        if mode in _NO_FILES:
            self._fault = f"the diff at answer line {self._line} makes {_NO_FILES[mode]}"

    def begin_hunk(self, text: str, line: int) -> None:
        self._end_hunk()
        announced = hunk_range(text)
        self._hint = announced[0] if announced else None
        self._hunk = HunkBuilder(line)

    def content(self, text: str, line: int) -> None:
        if self._hunk is None:
            if not text.strip():
                return
            self._hint = None
            self._hunk = HunkBuilder(line)
        if not self._hunk.take(text):
            self._fault = self._fault or f"answer line {line} of the diff begins with none of ' ', '+', '-'"

    def block(self) -> Block | None:
        self._end_hunk()
        path = self._old if self._deleted or not self._created else self._new
        if not path or path == _NULL:
            return None
        path = written(path)
        base = Block(
            path, "edit", Grammar.UNIFIED_DIFF, self._line, fault=self._fault, suggestion=self._suggestion
        )
        if self._created:
            return self._creation(base)
        if self._deleted:
            return replace(base, kind="delete", hunks=tuple(self._hunks))
        if self._moved:
            kind: BlockKind = "edit" if self._hunks else "move"
            return replace(base, kind=kind, hunks=tuple(self._hunks), new_path=written(self._new or ""))
        if self._hunks or self._fault:
            return replace(base, hunks=tuple(self._hunks))
        return replace(base, fault=f"the diff of {path} at answer line {self._line} changes nothing")

    def _creation(self, base: Block) -> Block:
        lines = [text for hunk in self._hunks for text in hunk.new]
        fault = base.fault
        if any(hunk.old for hunk in self._hunks) and not fault:
            fault = f"the diff of the new file {base.path} at answer line {self._line} has old lines"
        text = "".join(f"{line}\n" for line in lines)
        text = text if self._last_newline else text.removesuffix("\n")
        made = replace(base, kind="whole", text=text, must_be_new=True, fault=fault)
        return replace(made, executable=self._executable)

    def _end_hunk(self) -> None:
        if self._hunk is not None and self._hunk.changes:
            hunk = self._hunk.build(hint=self._hint)
            if self._created and hunk.loose_tail:  # blank lines between this diff and what follows it
                end = len(hunk.new) - hunk.loose_tail
                hunk = replace(hunk, new=hunk.new[:end], old=hunk.old[: -hunk.loose_tail], loose_tail=0)
            self._hunks.append(hunk)
            self._last_newline = not self._hunk.new_lacks_newline
        self._hunk = None


def _file_name(header: str) -> str:
    name = header[4:].partition("\t")[0].rstrip()
    return _unquoted(name)


def _unquoted(name: str) -> str:
    """A name as git writes it: in double quotes with C escapes where it has unusual bytes."""
    name = name.rstrip()
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':  # noqa: PLR2004 - the quotes themselves
        return name

    def escape(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code, 8) & 0xFF) if code.isdigit() else _ESCAPES[code]

    if not name.isascii():
        return _QUOTED.sub(lambda found: _ESCAPES.get(found[1], found[0]), name[1:-1])
    return _QUOTED.sub(escape, name[1:-1]).encode("latin-1").decode("utf-8", "replace")


def _git_names(text: str) -> tuple[str, str] | None:
    """The two names of a ``diff --git`` line, if they are plain: equal after their prefixes."""
    rest = text[len(_GIT) :].rstrip()
    if rest.startswith('"') and rest.endswith('"'):
        middle = rest.find('" "')
        if middle < 0:
            return ("", "")
        pair = _unquoted(rest[: middle + 1]), _unquoted(rest[middle + 2 :])
    else:
        half = len(rest) // 2
        pair = (rest[:half], rest[half + 1 :])
        if rest[half : half + 1] != " ":
            pair = (rest.partition(" b/")[0], "b/" + rest.partition(" b/")[2])
    return _without_prefix(pair[0], "a/"), _without_prefix(pair[1], "b/")


def _without_prefix(name: str, prefix: str) -> str:
    return name if name == _NULL else name.removeprefix(prefix)


class GitDiffReader(BlockReader):
    """A diff with git headers that stands bare in the answer; it ends where its lines stop being a diff's.

    Args:
        line: 1-based line of the answer at which the first header stands.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self._start = line
        self._lines: list[str] = []
        self._counter = HunkCounter()
        self._in_hunk = False

    def take(self, line: Line) -> Taken:
        """Take a line; REFUSED at the first that no diff has."""
        if not self._belongs(line.text):
            self._close()
            return Taken.REFUSED
        self._counter.take(line.text)
        self._lines.append(line.text)
        return Taken.MORE

    def cut(self) -> Block | None:
        """The last file of the diff, where its last hunk is announced longer than what came."""
        blocks = parse(self._lines, self._start, None)
        if not self._counter.expects_more or not blocks:
            self._closed.extend(blocks)
            return None
        self._closed.extend(blocks[:-1])
        return replace(blocks[-1], text="\n".join(self._lines), hunks=(), fault=None, complete=False)

    def _belongs(self, text: str) -> bool:
        if text.startswith(_GIT):
            self._in_hunk, self._counter = False, HunkCounter()
            return True
        if text.startswith("@@"):
            self._in_hunk = True
            return True
        if not self._in_hunk:
            return text.startswith((*_EXTENDED, "--- ", "+++ "))
        if self._counter.expects_more:
            return text[:1] in {"", " ", "+", "-", "\\"}
        if text.rstrip() == "--" and self._counter.fulfilled:
            return False
        return text[:1] in {"+", "-", "\\"} or (text[:1] == " " and bool(text.strip()))

    def _close(self) -> None:
        self._closed.extend(parse(self._lines, self._start, None))
        self._lines = []
