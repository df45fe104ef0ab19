"""``docs/reliability.md`` tells the truth: each row of its table is a test, and each such test is a row."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fakes.matrix import PAGE, ROWS, on_page, table

HERE = Path(__file__).parent
PROVEN_ELSEWHERE = {"test_matrix_page.py", "test_models.py", "test_turns.py", "test_library.py"}
"""Files whose tests are no rows: they are about no fault of an endpoint."""


def collected() -> set[str]:
    """The node ids of the tests beside this one, below their folder."""
    files = [str(path) for path in HERE.glob("test_*.py") if path.name not in PROVEN_ELSEWHERE]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    run = subprocess.run(command, cwd=PAGE.parents[1], capture_output=True, text=True, check=True)
    return {line.rpartition("reliability/")[2] for line in run.stdout.splitlines() if "::" in line}


def test_the_table_on_the_page_is_that_of_the_rows():
    assert on_page() == table(), "write it anew: PYTHONPATH=tests:agents:server python tests/fakes/matrix.py"


def test_every_row_is_a_test_and_every_test_is_a_row():
    named = [row.test for row in ROWS]
    assert len(named) == len(set(named)) >= 40
    assert set(named) == collected()


def test_all_three_endpoints_and_all_doors_are_there():
    text = table()
    for words in ("llmock", "llama.cpp", "`$/cancelRequest`", "`notifications/cancelled`", "SIGINT"):
        assert words in text
