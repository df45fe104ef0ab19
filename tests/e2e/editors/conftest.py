"""Fixtures: a project, a scripted model, and `rolecall` on the editors' PATH."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.editors.scene import Model, scripted_model, write_project
from fakes.command import COMMAND, Surroundings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write_project(folder)
    return folder


@pytest.fixture
def model() -> Iterator[Model]:
    with scripted_model() as scripted:
        yield scripted


@pytest.fixture
def desk(
    request: pytest.FixtureRequest, surroundings: Surroundings, model: Model, tmp_path: Path
) -> Iterator[Surroundings]:
    """What an editor is started in. ``rolecall`` is a command there; with the parameter "shared" it joins a daemon."""
    surroundings.shared = getattr(request, "param", "alone") == "shared"
    # Not below tmp_path, whose length depends on the test's name: sockets' paths are short.
    runtime = tempfile.mkdtemp(prefix="rolecall-")
    surroundings.extra["ROLECALL_RUNTIME_DIR"] = runtime
    surroundings.use(model.endpoint.base_url)
    command = tmp_path / "bin" / "rolecall"
    command.parent.mkdir()
    alone = "" if surroundings.shared else '[ "$1" = lsp ] && set -- "$@" --no-daemon\n'
    command.write_text(f'#!/bin/sh\n{alone}exec {shlex.join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    surroundings.extra["PATH"] = f"{command.parent}:{surroundings.environment['PATH']}"
    yield surroundings
    surroundings.end_daemons()
    shutil.rmtree(runtime)
