"""Other languages: names and comments, found by their keywords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import basename, dirname, join, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.source.wording import slug, words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rolecall.context.items import ContextItem
    from rolecall.task import Selection

_MAX_NAMES = 40
_MAX_CHARACTERS = 400_000

# Each pattern begins at a keyword and stops at its line's end, so that scanning stays linear.
_PATTERNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts"),
        r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:function\*?|class)\s+(\w+)|^\s*export\s+const\s+(\w+)\s*=",
    ),
    ((".go",), r"^func\s+(?:\([^)\n]{1,100}\)\s*)?(\w+)|^type\s+(\w+)"),
    ((".rs",), r"^\s*(?:pub(?:\([^)\n]{1,30}\))?\s+)?(?:async\s+)?(?:fn|struct|enum|trait)\s+(\w+)"),
    (
        (".java", ".kt", ".cs", ".scala"),
        (
            r"^\s*(?:(?:public|protected|internal|static|final|abstract|override|suspend|open|data)\s+)*"
            r"(?:class|interface|record|enum|object|fun)\s+(\w+)"
            r"|^\s*public\s+[\w<>\[\], ]{1,80}?\s(\w+)\s*\("
        ),
    ),
    ((".rb",), r"^\s*(?:def|class|module)\s+([\w.?!]+)"),
    (
        (".php",),
        r"^\s*(?:(?:public|protected|private|static|abstract|final)\s+)*(?:function|class|interface)\s+(\w+)",
    ),
    ((".swift",), r"^\s*(?:public\s+)?(?:func|class|struct|enum|protocol)\s+(\w+)"),
    (
        (".c", ".h", ".cc", ".cpp", ".hpp"),
        r"^(?!\s*(?:return|else|if|for|while|switch)\b)[A-Za-z_][\w\s*&:<>]{0,80}?\b(\w+)\s*\([^;\n]{0,200}\)\s*\{",
    ),
    ((".sh", ".bash"), r"^\s*(?:function\s+)?(\w+)\s*\(\)"),
    ((".lua",), r"^\s*(?:local\s+)?function\s+([\w.:]+)"),
    (
        (".sql",),
        r"(?i)^\s*create\s+(?:or\s+replace\s+)?(?:table|view|function|procedure)\s+(?:if\s+not\s+exists\s+)?([\w.]+)",
    ),
)
_FALLBACK = (
    r"^\s*(?:export\s+|pub\s+|public\s+)?"
    r"(?:def|fn|func|function|class|struct|interface|module|sub|proc)\s+(\w+)"
)
_COMMENT = re.compile(r"^\s*(?://+|#+|--|;+|\*|/\*+)\s?(.*?)\s*(?:\*/)?$")
_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b")


@dataclass(frozen=True, slots=True)
class Name:
    """A definition, the line it stands on, and the comment above it."""

    name: str
    line: int
    comment: str = ""


def names(path: str, text: str, selection: Selection | None) -> list[Name]:
    """The definitions of a file in any language, in the order of the text."""
    suffix = splitext(path)[1].lower()
    source = next((pattern for suffixes, pattern in _PATTERNS if suffix in suffixes), _FALLBACK)
    pattern = re.compile(source)
    found: dict[str, Name] = {}
    lines = text[:_MAX_CHARACTERS].split("\n")
    for number, line in enumerate(lines, 1):
        match = pattern.match(line[:300])
        if match is None or (selection and not selection.start_line <= number <= selection.end_line):
            continue
        name = next(group for group in match.groups() if group)
        found.setdefault(name, Name(name, number, _comment_above(lines, number - 1)))
    return list(found.values())[:_MAX_NAMES]


def _comment_above(lines: list[str], index: int) -> str:
    parts: list[str] = []
    for line in reversed(lines[max(0, index - 12) : index]):
        match = _COMMENT.match(line[:300])
        if match is None or not line.strip():
            break
        parts.append(re.sub(r"^@.*", "", match.group(1).strip("/*# ")))
    return " ".join(part for part in reversed(parts) if part)[:300]


def todos(text: str) -> list[tuple[int, str]]:
    """Lines with TODO or FIXME."""
    return [
        (number, " ".join(line.split())[:160])
        for number, line in enumerate(text[:_MAX_CHARACTERS].split("\n"), 1)
        if _TODO.search(line)
    ][:20]


def tests(target: ContextItem, selection: Selection | None, paths: Collection[str]) -> Draft:
    """Tests to fill in, in the language's usual framework; a list of cases where none is known."""
    draft = Draft()
    found = names(target.path, target.text, selection)
    if not found:
        draft.say(f"No function or class could be told apart in {target.path}; tests need names to call.")
        return draft
    suffix = splitext(target.path)[1].lower()
    write = _TEST_WRITERS.get(suffix)
    path, text = write(target.path, found) if write else _test_list(target.path, found)
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, text):
        draft.say(
            f"{len(found)} tests for {target.path} in {path}, each waiting to be filled in: in this "
            "language only names and comments were read."
        )
    return draft


def _javascript(path: str, found: list[Name]) -> tuple[str, str]:
    stem, suffix = splitext(path)
    lines = [f"// Tests of {path}: TODO(rolecall): import what is tested, and fill in each case."]
    lines.append(f'describe("{basename(stem)}", () => {{')
    for item in found:
        lines += [
            f'  test.todo("{item.name}: gives the documented result");',
            f'  test.todo("{item.name}: refuses invalid input");',
        ]
    return f"{stem}.test{suffix}", "\n".join([*lines, "});", ""])


def _go(path: str, found: list[Name]) -> tuple[str, str]:
    stem = splitext(path)[0]
    package = re.sub(r"[^a-z0-9]", "", basename(dirname(path)).lower()) or "main"
    lines = [
        f"package {package} // TODO(rolecall): the package of {basename(path)}",
        "",
        'import "testing"',
        "",
    ]
    for item in found:
        title = item.name[:1].upper() + item.name[1:]
        lines += [
            f"func Test{title}(t *testing.T) {{",
            f'\tt.Skip("TODO(rolecall): call {item.name} and check its result")',
            "}",
            "",
        ]
    return f"{stem}_test.go", "\n".join(lines)


def _rust(path: str, found: list[Name]) -> tuple[str, str]:
    lines = [f"// Tests of {path}: TODO(rolecall): use what is tested, and fill in each case.", ""]
    for item in found:
        lines += [
            "#[test]",
            '#[ignore = "TODO(rolecall): fill in"]',
            f"fn {words(item.name).replace(' ', '_')}_gives_its_documented_result() {{",
        ]
        lines += [f'    todo!("call {item.name} and check its result");', "}", ""]
    return join("tests", f"{basename(splitext(path)[0])}_test.rs"), "\n".join(lines)


def _java(path: str, found: list[Name]) -> tuple[str, str]:
    stem = basename(splitext(path)[0])
    lines = [
        "import org.junit.jupiter.api.Disabled;",
        "import org.junit.jupiter.api.Test;",
        "",
        f"class {stem}Test {{",
    ]
    for item in found:
        lines += [
            "    @Test",
            '    @Disabled("TODO(rolecall): fill in")',
            f"    void {item.name}GivesItsDocumentedResult() {{",
        ]
        lines += [f'        throw new AssertionError("call {item.name} and check its result");', "    }", ""]
    folder = dirname(path).replace("src/main/", "src/test/")
    return join(folder, f"{stem}Test.java"), "\n".join([*lines[:-1], "}", ""])


def _ruby(path: str, found: list[Name]) -> tuple[str, str]:
    stem = basename(splitext(path)[0])
    lines = [f'RSpec.describe "{stem}" do']
    lines += [
        f'  it "{item.name} gives its documented result" # TODO(rolecall): pending without a block'
        for item in found
    ]
    return join("spec", f"{stem}_spec.rb"), "\n".join([*lines, "end", ""])


def _test_list(path: str, found: list[Name]) -> tuple[str, str]:
    lines = [
        f"# Tests to write for `{path}`",
        "",
        "| Name | Line | Case | Expected result |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{item.name}` | {item.line} | {case} | TODO(rolecall) |"
        for item in found
        for case in ("documented input", "empty input", "invalid input")
    ]
    return join("docs", "test-plans", f"{slug(basename(path))}.md"), "\n".join([*lines, ""])


_TEST_WRITERS: dict[str, Callable[[str, list[Name]], tuple[str, str]]] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts"), _javascript),
    ".go": _go,
    ".rs": _rust,
    ".java": _java,
    ".rb": _ruby,
}


def page(
    target: ContextItem, selection: Selection | None, paths: Collection[str], folder: str, title: str
) -> Draft:
    """A page on the names of a file, with their comments and what is left to do."""
    draft = Draft()
    found = names(target.path, target.text, selection)
    open_points = todos(target.text)
    if not found and not open_points:
        draft.say(f"No function, class or TODO could be told apart in {target.path}; name a file with code.")
        return draft
    lines = [f"# {title} of `{target.path}`", ""]
    for item in found:
        lines += [
            f"## `{item.name}`",
            "",
            item.comment or "TODO(rolecall): say what it is for.",
            "",
            f"Source: `{target.path}:{item.line}`",
            "",
        ]
    if open_points:
        lines += [
            "## Open questions",
            "",
            *(f"- `{target.path}:{number}`: {text}" for number, text in open_points),
            "",
        ]
    path = join("docs", folder, f"{slug(basename(target.path))}.md")
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        draft.say(
            f"{path} lists {len(found)} names of {target.path} with their comments; in this language only "
            "names and comments were read."
        )
    return draft
