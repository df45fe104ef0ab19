"""The QA engineer without a model: unit tests that were read from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.layout import Layout, Project
from rolecall.llm.offline.source.reading import Module, SourceProblem, read_module
from rolecall.llm.offline.testing.files import additions, new_file, style_for
from rolecall.llm.offline.testing.suite import Suite, SuiteBuilder

if TYPE_CHECKING:
    from rolecall.context.items import ContextItem, Gathered
    from rolecall.task import Selection, TaskRequest

_MAX_CHARACTERS = 600_000


def tests(request: TaskRequest, gathered: Gathered, target: ContextItem) -> Draft:
    """Unit tests for a Python module, in the project's own place and framework."""
    draft = Draft()
    try:
        module = read_module(target.text)
    except SourceProblem as problem:
        where = f" at line {problem.line}" if problem.line else ""
        draft.say(
            f"{target.path} does not parse{where}: {problem}. Nothing can be read from it until that is "
            "mended."
        )
        return draft
    if len(target.text) > _MAX_CHARACTERS:
        draft.say(
            f"{target.path} is too large to be read through here. Select the functions that need tests."
        )
        return draft
    project = Project(gathered)
    layout = project.layout(target, module.tree)
    selection = request.target.selection if request.target else None
    builder = SuiteBuilder(
        module,
        layout.module,
        project.sources(layout.root, target),
        project.packages(layout.root),
        pytest_in_use=layout.framework == "pytest",
    )
    if layout.existing is not None:
        builder.read_existing(layout.existing.text)
    suite = builder.build(selection)
    _write(draft, target, layout, suite, module, selection)
    return draft


def _write(
    draft: Draft,
    target: ContextItem,
    layout: Layout,
    suite: Suite,
    module: Module,
    selection: Selection | None,
) -> None:
    if not suite.cases:
        _say_nothing(draft, target, layout, suite, selection)
        return
    typed = " -> None:" in layout.existing.text if layout.existing else _is_typed(module)
    style = style_for(layout, typed=typed)
    if layout.existing is None:
        draft.file(layout.test_path, new_file(layout, suite, style, target.path))
    else:
        edits = additions(layout, suite, style)
        if edits is None:
            draft.say(f"{layout.test_path} exists, and no place in it could be told apart to add tests at.")
            return
        draft.edit(layout.test_path, edits)
    _report(draft, target, layout, suite)


def _is_typed(module: Module) -> bool:
    return any(item.node.returns is not None for item in module.definitions())


def _say_nothing(
    draft: Draft, target: ContextItem, layout: Layout, suite: Suite, selection: Selection | None
) -> None:
    if suite.subjects and layout.existing is not None:
        draft.say(
            f"{layout.test_path} already tests what could be read from {target.path}; nothing was added."
        )
    elif selection is not None:
        draft.say(
            f"The selected lines of {target.path} define no function, method or class to call. Select one."
        )
    else:
        draft.say(
            f"{target.path} defines no function, method or class whose result could be checked. Name a file "
            "that does."
        )


def _report(draft: Draft, target: ContextItem, layout: Layout, suite: Suite) -> None:
    waiting = [case for case in suite.cases if case.waiting]
    complete = len(suite.cases) - len(waiting)
    draft.say(
        f"{_count(complete, 'test')} for {target.path} in {layout.test_path}; their expected values were "
        "read from the code."
    )
    if waiting:
        listed = ", ".join(case.name for case in waiting[:6]) + (" …" if len(waiting) > 6 else "")  # noqa: PLR2004
        draft.say(
            f"{_count(len(waiting), 'test')} waiting for an expected value, skipped until then: {listed}."
        )
    for contradiction in suite.contradictions[:5]:
        draft.say(f"Bug or stale docstring: {contradiction} The test is a strict expected failure.")
    draft.say(
        "Tests read from code pin what it does, wrong or right: compare each expected value with what is "
        "specified."
    )
    runner = "python -m unittest" if layout.framework == "unittest" else "python -m pytest"
    draft.say(f"Nothing was run. Check with: {runner} {layout.test_path}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
