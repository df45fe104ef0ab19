"""The official conformance suite, with both sets of requirements, and the inspector, against the served door."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from e2e.assistants import install
from fakes.command import Surroundings
from fakes.endpoint import endpoint_in_thread

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
EXPECTED = yaml.safe_load((HERE / "expected-failures.yaml").read_text())
REVISIONS = ["2025-11-25", "2026-07-28"]


@pytest.fixture
def url(surroundings: Surroundings, project: Path) -> Iterator[str]:
    """A server with the suite's fixtures, and a model behind it."""
    with endpoint_in_thread() as endpoint:
        surroundings.use(endpoint.base_url)
        surroundings.extra["PYTHONPATH"] = f"{surroundings.environment['PYTHONPATH']}:{HERE.parents[1]}"
        process = subprocess.Popen(
            [sys.executable, HERE / "conformance_server.py", "127.0.0.1:0"],
            cwd=project,
            env=surroundings.environment,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stderr is not None
            said = process.stderr.readline().decode()
            found = re.search(r"http://\S+/mcp", said)
            assert found, said
            yield found[0]
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        finally:
            process.kill()


def check(program: str, *arguments: str, folder: Path) -> str:
    """Run one of the checkers; returns what it printed."""
    done = subprocess.run(
        [install.ensure("checkers") / program, *arguments],
        cwd=folder,
        env={"PATH": install.path(), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=110,
        check=False,
    )
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("revision", REVISIONS)
def test_conformance_fails_only_where_it_is_expected_to(url: str, revision: str, tmp_path: Path) -> None:
    report = check("conformance", "server", "--url", url, "--requirements", revision, folder=tmp_path)

    summary = report.partition("=== SUMMARY ===")[2].partition("\nTotal:")[0]
    judged = re.findall(r"^(✓|✗) ([a-z0-9-]+): \d+ passed, \d+ failed", summary, re.MULTILINE)
    assert len(judged) > 30, report[-3_000:]
    assert {name for sign, name in judged if sign == "✗"} == set(EXPECTED[revision])


def test_the_inspector_finds_nothing_wrong_with_the_tools(url: str, tmp_path: Path) -> None:
    arguments = ["--cli", url, "--transport", "http", "--method", "tools/list", "--strict"]
    listed = json.loads(check("mcp-inspector", *arguments, folder=tmp_path))

    assert {"qa_engineer", "apply_edits"} <= {tool["name"] for tool in listed["tools"]}
