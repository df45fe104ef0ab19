"""Who is asked before what."""

from __future__ import annotations

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Wire

OTHER = "test_a_change_of_another_file_is_asked_about"
APPLY = "test_applying_a_proposal_is_itself_the_confirmation_unless_all_is_asked_for_or_its_name_is_protected"


def asked(wire: Wire) -> bool:
    """Whether the user was asked, in either way."""
    return bool(wire.questions() or wire.previews())


def _unasked(wire: Wire) -> bool:
    """Applied, and nobody was asked."""
    return bool(wire.edits()) and not asked(wire) and wire.states() == {"applied"}


def _mode(wire: Wire) -> str | None:
    (run,) = wire.runs()
    mode: str | None = run.argument.get("apply")
    return mode


def _actions(wire: Wire) -> set[str]:
    return {file["action"] for file in wire.files()}


def _paths(wire: Wire) -> set[str]:
    return {file["path"] for file in wire.files()}


def _left_alone(wire: Wire) -> bool:
    return not wire.edits() and not wire.questions() and wire.states() == {"proposed"}


CLAUSES = {
    "confirm.always": Clause(
        "`always` asks for every change, that of the very file too.",
        ("test_always_asks_for_every_change",),
        lambda wire: asked(wire) and _paths(wire) == {"src/pricing.py"} and wire.states() == {"applied"},
    ),
    **{
        f"confirm.overwrite.{action}": Clause(
            f"`overwrite` asks when another existing file is {words}.",
            (f"{OTHER}[{action}]",),
            lambda wire, action=action: (
                len(wire.questions()) == 1
                and _actions(wire) == {action}
                and wire.states() == {"needs_confirmation"}
                and not wire.edits()
            ),
        )
        for action, words in (("modify", "changed"), ("delete", "deleted"), ("rename", "renamed"))
    },
    "confirm.overwrite.own": Clause(
        "Not for the file the action was asked in, nor for a new one.",
        ("test_text_edits_come_first_and_creations_last",),
        lambda wire: _unasked(wire) and _actions(wire) == {"modify", "create"},
    ),
    "confirm.protected.other": Clause(
        "`protected` does not ask for other files.",
        ("test_protected_asks_for_protected_names_alone[other]",),
        lambda wire: _unasked(wire) and _paths(wire) == {"pyproject.toml"},
    ),
    "confirm.protected.name": Clause(
        "It asks for the names of section 7.",
        ("test_protected_asks_for_protected_names_alone[name]",),
        lambda wire: asked(wire) and wire.states() == {"needs_confirmation"} and not wire.edits(),
    ),
    "confirm.apply": Clause(
        "`rolecall.apply` is itself the confirmation under `overwrite`.",
        (f"{APPLY}[overwrite]",),
        lambda wire: (
            not asked(wire)
            and len(wire.edits()) == 1
            and wire.commands("rolecall.apply")[0].answer["applied"]
        ),
    ),
    "confirm.apply.always": Clause(
        "`always` still asks.",
        (f"{APPLY}[always]",),
        lambda wire: (
            len(wire.questions()) == 1
            and wire.places("got", "window/showMessageRequest")[0] > wire.commands("rolecall.apply")[0].asked
        ),
    ),
    "confirm.apply.protected": Clause(
        "The names of section 7 still ask.",
        (f"{APPLY}[protected]",),
        lambda wire: len(wire.questions()) == 1 and not wire.edits() and _paths(wire) == {"docs/CLAUDE.md"},
    ),
    "apply.auto": Clause(
        'A run\'s `apply: "auto"` does not ask for other files, whatever `apply.confirm` says.',
        ("test_auto_asks_for_protected_names_alone[other]",),
        lambda wire: _mode(wire) == "auto" and _unasked(wire) and _paths(wire) == {"pyproject.toml"},
    ),
    "apply.auto.protected": Clause(
        "It asks for protected names.",
        (
            "test_auto_asks_for_protected_names_alone[name]",
            "test_a_protected_file_is_asked_for_even_when_edits_are_applied_automatically",
        ),
        lambda wire: (
            _mode(wire) == "auto"
            and asked(wire)
            and not wire.edits()
            and wire.states() == {"needs_confirmation"}
        ),
    ),
    "apply.never": Clause(
        '`apply: "never"` leaves a proposal, whatever `apply.confirm` says.',
        ("test_never_leaves_a_proposal_whatever_the_setting",),
        lambda wire: _mode(wire) == "never" and _left_alone(wire),
    ),
    "apply.ask": Clause(
        '`apply: "ask"` follows the setting.',
        ("test_ask_follows_the_setting[said]",),
        lambda wire: _mode(wire) == "ask" and asked(wire),
    ),
    "apply.default": Clause(
        "It is the default.",
        ("test_ask_follows_the_setting[unsaid]",),
        lambda wire: _mode(wire) is None and asked(wire),
    ),
    "confirm.annotation": Clause(
        "Where the client supports them, `needsConfirmation` annotations ask, and nothing else does.",
        ("test_a_change_of_another_file_is_previewed_where_the_editor_can",),
        lambda wire: (
            wire.declared("workspace", "workspaceEdit", "changeAnnotationSupport") is not None
            and len(wire.previews()) == 1
            and not wire.questions()
            and each(wire.document_changes()[0]["edits"], lambda one: one["annotationId"])
        ),
    ),
    "confirm.message": Clause(
        "Else `window/showMessageRequest` with Apply, Show diff, Discard.",
        ("test_without_a_preview_the_user_is_asked_by_a_message",),
        lambda wire: (
            wire.declared("workspace", "workspaceEdit", "changeAnnotationSupport") is None
            and [item["title"] for item in wire.questions()[0]["actions"]]
            == ["Apply", "Show diff", "Discard"]
            and not wire.previews()
        ),
    ),
    "confirm.diff": Clause(
        "Show diff shows it, and asks again.",
        ("test_the_diff_can_be_looked_at_before_the_answer",),
        lambda wire: (
            len(wire.questions()) == 2
            and some(wire.got("window/showDocument"), lambda one: one["uri"].endswith(".diff"))
            and wire.states() == {"applied"}
        ),
    ),
}
