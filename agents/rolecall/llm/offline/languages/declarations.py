"""Functions, methods and types of a file in JavaScript, TypeScript, Go, Rust, Java or C#."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from posixpath import splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES, closing, masked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.task import Selection

MAX_CHARACTERS = 400_000
_MAX = 200
_NOT_NAMES = frozenset(
    re.split(
        " ",
        "if for while switch catch return function new throw await typeof else do try lock using foreach "
        "super this sizeof nameof when match loop unsafe default case in of fixed checked delete void yield",
    )
)
_SCRIPT_FUNCTION = re.compile(
    r"^(?P<head>[ \t]*(?P<export>export[ \t]+)?(?P<default>default[ \t]+)?(?:declare[ \t]+)?"
    r"(?P<async>async[ \t]+)?function[ \t]*(?P<star>\*)?[ \t]*(?P<name>[\w$]+))[ \t]*"
    r"(?:<[^(){}]{0,200}>)?[ \t]*\(",
    re.MULTILINE,
)
_SCRIPT_ARROW = re.compile(
    r"^(?P<head>[ \t]*(?P<export>export[ \t]+)?(?:const|let)[ \t]+(?P<name>[\w$]+))[ \t]*(?::[^=\n]{1,200})?"
    r"=[ \t]*(?P<async>async[ \t]*)?(?:<[^(){}]{0,200}>)?\(",
    re.MULTILINE,
)
_SCRIPT_METHOD = re.compile(
    r"^(?P<head>[ \t]+"
    r"(?P<mods>(?:(?:public|private|protected|static|override|abstract|readonly|async|get|set)[ \t]+)*+)"
    r"\*?(?P<name>#?[\w$]+))[ \t]*\??(?:<[^(){}]{0,200}>)?\(",
    re.MULTILINE,
)
_TYPE = re.compile(
    r"^[ \t]*(?P<mods>(?:(?:export|default|public|protected|private|internal|abstract|final|static|sealed|"
    r"partial|declare|readonly|pub(?:\([^)\n]{1,30}\))?)[ \t]+)*+)"
    r"(?P<kind>class|interface|enum|record(?:[ \t]+(?:struct|class))?|struct|trait|impl)\b"
    r"(?:<[^{}\n]{0,100}?>)?[ \t]*(?P<name>[^({;=\n]{1,160})",
    re.MULTILINE,
)
_GO_FUNCTION = re.compile(
    r"^(?P<head>func[ \t]+(?:\((?P<receiver>[^)\n]{1,100})\)[ \t]*)?(?P<name>\w+))[ \t]*"
    r"(?:\[[^\]\n]{1,200}\])?\(",
    re.MULTILINE,
)
_GO_TYPE = re.compile(r"^type[ \t]+(?P<name>\w+)[^\n]{0,100}?\b(?P<kind>struct|interface)\b", re.MULTILINE)
_RUST_FUNCTION = re.compile(
    r"^(?P<head>[ \t]*(?P<mods>(?:pub(?:\([^)\n]{1,30}\))?[ \t]+|(?:const|async|unsafe)[ \t]+)*+)"
    r"fn[ \t]+(?P<name>\w+))(?:<[^(){}]{0,200}>)?[ \t]*\(",
    re.MULTILINE,
)
_JAVA_METHOD = re.compile(
    r"^(?P<head>[ \t]+"
    r"(?P<mods>(?:(?:public|protected|private|internal|static|final|abstract|override|virtual|"
    r"async|synchronized|default|sealed|partial|extern|new)[ \t]+)*+)(?:<[^(){}\n]{1,100}>[ \t]*)?"
    r"(?P<result>[\w.?]+(?:<[^(){};=\n]{1,120}>)?(?:\[\])*\??)[ \t]+(?P<name>\w+))[ \t]*"
    r"(?:<[^(){}\n]{1,60}>)?\(",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function or method.

    Attributes:
        name: alone; ``owner`` is the type it belongs to.
        line: where it begins, from 1.
        parameters: source between its brackets, on one line.
        result: source of the type it gives; empty where none is written.
        comment: the comment above it, without its marks.
        body: offsets of the braces around its body in the text; None where it has none.
        public: whether other files can call it.
    """

    name: str
    line: int
    parameters: str
    result: str
    comment: str
    body: tuple[int, int] | None
    public: bool = True
    owner: str = ""
    is_async: bool = False
    default: bool = False

    @property
    def qualified(self) -> str:
        """``Owner.name`` or ``name``."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def shown(self) -> str:
        """The call and what it gives, for a reader."""
        return f"{self.qualified}({self.parameters})" + (f": {self.result}" if self.result else "")


@dataclass(frozen=True, slots=True)
class Kind:
    """A class, interface or the like, with the offsets of its braces."""

    name: str
    kind: str
    line: int
    span: tuple[int, int]
    comment: str = ""
    public: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its text, the same with strings and comments blanked, what it declares."""

    path: str
    text: str
    code: str
    kinds: tuple[Kind, ...]
    declarations: tuple[Declaration, ...]


def is_readable(path: str) -> bool:
    """Whether declarations of this language can be told apart."""
    return splitext(path)[1].lower() in {*SCRIPT_SUFFIXES, ".go", ".rs", ".java", ".cs"}


def read(path: str, text: str, selection: Selection | None = None) -> Source:
    """Read a file; with a selection, only what it touches is declared."""
    suffix = splitext(path)[1].lower()
    text = text[:MAX_CHARACTERS]
    code = masked(text, suffix).replace("\ufeff", " ")
    kinds = tuple(_kinds(suffix, text, code))
    found = sorted(_declared(suffix, text, code, kinds), key=lambda item: item.line)
    if selection is not None:
        found = [item for item in found if _touches(item, text, selection)]
    return Source(path, text, code, kinds, tuple(found[:_MAX]))


def _touches(item: Declaration, text: str, selection: Selection) -> bool:
    last = text.count("\n", 0, item.body[1]) + 1 if item.body else item.line
    return item.line <= selection.end_line and last >= selection.start_line


def _kinds(suffix: str, text: str, code: str) -> Iterator[Kind]:
    lines = text.split("\n")
    for found in (_GO_TYPE if suffix == ".go" else _TYPE).finditer(code):
        start = code.find("{", found.end())
        stop = code.find(";", found.end())
        if start < 0 or (0 <= stop < start):
            continue
        end = closing(code, start)
        if end is None:
            continue
        line = code.count("\n", 0, found.start()) + 1
        name = found["name"].strip()
        if found["kind"] == "impl":
            name = name.rsplit(" for ", 1)[-1].strip()
        name = (re.match(r"[\w$]+", name) or re.match("", name) or found)[0]
        if name:
            public = name[:1].isupper() if suffix == ".go" else _is_public(suffix, found["mods"])
            yield Kind(name, found["kind"], line, (start, end), comment_above(lines, line - 1), public)


def _is_public(suffix: str, mods: str) -> bool:
    if suffix == ".rs":
        return "pub" in mods
    if suffix in {".java", ".cs"}:
        return "private" not in mods
    return "export" in mods


def _declared(suffix: str, text: str, code: str, kinds: tuple[Kind, ...]) -> Iterator[Declaration]:
    reader = _Reader(
        suffix, text, code, text.split("\n"), [0, *(found.end() for found in re.finditer("\n", text))]
    )
    seen: set[int] = set()
    for pattern in _PATTERNS[suffix]:
        for found in pattern.finditer(code):
            if found["name"] in _NOT_NAMES or found.end() in seen:
                continue
            owner = next(
                (kind for kind in reversed(kinds) if kind.span[0] < found.start() < kind.span[1]), None
            )
            if _needs_owner(suffix, pattern) and (owner is None or _depth(code, owner, found.start()) != 1):
                continue
            made = reader.declaration(found, owner)
            if made is not None:
                seen.add(found.end())
                yield made


_PATTERNS = {
    **dict.fromkeys(SCRIPT_SUFFIXES, (_SCRIPT_FUNCTION, _SCRIPT_ARROW, _SCRIPT_METHOD)),
    ".go": (_GO_FUNCTION,),
    ".rs": (_RUST_FUNCTION,),
    ".java": (_JAVA_METHOD,),
    ".cs": (_JAVA_METHOD,),
}


def _needs_owner(suffix: str, pattern: re.Pattern[str]) -> bool:
    return pattern is _SCRIPT_METHOD or suffix in {".java", ".cs"}


def _depth(code: str, owner: Kind, place: int) -> int:
    inside = code[owner.span[0] : place]
    return inside.count("{") - inside.count("}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file while its declarations are read."""

    suffix: str
    text: str
    code: str
    lines: list[str]
    starts: list[int]

    def declaration(self, found: re.Match[str], owner: Kind | None) -> Declaration | None:
        """What a match stands for; None where it is a call."""
        opening = found.end() - 1
        end = closing(self.code, opening)
        if end is None:
            return None
        result, body = _tail(self.suffix, self.text, self.code, end + 1)
        groups = found.groupdict()
        if self.suffix in {".java", ".cs"}:
            result = groups.get("result") or ""
            if result in _NOT_NAMES or result in {"public", "private", "record"}:
                return None
        if body is None and _needs_owner(self.suffix, found.re) and not _DECLARED.match(self.code, end + 1):
            return None
        head = found["head"]
        line = bisect.bisect_right(self.starts, found.start("head") + len(head) - len(head.lstrip()))
        mods = (groups.get("mods") or "") + (groups.get("export") or "")
        receiver = groups.get("receiver")
        return Declaration(
            name=found["name"],
            line=line,
            parameters=" ".join(self.text[opening + 1 : end].split()).rstrip(","),
            result=result,
            comment=comment_above(self.lines, line - 1),
            body=body,
            public=_public(self.suffix, found["name"], mods, owner),
            owner=_receiver_type(receiver) if receiver else owner.name if owner else "",
            is_async="async" in mods or bool(groups.get("async")),
            default=bool(groups.get("default")),
        )


_DECLARED = re.compile(r"\s*(?:throws\b[^{};]*)?(?:;|=>|:|\n)")


def _receiver_type(receiver: str) -> str:
    return re.sub(r"\[.*", "", receiver).split()[-1].lstrip("*")


def _public(suffix: str, name: str, mods: str, owner: Kind | None) -> bool:
    if suffix == ".go":
        return name[:1].isupper()
    if suffix in SCRIPT_SUFFIXES and owner is not None:
        return "private" not in mods and not name.startswith(("#", "_"))
    if suffix in {".java", ".cs"}:
        return "public" in mods or (owner is not None and owner.kind == "interface")
    return _is_public(suffix, mods)


def _tail(suffix: str, text: str, code: str, start: int) -> tuple[str, tuple[int, int] | None]:
    """The type that is given, and the body's braces, after the closing bracket of the parameters."""
    place = start
    while place < len(code):
        letter = code[place]
        before = code[start:place].rstrip()
        if letter == ";" or (letter == "\n" and suffix == ".go") or code.startswith("\n\n", place):
            return _type_of(suffix, text[start:place]), None
        if letter == "{" and not re.search(r"(?:[:|&<,]|\binterface|\bstruct)$", before):
            end = closing(code, place)
            return _type_of(suffix, text[start:place]), (place, end) if end is not None else None
        if letter in "([{":
            end = closing(code, place)
            if end is None:
                break
            place = end
        elif letter in ")]}" or place - start > 600:  # noqa: PLR2004 - no type is that long
            break
        place += 1
    return _type_of(suffix, text[start:place]), None


def _type_of(suffix: str, text: str) -> str:
    flat = " ".join(text.split())
    if suffix in SCRIPT_SUFFIXES:
        flat = re.sub(r"\s*=>.*$", "", flat) if not flat.startswith(":") or flat.endswith("=>") else flat
        return flat.lstrip(":").strip() if flat.startswith(":") else ""
    if suffix == ".rs":
        found = re.match(r"->\s*(.+?)(?:\s+where\b.*)?$", flat)
        return found.group(1) if found else ""
    return flat if suffix == ".go" else ""


_COMMENT = re.compile(r"^\s*(?://+|/\*+|\*+(?!/)|\*/)[/!]?\s?(.*?)\s*(?:\*+/)?$")
_DECORATION = re.compile(r"^\s*(?:@\w|#\[|\[\w)")


def comment_above(lines: list[str], index: int) -> str:
    """The comment right above a line, without its marks; attributes between them do not count."""
    parts: list[str] = []
    for line in reversed(lines[max(0, index - 30) : index]):
        if _DECORATION.match(line) and not parts:
            continue
        match = _COMMENT.match(line[:300])
        if match is None:
            break
        parts.append(match.group(1).strip())
    return "\n".join(reversed(parts)).strip()
