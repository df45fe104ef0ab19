"""A household with an install of its own, so that its identity is the test's to change."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.house import House

if sys.platform == "win32":
    collect_ignore_glob = ["*"]  # there is no daemon

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def install(tmp_path_factory) -> Path:
    """The two packages, copied with their compiled files."""
    folder = tmp_path_factory.mktemp("install")
    shutil.copytree(REPOSITORY / "agents" / "rolecall", folder / "agents" / "rolecall")
    shutil.copytree(REPOSITORY / "server" / "rolecall_server", folder / "server" / "rolecall_server")
    return folder


@pytest.fixture
def house(tmp_path, install) -> Iterator[House]:
    # Sockets' paths are short, and tmp_path is not.
    runtime = Path(tempfile.mkdtemp(prefix="rolecall-"))
    house = House(tmp_path / "house", install, runtime)
    yield house
    house.close()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture
def other_project(tmp_path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "main.py").write_text("print('other')\n")
    return folder
