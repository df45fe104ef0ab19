"""The writer against a model: whatever is written, crashes and is edited, a set is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rolecall.answer.changeset import Change
from rolecall.errors import RolecallError
from rolecall.workspace.documents import Documents
from rolecall.workspace.effects import Effects
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.recovery import recover
from rolecall.workspace.revert import revert
from rolecall.workspace.writer import DiskWriter

NAMES = st.sampled_from(["a.py", "b.py", "src/a.py", "src/deep/b.py", "new/c.py"])
TEXTS = st.sampled_from(["", "one\n", "two\n", "one\r\ntwo", "é\n"])
EDITS = st.dictionaries(NAMES, TEXTS | st.none() | NAMES.map(lambda name: (name,)), min_size=1, max_size=4)


class Crash(BaseException):
    """The process is dead."""


class WriterModel(RuleBasedStateMachine):
    """``files`` is what the workspace has to hold; each rule is one command or one deed of a person."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall-model-"))
        self.root, self.state = self.folder / "project", self.folder / "state"
        self.root.mkdir()
        self.workspace = Workspace((self.root,))
        self.policy = PathPolicy(self.workspace)
        self.files: dict[str, bytes] = {}
        self.tasks = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(edits=EDITS, crash_at=st.none() | st.integers(0, 60), again_at=st.none() | st.integers(0, 20))
    def write(self, edits, crash_at, again_at) -> None:
        changes, after = self.changes(edits)
        self.tasks += 1
        effects = Effects(self.crashing(crash_at))
        try:
            DiskWriter(self.workspace, self.policy, self.state, effects=effects).write(
                changes, task_id=f"t{self.tasks}"
            )
        except RolecallError:
            return
        except Crash:
            self.recover(again_at)
            assert self.on_disk() in (self.files, after)
            self.files = self.on_disk()
            return
        self.files = after

    @rule(name=NAMES, text=TEXTS)
    def somebody_saves(self, name, text) -> None:
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
        self.files[name] = text.encode()

    @rule(name=NAMES)
    def somebody_deletes(self, name) -> None:
        (self.root / name).unlink(missing_ok=True)
        self.files.pop(name, None)

    @rule(number=st.integers(1, 5))
    def take_back(self, number) -> None:
        documents = Documents(self.workspace, self.policy)
        try:
            changes = revert(
                f"t{number}", workspace=self.workspace, documents=documents, state_folder=self.state
            )
            DiskWriter(self.workspace, self.policy, self.state).write(
                [change for change in changes if change.state == "proposed"], task_id=None
            )
        except RolecallError:
            return
        for change in changes:
            if change.state == "proposed":
                self.files.pop(change.path, None)
                if change.after is not None:
                    self.files[change.new_path or change.path] = change.after.encode()

    @invariant()
    def the_workspace_holds_the_model(self) -> None:
        assert self.on_disk() == self.files

    def changes(self, edits) -> tuple[list[Change], dict[str, bytes]]:
        """A consistent set: no path is touched twice."""
        read = Documents(self.workspace, self.policy).read
        after, changes, touched = dict(self.files), [], set()
        for path, wanted in edits.items():
            target = wanted[0] if isinstance(wanted, tuple) else None
            if {path, target} & touched or (target and (target in self.files or target == path)):
                continue
            base = read(path)
            if base is None and not isinstance(wanted, str):
                continue
            touched |= {path, target} - {None}
            if isinstance(wanted, str):
                action = "create" if base is None else "modify"
                changes.append(Change(path, action, base=base, after=wanted))
                after[path] = wanted.encode()
            elif target is None:
                changes.append(Change(path, "delete", base=base))
                del after[path]
            else:
                changes.append(Change(path, "rename", new_path=target, base=base, after=base.text))
                after[target] = after.pop(path)
        return changes, after

    def recover(self, crash_at) -> None:
        try:
            recover(self.workspace, self.state, effects=Effects(self.crashing(crash_at)))
        except Crash:
            recover(self.workspace, self.state)

    @staticmethod
    def crashing(at):
        steps = iter(range(1_000_000))

        def before(_label: str) -> None:
            if at is not None and next(steps) >= at:
                raise Crash

        return before

    def on_disk(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }


TestWriterModel = WriterModel.TestCase
TestWriterModel.settings = settings(
    max_examples=int(os.environ.get("ROLECALL_TEST_EXAMPLES", "40")), stateful_step_count=12, deadline=None
)
