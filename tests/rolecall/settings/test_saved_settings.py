"""A saved settings file counts from the next task on; one that is broken changes nothing."""

from __future__ import annotations

import os
import time

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.session import Session
from rolecall.settings.stamps import Stamps

STRICT = "apply: {confirm: always}\n"
BROKEN = "apply: {confirm: always\nllm: [\n"


@pytest.fixture
def session(tmp_path, project):
    (project / ".rolecall.yaml").write_text(STRICT)
    config = tmp_path / "config.yaml"
    config.write_text("llm: {model: first}\n")
    return Session(Caller({"HOME": str(tmp_path)}, project, config_file=config))


def workspace_file(session):
    return session.workspace.roots[0] / ".rolecall.yaml"


def test_a_saved_workspace_file_counts_from_the_next_task_on(session):
    workspace_file(session).write_text("context: {max_file_bytes: 1000}\n")
    session.ready()
    assert session.settings.context.max_file_bytes == 1000
    assert session.documents.max_bytes == 1000
    assert session.settings.apply.confirm == "overwrite"


def test_a_workspace_file_that_vanished_says_nothing_any_more(session):
    workspace_file(session).unlink()
    session.ready()
    assert session.settings.apply.confirm == "overwrite"


@pytest.mark.parametrize("content", [BROKEN, "- a list\n", "\x00\n", "x" * 70_000])
def test_while_a_workspace_file_is_broken_what_it_said_before_holds(session, content):
    workspace_file(session).write_text(content)
    assert session.refresh()
    assert session.settings.apply.confirm == "always"
    assert len(session.loaded.unread) == 1
    assert ".rolecall.yaml" in session.loaded.unread[0]
    assert not session.refresh()
    workspace_file(session).write_text("apply: {confirm: overwrite}\n")
    assert session.refresh()
    assert session.settings.apply.confirm == "overwrite"
    assert session.loaded.unread == ()


def test_a_broken_workspace_file_does_not_hold_back_the_users_own_settings(session):
    workspace_file(session).write_text(BROKEN)
    session.caller.config_file.write_text("llm: {model: second}\n")
    session.ready()
    assert (session.settings.llm.model, session.settings.apply.confirm) == ("second", "always")


def test_while_the_users_file_is_invalid_the_settings_before_hold(session):
    session.caller.config_file.write_text("llm: {modle: second}\n")
    session.ready()
    assert session.settings.llm.model == "first"
    assert "modle" in session.mistake.message
    session.caller.config_file.write_text("llm: {model: third}\n")
    session.ready()
    assert (session.settings.llm.model, session.mistake) == ("third", None)


def test_settings_that_are_invalid_from_the_start_answer_each_call(tmp_path, project):
    config = tmp_path / "config.yaml"
    config.write_text("llm: {modle: x}\n")
    session = Session(Caller({"HOME": str(tmp_path)}, project, config_file=config))
    config.write_text("llm: {modle: y, x: 1}\n")
    with pytest.raises(ConfigurationInvalid, match=r"llm\.x"):
        session.ready()


def test_what_nothing_was_saved_for_is_not_read_again(session, monkeypatch):
    for path in (workspace_file(session), session.caller.config_file):
        os.utime(path, (1, 1))
    session.refresh()
    settled = Stamps(session._stamps.values, settled=True)
    monkeypatch.setattr(session, "_stamps", settled)
    kept = session.loaded
    monkeypatch.setattr("rolecall.session.load", lambda *_, **__: pytest.fail("read again"))
    session.ready()
    assert session.loaded is kept


def test_settings_that_say_the_same_as_before_keep_the_key_that_a_command_gave(session):
    kept = session.loaded
    os.utime(session.caller.config_file)
    assert not session.refresh()
    assert session.loaded is kept


@pytest.mark.parametrize(("later_s", "settled"), [(0, False), (1, False), (5, True)])
def test_a_file_saved_a_moment_ago_may_change_again_unseen(tmp_path, later_s, settled):
    path = tmp_path / "a"
    path.write_text("x")
    stamps = Stamps.of([path], wall_clock_ns=lambda: time.time_ns() + later_s * 1_000_000_000)
    assert stamps.settled is settled
    assert stamps.still_hold(stamps) is settled


def test_a_file_that_was_written_or_made_or_removed_does_not_hold(tmp_path):
    path, later = tmp_path / "a", lambda: time.time_ns() + 10**10
    absent = Stamps.of([path], wall_clock_ns=later)
    path.write_text("x")
    written = Stamps.of([path], wall_clock_ns=later)
    path.write_text("xy")
    longer = Stamps.of([path], wall_clock_ns=later)
    assert absent.still_hold(absent)
    assert not absent.still_hold(written)
    assert not written.still_hold(longer)
    assert not longer.still_hold(absent)
