"""The grammar that is asked for: ``<file>``, ``<edit>``, ``<delete/>``, ``<move/>``, ``<done/>``.

Each tag stands alone on its line at column 0; anywhere else it is text. A body ends at the first line that
is its closing tag, whatever it holds besides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from rolecall.answer import unified_diff
from rolecall.answer.blocks import Block, Grammar
from rolecall.answer.names import written
from rolecall.answer.reading import BlockReader, Line, Taken
from rolecall.answer.search_replace import EditScript, misread_search
from rolecall.answer.vocabulary import CODE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

TagName = Literal["file", "edit", "delete", "move", "done"]

_LONGEST_TAG = 10_000
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=]*[^\s\"'<>=/])"
_TAG = re.compile(rf"<(file|edit|delete|move|done)((?:\s+[\w-]+\s*=\s*{_VALUE})*)\s*(/?)>(</\1>)?$")
_ATTRIBUTE = re.compile(rf"([\w-]+)\s*=\s*({_VALUE})")
_COUNT = re.compile(r"[0-9]{1,9}$")
_TORN = re.compile(r"<(file|edit|delete|move|done)[ \t]+[a-z]{1,5}(?:=[^<>]*)?$")
_STRAY = ("</file>", "</edit>")


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening or self-closing tag."""

    name: TagName
    attributes: dict[str, str]
    empty: bool

    def block(self, line: int) -> Block | None:
        """The block that the tag alone is, or None where a body follows or a name is missing."""
        path = written(self.attributes.get("path", ""))
        if self.name == "delete" and "path" in self.attributes:
            return Block(path, "delete", Grammar.TAGS, line)
        if self.name == "move" and {"from", "to"} <= self.attributes.keys():
            source, target = written(self.attributes["from"]), written(self.attributes["to"])
            return Block(source, "move", Grammar.TAGS, line, new_path=target)
        if self.name == "file" and self.empty and "path" in self.attributes:
            return Block(path, "whole", Grammar.TAGS, line)
        return None

    def reader(self, line: int) -> FileReader | EditReader | None:
        """The reader of the body that follows, or None."""
        if self.empty or "path" not in self.attributes:
            return None
        path = written(self.attributes["path"])
        if self.name == "file":
            return FileReader(path, line)
        return EditReader(path, line) if self.name == "edit" else None

    @property
    def count(self) -> int | None:
        """N of ``<done files="N"/>``."""
        files = self.attributes.get("files", "")
        return int(files) if self.name == "done" and _COUNT.match(files) else None


def tag_on_line(text: str) -> Tag | None:
    """The opening tag a line consists of, or None."""
    if not text.startswith(("<f", "<e", "<d", "<m")) or len(text) > _LONGEST_TAG:
        return None
    found = _TAG.match(text.rstrip())
    if not found:
        return None
    attributes = {name.lower(): _unquoted(value) for name, value in _ATTRIBUTE.findall(found[2])}
    return Tag(cast("TagName", found[1]), attributes, empty=bool(found[3] or found[4]))


def _unquoted(value: str) -> str:
    return value[1:-1] if value[0] in "\"'" else value


def torn_tag(text: str) -> str | None:
    """The name of the tag in the middle of which a last line ends, or None."""
    found = _TORN.match(text) if text[:1] == "<" and len(text) <= _LONGEST_TAG else None
    return found[1] if found else None


def is_stray(text: str) -> bool:
    """Whether a line outside of a block is a closing tag: the body before it may have ended too early."""
    return text.startswith("</") and text.rstrip() in _STRAY


class FileReader(BlockReader):
    """The body of a ``<file>``: byte-exact up to ``</file>``."""

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self._path = path
        self._line = line
        self._body: list[str] = []
        self._hold: str | None = None

    def take(self, line: Line) -> Taken:
        """Take a line of the body, or the closing tag."""
        if line.text.startswith("</file>") and line.text.rstrip() == "</file>":
            self._closed.append(self._block())
            return Taken.LAST
        if line.text.startswith("<file ") and tag_on_line(line.text):
            self._hold = (
                f"a <file> tag stands inside this body (answer line {line.number}): was a </file> forgotten?"
            )
        self._body.append(line.text)
        return Taken.MORE

    def cut(self) -> Block:
        """The open block with the body so far."""
        text = "\n".join(self._body)
        return Block(self._path, "whole", Grammar.TAGS, self._line, text, complete=False)

    def _block(self) -> Block:
        script = EditScript.of_body(self._body, self._line)
        if script is not None:  # SEARCH/REPLACE blocks and nothing else: an edit in the wrong tag
            return Block(self._path, "edit", Grammar.TAGS, self._line, hunks=script)
        text = "".join(f"{line}\n" for line in self._body)
        first = next((line for line in self._body if line.strip()), "")
        if self._hold is None and (misread := misread_search(first)):
            self._hold = f"its body begins with {misread}"
        if self._hold is None and _is_wrapped(self._path, self._body):
            self._hold = "its body stands between code fences, which are no part of such a file"
        return Block(self._path, "whole", Grammar.TAGS, self._line, text, hold=self._hold)


class EditReader(BlockReader):
    """The SEARCH/REPLACE blocks of an ``<edit>``."""

    def __init__(self, path: str, line: int) -> None:
        super().__init__()
        self._path = path
        self._line = line
        self._raw: list[str] = []
        self._script = EditScript()

    def take(self, line: Line) -> Taken:
        """Take a line, or the closing tag."""
        if line.text.startswith("</edit>") and line.text.rstrip() == "</edit>":
            self._closed.append(self._block())
            return Taken.LAST
        self._raw.append(line.text)
        self._script.take(line)
        return Taken.MORE

    def cut(self) -> Block:
        """The open block with its text so far."""
        text = "\n".join(self._raw)
        return Block(self._path, "edit", Grammar.TAGS, self._line, text, complete=False)

    def _block(self) -> Block:
        self._script.end()
        fault, hunks = self._script.fault, tuple(self._script.hunks)
        if not hunks and not fault and any(line.startswith("@@") for line in self._raw):
            return self._diff()
        if not hunks and not fault:
            fault = f"the <edit> at answer line {self._line} holds no SEARCH/REPLACE block"
        return Block(self._path, "edit", Grammar.TAGS, self._line, hunks=hunks, fault=fault)

    def _diff(self) -> Block:
        blocks = unified_diff.parse(self._raw, self._line + 1, self._path)
        if len(blocks) == 1 and blocks[0].path == self._path:
            return blocks[0]
        fault = f"the diff in the <edit> at answer line {self._line} is about other files"
        return Block(self._path, "edit", Grammar.TAGS, self._line, fault=fault)


def _is_wrapped(path: str, body: Sequence[str]) -> bool:
    """Whether a code file's body stands in a code fence, which would be written: bodies are byte-exact."""
    if not path.casefold().endswith(CODE_SUFFIXES):
        return False
    filled = [line for line in body if line.strip()]
    return len(filled) > 1 and filled[0].startswith(("```", "~~~")) and filled[-1].strip() in {"```", "~~~"}
