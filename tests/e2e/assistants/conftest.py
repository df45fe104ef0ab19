"""Fixtures: a person's desk with `rolecall` set up for an assistant, as `--print-config` says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.assistants import install
from fakes.command import COMMAND, Surroundings
from rolecall_server.mcp import client_config

CLIENT_S = 110
"""Longest run of an assistant; each takes a few seconds on a machine of its own."""


@dataclass
class Desk:
    """Where an assistant runs.

    Attributes:
        surroundings: of the servers it starts; what is set there reaches them through the assistant alone.
        project: the current folder.
        command: the installed `rolecall`.
        patience_s: longest run of an assistant.
        http: the address of the server that they call, where they start none.
    """

    surroundings: Surroundings
    project: Path
    command: Path
    patience_s: float = CLIENT_S
    http: str = ""

    def settings(self, client: str) -> str:
        """What `--print-config` prints for the command as it is installed here."""
        if self.http:
            printed = self.surroundings.run(
                "mcp", "--print-config", client, "--http", self.http, cwd=self.project
            )
            return printed.stdout.decode()
        environment = {**self.surroundings.environment, "PATH": str(self.command.parent)}
        started = client_config.Launch(
            str(self.command), ("mcp",), client_config.launch(environment).variables
        )
        return client_config.setup(client, started).text

    def json_settings(self, client: str) -> dict[str, Any]:
        return json.loads(self.settings(client))

    def toml_settings(self, client: str) -> dict[str, Any]:
        return tomllib.loads(self.settings(client))

    def run(self, assistant: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Run an assistant to its end; it finds its way to nothing but loopback."""
        named = {name: value for name, value in self.surroundings.environment.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [install.ensure(assistant), *arguments],
            cwd=self.project,
            env={
                **named,
                "PATH": os.pathsep.join([str(install.NODE.parent), os.environ["PATH"]]),
                "HTTPS_PROXY": "http://127.0.0.1:9",
                "HTTP_PROXY": "http://127.0.0.1:9",
                "NO_PROXY": "127.0.0.1,localhost",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=self.patience_s,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()[-4_000:] + done.stderr.decode()[-4_000:]
        return done


@pytest.fixture
def desk(surroundings: Surroundings, project: Path, tmp_path: Path) -> Iterator[Desk]:
    """The servers that assistants start here are relays of a daemon, as they are for everybody."""
    surroundings.shared = True
    # Not below tmp_path, whose length depends on the test's name: sockets' paths are short.
    runtime = tempfile.mkdtemp(prefix="rolecall-")
    surroundings.extra["ROLECALL_RUNTIME_DIR"] = runtime
    command = tmp_path / "bin" / "rolecall"
    command.parent.mkdir()
    path = shlex.quote(surroundings.environment["PYTHONPATH"])
    command.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    yield Desk(surroundings, project, command)
    surroundings.end_daemons()
    shutil.rmtree(runtime)
