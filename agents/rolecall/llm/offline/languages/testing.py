"""Tests to fill in, in the framework that the workspace uses."""

from __future__ import annotations

import re
from collections import Counter
from posixpath import basename, dirname, join, relpath, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.cases import Case, cases, identifier, quoted
from rolecall.llm.offline.languages.declarations import Declaration, Source, is_readable, read
from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES
from rolecall.llm.offline.languages.names import names, tests_of_names
from rolecall.llm.offline.patches import Patch, split_lines, to_edits

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.context.items import ContextItem, Gathered
    from rolecall.task import Selection

_MAX = 40
_TEST_FILE = re.compile(r"(?P<stem>.+)\.(?P<mark>test|spec)\.[cm]?[jt]sx?")


def tests(target: ContextItem, selection: Selection | None, gathered: Gathered) -> Draft:
    """Tests to fill in, each with what it has to show; a list of cases where no framework is known."""
    paths = {*gathered.facts.paths, *(item.path for item in gathered.items)}
    if not is_readable(target.path):
        return tests_of_names(target, names(target.path, target.text, selection), paths)
    draft = Draft()
    source = read(target.path, target.text, selection)
    found = [item for item in source.declarations if item.name not in {"main", "init", "constructor"}]
    shown = [item for item in found if item.public] or found
    if not shown:
        draft.say(f"No function could be told apart in {target.path}; tests need something to call.")
        return draft
    suffix = splitext(target.path)[1].lower()
    path, text, command = _WRITERS[suffix](source, shown[:_MAX], gathered)
    if path in paths:
        _extend(draft, path, source, shown, gathered)
    elif draft.file(path, text):
        count = sum(len(cases(source, item)) for item in shown[:_MAX])
        draft.say(
            f"{count} tests for {target.path} in {path}, each waiting to be filled in: in this language only "
            "signatures and comments were read."
        )
        draft.say(f"Nothing was run. Check with: {command}")
    return draft


def _extend(draft: Draft, path: str, source: Source, shown: list[Declaration], gathered: Gathered) -> None:
    """Cases for what the existing tests do not name, at their end."""
    existing = next((item.text for item in gathered.items if item.path == path), None)
    left = [item for item in shown if existing and not _names(existing, item)]
    if existing is None or not left:
        draft.say(f"{path} names every function of {source.path} already; nothing was added.")
        return
    added = _addition(splitext(path)[1].lower(), source, left, existing)
    if not added:
        listed = ", ".join(item.qualified for item in left[:8])
        draft.say(f"{path} exists; it was left as it is. It names no test of: {listed}.")
        return
    lines = split_lines(existing)
    edits = to_edits(lines, [Patch(len(lines), len(lines), ("", *added))])
    if edits and draft.edit(path, edits):
        draft.say(f"{path} gets cases to fill in for {', '.join(item.qualified for item in left[:8])}.")
        draft.say("The tests that stand there are left as they are. Nothing was run.")


def _names(existing: str, item: Declaration) -> bool:
    return (
        re.search(
            rf"\b{re.escape(item.name)}\b|(?:test|Test)_?{re.escape(item.name)}", existing, re.IGNORECASE
        )
        is not None
    )


def _addition(suffix: str, source: Source, left: list[Declaration], existing: str) -> list[str]:
    if suffix == ".go":
        return _go_tests(source, left, set(re.findall(r"^func (Test\w+)", existing, re.MULTILINE)))[1:]
    found = re.search(r"^\s*(?P<group>describe|suite)\(", existing, re.MULTILINE)
    case = re.search(r"^\s*(?P<case>it|test)(?:\.\w+)?\(", existing, re.MULTILINE)
    if suffix not in SCRIPT_SUFFIXES or case is None:
        return []
    todo = "({title});" if re.search(r"[\"']mocha[\"']|from [\"']chai[\"']", existing) else ".todo({title});"
    if found is not None:
        return _script_groups(source, left, f"{case['case']}{todo}", found["group"])[1:]
    titles = [f"{item.qualified} {one.title}" for item in left for one in cases(source, item)]
    return [f"{case['case']}{todo}".replace("{title}", quoted(title)) for title in titles]


_Written = tuple[str, str, str]


def _script(source: Source, found: list[Declaration], gathered: Gathered) -> _Written:
    runner = gathered.facts.test_runner
    runner = runner if runner in _RUNNERS else "node --test"
    path = _script_path(source.path, gathered)
    typed = splitext(source.path)[1].lower() in {".ts", ".tsx", ".mts", ".cts"}
    commonjs = not typed and _is_commonjs(source, gathered)
    imports, case, command = _RUNNERS[runner]
    lines = [f"// Tests of {source.path}, waiting to be filled in."]
    if imports:
        lines.append(_import(imports, commonjs=commonjs))
    public = sorted({item.owner or item.name for item in found if item.public})
    if public:
        shown = _specifier(path, source)
        listed = f"{{ {', '.join(public)} }}"
        lines += [
            "",
            f"// TODO(rolecall): {_import((listed, shown), commonjs=commonjs)}",
        ]
    lines += _script_groups(source, found, case, "describe")
    return path, "\n".join([*lines, ""]), f"{command} {path}"


def _script_groups(source: Source, found: list[Declaration], case: str, group: str) -> list[str]:
    lines: list[str] = []
    for item in found:
        lines += ["", f"{group}({quoted(item.qualified)}, () => {{"]
        lines += [f"  {case.replace('{title}', quoted(one.title))}" for one in cases(source, item)]
        lines.append("});")
    return lines


_RUNNERS: dict[str, tuple[tuple[str, str] | None, str, str]] = {
    "vitest": (("{ describe, it }", "vitest"), "it.todo({title});", "npx vitest run"),
    "jest": (None, "it.todo({title});", "npx jest"),
    "mocha": (None, "it({title});", "npx mocha"),
    "node --test": (("{ describe, it }", "node:test"), "it.todo({title});", "node --test"),
}


def _import(what: tuple[str, str], *, commonjs: bool) -> str:
    return f'const {what[0]} = require("{what[1]}");' if commonjs else f'import {what[0]} from "{what[1]}";'


def _is_commonjs(source: Source, gathered: Gathered) -> bool:
    suffix = splitext(source.path)[1]
    if suffix in {".cjs", ".mjs", ".mts"}:
        return suffix == ".cjs"
    if re.search(r"^\s*(?:import\b|export\b)", source.code, re.MULTILINE):
        return False
    if re.search(r"\brequire\(|\bmodule\.exports\b|^exports\.", source.code, re.MULTILINE):
        return True
    packages = [item.text for item in gathered.facts.manifests if basename(item.path) == "package.json"]
    return not (packages and re.search(r'"type"\s*:\s*"module"', packages[0]))


def _script_path(path: str, gathered: Gathered) -> str:
    """Beside the source or in the project's test folder, as most of its tests are."""
    stem, suffix = splitext(basename(path))
    tests_there = [found for found in gathered.facts.paths if _TEST_FILE.fullmatch(basename(found))]
    marks = Counter(
        match["mark"] for found in tests_there if (match := _TEST_FILE.fullmatch(basename(found)))
    )
    mark = marks.most_common(1)[0][0] if marks else "test"
    folders = Counter(dirname(found) for found in tests_there)
    folder = dirname(path)
    if join(folder, "__tests__") in folders:
        folder = join(folder, "__tests__")
    elif folders and folder not in folders:
        apart = [name for name in folders if re.search(r"(?:^|/)(?:tests?|spec|__tests__)(?:/|$)", name)]
        beside = sum(count for name, count in folders.items() if name not in apart)
        if apart and beside < sum(folders[name] for name in apart):
            folder = min(apart, key=lambda name: (-folders[name], name))
    return join(folder, f"{stem}.{mark}{suffix}")


def _specifier(test: str, source: Source) -> str:
    stem, suffix = splitext(source.path)
    near = relpath(stem, dirname(test) or ".")
    near = near if near.startswith(".") else f"./{near}"
    plain = {".ts": ".js", ".tsx": ".js", ".mts": ".mjs", ".cts": ".cjs"}.get(suffix, suffix)
    return f"{near}{plain}"


def _go(source: Source, found: list[Declaration], gathered: Gathered) -> _Written:
    folder = dirname(source.path)
    beside = [
        item.text for item in gathered.items if dirname(item.path) == folder and item.path.endswith(".go")
    ]
    taken = set(re.findall(r"^func (Test\w+)", "\n".join(beside), re.MULTILINE))
    lines = [
        f"package {_go_package(source, beside)}",
        "",
        'import "testing"',
        *_go_tests(source, found, taken),
    ]
    return f"{splitext(source.path)[0]}_test.go", "\n".join([*lines, ""]), f"go test ./{folder}"


def _go_tests(source: Source, found: list[Declaration], taken: set[str]) -> list[str]:
    lines: list[str] = []
    for item in found:
        title = f"Test{item.owner[:1].upper()}{item.owner[1:]}" + ("_" if item.owner else "")
        title += item.name if item.owner else item.name[:1].upper() + item.name[1:]
        title = title if title not in taken else f"{title}_Scaffold"
        taken.add(title)
        lines += ["", f"func {title}(t *testing.T) {{"]
        for case in cases(source, item):
            reason = f"TODO(rolecall): {_call_and_check(item, case)}"
            lines += [
                f"\tt.Run({quoted(case.title)}, func(t *testing.T) {{",
                f"\t\tt.Skip({quoted(reason)})",
                "\t})",
            ]
        lines.append("}")
    return lines


def _call_and_check(item: Declaration, case: Case) -> str:
    return f"call {item.shown}, and check that it {case.title}"


def _go_package(source: Source, beside: list[str]) -> str:
    """The clause of the file itself; of another file in the folder where it has none."""
    for text in (source.code, *beside):
        clause = re.search(r"^package\s+(\w+)", text, re.MULTILINE)
        if clause:
            return clause.group(1)
    return re.sub(r"\W", "", basename(dirname(source.path)).lower()) or "main"


def _rust(source: Source, found: list[Declaration], gathered: Gathered) -> _Written:
    stem = re.sub(r"\W", "_", basename(splitext(source.path)[0]))
    lines = [f"// Tests of {source.path}: TODO(rolecall): use what is tested, and fill in each case."]
    taken: set[str] = set()
    for item in found:
        for case in cases(source, item):
            name = _free(identifier(item.qualified, case.name), taken)
            lines += ["", "#[test]", '#[ignore = "TODO(rolecall): fill in"]', f"fn {name}() {{"]
            text = f"call {item.qualified}, and check that it {case.title}"
            lines += [f"    todo!({quoted(text.replace('{', '{{').replace('}', '}}'))});", "}"]
    home = next(
        (dirname(item.path) for item in gathered.facts.manifests if basename(item.path) == "Cargo.toml"), ""
    )
    return join(home, "tests", f"{stem}_test.rs"), "\n".join([*lines, ""]), f"cargo test --test {stem}_test"


def _free(name: str, taken: set[str]) -> str:
    number = 1
    unique = name
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    taken.add(unique)
    return unique


def _java(source: Source, found: list[Declaration], gathered: Gathered) -> _Written:
    stem = basename(splitext(source.path)[0])
    package = re.search(r"^package\s+([\w.]+)\s*;", source.code, re.MULTILINE)
    old = gathered.facts.test_runner == "JUnit 4"
    names_ = (
        ("org.junit.Ignore", "org.junit.Test")
        if old
        else ("org.junit.jupiter.api.Disabled", "org.junit.jupiter.api.Test")
    )
    lines = [f"package {package.group(1)};", ""] if package else []
    lines += [*(f"import {name};" for name in names_), "", f"{'public ' if old else ''}class {stem}Test {{"]
    taken: set[str] = set()
    for item in found:
        for case in cases(source, item):
            name = _free(identifier(item.name, case.name, camel=True), taken)
            lines += [
                "    @Test",
                f'    @{"Ignore" if old else "Disabled"}("TODO(rolecall): fill in")',
                f"    {'public ' if old else ''}void {name}() {{",
            ]
            lines += [
                f"        throw new AssertionError({quoted(_call_and_check(item, case))});",
                "    }",
                "",
            ]
    folder = dirname(source.path).replace("src/main/", "src/test/")
    runner = (
        "mvn test"
        if any(basename(item.path) == "pom.xml" for item in gathered.facts.manifests)
        else "gradle test"
    )
    return join(folder, f"{stem}Test.java"), "\n".join([*lines[:-1], "}", ""]), runner


def _csharp(source: Source, found: list[Declaration], gathered: Gathered) -> _Written:
    stem = basename(splitext(source.path)[0])
    space = re.search(r"^namespace\s+([\w.]+)", source.code, re.MULTILINE)
    using, mark = _DOTNET.get(gathered.facts.test_runner or "", _DOTNET["xUnit"])
    lines = [f"using {using};", ""]
    lines += [f"namespace {space.group(1)}.Tests;", ""] if space else []
    lines += [f"public class {stem}Tests", "{"]
    taken: set[str] = set()
    for item in found:
        for case in cases(source, item):
            name = _free(
                "_".join(word[:1].upper() + word[1:] for word in identifier(item.name, case.name).split("_")),
                taken,
            )
            reason = f"TODO(rolecall): {_call_and_check(item, case)}"
            lines += [f"    {line}" for line in mark.format(reason=quoted(reason)).split("\n")]
            lines += [f"    public void {name}()", "    {", "    }", ""]
    return _csharp_path(source.path, stem, gathered), "\n".join([*lines[:-1], "}", ""]), "dotnet test"


_DOTNET = {
    "xUnit": ("Xunit", "[Fact(Skip = {reason})]"),
    "NUnit": ("NUnit.Framework", "[Test, Ignore({reason})]"),
    "MSTest": ("Microsoft.VisualStudio.TestTools.UnitTesting", "[TestMethod, Ignore({reason})]"),
}


def _csharp_path(path: str, stem: str, gathered: Gathered) -> str:
    there = [dirname(found) for found in gathered.facts.paths if found.endswith("Tests.cs")]
    folder = there[0] if there else join("tests", f"{basename(dirname(path)) or 'Project'}.Tests")
    return join(folder, f"{stem}Tests.cs")


_WRITERS: dict[str, Callable[[Source, list[Declaration], Gathered], _Written]] = {
    **dict.fromkeys(SCRIPT_SUFFIXES, _script),
    ".go": _go,
    ".rs": _rust,
    ".java": _java,
    ".cs": _csharp,
}
