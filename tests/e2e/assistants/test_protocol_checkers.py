"""The official conformance suite, with both sets of requirements, and the inspector, against the served door."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml

from e2e.assistants import install
from fakes.command import Surroundings
from fakes.endpoint import endpoint_in_thread

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
EXPECTED = yaml.safe_load((HERE / "expected-failures.yaml").read_text())
SUITE = "node_modules/@modelcontextprotocol/conformance"

Serve = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def serve(surroundings: Surroundings, project: Path) -> Serve:
    """Starts a server with the suite's fixtures, and a model behind it; gives its address."""

    @contextmanager
    def serve(*options: str) -> Iterator[str]:
        with endpoint_in_thread() as endpoint:
            surroundings.use(endpoint.base_url)
            surroundings.extra["PYTHONPATH"] = f"{surroundings.environment['PYTHONPATH']}:{HERE.parents[1]}"
            process = subprocess.Popen(
                [sys.executable, HERE / "conformance_server.py", *options, "127.0.0.1:0"],
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

    return serve


def check(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the checkers to its end, whatever it finds."""
    return subprocess.run(
        [install.ensure("checkers") / program, *arguments],
        cwd=folder,
        env={"PATH": install.path(), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def required(revision: str) -> set[str]:
    """The scenarios for servers that the suite has for a revision, those it does not count included."""
    suite = install.ensure("checkers").parents[1] / SUITE
    listed = yaml.safe_load((suite / "requirements" / f"{revision}.yaml").read_text())
    others = {entry["scenario"] for entry in listed["not_scored"] if entry["leg"] == "server"}
    return {*listed["server"], *others}


def faults(folder: Path) -> dict[str, list[str]]:
    """What the suite found wrong in each scenario; a warning stands for a SHOULD."""
    found: dict[str, list[str]] = {}
    for written in folder.glob("server-*/checks.json"):
        [scenario] = re.findall(r"^server-(.+)-\d{4}-\d\d-\d\dT", written.parent.name)
        found[scenario] = [
            f"{one['status']} {one['id']}: {one.get('errorMessage')}"
            for one in json.loads(written.read_text())
            if one["status"] in {"FAILURE", "WARNING"}
        ]
    return found


@pytest.mark.parametrize("run", EXPECTED)
def test_conformance_falls_short_only_where_it_is_expected_to(serve: Serve, run: str, tmp_path: Path) -> None:
    revision, *options = run.split()
    with serve(*options) as url:
        arguments = ["--url", url, "--requirements", revision, "--output-dir", str(tmp_path / "out")]
        report = check("conformance", "server", *arguments, folder=tmp_path).stdout

    found = faults(tmp_path / "out")
    failed = re.findall(r"^✗ ([a-z0-9-]+): ", report, re.MULTILINE)
    assert found.keys() == required(revision), report[-3_000:]
    assert {name for name in failed if not found[name]} == set(), report[-3_000:]
    assert {name: wrong for name, wrong in found.items() if wrong and name not in EXPECTED[run]} == {}
    assert {name for name in EXPECTED[run] if not found[name]} == set()


def test_the_inspector_finds_nothing_wrong_with_the_tools(serve: Serve, tmp_path: Path) -> None:
    with serve() as url:
        arguments = ["--cli", url, "--transport", "http", "--method", "tools/list", "--strict"]
        report = check("mcp-inspector", *arguments, folder=tmp_path)

    assert (report.returncode, report.stderr) == (0, "")
    assert {"qa_engineer", "apply_edits"} <= {tool["name"] for tool in json.loads(report.stdout)["tools"]}
