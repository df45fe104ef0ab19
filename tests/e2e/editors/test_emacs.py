"""A person with Emacs and eglot: what is on the screen and on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from e2e.editors.emacs import Emacs
from e2e.editors.scene import (
    AFTER,
    BEFORE,
    EDIT,
    EDIT_OF_ANOTHER,
    NEW_FILE,
    OTHER,
    OTHER_BEFORE,
    TARGET,
)

pytestmark = pytest.mark.e2e

SAVE = "\x18\x13"
STREAMED = "Developer: 4 tokens · I raise"
UNDO = "\x1f"


@pytest.fixture
def start(desk, project) -> Iterator[Callable[[], Emacs]]:
    """Starts Emacs on the function ``discounted`` of a project under version control."""
    (project / ".git").mkdir()
    started: list[Emacs] = []

    def open_emacs() -> Emacs:
        emacs = Emacs(desk, project, TARGET)
        started.append(emacs)
        emacs.see("LIMIT = 100", "Connected!")
        emacs.press("\x1bg\x1bg4\r")
        return emacs

    yield open_emacs
    for emacs in started:
        emacs.close()


def choose(emacs: Emacs, title: str) -> None:
    """Choose a code action by its title."""
    emacs.press("\x1bxeglot-code-actions\r")
    emacs.see("Pick an action")
    emacs.press(f"{title}\r")


@pytest.mark.parametrize("desk", ["alone", "shared"], indirect=True)
def test_an_action_streams_and_edits_beside_characters_beyond_the_bmp(start, model, project):
    model.will_say(EDIT)
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see(STREAMED)
    emacs.press("\x1b>;; typed meanwhile")
    emacs.see(";; typed meanwhile")
    model.go_on()
    emacs.see("LIMIT = 250  # 𝛑𝛑 🦆 per cent", "# 🦆🦆 end")
    emacs.press(SAVE)
    emacs.until(lambda: (project / TARGET).read_text() != BEFORE, "saving")
    assert (project / TARGET).read_text() == AFTER + ";; typed meanwhile\n"  # Emacs ends files


def test_undo_takes_the_edit_back(start, model):
    model.will_say(EDIT)
    model.go_on()
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see("LIMIT = 250")
    emacs.press(UNDO)
    emacs.see("LIMIT = 100  # 𝛑𝛑 🦆 per cent", "# 🦆 end")


def test_the_menu_can_stop_what_runs(start, model):
    model.will_say(EDIT)
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see(STREAMED)
    choose(emacs, "Stop: Developer: refactor pricing.py")
    emacs.until(lambda: model.was_hung_up_on, "hanging up on the model")
    emacs.see("LIMIT = 100")


def test_shutting_the_server_down_cancels_what_runs(start, model):
    model.will_say(EDIT)
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see(STREAMED)
    emacs.press("\x1bxeglot-shutdown\r")
    emacs.until(lambda: emacs.press("\r") or model.was_hung_up_on, "hanging up on the model")
    emacs.see("LIMIT = 100")


@pytest.mark.parametrize(("answer", "version"), [("Discard", "1"), ("Apply", "2")])
def test_a_change_of_another_file_is_asked_about(start, model, project, answer, version):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see("Apply?")
    emacs.press(f"\x01\x0b{answer}\r")
    if answer == "Apply":
        emacs.see(
            "Server wants to edit", "Proceed?"
        )  # eglot asks for itself before it changes a file that is not open
        emacs.press("y")
        emacs.see_gone("Proceed?")
    else:
        emacs.see("nothing was applied")
    emacs.press(f"\x18\x06\x01\x0b{project / OTHER}\r")
    emacs.see(f'version = "{version}"')
    assert (project / OTHER).read_text() == OTHER_BEFORE


def test_a_declined_edit_stays_a_proposal_that_the_menu_applies(start, model, project):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    emacs = start()
    choose(emacs, "Developer: refactor discounted")
    emacs.see("Apply?")
    emacs.press("\x01\x0bDiscard\r")
    emacs.see("nothing was applied")
    choose(emacs, "Apply the proposal of Developer: refactor pricing.py")
    emacs.see("Server wants to edit", "Proceed?")
    emacs.press("y")
    emacs.see_gone("Proceed?")
    emacs.press(f"\x18\x06\x01\x0b{project / OTHER}\r")
    emacs.see('version = "2"')


def test_a_new_file_which_eglot_cannot_create_is_on_disk(start, model, project):
    model.will_say(NEW_FILE)
    model.go_on()
    emacs = start()
    choose(emacs, "QA Engineer: write tests for discounted")
    emacs.see("changed tests/test_pricing.py")
    assert (project / "tests/test_pricing.py").exists()
