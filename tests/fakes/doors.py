"""The same request through each door, and what its user saw: the result object, and the words shown beside it.

The editor and the assistant are real relays of one real daemon; the command line runs in this process, since
starting it anew for each of some fifty faults would take a minute (it is a real process elsewhere).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from fakes.house import Client, House

INSTRUCTION = "Raise the limit."
TARGET = "src/pricing.py"

PLAIN = {
    "ROLECALL_RETRY__MAX_ATTEMPTS": "2",
    "ROLECALL_RETRY__INITIAL_DELAY_S": "0.01",
    "ROLECALL_RETRY__JITTER": "none",
    "ROLECALL_BREAKER__FAILURE_THRESHOLD": "10000",
    "ROLECALL_BREAKER__WINDOW": "10000",
    "ROLECALL_POOL__MIN_SUCCESS_RATE": "0",
    "ROLECALL_LLM__FIRST_TOKEN_TIMEOUT_S": "0.75",
    "ROLECALL_LLM__IDLE_TIMEOUT_S": "0.75",
    "ROLECALL_LLM__MAX_ANSWER_BYTES": "20000",
    "ROLECALL_APPLY__REPAIR_ROUNDS": "0",
}
"""Settings under which a fault shows quickly, and one fault does not open the breaker for the next.

A row is about one request and its attempts, so nothing is asked further to mend what it answered: what comes
of that, and of faults in it, is proven in ``test_mending.py``.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one door's user saw.

    Attributes:
        result: the result object.
        shown: what was put before the user in words.
        exit: the exit code, at the command line.
        failed: the door's own sign of failure: exit code, message of an error or warning, ``isError``.
        signs: the statuses that this sign stands for.
    """

    result: dict[str, Any]
    shown: str
    failed: bool
    exit: int | None = None
    signs: tuple[str, ...] = ("failed", "incomplete")

    @property
    def code(self) -> str | None:
        error = self.result["error"]
        return error["code"] if error else None


class CommandLine:
    """``rolecall run``."""

    def __init__(self, environment: Mapping[str, str], project: Path) -> None:
        self._environment, self._project = dict(environment), project

    def ask(self) -> Seen:
        from rolecall_server.cli import main

        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        arguments = ["run", "developer", INSTRUCTION, "--file", str(self._project / TARGET)]
        options = ["--workspace", str(self._project), "--format", "json"]
        surroundings = mock.patch.dict(os.environ, self._environment, clear=True)
        with surroundings, redirect_stdout(out), redirect_stderr(err):
            exit_code = main([*arguments, *options])
        return Seen(json.loads(_text(out)), _text(err), exit_code != 0, exit_code)


class Editor:
    """``rolecall.run`` over LSP."""

    def __init__(self, client: Client, project: Path) -> None:
        self.client, self._uri = client, (project / TARGET).as_uri()

    def ask(self) -> Seen:
        before = len(self.client.peer.seen)
        run = {"role": "developer", "uri": self._uri, "instruction": INSTRUCTION, "apply": "never"}
        result = self.client.command("rolecall.run", **run)
        messages = [
            message["params"]
            for message in self.client.peer.seen[before:]
            if message.get("method") == "window/showMessage"
        ]
        failed = any(message["type"] in {1, 2} for message in messages)
        return Seen(result, "\n".join(message["message"] for message in messages), failed)


class Assistant:
    """A role tool over MCP."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self) -> Seen:
        call = {"name": "developer", "arguments": {"instruction": INSTRUCTION, "files": [TARGET]}}
        result = self.client.request("tools/call", call)
        text = "\n".join(part["text"] for part in result["content"] if part["type"] == "text")
        return Seen(result["structuredContent"], text, bool(result.get("isError")), signs=("failed",))


Door = CommandLine | Editor | Assistant


class Doors:
    """All three, under groups of settings; those of a group are started when it is first asked for."""

    def __init__(self, house: House, project: Path) -> None:
        self.house, self._project = house, project
        self._open: dict[tuple[tuple[str, str], ...], dict[str, Door]] = {}

    def under(self, base_url: str, settings: Mapping[str, str]) -> dict[str, Door]:
        """The doors with an endpoint and further settings, by name."""
        environment = {
            "ROLECALL_LLM__PROVIDER": "openai",
            "ROLECALL_LLM__BASE_URL": base_url,
            "ROLECALL_LLM__MODEL": "fake-model",
            **PLAIN,
            **settings,
        }
        key = tuple(sorted(environment.items()))
        if key not in self._open:
            self._open[key] = {
                "command line": CommandLine(
                    {**self.house.surroundings.environment, **environment}, self._project
                ),
                "LSP": Editor(self.house.editor(self._project, **environment), self._project),
                "MCP": Assistant(self.house.assistant(self._project, **environment)),
            }
        return self._open[key]


@contextmanager
def open_doors(folder: Path, runtime: Path, project: Path) -> Iterator[Doors]:
    """A household with nobody's settings; ended on the way out. ``runtime`` needs a short path."""
    house = House(folder, Path(__file__).parents[2], runtime)
    try:
        yield Doors(house, project)
    finally:
        house.close()


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()
