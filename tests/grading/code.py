"""What code must hold to: a developer's, and a tester's."""

from __future__ import annotations

import ast
import re
import sys
from itertools import pairwise

from grading.answers import Graded, grader


def _trees(texts: list[str]) -> list[ast.Module]:
    return [ast.parse(text) for text in texts]


def _tests(answer: Graded) -> list[ast.FunctionDef]:
    return [
        node
        for tree in _trees(answer.written(".py"))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    ]


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _signatures(text: str) -> dict[str, str]:
    return {
        node.name: ast.unparse(node.args)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }


@grader
def parses(answer: Graded) -> bool:
    """Every Python file is Python."""
    try:
        _trees(answer.written(".py"))
    except SyntaxError:
        return False
    return True


@grader
def signatures_hold(answer: Graded) -> bool:
    """Public functions that were there keep their parameters."""
    return all(
        _signatures(answer.before[path]).items() <= _signatures(text).items()
        for path, text in answer.after.items()
        if path in answer.before and path.endswith(".py")
    )


@grader
def tests_untouched(answer: Graded) -> bool:
    """No line of an existing test is lost."""
    return all(
        line in answer.after.get(path, text)
        for path, text in answer.before.items()
        if "test" in path
        for line in text.splitlines()
    )


@grader
def no_new_dependency(answer: Graded) -> bool:
    """Imports are of the standard library, of the workspace, or were there before."""
    known = set(re.findall(r"[\w-]+", answer.given.replace("-", "_"))) | sys.stdlib_module_names
    names = {
        name.split(".")[0]
        for tree in _trees(answer.written(".py"))
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    return names <= known


@grader
def nothing_suppressed(answer: Graded) -> bool:
    """No comment or call silences what was reported."""
    silencers = re.compile(
        r"# ?(?:noqa|type: ?ignore|pragma|nosec|pylint: ?disable)|@ts-ignore|eslint-disable"
    )
    return not any(
        match.group() not in answer.given for text in answer.written() for match in silencers.finditer(text)
    )


@grader
def errors_are_narrow(answer: Graded) -> bool:
    """No bare except, none that swallows, and a cause is kept."""
    for tree in _trees(answer.written(".py")):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            swallowed = all(isinstance(part, ast.Pass | ast.Continue) for part in node.body)
            lost = any(isinstance(p, ast.Raise) and p.exc is not None and p.cause is None for p in node.body)
            if broad or swallowed or lost:
                return False
    return True


@grader
def resources_are_closed(answer: Graded) -> bool:
    """Files are opened in a with statement."""
    for tree in _trees(answer.written(".py")):
        managed = {
            id(item.context_expr)
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            for item in node.items
        }
        if any(ast.unparse(call.func) == "open" and id(call) not in managed for call in _calls(tree)):
            return False
    return True


@grader
def waits_end(answer: Graded) -> bool:
    """Network and process calls have a timeout."""
    waiting = re.compile(r"(?:requests|httpx)\.(?:get|post|put|delete)|urlopen|subprocess\.run")
    return all(
        any(keyword.arg == "timeout" for keyword in call.keywords)
        for tree in _trees(answer.written(".py"))
        for call in _calls(tree)
        if waiting.fullmatch(ast.unparse(call.func))
    )


@grader
def queries_are_bound(answer: Graded) -> bool:
    """No query is put together from text."""
    return not any(
        call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
        for tree in _trees(answer.written(".py"))
        for call in _calls(tree)
        if ast.unparse(call.func).endswith(".execute")
    )


@grader
def no_shell_strings(answer: Graded) -> bool:
    """Commands are lists."""
    return not any(re.search(r"shell=True|os\.system\(|os\.popen\(", text) for text in answer.written(".py"))


@grader
def data_is_loaded_safely(answer: Graded) -> bool:
    """Nothing from outside becomes code."""
    return not any(
        re.search(r"pickle\.loads?\(|yaml\.load\((?!.*Safe)|\beval\(|\bexec\(", text)
        for text in answer.written(".py")
    )


@grader
def no_secret_in_code(answer: Graded) -> bool:
    """No key or password is written down."""
    secret = re.compile(r"(?:password|secret|token|api_key)\s*[=:]\s*[\"'][^\"'$\s{<]{6,}", re.IGNORECASE)
    return not any(secret.search(text) for text in answer.written())


@grader
def markup_is_escaped(answer: Graded) -> bool:
    """No markup is put together from text, none is declared safe."""
    return not any(
        re.search(r"f[\"']\s*<\w|\|\s*safe\b|Markup\(f|innerHTML\s*=", text) for text in answer.written()
    )


@grader
def paths_are_confined(answer: Graded) -> bool:
    """A path that is joined from outside is resolved and compared."""
    return all(
        not re.search(r"(?:root|base|folder)\w* / \w+", text) or re.search(r"is_relative_to|commonpath", text)
        for text in answer.written(".py")
    )


@grader
def source_untouched(answer: Graded) -> bool:
    """A tester writes tests, and no product code."""
    return all("test" in path.lower() or path.endswith(".md") for path in answer.after)


@grader
def tests_assert_exactly(answer: Graded) -> bool:
    """Every test asserts a value or an exception type."""
    for test in _tests(answer):
        text = ast.unparse(test)
        exact = re.search(r"assert .+(?:==|!=| is | in |<|>|not )|raises\((?!Exception\b)\w", text)
        if exact is None or "assert True" in text:
            return False
    return True


@grader
def tests_hold_no_logic(answer: Graded) -> bool:
    """No branch, loop, skip or caught error in a test."""
    banned = (ast.Try, ast.If, ast.While, ast.For)
    return not any(
        any(isinstance(node, banned) for node in ast.walk(test)) or "skip" in ast.unparse(test)
        for test in _tests(answer)
    )


@grader
def tests_are_deterministic(answer: Graded) -> bool:
    """No sleep, network or real clock."""
    loose = re.compile(
        r"\bsleep\(|datetime\.now\(|time\.time\(|requests\.|urlopen\(|https?://(?!127\.|localhost)"
    )
    return not any(loose.search(ast.unparse(test)) for test in _tests(answer))


@grader
def names_state_the_result(answer: Graded) -> bool:
    """A test's name has a condition and a result."""
    return all(len(test.name.split("_")) >= 4 for test in _tests(answer))


@grader
def one_behaviour_a_test(answer: Graded) -> bool:
    """At most three assertions a test, after one another, with a blank line before them in longer ones."""
    lines = {path: text.splitlines() for path, text in answer.after.items()}
    for path, text in answer.after.items():
        if not path.endswith(".py"):
            continue
        for test in [
            n
            for n in ast.walk(ast.parse(text))
            if isinstance(n, ast.FunctionDef) and n.name.startswith("test")
        ]:
            asserts = [part for part in test.body if isinstance(part, ast.Assert)]
            first = asserts[0].lineno if asserts else 0
            before = [line.strip() for line in lines[path][: max(first - 1, 0)]]
            while before and before[-1].startswith("#"):
                before.pop()
            apart = len(test.body) < 3 or not asserts or not before[-1]
            if len(asserts) > 3 or not apart:
                return False
    return True


@grader
def disagreement_is_a_strict_failure(answer: Graded) -> bool:
    """An expected failure is strict, has a reason, and is told in the prose."""
    marks = [mark for text in answer.written(".py") for mark in re.findall(r"xfail(\([^)]*\))?", text)]
    return all("strict=True" in mark and "reason=" in mark for mark in marks) and (
        not marks or len(answer.prose) > 0
    )


@grader
def each_error_is_tested(answer: Graded) -> bool:
    """Every exception the specification names has a test of that type."""
    named = set(re.findall(r"[Rr]aises (\w+Error)", answer.given))
    tested = set(re.findall(r"raises\((\w+)", "\n".join(answer.written(".py"))))
    return named <= tested


@grader
def limits_are_tried(answer: Graded) -> bool:
    """Where a number limits the input, the number and its two neighbours are tried."""
    limits = {int(number) for number in re.findall(r"at most (\d+)", answer.given)}
    tried = {int(number) for number in re.findall(r"\b\d+\b", "\n".join(answer.written(".py")))}
    return all({limit - 1, limit, limit + 1} <= tried for limit in limits)


@grader
def code_unchanged_but_for_docstrings(answer: Graded) -> bool:
    """Without docstrings, the code is what it was."""
    return all(
        _without_docstrings(answer.before[path]) == _without_docstrings(text)
        for path, text in answer.after.items()
        if path in answer.before and path.endswith(".py")
    )


@grader
def docstrings_agree(answer: Graded) -> bool:
    """Documented arguments and errors are those of the code."""
    for tree in _trees(answer.written(".py")):
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef) or not (text := ast.get_docstring(node)):
                continue
            arguments = re.search(r"Args:\n((?:    .*\n?)+)", text)
            if arguments:
                named = re.findall(r"^ {4}(\w+)(?: \(.*?\))?:", arguments.group(1), re.MULTILINE)
                if named != [argument.arg for argument in node.args.args if argument.arg != "self"]:
                    return False
            raised = {
                ast.unparse(n.exc).split("(")[0] for n in ast.walk(node) if isinstance(n, ast.Raise) and n.exc
            }
            errors = re.search(r"Raises:\n((?:    .*\n?)+)", text)
            if errors and set(re.findall(r"^ {4}(\w+):", errors.group(1), re.MULTILINE)) != raised:
                return False
    return True


def _without_docstrings(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


@grader
def headings_are_in_order(answer: Graded) -> bool:
    """No heading level is left out on the way down."""
    for text in answer.written(".md"):
        outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        levels = [len(marks) for marks in re.findall(r"^(#+) ", outside, re.MULTILINE)]
        if any(after > before + 1 for before, after in pairwise([0, *levels])):
            return False
    return True
