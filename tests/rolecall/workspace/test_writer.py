"""Writing to disk: all or nothing, never over what moved, never through a link."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.answer.changeset import Change
from rolecall.errors import ConfigurationInvalid, EditConflict, PathRefused, RolecallError
from rolecall.workspace.documents import Documents
from rolecall.workspace.effects import Effects
from rolecall.workspace.folder import Workspace
from rolecall.workspace.locks import hold
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.recovery import recover
from rolecall.workspace.writer import DiskWriter

EXAMPLES = int(os.environ.get("ROLECALL_TEST_EXAMPLES", "150"))
"""Of paths that may lead outside: more where a person asks for them."""


class Crash(BaseException):
    """The process is dead: nothing more is written."""


class Stopping:
    """Counts effects; from effect number ``at`` on, each of them fails with ``error``."""

    def __init__(self, at=None, error=Crash, times=None):
        self.at, self.error, self.times, self.labels = at, error, times, []

    def __call__(self, label):
        self.labels.append(label)
        n = len(self.labels) - 1
        if self.at is not None and n >= self.at and (self.times is None or n < self.at + self.times):
            raise self.error() if isinstance(self.error, type) else self.error


class Bench:
    """A workspace with some files, and what is needed to write to it."""

    def __init__(self, folder):
        self.root = folder / "project"
        self.state = folder / "state"
        self.root.mkdir(parents=True)
        self.workspace = Workspace((self.root,))
        self.policy = PathPolicy(self.workspace)
        self.documents = Documents(self.workspace, self.policy)
        for path, data in {
            "keep.py": b"keep\n",
            "edit.py": b"\xef\xbb\xbfold\r\n",
            "src/gone.py": b"gone\n",
            "src/moved.py": b"moved\n",
            "empty.py": b"",
        }.items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_bytes(data)

    def change(self, path, action, after=None, new_path=None):
        base = None if action == "create" else self.documents.read(path)
        return Change(path, action, new_path=new_path, base=base, after=after)

    def all_kinds(self):
        return [
            self.change("new/deep/a.py", "create", "a\n"),
            self.change("edit.py", "modify", "new\r\n"),
            self.change("src/gone.py", "delete"),
            self.change("src/moved.py", "rename", "moved and edited\n", new_path="new/moved.py"),
        ]

    def write(self, changes, hook=None, task_id="t1", **options):
        writer = DiskWriter(self.workspace, self.policy, self.state, effects=Effects(hook), **options)
        writer.write(changes, task_id=task_id)

    def tree(self):
        return {
            str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
        }

    def pending(self):
        return list((self.state / "journal").glob("*"))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


AFTER = {
    "edit.py": b"\xef\xbb\xbfnew\r\n",
    "empty.py": b"",
    "keep.py": b"keep\n",
    "new": None,
    "new/deep": None,
    "new/deep/a.py": b"a\n",
    "new/moved.py": b"moved and edited\n",
    "src": None,
}


def test_a_set_of_all_kinds_is_written_byte_exact(bench):
    bench.write(bench.all_kinds())
    assert bench.tree() == AFTER
    assert bench.pending() == []


def test_the_mode_of_a_file_is_kept(bench):
    (bench.root / "edit.py").chmod(0o750)
    (bench.root / "src/moved.py").chmod(0o700)
    bench.write(bench.all_kinds())
    assert stat.S_IMODE((bench.root / "edit.py").stat().st_mode) == 0o750
    assert stat.S_IMODE((bench.root / "new/moved.py").stat().st_mode) == 0o700


def test_a_new_file_gets_the_mode_the_user_gives_to_new_files(bench):
    bench.write([bench.change("a.py", "create", "a")])
    (bench.root / "b.py").write_text("b")
    assert (bench.root / "a.py").stat().st_mode == (bench.root / "b.py").stat().st_mode


@pytest.mark.parametrize("umask", [None, 0o077])
def test_a_new_file_can_be_run_by_those_who_may_read_it(bench, umask):
    effects = Effects(umask=umask)
    DiskWriter(bench.workspace, bench.policy, bench.state, effects=effects).write(
        [Change("run.sh", "create", after="x\n", executable=True)], task_id=None
    )
    mask = os.umask(0)
    os.umask(mask)
    found = stat.S_IMODE((bench.root / "run.sh").stat().st_mode)
    assert found == 0o777 & ~(mask if umask is None else umask)


def test_files_can_change_places_in_one_set(bench):
    changes = [
        bench.change("keep.py", "rename", "keep\n", new_path="empty.py"),
        bench.change("empty.py", "rename", "", new_path="keep.py"),
    ]
    bench.write(changes)
    assert (bench.root / "empty.py").read_bytes() == b"keep\n"
    assert (bench.root / "keep.py").read_bytes() == b""


def test_writing_what_is_there_already_touches_nothing(bench):
    before = (bench.root / "keep.py").stat()
    bench.write([bench.change("keep.py", "modify", "keep\n")])
    assert (bench.root / "keep.py").stat().st_mtime_ns == before.st_mtime_ns


class TestConflicts:
    @pytest.mark.parametrize("path", ["edit.py", "src/gone.py", "src/moved.py"])
    def test_a_file_that_changed_since_it_was_read_stops_the_whole_set(self, bench, path):
        changes = bench.all_kinds()
        (bench.root / path).write_bytes(b"saved meanwhile\n")
        before = bench.tree()
        with pytest.raises(EditConflict, match=path):
            bench.write(changes)
        assert bench.tree() == before

    @pytest.mark.parametrize("path", ["edit.py", "src/gone.py"])
    def test_a_file_that_is_gone_stops_the_whole_set(self, bench, path):
        changes = bench.all_kinds()
        (bench.root / path).unlink()
        before = bench.tree()
        with pytest.raises(EditConflict):
            bench.write(changes)
        assert bench.tree() == before

    @pytest.mark.parametrize("path", ["new/deep/a.py", "new/moved.py"])
    def test_a_create_or_a_rename_never_overwrites(self, bench, path):
        changes = bench.all_kinds()
        (bench.root / path).parent.mkdir(parents=True)
        (bench.root / path).write_bytes(b"mine\n")
        before = bench.tree()
        with pytest.raises(EditConflict):
            bench.write(changes)
        assert bench.tree() == before

    def test_two_names_of_one_file_are_not_both_written(self, bench):
        (bench.root / "alias.py").symlink_to("keep.py")
        with pytest.raises(EditConflict, match="same file"):
            bench.write([bench.change("keep.py", "modify", "1"), bench.change("alias.py", "modify", "2")])
        assert (bench.root / "keep.py").read_bytes() == b"keep\n"

    def test_names_that_differ_only_in_case_are_not_both_written(self, bench):
        before = bench.tree()
        with pytest.raises(PathRefused, match="case"):
            bench.write([bench.change("x/a.py", "create", "1"), bench.change("X/b.py", "create", "2")])
        assert bench.tree() == before

    def test_one_name_is_not_written_as_a_file_and_as_a_folder(self, bench):
        before = bench.tree()
        with pytest.raises(EditConflict, match="folder"):
            bench.write([bench.change("x", "create", "1"), bench.change("x/y", "create", "2")])
        assert bench.tree() == before

    def test_several_roots_are_written_in_one_set(self, tmp_path):
        for name in ("one", "two"):
            (tmp_path / name / "app").mkdir(parents=True)
        workspace = Workspace([tmp_path / "one/app", tmp_path / "two/app"])
        changes = [Change("app/x.py", "create", after="1"), Change("app-2/x.py", "create", after="2")]
        DiskWriter(workspace, PathPolicy(workspace), tmp_path / "state").write(changes, task_id="t")
        assert (tmp_path / "one/app/x.py").read_text() == "1"
        assert (tmp_path / "two/app/x.py").read_text() == "2"

    @pytest.mark.parametrize("state", ["refused", "conflict", "incomplete", "suggestion"])
    def test_what_is_not_a_proposal_is_never_written(self, bench, state):
        change = bench.change("keep.py", "modify", "x")
        change.state = state
        with pytest.raises(RolecallError):
            bench.write([change])
        assert (bench.root / "keep.py").read_bytes() == b"keep\n"

    def test_a_change_without_its_text_is_never_written(self, bench):
        for after in (None, "lone \ud800"):
            with pytest.raises(EditConflict):
                bench.write([bench.change("keep.py", "modify", after)])
        assert (bench.root / "keep.py").read_bytes() == b"keep\n"

    def test_another_writer_in_the_same_workspace_is_waited_for_then_named(self, bench):
        with (
            hold(bench.state, [str(bench.root)], wait_s=0),
            pytest.raises(EditConflict, match="Another Rolecall"),
        ):
            bench.write(bench.all_kinds(), lock_wait_s=0)
        bench.write(bench.all_kinds(), lock_wait_s=0)
        assert bench.tree() == AFTER


class TestTheDiskRefuses:
    @pytest.mark.parametrize("path", ["edit.py", "src/gone.py", "src/moved.py"])
    def test_a_read_only_file_stops_the_whole_set(self, bench, path):
        changes = bench.all_kinds()
        (bench.root / path).chmod(0o444)
        before = bench.tree()
        with pytest.raises(PathRefused, match="read-only"):
            bench.write(changes)
        assert bench.tree() == before

    def test_a_read_only_folder_stops_the_whole_set(self, bench):
        changes = bench.all_kinds()
        (bench.root / "src").chmod(0o555)
        before = bench.tree()
        with pytest.raises(PathRefused, match="read-only"):
            bench.write(changes)
        (bench.root / "src").chmod(0o755)
        assert bench.tree() == before

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES])
    def test_whichever_step_fails_nothing_is_changed(self, tmp_path, code):
        steps = count_steps(tmp_path)
        for at in range(steps):
            bench = Bench(tmp_path / f"{code}-{at}")
            before = bench.tree()
            hook = Stopping(at, OSError(code, os.strerror(code)), times=1)
            error = failure_of(bench.write, bench.all_kinds(), hook)
            if error is not None:
                assert error.hint
                assert "Nothing was changed" in error.message
                assert bench.tree() == before, hook.labels[at]
            else:  # only tidying up may fail without harm
                recover(bench.workspace, bench.state)
                assert bench.tree() == AFTER, hook.labels[at]
            recover(bench.workspace, bench.state)
            assert bench.pending() == []

    def test_a_state_folder_that_cannot_be_written_changes_nothing(self, bench):
        bench.state.write_text("a file")
        before = bench.tree()
        with pytest.raises(ConfigurationInvalid, match="state folder"):
            bench.write(bench.all_kinds())
        assert bench.tree() == before

    def test_a_file_system_without_hard_links_will_do(self, bench, monkeypatch):
        monkeypatch.setattr(Effects, "link", lambda self, spot, new: False)
        bench.write(bench.all_kinds())
        assert bench.tree() == AFTER


def failure_of(work, *arguments):
    try:
        work(*arguments)
    except (PathRefused, ConfigurationInvalid) as error:
        return error
    return None


def count_steps(folder):
    bench = Bench(folder / "count")
    hook = Stopping()
    bench.write(bench.all_kinds(), hook)
    return len(hook.labels)


class TestCrashes:
    @pytest.mark.parametrize("links", [True, False])
    def test_whichever_step_a_crash_comes_before_the_next_command_finds_all_or_nothing(
        self, tmp_path, monkeypatch, links
    ):
        if not links:
            monkeypatch.setattr(Effects, "link", lambda self, spot, new: False)
        steps = count_steps(tmp_path)
        assert steps > 30
        outcomes = set()
        for at in range(steps):
            bench = Bench(tmp_path / f"crash-{at}")
            before = bench.tree()
            hook = Stopping(at)
            with pytest.raises(Crash):
                bench.write(bench.all_kinds(), hook)
            recover(bench.workspace, bench.state)
            assert bench.tree() in (before, AFTER), hook.labels[at]
            assert bench.pending() == [] or bench.pending()[0].suffix == ".new"
            outcomes.add(bench.tree() == AFTER)
            bench.write([bench.change("keep.py", "modify", "the next command works\n")])
        assert outcomes == {True, False}

    def test_a_crash_while_recovering_is_recovered_from(self, tmp_path):
        steps = count_steps(tmp_path)
        for first in range(0, steps, 6):
            second, done = 0, False
            while not done:
                bench = Bench(tmp_path / f"crash-{first}-{second}")
                before = bench.tree()
                with pytest.raises(Crash):
                    bench.write(bench.all_kinds(), Stopping(first))
                hook = Stopping(second)
                try:
                    recover(bench.workspace, bench.state, effects=Effects(hook))
                    done = True
                except Crash:
                    pass
                recover(bench.workspace, bench.state)
                assert bench.tree() in (before, AFTER), (first, hook.labels)
                second += 1

    def test_files_that_change_places_survive_a_crash_at_any_step(self, tmp_path):
        at, done = 0, False
        while not done:
            bench = Bench(tmp_path / f"swap-{at}")
            before = bench.tree()
            changes = [
                bench.change("keep.py", "rename", "keep\n", new_path="empty.py"),
                bench.change("empty.py", "rename", "", new_path="keep.py"),
            ]
            try:
                bench.write(changes, Stopping(at))
                done = True
            except Crash:
                recover(bench.workspace, bench.state)
            swapped = before | {"keep.py": b"", "empty.py": b"keep\n"}
            assert bench.tree() in (before, swapped)
            at += 1

    def test_what_was_edited_after_the_crash_is_kept(self, tmp_path):
        for at in range(count_steps(tmp_path)):
            bench = Bench(tmp_path / f"edited-{at}")
            with pytest.raises(Crash):
                bench.write(bench.all_kinds(), Stopping(at))
            edited = [path for path in ("edit.py", "new/deep/a.py") if (bench.root / path).exists()]
            for path in edited:
                (bench.root / path).write_bytes(b"my own words\n")
            recover(bench.workspace, bench.state)
            for path in edited:
                assert (bench.root / path).read_bytes() == b"my own words\n"
            assert not [path for path in bench.tree() if ".rolecall-" in path]

    def test_a_file_the_user_made_after_the_crash_is_kept_even_if_it_holds_the_same(self, tmp_path):
        for at in range(count_steps(tmp_path)):
            bench = Bench(tmp_path / f"made-{at}")
            with pytest.raises(Crash):
                bench.write(bench.all_kinds(), Stopping(at))
            mine = bench.root / "new/deep/a.py"
            if mine.parent.is_dir() and not mine.exists():
                mine.write_bytes(b"a\n")
                recover(bench.workspace, bench.state)
                assert mine.read_bytes() == b"a\n"

    def test_the_next_write_recovers_by_itself(self, bench):
        with pytest.raises(Crash):
            bench.write(bench.all_kinds(), Stopping(40))
        bench.write(bench.all_kinds() if (bench.root / "src/gone.py").exists() else [])
        assert not [path for path in bench.tree() if ".rolecall-" in path]

    def test_a_write_under_way_elsewhere_is_left_alone(self, bench):
        with pytest.raises(Crash):
            bench.write(bench.all_kinds(), Stopping(40))
        torn = bench.tree()
        with hold(bench.state, [str(bench.root)], wait_s=0):
            assert recover(bench.workspace, bench.state) == []
        assert bench.tree() == torn
        assert len(recover(bench.workspace, bench.state)) == 1

    def test_another_workspace_is_not_touched_by_recovery(self, bench, tmp_path):
        with pytest.raises(Crash):
            bench.write(bench.all_kinds(), Stopping(40))
        torn = bench.tree()
        (tmp_path / "project-2").mkdir()
        assert recover(Workspace((tmp_path / "project-2",)), bench.state) == []
        assert bench.tree() == torn

    def test_a_killed_process_leaves_all_or_nothing(self, tmp_path):
        program = textwrap.dedent("""
            import os, signal, sys
            from pathlib import Path
            from rolecall.answer.changeset import Change
            from rolecall.workspace.effects import Effects
            from rolecall.workspace.folder import Workspace
            from rolecall.workspace.policy import PathPolicy
            from rolecall.workspace.writer import DiskWriter
            def stop(label):
                if label.startswith("rename") and "b.py" in label:
                    os.kill(os.getpid(), signal.SIGKILL)
            workspace = Workspace((Path(sys.argv[1]),))
            from rolecall.workspace.documents import Documents
            policy = PathPolicy(workspace)
            read = Documents(workspace, policy).read
            changes = [Change(p, "modify", base=read(p), after="new") for p in ("a.py", "b.py", "c.py")]
            DiskWriter(workspace, policy, Path(sys.argv[2]), effects=Effects(stop)).write(changes, task_id="t")
        """)
        root, state = tmp_path / "ws", tmp_path / "state"
        root.mkdir()
        for name in ("a.py", "b.py", "c.py"):
            (root / name).write_text("old")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        killed = subprocess.run([sys.executable, "-c", program, root, state], env=environment, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert (root / "a.py").read_text() == "new"
        recover(Workspace((root,)), state)
        assert {path.name: path.read_text() for path in root.iterdir()} == dict.fromkeys(
            ("a.py", "b.py", "c.py"), "old"
        )


class TestLinks:
    def test_a_link_swapped_in_between_check_and_write_leads_nowhere(self, tmp_path):
        for at in range(count_steps(tmp_path)):
            bench = Bench(tmp_path / f"swap-{at}")
            outside = tmp_path / f"outside-{at}"
            outside.mkdir()
            (outside / "gone.py").write_bytes(b"gone\n")
            (outside / "moved.py").write_bytes(b"moved\n")
            seen = []

            def swap(label, bench=bench, outside=outside, seen=seen, at=at):
                if len(seen) == at:
                    for folder in ("src", "new"):
                        if (bench.root / folder).exists():
                            (bench.root / folder).rename(bench.root / f"{folder}-aside")
                        (bench.root / folder).symlink_to(outside)
                seen.append(label)

            with contextlib.suppress(RolecallError):
                bench.write(bench.all_kinds(), swap)
            assert {p.name: p.read_bytes() for p in outside.iterdir()} == {
                "gone.py": b"gone\n",
                "moved.py": b"moved\n",
            }, seen[at]

    def test_a_file_swapped_for_a_link_is_not_followed(self, bench, tmp_path):
        (tmp_path / "victim").write_bytes(b"victim")

        def swap(label):
            if label.startswith("link edit.py"):
                (bench.root / "edit.py").unlink()
                (bench.root / "edit.py").symlink_to(tmp_path / "victim")

        with pytest.raises(EditConflict):
            bench.write(bench.all_kinds(), swap)
        assert (tmp_path / "victim").read_bytes() == b"victim"

    def test_a_save_by_another_program_at_the_last_moment_is_not_lost(self, bench):
        def save(label):
            if label.startswith("link edit.py"):
                (bench.root / "edit.py").write_bytes(b"saved at the last moment")

        with pytest.raises(EditConflict):
            bench.write(bench.all_kinds(), save)
        assert (bench.root / "edit.py").read_bytes() == b"saved at the last moment"
        assert (bench.root / "src/gone.py").read_bytes() == b"gone\n"

    def test_a_file_put_in_place_by_another_program_at_the_last_moment_is_not_lost(self, bench):
        class Saving(Effects):
            def link(self, spot, new):
                linked = super().link(spot, new)
                if spot.name == "edit.py":
                    (bench.root / "edit.py~").write_bytes(b"saved at the last moment")
                    (bench.root / "edit.py~").replace(bench.root / "edit.py")
                return linked

        writer = DiskWriter(bench.workspace, bench.policy, bench.state, effects=Saving())
        with pytest.raises(EditConflict):
            writer.write(bench.all_kinds(), task_id=None)
        assert (bench.root / "edit.py").read_bytes() == b"saved at the last moment"
        assert (bench.root / "src/gone.py").read_bytes() == b"gone\n"

    def test_a_file_made_by_another_program_at_the_last_moment_is_not_lost(self, bench):
        def make(label):
            if label.endswith(" a.py"):
                (bench.root / "new/deep/a.py").write_bytes(b"")

        with pytest.raises(EditConflict):
            bench.write(bench.all_kinds(), make)
        assert (bench.root / "new/deep/a.py").read_bytes() == b""
        assert (bench.root / "src/gone.py").read_bytes() == b"gone\n"

    def test_a_file_reached_through_a_link_inside_is_written_and_the_link_stays(self, bench):
        (bench.root / "link.py").symlink_to("src/gone.py")
        bench.write([bench.change("link.py", "modify", "through the link\n")])
        assert (bench.root / "link.py").is_symlink()
        assert (bench.root / "src/gone.py").read_bytes() == b"through the link\n"

    @pytest.mark.parametrize("action", ["delete", "rename"])
    def test_a_link_itself_is_neither_deleted_nor_renamed(self, bench, action):
        (bench.root / "link.py").symlink_to("keep.py")
        with pytest.raises(PathRefused, match="link"):
            bench.write(
                [bench.change("link.py", action, "keep\n", new_path="x.py" if action == "rename" else None)]
            )
        assert (bench.root / "link.py").read_bytes() == b"keep\n"


COMPONENT = st.sampled_from(
    [
        "a",
        "b.py",
        "in",
        "out",
        "up",
        "loop",
        "..",
        ".",
        "",
        "~",
        ".git",
        "con",
        "A",
        "c:",
        "\\",
        "\u200b",
        "x" * 256,
    ]
) | st.text(min_size=1, max_size=4)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    paths=st.lists(st.lists(COMPONENT, min_size=1, max_size=4).map("/".join), min_size=1, max_size=3),
    absolute=st.booleans(),
)
def test_nothing_outside_the_workspace_is_ever_written(tmp_path_factory, paths, absolute):
    folder = tmp_path_factory.mktemp("outer")
    root, outside = folder / "ws", folder / "outside"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "b.py").write_text("untouched")
    for name, target in {"out": outside, "up": "..", "loop": "loop", "a": "in"}.items():
        (root / name).symlink_to(target)
    workspace = Workspace((root,))
    changes = [Change(f"{outside}/{path}" if absolute else path, "create", after="written") for path in paths]
    try:
        DiskWriter(workspace, PathPolicy(workspace), folder / "state").write(changes, task_id="t")
    except RolecallError:
        written = [path for path in root.rglob("*") if path.is_file()]
        assert written == []
    assert sorted(path.name for path in folder.iterdir()) in (["outside", "state", "ws"], ["outside", "ws"])
    assert [path.name for path in outside.iterdir()] == ["b.py"]
    assert (outside / "b.py").read_text() == "untouched"


class Swap:
    """Somebody who puts a link to an outside folder in a folder's place, before the effect of that number."""

    def __init__(self, folder, outside, moment, *, back):
        self.folder, self.outside, self.left, self.back = folder, outside, moment, back
        self.aside = folder.with_name("aside")

    def __call__(self, label):
        if self.left == 0 and self.folder.is_dir() and not self.folder.is_symlink():
            self.folder.rename(self.aside)
            self.folder.symlink_to(self.outside)
        elif self.left == -1 and self.back and self.folder.is_symlink():
            self.folder.unlink()
            self.aside.rename(self.folder)
        self.left -= 1


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    moment=st.integers(0, 60),
    swapped=st.sampled_from(["src", "src/deep", "kept"]),
    back=st.booleans(),
    kinds=st.sets(st.sampled_from(["create", "modify", "delete", "rename"]), min_size=1),
)
def test_no_race_with_a_link_leads_outside_the_workspace(tmp_path_factory, moment, swapped, back, kinds):
    folder = tmp_path_factory.mktemp("race")
    root, outside = folder / "ws", folder / "outside"
    for home in (root / "src/deep", root / "kept", outside, outside / "deep"):
        home.mkdir(parents=True)
        for name in ("modify.py", "delete.py", "rename.py"):
            (home / name).write_text("before\n")
    untouched = {path: path.read_text() for path in outside.rglob("*") if path.is_file()}
    workspace = Workspace((root,))
    documents = Documents(workspace, PathPolicy(workspace))
    changes = [
        Change(
            f"{home}/{kind}.py",
            kind,
            new_path=f"{home}/renamed.py" if kind == "rename" else None,
            base=None if kind == "create" else documents.read(f"{home}/{kind}.py"),
            after=None if kind == "delete" else "after\n",
        )
        for home in ("src", "src/deep", "kept")
        for kind in sorted(kinds)
    ]
    hook = Swap(root / swapped, outside, moment, back=back)
    writer = DiskWriter(workspace, PathPolicy(workspace), folder / "state", effects=Effects(hook))
    with suppress(RolecallError):
        writer.write(changes, task_id="t")
    assert {path: path.read_text() for path in outside.rglob("*") if path.is_file()} == untouched
