"""Signals that come while the command is still being imported."""

from __future__ import annotations

import os
import signal

import pytest

from fakes.patience import PATIENCE_S

SLOW_IMPORT = """
import os, time
os.write(1, b"importing\\n")
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["run", "developer", "x"], "argparse"),
        (["doctor"], "argparse"),
        (["lsp", "--no-daemon"], "pygls"),
        (["mcp", "--no-daemon"], "mcp"),
    ],
)
def test_a_signal_during_the_imports_ends_the_command_with_its_code(
    surroundings, project, tmp_path, arguments, module, number, code
):
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / f"{module}.py").write_text(SLOW_IMPORT)
    path = [str(tmp_path / "slow"), surroundings.environment["PYTHONPATH"]]
    surroundings.extra["PYTHONPATH"] = os.pathsep.join(path)
    with surroundings.start(*arguments, cwd=project) as process:
        assert process.stdout.readline() == b"importing\n"
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == code
        assert process.stderr.read() == b""
