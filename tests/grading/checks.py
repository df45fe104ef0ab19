"""Checks that take more than a look at the text: they run, parse and compare.

Each takes an attempt and its options from the task's file, and gives a mark from 0 to 1 with a few words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from grading import containers, gherkin, pipelines, prose
from grading.answers import Graded
from grading.sandbox import Ran, Sandbox
from grading.tasks import EvaluationTask

LEAST = 0.7
"""A mark below it counts as broken, unless the check says otherwise."""


@dataclass(frozen=True)
class Attempt:
    """One answer to one task, on its way through the checks."""

    task: EvaluationTask
    graded: Graded
    sandbox: Sandbox

    @cached_property
    def files(self) -> dict[str, str]:
        """The workspace with the answer applied."""
        gone = {c.path for c in self.graded.changes.changes if c.action in {"delete", "rename"}}
        kept = {path: text for path, text in self.task.files.items() if path not in gone}
        return kept | self.graded.after

    def scratch(self, extra: Mapping[str, str] | None = None) -> Path:
        """A folder with the workspace, the answer applied, and further files."""
        return self.sandbox.scratch(self.files | dict(extra or {}))

    @cached_property
    def suite(self) -> Ran:
        """The suite, run once with the answer applied."""
        return self.sandbox.tests(self.scratch(), "--tb=line")


Marked = tuple[float, str]
CHECKS: dict[str, Callable[..., Marked]] = {}


def check(function: Callable[..., Marked]) -> Callable[..., Marked]:
    """Make a check known by its name."""
    CHECKS[function.__name__] = function
    return function


def least(options: Mapping[str, Any]) -> float:
    """The mark below which a check counts as broken."""
    return float(options.get("least", LEAST))


def _share(good: int, of: int, missing: object = "") -> Marked:
    return (good / of if of else 0.0), f"{good} of {of} {missing}".strip()


@check
def suite_passes(attempt: Attempt) -> Marked:
    """The tests that were written pass on the code as it is; expected failures count as passed."""
    ran = attempt.suite
    return float(ran.exit == 0 and ran.passed + ran.xfailed > 0), ran.output[-300:]


@check
def kills(attempt: Attempt, mutants: list[list[str]]) -> Marked:
    """The suite fails for each mutant (path, old, new), and passes without."""
    if attempt.suite.exit != 0 or not attempt.suite.passed:
        return 0.0, "the suite does not pass"
    survived: list[str] = []
    for path, old, new in mutants:
        text = attempt.files[path]
        assert text.count(old) == 1, f"{attempt.task.id}: {old!r} stands {text.count(old)} times in {path}"
        folder = attempt.scratch({path: text.replace(old, new)})
        if attempt.sandbox.tests(folder, "-x", "--tb=no", "--assert=plain").exit != 1:
            survived.append(f"{old!r} -> {new!r}")
    return _share(len(mutants) - len(survived), len(mutants), survived or "")


@check
def finds_bug(attempt: Attempt, path: str, old: str, new: str, told: str) -> Marked:
    """The planted bug has a strict expected failure, which fails once it is mended, and is told in the prose."""
    if not re.search(told, attempt.graded.prose, re.IGNORECASE):
        return 0.0, "not reported"
    if attempt.suite.exit != 0 or not attempt.suite.xfailed:
        return 0.0, "no expected failure"
    folder = attempt.scratch({path: attempt.files[path].replace(old, new)})
    mended = attempt.sandbox.tests(folder, "--tb=line")
    return float(mended.exit == 1 and mended.failed <= attempt.suite.xfailed), "the failure is not strict"


@check
def hidden_tests(attempt: Attempt, tests: str) -> Marked:
    """Tests the model did not see pass, and those it saw still do."""
    folder = attempt.scratch({"test_hidden.py": tests})
    ran = attempt.sandbox.tests(folder, "--tb=line")
    total = ran.passed + ran.failed
    if ran.exit not in {0, 1} or not total:
        return 0.0, ran.output[-300:]
    return _share(ran.passed, total, ran.output[-300:] if ran.failed else "")


@check
def small_diff(attempt: Attempt, most: int) -> Marked:
    """No more lines are added and removed than the work needs."""
    changed = sum(
        _changed_lines(attempt.task.files.get(path, ""), text) for path, text in attempt.graded.after.items()
    )
    return (1.0 if changed <= most else most / changed), f"{changed} lines changed"


def _changed_lines(before: str, after: str) -> int:
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return sum((j2 - j1) + (i2 - i1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")


@check
def writes_nothing(attempt: Attempt, asks: str) -> Marked:
    """Nothing is written, and the prose asks for what is missing."""
    asked = re.search(asks, attempt.graded.prose, re.IGNORECASE)
    return float(not attempt.graded.changes.changes and asked is not None), "writes, or does not ask"


@check
def says(attempt: Attempt, words: list[str]) -> Marked:
    """The prose tells each of these."""
    missing = [word for word in words if not re.search(word, attempt.graded.prose, re.IGNORECASE)]
    return _share(len(words) - len(missing), len(words), missing or "")


@check
def contains(attempt: Attempt, words: list[str], files: str = "") -> Marked:
    """What was written has each of these (regular expressions, case ignored)."""
    text = "\n".join(t for p, t in attempt.graded.after.items() if re.search(files, p))
    missing = [word for word in words if not re.search(word, text, re.IGNORECASE | re.MULTILINE)]
    return _share(len(words) - len(missing), len(words), missing or "")


@check
def lacks(attempt: Attempt, words: list[str]) -> Marked:
    """What was written has none of these."""
    text = "\n".join(attempt.graded.after.values())
    found = [word for word in words if re.search(word, text, re.IGNORECASE | re.MULTILINE)]
    return float(not found), str(found)


@check
def features_parse(attempt: Attempt, at_least: int = 1) -> Marked:
    """Every feature file and every gherkin fence is Gherkin, with so many scenarios in all."""
    texts = attempt.graded.written(".feature")
    for page in attempt.graded.written(".md"):
        texts += [
            _as_feature(fence)
            for fence in re.findall(r"^```gherkin\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        ]
    try:
        features = [gherkin.parse(text) for text in texts]
    except gherkin.GherkinError as error:
        return 0.0, str(error)
    count = sum(len(feature.scenarios) for feature in features)
    return (1.0 if count >= at_least else count / at_least), f"{count} scenarios"


def _as_feature(fence: str) -> str:
    return fence if re.search(r"^\s*Feature:", fence, re.MULTILINE) else f"Feature: f\n{fence}"


@check
def boundary(attempt: Attempt, values: list[str]) -> Marked:
    """One outline's examples hold each of these values in a cell."""
    for text in attempt.graded.written(".feature", ".md"):
        for block in re.findall(r"Examples:\s*\n((?:\s*\|.*\n?)+)", text):
            cells = {
                cell.strip() for line in block.splitlines() for cell in line.strip().strip("|").split("|")
            }
            if set(values) <= cells:
                return 1.0, ""
    return 0.0, f"no examples with {values}"


@check
def asks(attempt: Attempt, about: list[str]) -> Marked:
    """The open questions name each planted gap."""
    text = "\n".join([*attempt.graded.written(".md", ".feature"), attempt.graded.prose])
    found = re.search(r"Open questions(.*)\Z", text, re.DOTALL | re.IGNORECASE)
    questions = [line for line in (found.group(1) if found else "").splitlines() if "?" in line]
    missing = [word for word in about if not any(re.search(word, q, re.IGNORECASE) for q in questions)]
    return _share(len(about) - len(missing), len(about), missing or "")


@check
def sources_exist(attempt: Attempt) -> Marked:
    """Every ``path:line`` that is given as a source names a line of the workspace."""
    found = re.findall(r"([\w./-]+\.\w+):(\d+)", "\n".join(attempt.graded.written(".md", ".feature")))
    lines = {path: len(text.splitlines()) for path, text in attempt.task.files.items()}
    wrong = [f"{path}:{line}" for path, line in found if int(line) not in range(1, lines.get(path, 0) + 1)]
    return (float(not wrong) if found else 0.0), ", ".join(wrong) or f"{len(found)} sources"


@check
def dockerfile_valid(attempt: Attempt) -> Marked:
    """Known instructions, stages that exist, and copied files that exist in the workspace."""
    problems = [
        problem
        for path, text in attempt.graded.after.items()
        if Path(path).name.startswith("Dockerfile")
        for problem in containers.problems(text, attempt.files)
    ]
    written = any("Dockerfile" in path for path in attempt.graded.after)
    return float(written and not problems), "; ".join(problems)


@check
def workflow_valid(attempt: Attempt) -> Marked:
    """Pipelines have the shape their system takes."""
    problems = pipelines.problems(attempt.graded.after)
    return float(not problems), "; ".join(problems)


@check
def manifests_valid(attempt: Attempt, kinds: list[str]) -> Marked:
    """Kubernetes manifests of these kinds, each with what its kind requires."""
    problems = pipelines.manifest_problems(attempt.graded.after, kinds)
    return float(not problems), "; ".join(problems)


@check
def terraform_valid(attempt: Attempt) -> Marked:
    """Blocks are closed, and every variable that is used is declared."""
    problems = pipelines.terraform_problems({**attempt.files})
    return float(not problems), "; ".join(problems)


@check
def docstrings_tell(attempt: Attempt, names: dict[str, list[str]]) -> Marked:
    """The docstring of each name holds each of these words."""
    missing = prose.missing_in_docstrings(attempt.files, names)
    total = sum(map(len, names.values()))
    return _share(total - len(missing), total, missing or "")


@check
def snippets_run(attempt: Attempt, at_least: int = 1) -> Marked:
    """Python fences run, and print what the ``text`` fence below them shows; doctests hold."""
    snippets = prose.snippets(attempt.graded.after)
    failed = []
    for number, snippet in enumerate(snippets):
        folder = attempt.scratch({f"snippet_{number}.py": snippet.script()})
        ran = attempt.sandbox.script(folder, f"snippet_{number}.py")
        if ran.exit != 0 or (snippet.output is not None and ran.output.strip() != snippet.output.strip()):
            failed.append(ran.output[-200:])
    if len(snippets) < at_least:
        return 0.0, f"{len(snippets)} snippets"
    return _share(len(snippets) - len(failed), len(snippets), failed or "")


@check
def openapi_valid(attempt: Attempt, operations: list[str]) -> Marked:
    """OpenAPI 3.1 with exactly these operations (``get /cart``), valid schemas, and examples that hold to them."""
    texts = [text for path, text in attempt.graded.after.items() if "openapi" in path]
    if len(texts) != 1:
        return 0.0, "no specification"
    try:
        problems = prose.openapi_problems(yaml.safe_load(texts[0]), operations, Draft202012Validator)
    except (yaml.YAMLError, SchemaError, AttributeError, TypeError, KeyError) as error:
        return 0.0, str(error)[:200]
    return float(not problems), "; ".join(problems)
