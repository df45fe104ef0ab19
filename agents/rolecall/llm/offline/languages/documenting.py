"""Documentation comments for functions that have none, in the form of their language."""

from __future__ import annotations

import re
from posixpath import splitext
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.behaviours import callable_declarations
from rolecall.llm.offline.languages.comments import read_comment
from rolecall.llm.offline.languages.declarations import is_readable, read
from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES
from rolecall.llm.offline.languages.thrown import thrown
from rolecall.llm.offline.languages.typings import split_list
from rolecall.llm.offline.patches import Patch, split_lines, to_edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.context.items import ContextItem
    from rolecall.llm.offline.languages.declarations import Declaration, Source
    from rolecall.task import Selection

_ABOVE = re.compile(r"^\s*(?://|/\*|\*|@\w|#\[|\[\w)")
_DIRECTIVE = re.compile(
    r"^\s*(?:eslint|@ts-|prettier|biome|istanbul|c8|v8|go:|nolint|noinspection)\S*.*$", re.MULTILINE
)
_NOTHING = frozenset({"", "void", "()", "Promise<void>", "Task", "undefined", "never"})
_TODO = "TODO(rolecall): "


def docstrings(target: ContextItem, selection: Selection | None) -> Draft:
    """A comment above each public function that has none; what the code does not say is marked."""
    draft = Draft()
    if not is_readable(target.path):
        draft.say(f"Functions of this language are not told apart without a model; {target.path} was left.")
        return draft
    source = read(target.path, target.text, selection)
    found = callable_declarations(source, selection)
    open_items = [item for item in found if not is_documented(item)]
    lines = split_lines(target.text)
    edits = to_edits(lines, [_patch(source, item, lines) for item in open_items]) if open_items else None
    if not found:
        draft.say(f"{target.path} declares no function that could be told apart, so nothing was added.")
    elif not edits:
        draft.say(f"Every function of {target.path} has a comment already; nothing was added.")
    elif draft.edit(target.path, edits):
        named = ", ".join(item.qualified for item in open_items[:8])
        draft.say(f"Functions of {target.path} that now have a documentation comment to fill in: {named}.")
        draft.say("Parameters and errors are the code's own; each TODO(rolecall) needs a person, or a model.")
    return draft


def is_documented(item: Declaration) -> bool:
    """Whether a comment says something of it; orders to a linter or compiler do not count."""
    if _TODO.strip() in item.comment:
        return True
    told = read_comment(_DIRECTIVE.sub("", item.comment))
    return bool(told.text or told.parameters or told.result[1] or "inheritdoc" in item.comment.lower())


def parameter_names(suffix: str, item: Declaration) -> list[str]:
    """Names in the order of the signature, as far as each has one."""
    found: list[str] = []
    for part in split_list(item.parameters):
        plain = re.split(r"(?<![=!<>])=(?![=>])", part, maxsplit=1)[0].strip()
        if suffix in SCRIPT_SUFFIXES:
            plain = re.split(r"\s*\??\s*:", plain, maxsplit=1)[0] if not plain.startswith(("{", "[")) else ""
        elif suffix == ".rs":
            plain = plain.split(":", 1)[0] if ":" in plain else ""
        elif suffix == ".go":
            plain = plain.split(" ", 1)[0]
        match = re.search(r"([\w$]+)\s*\??$", plain)
        if match and match[1] != "this":
            found.append(match[1])
    return found


def _patch(source: Source, item: Declaration, lines: list[str]) -> Patch:
    """Above the attributes and directives of a function, where tools look for its comment."""
    place = item.line - 1
    indent = re.match(r"[ \t]*", lines[place])
    while place > 0 and _ABOVE.match(lines[place - 1]):
        place -= 1
    suffix = splitext(source.path)[1].lower()
    made = _WRITERS[suffix](source, item, suffix)
    base = indent.group() if indent else ""
    return Patch(place, place, tuple(f"{base}{line}" for line in made), item.line - 1)


def _errors(source: Source, item: Declaration) -> list[tuple[str, str]]:
    return list(dict.fromkeys((error.name, error.condition) for error in thrown(source, item)))


def _tags(source: Source, item: Declaration, suffix: str) -> list[str]:
    """JSDoc, TSDoc and Javadoc."""
    script = suffix in SCRIPT_SUFFIXES
    tags = [
        f"@param {name} {'- ' if script else ''}{_TODO}say what it is"
        for name in parameter_names(suffix, item)
    ]
    if item.result not in _NOTHING or (script and _returns(source, item)):
        tags.append(f"@{'returns' if script else 'return'} {_TODO}say what is given")
    for name, condition in _errors(source, item):
        case = condition.replace("*/", "* /")
        shown = f"`{case}`" if script else f"{{@code {case}}}"
        when = f"if {shown}" if case else f"{_TODO}say when"
        tags.append(f"@throws {f'{{{name}}}' if script else name} {when}")
    text = [f"{_TODO}say what {item.name} does.", *([""] if tags else []), *tags]
    return ["/**", *(f" * {line}".rstrip() for line in text), " */"]


def _returns(source: Source, item: Declaration) -> bool:
    return not item.result and bool(
        item.body and re.search(r"\breturn\s+[^;\s]", source.code[slice(*item.body)])
    )


def _go(source: Source, item: Declaration, _suffix: str) -> list[str]:
    lines = [f"// {item.name}: {_TODO}say what it does."]
    for name, condition in _errors(source, item):
        lines.append(f"// It returns {name} {f'if {condition}' if condition else f'{_TODO}say when'}.")
    return lines


def _rust(source: Source, item: Declaration, _suffix: str) -> list[str]:
    lines = [f"/// {_TODO}say what `{item.name}` does."]
    errors = _errors(source, item)
    if errors or item.result.startswith("Result"):
        lines += ["///", "/// # Errors", "///"]
        lines += [
            f"/// `{name}` {f'if `{condition}`' if condition else f'{_TODO}say when'}."
            for name, condition in errors
        ] or [f"/// {_TODO}say which, and when."]
    return lines


def _xml(source: Source, item: Declaration, suffix: str) -> list[str]:
    lines = [f"/// <summary>{_TODO}say what {item.name} does.</summary>"]
    lines += [
        f'/// <param name="{name}">{_TODO}say what it is.</param>' for name in parameter_names(suffix, item)
    ]
    if item.result not in _NOTHING:
        lines.append(f"/// <returns>{_TODO}say what is given.</returns>")
    for name, condition in _errors(source, item):
        when = f"If <c>{escape(condition)}</c>." if condition else f"{_TODO}say when."
        lines.append(f'/// <exception cref="{name}">{when}</exception>')
    return lines


_WRITERS: dict[str, Callable[[Source, Declaration, str], list[str]]] = {
    **dict.fromkeys(SCRIPT_SUFFIXES, _tags),
    ".java": _tags,
    ".go": _go,
    ".rs": _rust,
    ".cs": _xml,
}
