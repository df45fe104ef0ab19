"""Bodies to fill in, and typed signatures, for languages other than Python."""

from __future__ import annotations

import re
from posixpath import splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.cases import errors, quoted
from rolecall.llm.offline.languages.comments import read_comment
from rolecall.llm.offline.languages.declarations import Declaration, Kind, Source, is_readable, read
from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES
from rolecall.llm.offline.languages.names import todos
from rolecall.llm.offline.languages.promised import promised
from rolecall.llm.offline.languages.skeletons import skeletons
from rolecall.llm.offline.languages.typings import typings
from rolecall.llm.offline.patches import Patch, split_lines, to_edits
from rolecall.llm.offline.source.wording import words

if TYPE_CHECKING:
    from rolecall.context.items import ContextItem, Gathered
    from rolecall.task import Selection

_MISSING = re.compile(
    r"throw\s+new\s+\w*(?:Error|Exception)\s*\([^;{}]*\)\s*;?"
    r"|throw\s+new\s+(?:NotImplementedException|UnsupportedOperationException)\s*\([^;{}]*\)\s*;?"
    r"|panic\s*\([^;{}]*\)|(?:todo|unimplemented)!\s*\([^{}]*\)\s*;?"
)
_SAYS_MISSING = re.compile(
    r"not\s+(?:yet\s+)?implemented|unimplemented|todo|fixme|NotImplementedException|UnsupportedOperation",
    re.IGNORECASE,
)
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\(rolecall\))")
_ZERO = re.compile(r"return(?:\s+(?:null|nil|undefined|0|\"\"|''|false|None)(?:\s*,\s*nil)?)?\s*;?")


def implement(target: ContextItem, selection: Selection | None, gathered: Gathered) -> Draft:
    """Stubs that say what is missing; else declarations of plain JavaScript, or skeletons of interfaces."""
    draft = Draft()
    if not is_readable(target.path):
        draft.say(
            f"Signatures of this language are not read without a model, so {target.path} was left as it is."
        )
        return draft
    source = read(target.path, target.text, selection)
    lines = split_lines(target.text)
    stubs = [item for item in source.declarations if is_stub(source, item)]
    new = promised(source, lines) if selection is None else []
    patches = [patch for item in stubs if (patch := _patch(source, item, lines)) is not None]
    patches += [patch for _, patch in new]
    edits = to_edits(lines, patches) if patches else None
    if edits and draft.edit(target.path, edits):
        named = [*(item.shown for item in stubs), *(name for name, _ in new)]
        draft.say(f"Stubs in {target.path} that now say what is missing: {', '.join(named[:8])}.")
        draft.say("Their signatures hold; each still fails until a person, or a model, writes its body.")
        return draft
    if stubs:
        draft.say(
            f"Already marked in {target.path}, and waiting for a body: "
            f"{', '.join(item.shown for item in stubs[:8])}."
        )
        return draft
    paths = {*gathered.facts.paths, *(item.path for item in gathered.items)}
    if _writes_typings(draft, source, paths) or _writes_skeletons(draft, source, paths):
        return draft
    _say_why_not(draft, source)
    return draft


def is_stub(source: Source, item: Declaration) -> bool:
    """Whether a body only says that something is missing."""
    if item.body is None:
        return _arrow_throws(source, item) is not None
    whole = source.text[item.body[0] + 1 : item.body[1]]
    code = source.code[item.body[0] + 1 : item.body[1]].strip()
    if not code:
        return bool(_TODO.search(whole)) or (
            "(rolecall)" not in whole and _gives_something(item) and not whole.strip()
        )
    if _MISSING.fullmatch(code):
        return bool(_SAYS_MISSING.search(whole))
    return bool(_ZERO.fullmatch(code) and _TODO.search(whole))


def _gives_something(item: Declaration) -> bool:
    return (
        bool(item.result)
        and item.result not in {"void", "Promise<void>", "()", "Task", "undefined"}
        and item.name != item.owner
    )


def _arrow_throws(source: Source, item: Declaration) -> tuple[int, int] | None:
    """The body of ``=> throw new NotImplementedException();`` in C#, by its offsets."""
    start = sum(len(line) + 1 for line in source.text.split("\n")[: item.line - 1])
    found = re.compile(r"=>\s*throw\s+new\s+NotImplementedException\s*\(\s*\)\s*;").search(
        source.code, start, start + 600
    )
    if found is None or re.search(r"[;{}]", source.code[start : found.start()]):
        return None
    return found.start(), found.end()


def _patch(source: Source, item: Declaration, lines: list[str]) -> Patch | None:
    span = item.body or _arrow_throws(source, item)
    if span is None:
        return None
    text = source.text
    first = text.count("\n", 0, span[0])
    last = text.count("\n", 0, span[1] - (0 if item.body else 1))
    head = text[text.rfind("\n", 0, span[0]) + 1 : span[0]].rstrip()
    end = text.find("\n", span[1])
    tail = text[span[1] + (1 if item.body else 0) : end if end >= 0 else len(text)].rstrip("\r")
    indent = re.match(r"[ \t]*", lines[item.line - 1] if item.line <= len(lines) else "")
    base = indent.group() if indent else ""
    step = _step(lines)
    suffix = splitext(source.path)[1].lower()
    body = [f"{base}{step}{line}" for line in _body(suffix, source, item)]
    kept = [f"{base}{step}{line}" for line in _comments(source, span)]
    opened = (
        [f"{head}", f"{base}{{"]
        if suffix == ".cs" and head.strip()
        else [f"{head} {{".lstrip() if not head else f"{head} {{"]
    )
    if not head.strip():
        opened = [f"{base}{{"]
    made = (*opened, *kept, *body, f"{base}}}{tail}")
    return None if tuple(lines[first : last + 1]) == made else Patch(first, last + 1, made)


def _comments(source: Source, span: tuple[int, int]) -> list[str]:
    """Comments that stood in the body, one a line."""
    found = re.findall(r"//[^\n]*|/\*[\s\S]*?\*/", source.text[span[0] : span[1]])
    return [" ".join(text.split()) for text in found if "rolecall" not in text]


def _step(lines: list[str]) -> str:
    indents = [
        match.group()
        for line in lines
        if (match := re.match(r"[ \t]+(?=\S)", line)) and not line.lstrip().startswith("*")
    ]
    if any(indent.startswith("\t") for indent in indents):
        return "\t"
    return min(indents, key=len, default="    ")


def _body(suffix: str, source: Source, item: Declaration) -> list[str]:
    told = read_comment(item.comment)
    goal = told.result[1].rstrip(".") or told.text.split(". ")[0].rstrip(".") or words(item.name)
    lines = [f"// TODO(rolecall): {goal}"]
    lines += [
        f"// TODO(rolecall): refuse with {name}" + (f" where {when.rstrip('.')}" if when else "")
        for name, when in errors(source, item)
        if not _SAYS_MISSING.search(name) and name != "Error"
    ]
    message = quoted(f"not implemented: {item.qualified}")
    return [*lines, _FAILS[suffix].format(message=message)]


_FAILS = {
    **dict.fromkeys(SCRIPT_SUFFIXES, "throw new Error({message});"),
    ".go": "panic({message})",
    ".rs": "todo!({message})",
    ".java": "throw new UnsupportedOperationException({message});",
    ".cs": "throw new NotImplementedException({message});",
}


def _writes_typings(draft: Draft, source: Source, paths: set[str]) -> bool:
    stem, suffix = splitext(source.path)
    if suffix.lower() not in {".js", ".mjs", ".cjs"} or not source.declarations:
        return False
    path = stem + {".mjs": ".d.mts", ".cjs": ".d.cts"}.get(suffix.lower(), ".d.ts")
    if path in paths:
        draft.say(f"{source.path} has no stub to fill in, and {path} declares its types already.")
        return True
    if draft.file(path, typings(source)):
        draft.say(
            f"{source.path} has no stub to fill in; {path} holds its typed signatures, from its comments and "
            "defaults."
        )
        draft.say(
            "Types that no comment tells are `unknown`. Nothing was run. Check with: npx tsc --noEmit " + path
        )
    return True


def _writes_skeletons(draft: Draft, source: Source, paths: set[str]) -> bool:
    open_kinds = [kind for kind in source.kinds if _is_open(source, kind)]
    made = skeletons(source, open_kinds)
    if made is None or made[0] in paths:
        return False
    if draft.file(*made):
        names = ", ".join(kind.name for kind in open_kinds)
        draft.say(
            f"Nothing in {source.path} implements {names}; {made[0]} holds a typed skeleton of it, each "
            "body to fill in."
        )
    return True


def _is_open(source: Source, kind: Kind) -> bool:
    """Whether it is an interface with methods that nothing in the file implements."""
    if kind.kind not in {"interface", "trait"} or "(" not in source.code[kind.span[0] : kind.span[1]]:
        return False
    if source.path.endswith(".go"):
        return not _is_met(source, kind)
    return not re.search(
        rf"(?:implements|:|,|for)\s+[^{{;\n]*\b{re.escape(kind.name)}\b[^;\n]*\{{|impl\s+{re.escape(kind.name)}\s+for\b",
        source.code,
    )


def _is_met(source: Source, kind: Kind) -> bool:
    """Whether a type of a Go file has all methods of an interface."""
    wanted = set(re.findall(r"^[ \t]+(\w+)\(", source.code[slice(*kind.span)], re.MULTILINE))
    having: dict[str, set[str]] = {}
    for item in source.declarations:
        having.setdefault(item.owner, set()).add(item.name)
    return any(owner and wanted <= names for owner, names in having.items())


def _say_why_not(draft: Draft, source: Source) -> None:
    declared = ", ".join(item.shown for item in source.declarations[:8])
    if not declared:
        draft.say(
            f"{source.path} declares no function that could be told apart, so there is nothing to give a "
            "stub to."
        )
    else:
        draft.say(f"No stub in {source.path}: each of these has a body, and nothing was changed: {declared}.")
    open_points = todos(source.text)
    if open_points:
        draft.say("Left to do by its comments, in bodies that only a person or a model can write:")
        for number, text in open_points[:6]:
            draft.say(f"Line {number}: {text}")
    else:
        draft.say("Name what is missing: a signature without a body, or a TODO at its place.")
