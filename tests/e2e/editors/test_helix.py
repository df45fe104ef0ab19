"""A person with Helix: what is on the screen and on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from e2e.editors.helix import Helix
from e2e.editors.scene import (
    AFTER,
    BEFORE,
    EDIT,
    EDIT_OF_ANOTHER,
    FIRST_WORDS,
    OTHER,
    OTHER_BEFORE,
    PROSE,
    TARGET,
)

pytestmark = pytest.mark.e2e

DOWN = "\x0e"
ROLES = ("Business Analyst: ", "Developer: ", "QA Engineer: ", "DevOps Engineer: ", "Technical Writer: ")
NOT_YET = "No configured language server supports code actions"
REFACTOR = "Developer: refactor discounted"


@pytest.fixture
def start(desk, project) -> Iterator[Callable[[], Helix]]:
    """Starts Helix on the function ``discounted``."""
    started: list[Helix] = []

    def open_helix() -> Helix:
        helix = Helix(desk, project, TARGET)
        started.append(helix)
        helix.see("LIMIT = 100")
        helix.press("4gg")
        return helix

    yield open_helix
    for helix in started:
        helix.close()


def choose(helix: Helix, title: str) -> None:
    """Choose an action of the menu."""
    helix.press(" a")
    helix.until(lambda: title in helix.text or NOT_YET in helix.text, f"offering {title}")
    if NOT_YET in helix.text:
        helix.press("4gg")  # any key takes the words away
        helix.see_gone(NOT_YET)
        choose(helix, title)
        return
    rows = [row for row in helix.text.splitlines() if any(role in row for role in ROLES)]
    place = next(number for number, row in enumerate(rows) if title in row)
    helix.press(DOWN * place + "\r")


@pytest.mark.parametrize("desk", ["alone", "shared"], indirect=True)
def test_an_action_of_the_menu_streams_and_edits_beside_characters_beyond_the_bmp(start, model, project):
    model.will_say(EDIT)
    helix = start()
    choose(helix, REFACTOR)
    helix.see(FIRST_WORDS, "Developer: 4 tokens")
    model.go_on()
    helix.see("LIMIT = 250  # 𝛑𝛑 🦆 per cent", "# 🦆🦆 end", "changed src/pricing.py")
    assert (project / TARGET).read_text() == BEFORE
    helix.press(":w\r")
    helix.until(lambda: (project / TARGET).read_text() == AFTER, "saving")
    helix.press("u")
    helix.see("LIMIT = 100  # 𝛑𝛑 🦆 per cent", "# 🦆 end")


def test_the_cursor_stands_for_the_function_it_is_in(start, model):
    model.will_say(PROSE)
    helix = start()
    choose(helix, REFACTOR)
    helix.see(FIRST_WORDS)
    assert "4-5" in model.endpoint.completions[0].json["messages"][-1]["content"]


def test_stopping_the_server_cancels_what_runs(start, model):
    model.will_say(EDIT)
    helix = start()
    choose(helix, REFACTOR)
    helix.see(FIRST_WORDS)
    helix.press(":lsp-stop\r")
    helix.until(lambda: model.was_hung_up_on, "hanging up on the model")
    helix.see("LIMIT = 100")


def test_the_menu_can_stop_what_runs(start, model):
    model.will_say(EDIT)
    helix = start()
    choose(helix, REFACTOR)
    helix.see(FIRST_WORDS)
    choose(helix, "Stop: Developer: refactor pricing.py")
    helix.until(lambda: model.was_hung_up_on, "hanging up on the model")
    helix.see("LIMIT = 100")


def test_what_helix_cannot_ask_about_stays_a_proposal_and_is_said(start, model, project):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    helix = start()
    choose(helix, REFACTOR)
    helix.see("proposes changes of pyproject.toml; nothing was applied")
    assert (project / OTHER).read_text() == OTHER_BEFORE


def test_what_stayed_a_proposal_is_applied_from_the_menu(start, model, project):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    helix = start()
    choose(helix, REFACTOR)
    helix.see("proposes changes of pyproject.toml; nothing was applied")
    choose(helix, "Apply the proposal of Developer: refactor pricing.py")
    helix.see_gone("Apply the proposal of")
    helix.press(f":open {OTHER}\r")
    helix.see('version = "2"')


def test_an_answer_without_files_is_said(start, model):
    model.will_say(PROSE)
    model.go_on()
    helix = start()
    choose(helix, REFACTOR)
    helix.see("nothing has to change")
