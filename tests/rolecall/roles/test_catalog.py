"""The catalog: built-in roles, the user's beside them, and what is saved while it is in use."""

import os
import threading
from pathlib import Path

import pytest

from rolecall.errors import ConfigurationInvalid
from rolecall.roles import RoleCatalog
from rolecall.roles.catalog import BUILT_IN_ORDER, MAX_FILES

SECOND = 1_000_000_000


class WallClock:
    """Nanoseconds that pass when told to."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def role_text(role_id: str, prompt: str = "You help.") -> str:
    return f"---\nid: {role_id}\ntitle: Helper\ndescription: Helps.\n---\n{prompt}\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "roles"
    folder.mkdir()
    return folder


def ids(catalog):
    return [role.id for role in catalog.roles()]


def test_without_a_folder_there_are_the_five_built_in_roles_in_their_order():
    catalog = RoleCatalog(None)

    assert ids(catalog) == list(BUILT_IN_ORDER)
    assert all(role.built_in for role in catalog.roles())
    assert catalog.problems() == []


def test_a_folder_that_is_not_there_is_no_problem(tmp_path):
    catalog = RoleCatalog(tmp_path / "none")

    assert ids(catalog) == list(BUILT_IN_ORDER)
    assert catalog.problems() == []


def test_a_file_adds_a_role_after_the_built_in_ones(folder):
    (folder / "helper.md").write_text(role_text("helper"))

    catalog = RoleCatalog(folder)

    assert ids(catalog) == [*BUILT_IN_ORDER, "helper"]
    assert catalog.get("helper").source == folder / "helper.md"
    assert not catalog.get("helper").built_in


def test_a_file_with_a_built_in_id_replaces_that_role_in_its_place(folder):
    (folder / "mine.md").write_text(role_text("developer", "You are mine."))

    catalog = RoleCatalog(folder)

    assert ids(catalog) == list(BUILT_IN_ORDER)
    assert catalog.get("developer").prompt == "You are mine."


def test_of_two_files_with_one_id_the_first_by_name_is_used_and_the_other_reported(folder):
    (folder / "a.md").write_text(role_text("helper", "First."))
    (folder / "b.md").write_text(role_text("helper", "Second."))

    catalog = RoleCatalog(folder)

    assert catalog.get("helper").prompt == "First."
    assert [(problem.file.name, problem.message) for problem in catalog.problems()] == [
        ("b.md", "the id 'helper' is already taken by a.md; this file is not used")
    ]


def test_a_bad_file_is_reported_and_the_others_keep_working(folder):
    (folder / "bad.md").write_text("---\nid: Bad\n---\n")
    (folder / "good.md").write_text(role_text("good"))

    catalog = RoleCatalog(folder)

    assert ids(catalog) == [*BUILT_IN_ORDER, "good"]
    assert {problem.file for problem in catalog.problems()} == {folder / "bad.md"}


def test_a_bad_file_for_a_built_in_role_leaves_that_role_on_call(folder):
    (folder / "developer.md").write_text("---\nid: developer\n---\n")

    assert RoleCatalog(folder).get("developer").built_in


@pytest.mark.parametrize("name", [".hidden.md", "notes.txt", "helper.md~", "helper"])
def test_hidden_files_and_other_endings_are_not_role_files(folder, name):
    (folder / name).write_text("nothing")

    assert RoleCatalog(folder).problems() == []


def test_what_stands_where_a_role_file_should_be_is_named_for_what_it_is(folder):
    (folder / "folder.md").mkdir()
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "gone.md").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.md")
    (folder / "good.md").write_text(role_text("good"))

    catalog = RoleCatalog(folder)

    assert {problem.file.name: problem.message for problem in catalog.problems()} == {
        "folder.md": "a folder, where a role file should be",
        "loop.md": "a symbolic link that leads back to itself",
        "gone.md": "a symbolic link that leads nowhere",
        "pipe.md": "not a regular file",
    }
    assert ids(catalog)[-1] == "good"


def test_a_link_to_a_role_file_elsewhere_is_followed(folder, tmp_path):
    (tmp_path / "dotfiles.md").write_text(role_text("helper"))
    (folder / "helper.md").symlink_to(tmp_path / "dotfiles.md")

    assert RoleCatalog(folder).get("helper").title == "Helper"


def test_a_file_where_the_folder_should_be_is_reported(tmp_path):
    (tmp_path / "roles").write_text("")

    assert "a file, where the folder" in RoleCatalog(tmp_path / "roles").problems()[0].message


def test_a_folder_that_leads_back_to_itself_is_reported(tmp_path):
    (tmp_path / "roles").symlink_to(tmp_path / "roles")

    assert "cannot be read" in RoleCatalog(tmp_path / "roles").problems()[0].message


def test_only_so_many_files_are_read(folder):
    for number in range(MAX_FILES + 2):
        (folder / f"r{number:04}.md").write_text(role_text(f"r{number}"))

    catalog = RoleCatalog(folder)

    assert len(catalog.roles()) == len(BUILT_IN_ORDER) + MAX_FILES
    assert f"only the first {MAX_FILES} are read" in catalog.problems()[0].message


def test_a_refresh_without_a_change_says_so(folder):
    (folder / "helper.md").write_text(role_text("helper"))
    catalog = RoleCatalog(folder)

    assert catalog.refresh() is False


def test_a_saved_change_is_taken_up(folder):
    file = folder / "helper.md"
    file.write_text(role_text("helper", "Old."))
    catalog = RoleCatalog(folder)

    file.write_text(role_text("helper", "Renewed."))

    assert catalog.refresh() is True
    assert catalog.get("helper").prompt == "Renewed."
    assert catalog.refresh() is False


def test_a_change_that_leaves_size_and_time_stamps_as_they_were_is_seen_while_they_are_young(folder):
    file = folder / "helper.md"
    file.write_text(role_text("helper", "Old."))
    times = file.stat()
    stamps = (times.st_atime_ns, times.st_mtime_ns)
    catalog = RoleCatalog(folder, wall_clock_ns=WallClock(times.st_mtime_ns + SECOND))

    with file.open("r+") as stream:
        stream.write(role_text("helper", "New."))
    os.utime(file, ns=stamps)

    assert catalog.refresh() is True
    assert catalog.get("helper").prompt == "New."


def test_an_old_unchanged_folder_costs_no_reading(folder, monkeypatch):
    file = folder / "helper.md"
    file.write_text(role_text("helper"))
    catalog = RoleCatalog(folder, wall_clock_ns=WallClock(file.stat().st_ctime_ns + 10 * SECOND))

    monkeypatch.setattr("rolecall.roles.catalog.load_role", None)

    assert catalog.refresh() is False


def test_files_that_come_and_go_are_noticed(folder):
    catalog = RoleCatalog(folder)
    (folder / "helper.md").write_text(role_text("helper"))
    assert catalog.refresh() is True
    assert "helper" in ids(catalog)

    (folder / "helper.md").unlink()
    assert catalog.refresh() is True
    assert "helper" not in ids(catalog)


def test_a_folder_that_appears_later_is_noticed(tmp_path):
    catalog = RoleCatalog(tmp_path / "roles")
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "helper.md").write_text(role_text("helper"))

    assert catalog.refresh() is True
    assert "helper" in ids(catalog)


def test_a_file_that_becomes_bad_takes_its_role_off_call_until_it_is_mended(folder):
    file = folder / "helper.md"
    file.write_text(role_text("helper"))
    catalog = RoleCatalog(folder)

    file.write_text("---\nid: helper\n")
    assert catalog.refresh() is True
    assert "helper" not in ids(catalog)
    assert "no closing line" in catalog.problems()[0].message

    file.write_text(role_text("helper"))
    assert catalog.refresh() is True
    assert catalog.problems() == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("qa", "qa_engineer"),
        ("QA-Engineer", "qa_engineer"),
        ("devloper", "developer"),
        ("writer", "technical_writer"),
    ],
)
def test_an_unknown_role_is_answered_with_the_nearest_and_the_list(asked, meant):
    with pytest.raises(ConfigurationInvalid) as caught:
        RoleCatalog(None).get(asked)

    assert asked in caught.value.message
    assert caught.value.hint.startswith(f"Did you mean '{meant}'? Roles: business_analyst, developer,")


def test_an_unknown_role_like_none_is_answered_with_the_list_alone():
    with pytest.raises(ConfigurationInvalid) as caught:
        RoleCatalog(None).get("zzz")

    assert caught.value.hint == f"Roles: {', '.join(BUILT_IN_ORDER)}."


def test_an_unknown_task_is_answered_with_the_nearest_and_the_list():
    with pytest.raises(ConfigurationInvalid) as caught:
        RoleCatalog(None).get("qa_engineer").task("test")

    assert caught.value.hint == (
        "Did you mean 'tests'? Tasks of qa_engineer: tests, test_plan, security_tests, performance_tests."
    )


def test_refreshing_from_several_threads_leaves_one_consistent_state(folder):
    for number in range(20):
        (folder / f"r{number}.md").write_text(role_text(f"r{number}"))
    catalog = RoleCatalog(folder)
    failures: list[BaseException] = []

    def look():
        try:
            for _ in range(20):
                catalog.refresh()
                assert len(catalog.roles()) == len(BUILT_IN_ORDER) + 20
        except BaseException as failure:  # noqa: BLE001 - reported by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_the_roles_answer_without_the_heavy_packages():
    import subprocess
    import sys

    source = Path(__file__).parents[3] / "agents"
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from rolecall.roles import RoleCatalog\n"
        "RoleCatalog(None).roles()\n"
        "print([name for name in ('pydantic', 'structlog', 'asyncio') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(source)], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
