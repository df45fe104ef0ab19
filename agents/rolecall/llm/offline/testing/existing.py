"""What the existing tests of a module call already."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.imports import load_module
from rolecall.llm.offline.evaluation.runtime import Run
from rolecall.llm.offline.source.reading import FunctionDef

if TYPE_CHECKING:
    from rolecall.context.items import ContextItem
    from rolecall.llm.offline.testing.suite import SuiteBuilder


def note_existing(builder: SuiteBuilder, existing: ContextItem) -> None:
    """Tell the builder what the existing tests mention, so that only missing tests are added."""
    tree = ast.parse(existing.text)
    builder.mentioned = frozenset(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for test in ast.walk(tree)
        if isinstance(test, (ast.FunctionDef, ast.AsyncFunctionDef)) and test.name.startswith("test")
        for node in ast.walk(test)
        if isinstance(node, (ast.Name, ast.Attribute))
    )


__all__ = ["Any", "FunctionDef", "NotUnderstood", "Run", "load_module", "note_existing"]
