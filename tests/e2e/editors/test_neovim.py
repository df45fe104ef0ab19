"""A person with Neovim: what is on the screen, in the buffers and on disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.editors.neovim import BARE, CLIENT, PLUGIN, WITH_PLUGIN, Neovim
from e2e.editors.scene import (
    AFTER,
    BEFORE,
    EDIT,
    EDIT_OF_ANOTHER,
    FIRST_WORDS,
    NEW_FILE,
    OTHER,
    OTHER_BEFORE,
    PROSE,
    TARGET,
)
from fakes.endpoint import Drop, chunk, http_error, stream

pytestmark = pytest.mark.e2e

ALONE_AND_SHARED = pytest.mark.parametrize("desk", ["alone", "shared"], indirect=True)
WINDOWS = "return vim.tbl_map(function(w) return vim.bo[vim.api.nvim_win_get_buf(w)].filetype end, vim.api.nvim_list_wins())"


@pytest.fixture(params=["nvim-0.10", "nvim-0.12"])
def start(request, desk, project) -> Iterator[Callable[..., Neovim]]:
    """Starts Neovim and waits until the server is there."""
    started: list[Neovim] = []

    def open_neovim(init: str = WITH_PLUGIN, file: str = TARGET) -> Neovim:
        neovim = Neovim(request.param, desk, project, file, init)
        started.append(neovim)
        neovim.attached()
        return neovim

    yield open_neovim
    for neovim in started:
        neovim.close()


def choose(neovim: Neovim, title: str) -> None:
    """Choose from the numbered list on the screen."""
    neovim.see(title, "Type number")
    number = re.search(rf"^\s*(\d+)\W.*{re.escape(title)}", neovim.text, re.MULTILINE)
    assert number, neovim.text
    neovim.press(f"{number[1]}\r")


def ask(neovim: Neovim, command: str = "Rolecall developer refactor") -> None:
    neovim.press(f":{command}\r")


def answer_of(neovim: Neovim) -> str:
    """The text in the buffer that the answer streams into."""
    return neovim.buffer("rolecall://")


def written(neovim: Neovim) -> str:
    return neovim.buffer("pricing.py") + "\n"


@ALONE_AND_SHARED
def test_an_action_of_the_menu_streams_and_edits_beside_characters_beyond_the_bmp(start, model):
    model.will_say(EDIT)
    neovim = start()
    neovim.press("4G:lua vim.lsp.buf.code_action()\r")
    choose(neovim, "Developer: refactor discounted")
    neovim.see(FIRST_WORDS, "developer · refactor")
    assert written(neovim) == BEFORE
    model.go_on()
    neovim.see("completed, 1 file applied")
    assert written(neovim) == AFTER
    neovim.press("u")
    neovim.until(lambda: written(neovim) == BEFORE, "taking it back by one undo")


def test_the_file_on_disk_changes_only_when_the_user_saves(start, model, project):
    model.will_say(EDIT)
    model.go_on()
    neovim = start()
    ask(neovim, "Rolecall developer refactor")
    neovim.see("applied")
    assert (project / TARGET).read_text() == BEFORE
    neovim.press(":w\r")
    neovim.until(lambda: (project / TARGET).read_text() == AFTER, "saving")


def test_cancel_stops_the_model_and_changes_nothing(start, model):
    model.will_say(EDIT)
    neovim = start()
    ask(neovim)
    neovim.see(FIRST_WORDS)
    neovim.press(":Rolecall cancel\r")
    neovim.until(lambda: model.was_hung_up_on, "hanging up on the model")
    neovim.see("developer · refactor · cancelled")
    assert written(neovim) == BEFORE


def test_a_declined_edit_stays_a_proposal_that_can_be_looked_at_and_applied(start, model):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    neovim = start()
    ask(neovim)
    choose(neovim, "Discard")
    neovim.see("1 file proposed")
    assert neovim.lua(f'return vim.fn.bufloaded("{OTHER}")') == 0
    neovim.press(":Rolecall diff\r")
    neovim.see('-version = "1"', '+version = "2"')
    neovim.press("q:Rolecall apply\r")
    neovim.see("changed pyproject.toml")
    assert neovim.buffer(OTHER) + "\n" == OTHER_BEFORE.replace('"1"', '"2"')


def test_the_question_can_show_the_diff_first(start, model):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    neovim = start()
    ask(neovim)
    choose(neovim, "Show diff")
    neovim.see('+version = "2"')
    choose(neovim, "Apply")
    neovim.see("1 file applied")


def test_a_new_file_is_on_disk(start, model, project):
    model.will_say(NEW_FILE)
    model.go_on()
    neovim = start()
    ask(neovim, "Rolecall qa_engineer tests")
    neovim.see("1 file applied")
    assert (project / "tests/test_pricing.py").read_text() == "def test_limit():\n    assert True  # 🦆\n"


def test_revert_takes_back_the_edit_and_keeps_what_was_typed_since(start, model):
    model.will_say(EDIT)
    model.go_on()
    neovim = start()
    ask(neovim)
    neovim.see("applied")
    neovim.press("5Gomine\x1b:Rolecall revert\r")
    neovim.see("took back src/pricing.py")
    assert written(neovim) == BEFORE.replace("LIMIT\n\n", "LIMIT\nmine\n\n")


def test_an_instruction_about_some_lines_reaches_the_model(start, model):
    model.will_say(PROSE)
    neovim = start()
    neovim.press("4GVj:Rolecall developer round down, please\r")
    neovim.see(FIRST_WORDS)
    asked = model.endpoint.completions[0].json["messages"][-1]["content"]
    assert "round down, please" in asked
    assert "lines 4-5" in asked or "4-5" in asked, asked
    model.go_on()
    neovim.see("nothing has to change", "completed")


def test_an_answer_without_files_is_shown_once(start, model):
    model.will_say(PROSE)
    model.go_on()
    neovim = start()
    ask(neovim, "Rolecall developer explain it")
    neovim.see("developer · completed")
    assert sorted(neovim.lua(WINDOWS)) == ["markdown", "python"]


def test_the_status_line_component_shows_what_runs(start, model):
    model.will_say(PROSE)
    neovim = start(WITH_PLUGIN + "vim.o.statusline = [[%f %{v:lua.require('rolecall').statusline()}]]")
    ask(neovim)
    neovim.see(FIRST_WORDS)
    neovim.see("src/pricing.py Rolecall: developer · refactor · 4 tokens")
    model.go_on()
    neovim.see_gone("Rolecall: developer")


@pytest.mark.parametrize("kind", ["float", "vsplit"])
def test_the_answer_streams_into_the_window_of_the_users_choice(start, model, kind):
    model.will_say(PROSE)
    neovim = start(WITH_PLUGIN.replace("{}", f'{{ view = {{ kind = "{kind}" }} }}'))
    ask(neovim)
    neovim.see(FIRST_WORDS)
    neovim.see("developer · refactor")
    assert neovim.lua("return vim.bo.filetype") == "python"


def test_the_text_the_user_reads_does_not_move_when_the_answer_appears(start, model):
    model.will_say(PROSE)
    neovim = start()
    neovim.press(":call append(0, range(40))\rgg12G")
    neovim.until_lua("vim.fn.line('.') == 12")
    assert neovim.lua("return vim.fn.line('w0')") == 1
    ask(neovim)
    neovim.see(FIRST_WORDS)
    assert neovim.lua("return vim.fn.line('w0')") == 1


def test_what_a_failed_attempt_streamed_is_cleared(start, model, desk):
    desk.extra |= {"ROLECALL_RETRY__MAX_ATTEMPTS": "2", "ROLECALL_RETRY__INITIAL_DELAY_S": "0.01"}
    model.endpoint.replies.append(stream(chunk("Void words"), Drop()))
    model.will_say(EDIT)
    model.go_on()
    neovim = start()
    ask(neovim)
    neovim.see("applied")
    assert answer_of(neovim) == FIRST_WORDS + EDIT


def test_a_failure_is_said_where_the_answer_would_be(start, model):
    model.endpoint.replies.append(http_error(401, "no such key"))
    neovim = start()
    neovim.press(":Rolecall developer refactor\r")
    neovim.see("developer · refactor · failed", "Press ENTER")
    neovim.press("\r")
    assert "401" in answer_of(neovim)


def completions(neovim: Neovim, line: str) -> Any:
    return neovim.lua(f'return vim.fn.getcompletion("{line}", "cmdline")')


def test_the_command_line_completes_roles_tasks_and_verbs(start, model):
    neovim = start()
    assert completions(neovim, "Rolecall q") == ["qa_engineer"]
    assert completions(neovim, "Rolecall qa_engineer t") == ["tests", "test_plan"]
    assert set(completions(neovim, "4,5Rolecall ")) >= {
        "developer",
        "cancel",
        "apply",
        "revert",
        "tasks",
        "log",
    }
    assert completions(neovim, "Rolecall cancel ") == []


def test_a_role_that_does_not_exist_is_named_in_one_line(start):
    neovim = start()
    neovim.press(":Rolecall poet\r")
    neovim.see("there is no role poet")
    assert "Press ENTER" not in neovim.text


def test_the_health_check_finds_nothing_wrong(start):
    neovim = start()
    neovim.press(":checkhealth rolecall\r")
    neovim.see("serves 1 buffer of", "model: fake-model")
    assert "ERROR" not in neovim.text


def test_every_link_of_the_help_page_leads_somewhere(start, tmp_path):
    shutil.copytree(PLUGIN / "doc", tmp_path / "help" / "doc")
    neovim = start(WITH_PLUGIN + f"vim.opt.runtimepath:append({str(tmp_path / 'help')!r})")
    neovim.press(f":helptags {tmp_path}/help/doc\r:help rolecall\r")
    neovim.see("Rolecall puts a business analyst")
    links = neovim.lua('return vim.fn.getline(1, "$")')
    names = set(re.findall(r"\|([^\s|]+)\|", "\n".join(links)))
    assert names
    known = {name for name in names if neovim.lua(f'return #vim.fn.getcompletion("{name}", "help") > 0')}
    assert names - known == set()


def test_without_the_plugin_the_menu_works_too(start, model):
    model.will_say(EDIT)
    model.go_on()
    neovim = start(BARE)
    neovim.press("4G:lua vim.lsp.buf.code_action()\r")
    choose(neovim, "Developer: refactor discounted")
    neovim.until(lambda: written(neovim) == AFTER, "editing")


def test_without_the_plugin_the_menu_can_stop_what_runs(start, model):
    model.will_say(EDIT)
    neovim = start(BARE)
    neovim.press("4G:lua vim.lsp.buf.code_action()\r")
    choose(neovim, "Developer: refactor discounted")
    neovim.until(lambda: model.asked, "asking the model")
    neovim.press(":lua vim.lsp.buf.code_action()\r")
    choose(neovim, "Stop: Developer: refactor pricing.py")
    neovim.until(lambda: model.was_hung_up_on, "hanging up on the model")
    assert written(neovim) == BEFORE


def test_without_the_plugin_a_refused_edit_changes_nothing(start, model):
    model.will_say(EDIT_OF_ANOTHER)
    model.go_on()
    neovim = start(BARE)
    neovim.press("4G:lua vim.lsp.buf.code_action()\r")
    choose(neovim, "Developer: refactor discounted")
    neovim.until(lambda: "Type number" in neovim.text or "[Y]es" in neovim.text, "asking")
    if "[Y]es" in neovim.text:
        neovim.press("n")
    else:
        choose(neovim, "Discard")
    neovim.until_lua(f"#vim.tbl_keys({CLIENT}.requests) == 0")
    neovim.press(f":edit {OTHER}\r")
    neovim.see('version = "1"')
