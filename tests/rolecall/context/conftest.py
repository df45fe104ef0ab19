"""A workspace on disk, gathered and composed by the real parts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from rolecall.context import Composed, Gathered, compose, gather
from rolecall.roles import RoleCatalog
from rolecall.settings import Settings
from rolecall.task import TaskRequest
from rolecall.workspace.documents import Documents
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy


class Place:
    """A workspace with files; ``context`` are settings of that group."""

    def __init__(self, root: Path, files: Mapping[str, str | bytes], context: Mapping[str, object]) -> None:
        self.root = root
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.settings = Settings.model_validate({"context": dict(context)})
        self.workspace = Workspace.named(root)
        self.documents = Documents(
            self.workspace,
            PathPolicy(self.workspace),
            max_bytes=self.settings.context.max_file_bytes,
            exclude=self.settings.context.exclude,
        )
        self.roles = RoleCatalog(None)

    def gather(self, request: TaskRequest, **options) -> Gathered:
        return gather(self.workspace, self.documents, request, self.settings, **options)

    def compose(self, request: TaskRequest, max_tokens: int = 24_000, **options) -> Composed:
        role = self.roles.get(request.role)
        task = role.task(request.task) if request.task else None
        return compose(role, task, request, self.gather(request), max_tokens=max_tokens, **options)


@pytest.fixture
def place(tmp_path):
    """Make a workspace: ``place({"a.py": "text"}, open_files=True)``."""

    def make(files: Mapping[str, str | bytes], **context: object) -> Place:
        root = tmp_path / "demo"
        root.mkdir()
        return Place(root, files, context)

    return make
