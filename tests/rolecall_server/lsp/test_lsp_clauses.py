"""Every promise of the LSP door has a test; the tests themselves are held to it by their fixture."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fakes.lsp_clauses import CLAUSES, Wire, shown_by


def written_tests() -> set[str]:
    """The names of all tests beside this one."""
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_names_tests_that_exist(name):
    tests = set(CLAUSES[name].tests)
    assert tests
    assert tests <= written_tests()


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_is_not_shown_by_an_empty_conversation(name):
    capabilities = {
        "window": {"workDoneProgress": True},
        "workspace": {"workspaceEdit": {"documentChanges": True}},
        "general": {"positionEncodings": ["utf-16"]},
    }
    wire = Wire([("sent", {"id": 1, "method": "initialize", "params": {"capabilities": capabilities}})])
    wire.messages.append(("got", {"id": 1, "result": {"capabilities": {"positionEncoding": "utf-8"}}}))
    try:
        assert not CLAUSES[name].shows(wire)
    except (IndexError, ValueError):
        return  # it looks for a message that is not there


def test_a_test_knows_its_clauses():
    assert shown_by("test_only_the_changed_line_is_sent") == ["edit.version", "edit.hunks"]
