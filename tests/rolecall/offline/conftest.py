"""A project in memory, the provider's answer to it, and the files after that answer was applied."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from rolecall.answer import Answer, AnswerParser, propose
from rolecall.context.counterpart import counterparts
from rolecall.context.facts import collect
from rolecall.context.imports import imported_paths
from rolecall.context.index import PathIndex
from rolecall.context.items import ContextItem, Gathered
from rolecall.llm import offline
from rolecall.task import FileRef, Selection, TaskRequest
from rolecall.workspace.documents import Document
from rolecall.workspace.policy import Verdict

NOTICE = "offline scaffold, no model was called"


@dataclass
class Project:
    """Files by path."""

    files: dict[str, str]
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = dict(self.files)

    def gathered(self, path: str | None) -> Gathered:
        index = PathIndex(sorted(self.files, key=lambda name: (name.count("/"), name)))
        facts = collect("project", index, path or "", self.files.get)
        if path is None:
            return Gathered(facts)
        items = {path: ContextItem(path, self.files[path], "target")}
        for found in counterparts(path, index):
            items.setdefault(found, ContextItem(found, self.files[found], "counterpart"))
        for found in imported_paths(path, self.files[path], index, self.files.get):
            items.setdefault(found, ContextItem(found, self.files[found], "import"))
        return Gathered(facts, tuple(items.values()))

    def ask(
        self,
        role: str,
        task: str | None,
        path: str | None = None,
        *,
        lines: tuple[int, int] | None = None,
        instruction: str = "",
        diagnostics: tuple = (),
    ) -> Answer:
        """Ask, check what holds for every answer, apply its edits to `files`."""
        selection = Selection(*lines) if lines else None
        target = FileRef(path, selection) if path else None
        request = TaskRequest(role, task, instruction, target, diagnostics=diagnostics)
        pieces = list(offline.answer(role, task, request, self.gathered(path)))
        assert pieces == list(offline.answer(role, task, request, self.gathered(path)))
        text = "".join(pieces)
        self.texts.append(text)
        assert text.startswith(NOTICE + ".")
        return self._apply(text)

    def _apply(self, text: str) -> Answer:
        parser = AnswerParser()
        for line in text.splitlines(keepends=True):
            parser.feed(line)
        answer = parser.finish()
        for change in propose(answer, self._read, lambda path: Verdict("allowed", path=path)).changes:
            assert change.state == "proposed", (change.path, change.reason)
            assert change.after is not None
            self.files[change.path] = change.after
        return answer

    def _read(self, path: str) -> Document | None:
        text = self.files.get(path)
        if text is None:
            return None
        return Document(path=path, text=text, digest=hashlib.sha256(text.encode()).hexdigest())

    def write(self, folder: Path) -> Path:
        for path, text in self.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")
        return folder

    def run_tests(self, folder: Path, *arguments: str) -> dict[str, int]:
        """Run the project's tests in a process of their own; the outcome counts, all others are zero."""
        return outcomes(self.write(folder), *arguments)

    def outcomes(self, folder: Path, *, sources: Path) -> dict[str, int]:
        """Run tests that are written already, against sources that stand elsewhere."""
        return outcomes(folder, path=(sources,))


def outcomes(folder: Path, *arguments: str, path: tuple[Path, ...] = ()) -> dict[str, int]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-rfE"]
    run = subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    words = run.stdout.strip().splitlines()[-1].replace(",", "").split() if run.stdout.strip() else []
    counts = {"passed": 0, "skipped": 0, "failed": 0, "error": 0, "xfailed": 0}
    for number, word in pairwise(words):
        if number.isdigit():
            counts[{"errors": "error"}.get(word, word)] = int(number)
    assert counts["failed"] == counts["error"] == 0, run.stdout[-6000:] + run.stderr[-2000:]
    return counts


@pytest.fixture
def project():
    return Project
