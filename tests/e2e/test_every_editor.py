"""What every editor has to show, and the test of that editor which shows it; what is missing fails here, without editors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ITEMS = (
    "start",
    "code action menu",
    "run",
    "visible streaming",
    "edit beside a character beyond the BMP",
    "cancel",
    "undo",
    "declined edit",
)
ALSO_VSCODE = ("preview", "output channel", "own instruction", "key set", "revert")
STORY = "test_an_action_of_the_menu_streams_and_edits_beside_characters_beyond_the_bmp"
EMACS = "test_an_action_streams_and_edits_beside_characters_beyond_the_bmp"
VSCODE = "test_an_answer_streams_and_its_edit_lands_beside_characters_of_two_units_and_can_be_undone"
LOOKING = {"see", "until", "eventually", "code_actions"}
"""How a test looks at what an editor shows."""

SHOWN = {
    "editors/test_neovim.py": (
        "test_the_health_check_finds_nothing_wrong",
        STORY,
        "test_the_file_on_disk_changes_only_when_the_user_saves",
        STORY,
        STORY,
        "test_cancel_stops_the_model_and_changes_nothing",
        STORY,
        "test_a_declined_edit_stays_a_proposal_that_can_be_looked_at_and_applied",
    ),
    "editors/test_helix.py": (
        STORY,
        "test_the_menu_can_stop_what_runs",
        STORY,
        STORY,
        STORY,
        "test_the_menu_can_stop_what_runs",
        STORY,
        "test_what_stayed_a_proposal_is_applied_from_the_menu",
    ),
    "editors/test_emacs.py": (
        EMACS,
        "test_the_menu_can_stop_what_runs",
        EMACS,
        EMACS,
        EMACS,
        "test_the_menu_can_stop_what_runs",
        "test_undo_takes_the_edit_back",
        "test_a_declined_edit_stays_a_proposal_that_the_menu_applies",
    ),
    "vscode/test_vscode.py": (
        "test_the_menu_names_the_roles_and_the_symbol",
        "test_the_menu_names_the_roles_and_the_symbol",
        VSCODE,
        VSCODE,
        VSCODE,
        "test_cancelling_in_the_status_bar_hangs_up_on_the_model_and_changes_nothing",
        VSCODE,
        "test_a_declined_edit_stays_a_proposal_that_can_be_previewed_and_applied",
        "test_with_preview_on_nothing_is_written_before_it_was_seen",
        VSCODE,
        "test_an_instruction_of_ones_own_reaches_the_model_and_its_prose_is_shown",
        "test_the_key_set_in_the_editor_is_what_the_endpoint_gets",
        "test_what_a_task_wrote_is_taken_back_and_what_was_typed_since_is_kept",
    ),
}


@pytest.mark.parametrize("module", SHOWN)
def test_every_item_has_a_test_in_that_editor(module):
    items = ITEMS + (ALSO_VSCODE if module.startswith("vscode/") else ())
    tree = ast.parse((HERE / module).read_text())
    there = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for item, test in zip(items, SHOWN[module], strict=True):
        assert test in there, f"{item}: {test} is not there"
        called = {node.attr for node in ast.walk(there[test]) if isinstance(node, ast.Attribute)}
        assert called & LOOKING, f"{item}: {test} does not look at the screen"
