"""VS Code with the packaged extension, used by a person in a browser."""

from __future__ import annotations

import json
import re

import pytest

from e2e.vscode.house import House
from e2e.vscode.shop import PRICING, RULES, machine, project_in
from fakes.lsp_profiles import VSCODE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PROSE = "The limit was too low.\n\n"


def edit(path: str, old: str, new: str) -> str:
    return f'<edit path="{path}">\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n</edit>\n'


def done(files: int) -> str:
    return f'<done files="{files}"/>\n'


SIGN = 'SIGN = "😀"; NAME = "per cent"  # 😀 one 😀 line 😀'
NEW_SIGN = 'SIGN = "😀"; NAME = "per mille"  # 😀 one 😀😀 line 😀'
RAISE_LIMIT = edit("src/pricing.py", "LIMIT = 100", "LIMIT = 1000")
MEND_SIGN = edit("src/pricing.py", SIGN, NEW_SIGN)
RAISE_MAXIMUM = edit("src/rules.py", "MAXIMUM = 50", "MAXIMUM = 60")


def refactor(window, model):
    """Run a task from the menu until its edit is there."""
    window.await_server()
    model.says(PROSE, RAISE_LIMIT, done(1))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.eventually(lambda: "LIMIT = 1000\n" in window.read(), "the edit in the editor")


def test_the_menu_names_the_roles_and_the_symbol(window):
    window.open("pricing.py", line=9)
    titles = window.code_actions().all_inner_texts()
    assert "QA Engineer: write tests for discounted" in titles
    assert "Developer: refactor discounted" in titles


def test_an_answer_streams_and_its_edit_lands_beside_characters_of_two_units_and_can_be_undone(window, model):
    model.begins(PROSE, then=MEND_SIGN + RAISE_LIMIT + done(2))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.eventually(lambda: PROSE.strip() in window.output(), "the first half in the output channel")
    assert "Developer: refactor" in window.status.inner_text()
    assert "LIMIT = 100\n" in window.read()
    model.goes_on()
    window.eventually(lambda: "LIMIT = 1000\n" in window.read(), "the edit in the editor")
    window.eventually(lambda: "completed" in window.output(), "the ending in the output channel")
    window.eventually(lambda: "Developer" not in window.status.inner_text(), "the idle status bar item")
    window.save("src/pricing.py", PRICING.replace("LIMIT = 100", "LIMIT = 1000").replace(SIGN, NEW_SIGN))
    window.undo()
    window.eventually(lambda: "LIMIT = 100\n" in window.read(), "the undone edit")
    window.save("src/pricing.py", PRICING)


def test_cancelling_in_the_status_bar_hangs_up_on_the_model_and_changes_nothing(window, model):
    model.begins(PROSE + RAISE_LIMIT, then=done(1))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.eventually(lambda: PROSE.strip() in window.output(), "the first half in the output channel")
    window.status.click()
    window.choose("Developer: refactor")
    window.eventually(model.asked[0].disconnected.is_set, "the hang-up")
    window.eventually(lambda: "cancelled" in window.output(), "the ending in the output channel")
    assert "LIMIT = 100\n" in window.read()
    assert (window.project / "src" / "pricing.py").read_text() == PRICING


def test_a_declined_edit_stays_a_proposal_that_can_be_previewed_and_applied(window, model):
    model.says(PROSE, RAISE_MAXIMUM, done(1))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.discard_refactoring()
    window.click("proposes to change src/rules.py", "Preview")
    window.eventually(lambda: window.diff() == (RULES.strip(), "MAXIMUM = 60"), "the change, side by side")
    assert (window.project / "src" / "rules.py").read_text() == RULES
    window.click("apply the change of src/rules.py?", "Apply")
    window.eventually(lambda: window.diff() == ("", ""), "the closed preview")
    window.open("rules.py")
    window.eventually(lambda: "MAXIMUM = 60" in window.read(), "the applied proposal")


def test_with_preview_on_nothing_is_written_before_it_was_seen(look_into, house, model, tmp_path):
    project = project_in(tmp_path / "shop")
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(json.dumps({"rolecall.ui.preview": True}))
    window = look_into(house, project)
    window.await_server()
    model.says(PROSE, RAISE_LIMIT, done(1))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.eventually(lambda: "LIMIT = 1000" in window.diff()[1], "the change, side by side")
    assert "LIMIT = 1000" not in window.diff()[0]
    window.click("apply the change of src/pricing.py?", "Discard")
    window.eventually(lambda: window.diff() == ("", ""), "the closed preview")
    window.open("pricing.py")
    assert "LIMIT = 100\n" in window.read()


def test_a_proposal_of_several_files_is_previewed_as_one(window, model):
    model.says(PROSE, RAISE_MAXIMUM, edit("pyproject.toml", 'version = "1"', 'version = "2"'), done(2))
    window.open("pricing.py", line=9)
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.discard_refactoring()
    window.click("proposes to change src/rules.py, pyproject.toml", "Preview")
    window.eventually(lambda: "MAXIMUM = 60" in window.read_all(), "the first change")
    window.eventually(lambda: 'version = "2"' in window.read_all(), "the second change")


def test_an_instruction_of_ones_own_reaches_the_model_and_its_prose_is_shown(window, model):
    model.says("Because percentages end there.\n", done(0))
    window.open("pricing.py", line=3)
    window.command("Rolecall: Ask in Your Own Words")
    window.choose("Technical Writer")
    window.answer("Technical Writer", "Why is the limit 100? 😀")
    window.eventually(lambda: "percentages end there" in window.output(), "the answer")
    assert "Why is the limit 100? 😀" in model.words()
    assert "src/pricing.py" in model.words()


def test_a_role_and_a_task_can_be_picked(window, model):
    model.says(PROSE, RAISE_LIMIT, done(1))
    window.open("pricing.py", line=9)
    window.command("Rolecall: Run Role")
    window.choose("DevOps Engineer")
    window.choose("In my own words")
    window.answer("DevOps Engineer", "Raise the limit")
    window.eventually(lambda: "LIMIT = 1000\n" in window.read(), "the edit in the editor")


def test_the_key_set_in_the_editor_is_what_the_endpoint_gets(window, model):
    window.open("pricing.py", line=9)
    window.command("Rolecall: Set API Key")
    window.answer("Rolecall: API key", "sk-secret-of-ada")
    window.notification("the API key is set").wait_for()
    window.await_server()
    model.says("Nothing to do.\n", done(0))
    window.code_actions().filter(has_text="Developer: refactor").click()
    window.eventually(lambda: model.asked, "the request")
    assert model.asked[0].headers["authorization"] == "Bearer sk-secret-of-ada"


def test_what_a_task_wrote_is_taken_back_and_what_was_typed_since_is_kept(window, model):
    refactor(window, model)
    window.eventually(lambda: "completed" in window.output(), "the end of the task")
    window.go_to(1)
    window.type("# mine\n")
    window.command("Rolecall: Revert What a Task Wrote")
    window.choose("Developer: refactor")
    window.notification("is taken back").wait_for()
    window.save("src/pricing.py", "# mine\n" + PRICING)


def test_a_workspace_cannot_move_the_endpoint_or_the_server(look_into, house, model, endpoint, tmp_path):
    project = project_in(tmp_path / "shop")
    hostile = {
        "rolecall.llm.base_url": "http://127.0.0.1:9/v1",
        "rolecall.llm.provider": "offline",
        "rolecall.server.path": str(tmp_path / "evil"),
    }
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(json.dumps(hostile))
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\n")
    evil.chmod(0o755)
    window = look_into(house, project)
    refactor(window, model)
    assert len(model.asked) == 1
    assert not (tmp_path / "started").exists()


def cooled(project):
    """The project, asking for a temperature of its own."""
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(json.dumps({"rolecall.llm.temperature": 0.11}))
    return project


def test_a_workspace_may_set_the_temperature(look_into, house, model, tmp_path):
    window = look_into(house, cooled(project_in(tmp_path / "shop")))
    refactor(window, model)
    assert model.asked[0].json["temperature"] == 0.11


def test_in_a_folder_that_is_not_trusted_roles_work_but_its_settings_do_not_count(
    look_into, endpoint, model, tmp_path
):
    with House(tmp_path / "wary", machine(endpoint), wary=True) as wary:
        window = look_into(wary, cooled(project_in(tmp_path / "shop")))
        window.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for()
        refactor(window, model)
        assert model.asked[0].json.get("temperature") != 0.11


def test_the_recorded_capabilities_are_those_it_declares(look_into, endpoint, tmp_path):
    with House(tmp_path / "overheard", machine(endpoint)) as house:
        spoken = house.overhear()
        look_into(house).await_server()
        head, _, body = spoken.read_bytes().partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    assert length is not None
    message = json.loads(body[: int(length[1])])
    assert message["method"] == "initialize"
    assert message["params"]["initializationOptions"] == {"events": True}
    assert message["params"]["capabilities"] == VSCODE


def test_without_a_server_the_one_it_carries_is_installed_when_asked(look_into, endpoint, model, tmp_path):
    with House(tmp_path / "bare", machine(endpoint), command=False) as bare:
        window = look_into(bare)
        window.click("Rolecall found no server", "Install")
        window.notification("the server is installed").wait_for(timeout=300_000)
        refactor(window, model)
        [installed] = (bare.folder / "user").glob(
            "User/globalStorage/rolecall.rolecall/server/*/bin/rolecall"
        )
        assert installed.exists()
