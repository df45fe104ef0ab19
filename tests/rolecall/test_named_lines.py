"""What may stand behind the name of a file, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid, PathRefused
from rolecall.session import Session
from rolecall.task import FileRef, Selection


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("".join(f"LINE_{n} = {n}\n" for n in range(1, 16)))
    (tmp_path / "one.py").write_text("ONLY = 1\n")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "a#1.py").write_text("A = 1\n")
    return Session(Caller({"HOME": str(tmp_path / "home")}, tmp_path, None, {}, "mcp"), roots=(tmp_path,))


@pytest.mark.parametrize(
    ("named", "path", "lines"),
    [
        ("src/a.py", "src/a.py", None),
        ("src/a.py:3", "src/a.py", (3, 3)),
        ("src/a.py:3-8", "src/a.py", (3, 8)),
        ("src/a.py:003-08", "src/a.py", (3, 8)),
        ("src/a.py:1-999999", "src/a.py", (1, 15)),
        ("src/a.py:15-99999999999999999999", "src/a.py", (15, 15)),
        ("a#1.py", "a#1.py", None),
        ("a#1.py:1", "a#1.py", (1, 1)),
        ("new.py", "new.py", None),
        ("new.py:3-8", "new.py", (3, 8)),
    ],
)
def test_a_file_is_named_with_its_lines_as_far_as_it_has_them(session, named, path, lines) -> None:
    assert session.file_ref(named) == FileRef(path, Selection(*lines) if lines else None)


def test_absolute_paths_and_uris_may_have_lines_too(session, tmp_path) -> None:
    whole = tmp_path / "src" / "a.py"
    for named in (str(whole), whole.as_uri()):
        assert session.file_ref(f"{named}:2-4") == FileRef("src/a.py", Selection(2, 4))


@pytest.mark.parametrize(
    ("named", "message", "hint"),
    [
        ("src/a.py:0-2", "src/a.py:0-2 names line 0; lines are counted from 1.", "Write src/a.py:1-2."),
        ("src/a.py:0", "names line 0", "Write src/a.py:1-1."),
        ("src/a.py:00-0", "names line 0", "Write src/a.py:1-1."),
        ("src/a.py:2-", "The lines of src/a.py:2- have no end.", "Write src/a.py:2-15."),
        ("src/a.py:20-", "have no end", "Write src/a.py:20-END."),
        ("src/a.py:-5", "The lines of src/a.py:-5 have no start.", "Write src/a.py:1-5."),
        ("src/a.py:9-3", "The lines of src/a.py:9-3 run backwards.", "Write src/a.py:3-9."),
        ("src/a.py:16-20", "src/a.py has 15 lines; line 16 is behind its end.", "Name lines that it has"),
        ("src/a.py:99999999999999999999", "has 15 lines; line 9999", "Name lines that it has"),
        ("one.py:2", "one.py has 1 line; line 2 is behind its end.", "or the file alone"),
        ("empty.py:1", "empty.py has 0 lines", "the file alone"),
        ("src/a.py:x-y", "What stands behind src/a.py in src/a.py:x-y is no range", "src/a.py:10-40, or"),
        ("src/a.py:L3-L8", "is no range", "such as src/a.py:3-8,"),
        ("src/a.py#L3-L8", "is no range", "such as src/a.py:3-8,"),
        ("src/a.py:3:8", "is no range", "such as src/a.py:3-8,"),
        ("src/a.py:3,8", "is no range", "such as src/a.py:3-8,"),
        ("src/a.py:3\N{EN DASH}8", "is no range", "such as src/a.py:3-8,"),
        ("src/a.py:3-5-8", "is no range", "such as src/a.py:10-40,"),
        ("src/a.py:", "is no range", "or the file alone"),
        ("src/a.py:discounted", "is no range", "or the file alone"),
        ("new.py:0-2", "new.py:0-2 names line 0", "Write new.py:1-2."),
        ("new.py:2-", "have no end", "Write new.py:2-END."),
        ("src:1-2", "src is a folder", "Name a file in it"),
    ],
)  # fmt: skip
def test_what_is_no_range_of_its_lines_is_refused_with_the_form_that_was_meant(
    session, named, message, hint
) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        session.file_ref(named)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("named", ["../b.py:1-2", "../b.py:0-2", "/etc/passwd:x-y"])
def test_a_file_outside_the_workspace_is_refused_whatever_its_lines(session, named) -> None:
    with pytest.raises(PathRefused):
        session.file_ref(named)


def test_a_message_takes_no_control_characters_from_what_was_named(session) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        session.file_ref("src/a.py:\x1b[2J" + "9" * 500)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 400
