"""Taking back what a task wrote: its own changes, and only those."""

import os
import stat

import pytest

from rolecall.answer.changeset import Change
from rolecall.errors import ConfigurationInvalid
from rolecall.workspace.documents import Documents
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.records import KEPT, Records
from rolecall.workspace.revert import remember, revert
from rolecall.workspace.writer import DiskWriter

LINES = "".join(f"line {n}\n" for n in range(1, 41))


class Bench:
    def __init__(self, folder):
        self.root, self.state = folder / "project", folder / "state"
        self.root.mkdir()
        self.workspace = Workspace((self.root,))
        self.policy = PathPolicy(self.workspace)
        self.documents = Documents(self.workspace, self.policy)
        (self.root / "edit.py").write_text(LINES)
        (self.root / "gone.py").write_bytes(b"\xef\xbb\xbfgone\r\n")
        (self.root / "moved.py").write_text("moved\n")

    def write(self, *changes, task_id="t1"):
        DiskWriter(self.workspace, self.policy, self.state).write(changes, task_id=task_id)

    def change(self, path, action, after=None, new_path=None):
        base = None if action == "create" else self.documents.read(path)
        return Change(path, action, new_path=new_path, base=base, after=after)

    def task(self):
        self.write(
            self.change("new.py", "create", "new\n"),
            self.change("edit.py", "modify", LINES.replace("line 20\n", "line twenty\n")),
            self.change("gone.py", "delete"),
            self.change("moved.py", "rename", "moved!\n", new_path="sub/moved.py"),
        )

    def revert(self, task_id="t1"):
        changes = revert(task_id, workspace=self.workspace, documents=self.documents, state_folder=self.state)
        self.write(*[change for change in changes if change.state == "proposed"], task_id=None)
        return {change.path: change for change in changes}

    def files(self):
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_what_nobody_touched_since_is_as_it_was(bench):
    before = bench.files()
    bench.task()
    assert bench.files() != before
    bench.revert()
    assert bench.files() == before


@pytest.mark.parametrize("mode", [0o755, 0o664, 0o600])
def test_a_file_that_comes_back_has_the_mode_it_had(bench, mode):
    (bench.root / "gone.py").chmod(mode)
    bench.task()
    bench.revert()
    assert stat.S_IMODE((bench.root / "gone.py").stat().st_mode) == mode


def test_folders_that_the_task_made_go_again_unless_something_else_is_in_them(bench):
    (bench.root / "mine").mkdir()
    for path in ("sub/deep/one.py", "used/two.py", "mine/three.py"):
        bench.write(bench.change(path, "create", "x\n"))
    (bench.root / "used/note.txt").write_text("mine\n")
    bench.revert()
    Records(bench.state).clear("t1")
    assert sorted(path.name for path in bench.root.iterdir() if path.is_dir()) == ["mine", "used"]


def test_taking_back_twice_changes_nothing_more(bench):
    bench.task()
    bench.revert()
    before = bench.files()
    assert bench.revert() == {}
    assert bench.files() == before


def test_edits_elsewhere_in_the_file_are_kept(bench):
    bench.task()
    mine = LINES.replace("line 20\n", "line twenty\n").replace("line 2\n", "my line\n") + "my end\n"
    (bench.root / "edit.py").write_text(mine)
    bench.revert()
    assert (bench.root / "edit.py").read_text() == mine.replace("line twenty\n", "line 20\n")


def test_edits_to_the_written_lines_themselves_are_a_conflict_and_stay(bench):
    bench.task()
    mine = LINES.replace("line 20\n", "line twenty, by me\n")
    (bench.root / "edit.py").write_text(mine)
    changes = bench.revert()
    assert changes["edit.py"].state == "conflict"
    assert changes["edit.py"].reason
    assert (bench.root / "edit.py").read_text() == mine


@pytest.mark.parametrize(
    ("path", "text"), [("new.py", "new and mine\n"), ("gone.py", "made again\n"), ("moved.py", "another\n")]
)
def test_a_file_that_became_something_else_is_a_conflict_and_stays(bench, path, text):
    bench.task()
    (bench.root / path).write_text(text)
    changes = bench.revert()
    assert [change.state for change in changes.values()].count("conflict") == 1
    assert (bench.root / path).read_text() == text


def test_files_that_are_gone_since_are_conflicts_or_need_nothing(bench):
    bench.task()
    for path in ("new.py", "edit.py", "sub/moved.py"):
        (bench.root / path).unlink()
    changes = bench.revert()
    assert {path: change.state for path, change in changes.items()} == {
        "edit.py": "conflict",
        "gone.py": "proposed",
        "sub/moved.py": "conflict",
    }


def test_a_task_that_wrote_a_file_twice_is_taken_back_to_its_beginning(bench):
    bench.write(bench.change("new.py", "create", "1\n"), bench.change("edit.py", "modify", "1\n"))
    bench.write(bench.change("new.py", "modify", "2\n"), bench.change("edit.py", "modify", "2\n"))
    bench.revert()
    assert not (bench.root / "new.py").exists()
    assert (bench.root / "edit.py").read_text() == LINES


def test_what_an_editor_applied_is_taken_back_as_well(bench):
    change = bench.change("edit.py", "modify", "by the editor\n")
    (bench.root / "edit.py").write_text("by the editor\n")
    assert remember("t2", [change], workspace=bench.workspace, state_folder=bench.state)
    bench.revert("t2")
    assert (bench.root / "edit.py").read_text() == LINES


def test_a_state_folder_that_cannot_be_written_is_no_reason_to_fail_afterwards(bench):
    bench.state.write_text("a file")
    change = bench.change("edit.py", "modify", "x")
    assert not remember("t2", [change], workspace=bench.workspace, state_folder=bench.state)


@pytest.mark.parametrize("task_id", ["unknown", "", "../t1", "a/b", "t1\0", "x" * 500])
def test_an_unknown_task_is_named_with_a_hint(bench, task_id):
    bench.task()
    with pytest.raises(ConfigurationInvalid) as error:
        bench.revert(task_id)
    assert error.value.hint


def test_a_task_of_another_workspace_is_not_taken_back_here(bench, tmp_path):
    bench.task()
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigurationInvalid, match="another workspace"):
        revert(
            "t1",
            workspace=Workspace((tmp_path / "other",)),
            documents=bench.documents,
            state_folder=bench.state,
        )


def test_records_are_private(bench):
    bench.task()
    record = bench.state / "tasks/t1.json"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700


def test_only_the_last_tasks_are_kept(bench):
    records = Records(bench.state)
    change = bench.change("edit.py", "modify", "x")
    for n in range(KEPT + 5):
        records.add(f"t{n}", bench.workspace, [change])
        os.utime(bench.state / f"tasks/t{n}.json", (n, n))
    records.add("last", bench.workspace, [change])
    kept = {path.stem for path in (bench.state / "tasks").iterdir()}
    assert len(kept) == KEPT
    assert {"last", f"t{KEPT + 4}"} <= kept
    assert "t0" not in kept
