"""Every promise of the LSP door has a test; the tests themselves are held to it by their fixture."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.clauses.clause import Clause
from fakes.lsp_clauses import CLAUSES, PARTS, is_shown, shown_by
from fakes.lsp_wire import Wire

HERE = Path(__file__).parent
HELLO = {
    "window": {"workDoneProgress": True},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
    "general": {"positionEncodings": ["utf-16"]},
}


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """The names of all tests beside this one, with the ids of their cases, as pytest finds them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(HERE)]
    done = subprocess.run(
        command, cwd=HERE.parents[2], capture_output=True, text=True, check=False, timeout=100
    )
    names = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert names, done.stdout + done.stderr
    return names


@pytest.fixture(scope="module")
def watched() -> set[str]:
    """The tests whose editors' wires are held to their clauses: those that use the fixture."""
    found = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and "edit_with" in [arg.arg for arg in node.args.args]:
                found.add(node.name)
    return found


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_names_tests_that_are_run_and_watched(name, collected, watched):
    tests = CLAUSES[name].tests
    assert tests
    for test in tests:
        one = Clause(name, (test,), lambda _: None)
        assert any(one.names(found) for found in collected), f"{test} is not there"
        assert test.partition("[")[0] in watched


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_is_not_shown_by_a_conversation_that_ends_after_the_greeting(name):
    wire = Wire([("sent", {"id": 1, "method": "initialize", "params": {"capabilities": HELLO}})])
    wire.messages.append(("got", {"id": 1, "result": {"capabilities": {"positionEncoding": "utf-16"}}}))
    assert not is_shown(name, wire)


def test_no_clause_hides_another_of_its_name():
    assert sum(len(part.CLAUSES) for part in PARTS) == len(CLAUSES)


def test_a_test_knows_its_clauses():
    case = "test_only_the_changed_line_is_sent[alone-{}]"
    assert shown_by(case.format("vscode")) == ["edit.changes", "edit.version", "edit.hunks"]
    assert shown_by(case.format("plain")) == ["edit.changes", "edit.hunks"]


def test_a_case_is_a_whole_part_of_an_id():
    clause = Clause("", ("test_it[utf-8]",), lambda _: None)
    assert clause.names("test_it[alone-utf-8]")
    assert not clause.names("test_it[alone-utf-80]")
    assert not clause.names("test_it_not[alone-utf-8]")


def test_what_the_server_said_is_taken_out_of_a_conversation():
    wire = Wire()
    for way, message in (
        ("sent", {"id": 1, "method": "initialize"}),
        ("got", {"id": 1, "result": {}}),
        ("sent", {"id": 2, "method": "workspace/executeCommand"}),
        ("got", {"id": 2, "result": {}}),
        ("got", {"method": "window/showMessage"}),
    ):
        wire.add(way, message)
    assert [message for _, message in wire.unanswered().messages] == [
        message for _, message in wire.messages[:3]
    ]
