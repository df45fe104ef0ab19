"""Which scaffold answers which request."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import structlog

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.source.reading import SourceProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.context.items import ContextItem, Gathered
    from rolecall.llm.offline.study import Study
    from rolecall.task import TaskRequest

_log = structlog.get_logger(__name__)

_TASKS = {
    "business_analyst": ("requirements", "user_stories", "acceptance"),
    "developer": ("implement", "fix", "refactor", "harden"),
    "qa_engineer": ("tests", "test_plan", "security_tests", "performance_tests"),
    "devops_engineer": ("container", "ci", "kubernetes", "observability", "infrastructure"),
    "technical_writer": ("docstrings", "readme", "api_reference", "guide"),
}
_WORDS = (
    (r"docstring", "docstrings"),
    (r"readme", "readme"),
    (r"test plan", "test_plan"),
    (r"security|attack|hostile", "security_tests"),
    (r"performance|benchmark|speed", "performance_tests"),
    (r"\btests?\b", "tests"),
    (r"openapi|reference|api docs", "api_reference"),
    (r"guide|tutorial|how.?to", "guide"),
    (r"gherkin|acceptance|scenario|feature file", "acceptance"),
    (r"stor(?:y|ies)", "user_stories"),
    (r"requirement", "requirements"),
    (r"docker|container|image", "container"),
    (r"kubernetes|k8s|helm", "kubernetes"),
    (r"pipeline|workflow|\bci\b", "ci"),
    (r"terraform|infrastructure|\biac\b", "infrastructure"),
    (r"metric|alert|observab|logging|\bslo\b", "observability"),
    (r"harden|secur|vulnerab|injection", "harden"),
    (r"refactor|clean up|simplif", "refactor"),
    (r"\bfix\b|bug|error|diagnostic", "fix"),
    (r"implement|stub|type", "implement"),
)


_PATH = re.compile(r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.[A-Za-z]\w{0,5}(?![\w/])")


def draft(role_id: str, task_id: str | None, request: TaskRequest, gathered: Gathered) -> Draft:
    """The scaffold for a request. Never fails: what cannot be made is said in its prose."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _choose(task_for(role_id, task_id, request.instruction), request, gathered)
    except SourceProblem as problem:
        failed = Draft()
        where = f" at line {problem.line}" if problem.line else ""
        path = gathered.target.path if gathered.target else "The file"
        failed.say(
            f"{path} does not parse{where}: {problem}. Nothing can be read from it until that is mended."
        )
        return failed
    except (RecursionError, MemoryError):
        path = gathered.target.path if gathered.target else "The file"
        failed = Draft()
        failed.say(
            f"{path} holds an expression or blocks that nest too deeply to be read. Split it, or name "
            "another file."
        )
        return failed
    except Exception:  # noqa: BLE001 - a scaffold that fails is still an answer, and the log has the reason
        _log.exception("offline_scaffold_failed", role=role_id, task=task_id)
        failed = Draft()
        failed.say("No scaffold could be made from this file; the log has the reason.")
        return failed


def task_for(role_id: str, task_id: str | None, instruction: str) -> str:
    """The nearest task: the one named, else what the instruction speaks of, else the role's first."""
    own = _TASKS.get(role_id, ())
    known = {task for tasks in _TASKS.values() for task in tasks}
    if task_id in known:
        return str(task_id)
    text = f"{task_id or ''} {instruction}".lower()
    for pattern, task in _WORDS:
        if re.search(pattern, text) and (not own or task in own):
            return task
    return own[0] if own else "outline"


def _choose(task: str, request: TaskRequest, gathered: Gathered) -> Draft:
    target = gathered.target
    if task in _TASKS["devops_engineer"]:
        from rolecall.llm.offline.delivery.orders import deliver  # noqa: PLC0415 - one role's code

        return deliver(task, request, gathered)
    if target is None:
        return _without_target(task, request, gathered)
    from rolecall.llm.offline.study import MAX_CHARACTERS, is_python  # noqa: PLC0415 - ast is only needed now

    if not is_python(target.path):
        return _other_language(task, request, gathered, target)
    if len(target.text) > MAX_CHARACTERS:
        large = Draft()
        large.say(f"{target.path} is too large to be read through here. Name a smaller file.")
        return large
    return _python(task, request, gathered, target)


def _python(task: str, request: TaskRequest, gathered: Gathered, target: ContextItem) -> Draft:
    if task == "tests":
        from rolecall.llm.offline.qa import tests  # noqa: PLC0415 - one role's code is loaded for one request

        return tests(request, gathered, target)
    if task == "docstrings":
        from rolecall.llm.offline.writing.docstrings import docstrings  # noqa: PLC0415 - likewise

        return docstrings(request, target)
    from rolecall.llm.offline import analyst, developer, plans  # noqa: PLC0415 - likewise
    from rolecall.llm.offline.hardening import mending  # noqa: PLC0415 - likewise
    from rolecall.llm.offline.source.behaviours import topic  # noqa: PLC0415 - likewise
    from rolecall.llm.offline.study import study  # noqa: PLC0415 - likewise
    from rolecall.llm.offline.writing import writer  # noqa: PLC0415 - likewise

    found = study(request, gathered, target)
    makers: dict[str, Callable[[Study], Draft]] = {
        "requirements": lambda item: analyst.requirements(topic(item, examples=False)),
        "user_stories": lambda item: analyst.user_stories(topic(item, examples=True)),
        "acceptance": lambda item: analyst.acceptance(topic(item, examples=True)),
        "implement": developer.implement,
        "refactor": developer.refactor,
        "harden": mending.harden,
        "fix": lambda item: developer.fix(item, request),
        "test_plan": plans.test_plan,
        "security_tests": plans.security_tests,
        "performance_tests": plans.performance_tests,
        "readme": lambda item: writer.write_readme(item, gathered),
        "api_reference": lambda item: writer.write_reference(item, gathered),
        "guide": writer.write_guide,
    }
    return makers.get(task, _outline)(found)


def _outline(found: Study) -> Draft:
    listed = ", ".join(item.qualified for item in found.definitions()[:20])
    made = Draft()
    made.say(f"{found.target.path} defines {listed or 'nothing that can be called'}.")
    made.say(
        "This role needs a model: set llm.base_url or start a local server, or ask one of the built-in roles."
    )
    return made


def _without_target(task: str, request: TaskRequest, gathered: Gathered) -> Draft:
    if task == "readme":
        from rolecall.llm.offline.writing.writer import write_readme  # noqa: PLC0415 - one role's code

        return write_readme(None, gathered)
    made = Draft()
    known = {*gathered.facts.paths, *(item.path for item in gathered.items)}
    for path in dict.fromkeys(_PATH.findall(request.instruction)):
        if path not in known:
            made.say(
                f"{path} is not in this workspace, so nothing was written: show it, or name another file."
            )
        else:
            made.say(f"Name {path} as the file to work on: without a model, an instruction is not followed.")
    if not made.prose:
        made.say(
            "No file was named, and without a model scaffolds are made from code alone: name the file to "
            "work on."
        )
    return made


def _other_language(task: str, request: TaskRequest, gathered: Gathered, target: ContextItem) -> Draft:
    from rolecall.llm.offline import analyst  # noqa: PLC0415 - one role's code is loaded for one request
    from rolecall.llm.offline.languages import (  # noqa: PLC0415 - likewise
        documenting,
        implementing,
        pages,
        reference,
        reviewing,
        testing,
    )
    from rolecall.llm.offline.languages.behaviours import topic  # noqa: PLC0415 - likewise
    from rolecall.llm.offline.languages.declarations import is_readable  # noqa: PLC0415 - likewise

    selection = request.target.selection if request.target else None
    if task == "readme":
        return _without_target(task, request, gathered)
    makers: dict[str, Callable[[], Draft]] = {
        **dict.fromkeys(
            ("tests", "security_tests", "performance_tests"),
            lambda: testing.tests(target, selection, gathered),
        ),
        "requirements": lambda: analyst.requirements(topic(target, selection, gathered)),
        "user_stories": lambda: analyst.user_stories(topic(target, selection, gathered)),
        "acceptance": lambda: analyst.acceptance(topic(target, selection, gathered)),
        "implement": lambda: implementing.implement(target, selection, gathered),
        "docstrings": lambda: documenting.docstrings(target, selection),
        "fix": lambda: reviewing.fix(target, request),
        "refactor": lambda: reviewing.refactor(target, selection),
        "harden": lambda: reviewing.harden(target, selection),
    }
    if task in makers:
        return makers[task]()
    titles = {
        "test_plan": ("test-plans", "Test plan"),
        "guide": ("guides", "Guide"),
    }
    folder, title = titles.get(task, ("reference", "Reference"))
    paths = {*gathered.facts.paths, *(item.path for item in gathered.items)}
    if task == "api_reference" and is_readable(target.path):
        return reference.reference(target, selection, paths)
    return pages.page(target, selection, paths, folder, title)
