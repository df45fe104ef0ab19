"""Tests from the examples in docstrings: there the author says what a call gives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.expressions import evaluate
from rolecall.llm.offline.evaluation.natives import BUILTINS
from rolecall.llm.offline.evaluation.scope import Scope, bound_names
from rolecall.llm.offline.evaluation.statements import execute
from rolecall.llm.offline.source.doctests import Example, examples
from rolecall.llm.offline.testing.cases import Case, CaseWriter, Check
from rolecall.llm.offline.testing.values import MAX_LITERAL
from rolecall.llm.offline.testing.wording import snake

if TYPE_CHECKING:
    from rolecall.llm.offline.evaluation.runtime import Call, Run
    from rolecall.llm.offline.testing.names import Names
    from rolecall.llm.offline.testing.subjects import Subject

MAX_EXAMPLES = 6


def example_seeds(subject: Subject) -> dict[str, list[Any]]:
    """Literal arguments of the calls in the examples, by parameter."""
    seeds: dict[str, list[Any]] = {}
    if subject.definition is None:
        return seeds
    for example in examples(subject.definition.doc()):
        for node in ast.walk(ast.parse(example.call)):
            if isinstance(node, ast.Call) and _called_name(node.func) == subject.member:
                _take(node, subject, seeds)
    return seeds


def _called_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _take(node: ast.Call, subject: Subject, seeds: dict[str, list[Any]]) -> None:
    listed = [parameter for parameter in subject.parameters if not parameter.kind.startswith("var_")]
    pairs = [(parameter.name, value) for parameter, value in zip(listed, node.args, strict=False)]
    pairs += [(keyword.arg, keyword.value) for keyword in node.keywords if keyword.arg]
    for name, value in pairs:
        try:
            seeds.setdefault(name, []).append(ast.literal_eval(value))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue


def example_cases(
    run: Run, scope: Scope, writer: CaseWriter, subject: Subject, calls: list[Call]
) -> tuple[list[Case], list[str]]:
    """Tests from the examples, and where the code contradicts them; their calls are added to ``calls``."""
    cases: list[Case] = []
    contradictions: list[str] = []
    if subject.definition is None:
        return cases, contradictions
    for example in examples(subject.definition.doc())[:MAX_EXAMPLES]:
        known = _judge(run, scope, example, calls)
        if known is None or not _is_self_contained(scope, writer, example):
            continue
        case = _case(scope, writer, subject, example, len(cases))
        if case is None:
            continue
        if known is False:
            case.expected_failure = "the code contradicts the example in its docstring"
            contradictions.append(
                f"{subject.name}: the docstring shows `{example.call}`, and the code does not do what it "
                "shows."
            )
        cases.append(case)
    return cases, contradictions


def _judge(run: Run, scope: Scope, example: Example, calls: list[Call]) -> bool | None:
    """Whether the code does what the example shows; None where that is not understood."""
    run.calls = []
    try:
        return _shows(run, scope, example)
    finally:
        calls += run.calls
        run.calls = None


def _shows(run: Run, scope: Scope, example: Example) -> bool | None:
    try:
        run.begin()
        inner = Scope("function", scope.module, parent=scope)
        for source in example.setup:
            execute(run, ast.parse(source).body, inner)
        value = evaluate(run, ast.parse(example.call, mode="eval").body, inner)
        return example.want is not None and (repr(value) == example.want or _equal(value, example.want))
    except NotUnderstood:
        return None
    except Exception as error:  # noqa: BLE001 - whatever the code raises is compared with what is shown
        if not run.is_known(error):
            return None
        return example.error is not None and type(error).__name__ == example.error[0]


def _equal(value: Any, want: str) -> bool:
    try:
        return bool(value == ast.literal_eval(want))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False


def _is_self_contained(scope: Scope, writer: CaseWriter, example: Example) -> bool:
    """Whether the names of the example are the module's own, builtins, or bound by its own set-up."""
    body = [statement for source in (*example.setup, example.call) for statement in ast.parse(source).body]
    own = set(bound_names(body))
    imported = any(isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in body)
    used = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    unknown = used - own - writer.names.taken - BUILTINS.keys()
    return not imported and not unknown and scope.module != ""


def _case(scope: Scope, writer: CaseWriter, subject: Subject, example: Example, number: int) -> Case | None:
    names = writer.names
    arrange = [line for source in example.setup for line in _qualified(source, names).splitlines()]
    call = _qualified(example.call, names)
    suffix = f"_{number + 1}" if number else ""
    case = Case(f"test_{snake(subject.name)}_does_what_its_docstring_shows{suffix}", arrange, call)
    if len(call) > MAX_LITERAL or "\n" in call:
        return None
    del scope
    if example.error is not None:
        case.raises = (example.error[0], "")
        if example.error[0] not in BUILTINS:
            if example.error[0] not in names.taken:
                return None
            case.raises = (names.symbol(example.error[0]), "")
        return case
    want = example.want or ""
    case.result = "result"
    case.note = "from the example in the docstring"
    try:
        literal = ast.literal_eval(want)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        case.checks = [Check("repr(result)", repr(want))]
        return case if len(want) <= MAX_LITERAL and "\n" not in want else None
    way = "is" if literal is None or isinstance(literal, bool) else "=="
    case.checks = [Check("result", want.strip() if "\n" not in want else repr(literal), way)]
    return case


class _Qualify(ast.NodeTransformer):
    """Writes the module's own names as the test file imports them."""

    def __init__(self, names: Names, own: set[str]) -> None:
        self._names = names
        self._own = own

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._names.taken and node.id not in self._own and node.id not in BUILTINS:
            written = self._names.symbol(node.id)
            return ast.parse(written, mode="eval").body
        return node


def _qualified(source: str, names: Names) -> str:
    tree = ast.parse(source)
    before = ast.unparse(tree)
    own = set(bound_names(tree.body))
    after = ast.unparse(_Qualify(names, own).visit(tree))
    return source if before == after else after
