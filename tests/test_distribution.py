"""What is shipped: the two packages with their data, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = (
    "agents",
    "server",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "config.yaml",
    ".env.example",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Built from a copy, so that nothing lying about in the checkout gets in unseen."""
    copy = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    (copy / "tests").mkdir()
    (copy / "tests" / "stray.py").write_text("")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(copy / "dist")]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (built,) = (copy / "dist").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_only_the_two_packages(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"rolecall", "rolecall_server"}


def test_the_wheel_holds_the_role_files_and_says_it_is_typed(wheel):
    names = set(wheel.namelist())
    assert {"rolecall/roles/qa_engineer.md", "rolecall/context/shared.md"} <= names
    assert {"rolecall/py.typed", "rolecall_server/py.typed"} <= names


def test_the_command_is_installed_by_its_name(wheel):
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "rolecall = rolecall_server.cli:main" in wheel.read(entry_points).decode()


def test_no_address_of_an_index_is_recorded_in_the_locks():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "http://" not in text
        assert "https://" not in text
        assert text.count("--hash=sha256:") >= text.count("==")
