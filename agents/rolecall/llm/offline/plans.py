"""The QA engineer's other tasks: a test plan, security tests and performance tests, as honest scaffolds."""

from __future__ import annotations

import re
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.source.environment import required_at_import
from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.wording import slug, words
from rolecall.llm.offline.testing.files import own_imports
from rolecall.llm.offline.testing.names import Names
from rolecall.llm.offline.testing.values import quoted
from rolecall.llm.offline.testing.wording import snake

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Definition
    from rolecall.llm.offline.study import Study

_HOSTILE = (
    ("sql_injection", "' OR '1'='1' --"),
    ("shell_injection", "$(touch /tmp/owned); `id`"),
    ("template_injection", "{{7*7}}${7*7}"),
    ("markup", "<script>alert(1)</script>"),
    ("path_traversal", "../../etc/passwd"),
    ("control_characters", "a\x00b\r\nSet-Cookie: x=1"),
    ("oversized", "A" * 40),
)
_MAX = 12


def test_plan(study: Study) -> Draft:
    """A plan: risks, cases with their source, what is left out, entry and exit criteria."""
    items = [item for item in study.definitions() if not item.name.startswith("__")]
    draft = Draft()
    if not items:
        draft.say(f"{study.target.path} has no public function or method to plan tests for.")
        return draft
    samples = study.samples()
    lines = [
        f"# Test plan for {words(study.title)}",
        "",
        f"Read from `{study.target.path}`.",
        "",
        "## Risks",
        "",
    ]
    lines += [
        "| What can fail | For whom | How likely | How bad | Reason |",
        "| --- | --- | --- | --- | --- |",
    ]
    for item in items:
        branches = _branches(item)
        likely = "high" if branches > 6 else "medium" if branches > 2 else "low"  # noqa: PLR2004 - rough, and said so
        lines.append(
            f"| `{item.qualified}` gives a wrong result | TODO(rolecall) | {likely} | TODO(rolecall) | "
            f"{branches} branches in its code |"
        )
    lines += [
        "",
        "## Cases",
        "",
        "| Id | Source | Level | Input | Expected result |",
        "| --- | --- | --- | --- | --- |",
    ]
    number = 0
    for item in items:
        rows = [(sample.call, sample.error or sample.shown) for sample in samples.get(item.qualified, [])]
        rows = rows or [(f"{item.qualified}(…)", "TODO(rolecall)")]
        rows += [
            (f"`{error.condition}`" if error.condition else "TODO(rolecall)", error.name)
            for error in raised(item.node)
        ]
        for call, expected in rows:
            number += 1
            lines.append(
                f"| TC-{number} | `{study.target.path}:{item.node.lineno}` | unit | {_cell(call)} | "
                f"{_cell(expected)} |"
            )
    lines += [
        "",
        "## Left untested",
        "",
        "- TODO(rolecall): what is left out, and why.",
        "",
        "## Entry and exit criteria",
        "",
    ]
    lines += [
        "- Entry: the module imports, and its linter is silent.",
        f"- Exit: all {number} cases pass in one run, and no test is skipped.",
        "",
    ]
    path = join(study.project.home(study.target.path), "docs", "test-plans", f"{slug(study.title)}.md")
    if path in study.project.paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        draft.say(
            f"{path} plans {number} cases for {study.target.path}; inputs and results were computed from "
            "its code."
        )
        draft.say("Who is hurt, how badly, and what stays untested is marked TODO(rolecall).")
    return draft


def security_tests(study: Study) -> Draft:
    """Hostile input for each text parameter, waiting for the harmless outcome to be written down."""
    chosen = [
        (item, parameter.name)
        for item in _callable(study)
        for parameter in item.parameters()
        if _takes_text(parameter.annotation)
    ][:_MAX]
    names = Names(study.layout.module, frozenset(study.module.top_level_names()))
    lines = ["HOSTILE = {"]
    lines += [f"    {quoted(name)}: {quoted(text)}," for name, text in _HOSTILE]
    lines += ["}", ""]
    for item, parameter in chosen:
        others = [
            f"{other.name}=None" for other in item.parameters() if other.required and other.name != parameter
        ]
        call = f"{names.symbol(item.qualified)}({', '.join([f'{parameter}=payload', *others])})"
        lines += [
            "",
            '@pytest.mark.skip(reason="TODO(rolecall): state the harmless outcome, and give real values")',
            '@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())',
            f"def test_{snake(item.qualified)}_is_safe_with_hostile_{snake(parameter)}(payload):",
            "    # Act",
            f"    result = {call}",
            "",
            "    # Assert",
            '    assert result == "TODO(rolecall): the harmless outcome"',
            "",
        ]
    return _test_file(study, names, lines, len(chosen), "security", "takes text from a caller")


def performance_tests(study: Study) -> Draft:
    """Growth of the running time for each function that takes a collection or a text."""
    chosen = [
        (item, parameter.name)
        for item in _callable(study)
        for parameter in item.parameters()
        if _grows(parameter.annotation)
    ][:_MAX]
    names = Names(study.layout.module, frozenset(study.module.top_level_names()))
    names.need("import statistics")
    names.need("import time")
    lines = [
        "TARGET_GROWTH = None  # TODO(rolecall): target, the most that ten times the input may cost",
        "",
        "",
        "def median_seconds(call, repeat=5):",
        "    call()  # warm up",
        "    times = []",
        "    for _ in range(repeat):",
        "        start = time.perf_counter()",
        "        call()",
        "        times.append(time.perf_counter() - start)",
        "    return statistics.median(times)",
        "",
    ]
    for item, parameter in chosen:
        call = f"{names.symbol(item.qualified)}({parameter}=make(size))"
        lines += [
            "",
            '@pytest.mark.skip(reason="TODO(rolecall): give make() real input, and TARGET_GROWTH a figure")',
            f"def test_{snake(item.qualified)}_grows_with_{snake(parameter)}():",
            "    # Arrange",
            "    def make(size):",
            "        return list(range(size))",
            "",
            "    # Act",
            f"    small, large = (median_seconds(lambda size=size: {call}) for size in (1_000, 10_000))",
            "",
            "    # Assert",
            "    assert large <= small * TARGET_GROWTH",
            "",
        ]
    return _test_file(study, names, lines, len(chosen), "performance", "takes a collection or a text")


def _callable(study: Study) -> list[Definition]:
    return [item for item in study.definitions() if item.owner is None and not item.is_async]


def _takes_text(annotation: str | None) -> bool:
    return annotation is None or re.search(r"\b(?:str|Path|Any)\b", annotation) is not None


def _grows(annotation: str | None) -> bool:
    return (
        annotation is not None
        and re.search(r"\b(?:str|bytes|list|dict|set|tuple|Sequence|Iterable|Mapping)\b", annotation)
        is not None
    )


def _test_file(study: Study, names: Names, body: list[str], count: int, kind: str, what: str) -> Draft:
    draft = Draft()
    if not count:
        draft.say(
            f"No public function of {study.target.path} {what}; there is nothing to scaffold {kind} tests on."
        )
        return draft
    names.need("import pytest")
    names.environment = tuple(required_at_import(study.module.tree))
    layout = study.layout
    stem = basename(layout.test_path).removesuffix(".py").removeprefix("test_").removesuffix("_test")
    path = join(dirname(layout.test_path), f"test_{stem}_{kind}.py")
    if path in study.project.paths:
        draft.say(f"{path} exists already; it was left as it is.")
        return draft
    head = [f'"""{kind.capitalize()} tests of {study.title}, waiting to be filled in."""', ""]
    text = "\n".join([*head, *own_imports(layout, names, study.target.path, path), "", *body]).rstrip() + "\n"
    if draft.file(path, text):
        draft.say(
            f"{count} {kind} tests in {path}, all skipped until a person fills in what the code does not say."
        )
        draft.say(f"Nothing was run. Check with: python -m pytest {path}")
    return draft


def _branches(item: Definition) -> int:
    import ast  # noqa: PLC0415 - only to count

    return sum(
        isinstance(node, (ast.If, ast.For, ast.While, ast.IfExp, ast.ExceptHandler, ast.BoolOp))
        for node in ast.walk(item.node)
    )


def _cell(text: str) -> str:
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if "`" in flat or not flat else f"`{flat}`"
