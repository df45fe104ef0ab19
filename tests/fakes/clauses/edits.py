"""Edits through ``workspace/applyEdit``."""

from __future__ import annotations

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Json, Wire

ONLY_THE_LINE = "test_only_the_changed_line_is_sent"
TYPED_MEANWHILE = "test_what_is_typed_while_the_model_writes_is_kept"
TYPED_AT_SENDING = "test_a_key_typed_at_the_moment_of_sending_is_kept_and_the_edit_comes_again"
REWRITTEN = "test_a_line_rewritten_meanwhile_is_a_conflict_and_stays_as_it_is"
NAMES = "test_the_name_of_a_client_changes_nothing"


def _kinds(wire: Wire) -> list[str]:
    return [change.get("kind", "edit") for change in wire.document_changes()]


def _versions(wire: Wire) -> list[int | None]:
    return [
        change["textDocument"]["version"] for change in wire.document_changes() if "textDocument" in change
    ]


def _is_small(edit: Json) -> bool:
    lines = edit["range"]["end"]["line"] - edit["range"]["start"]["line"]
    return (lines, edit["newText"]) == (1, "LIMIT = 200\n")


def _current_version(wire: Wire) -> bool:
    """Each edit has the version that the editor had told last."""
    told = {}
    versions = []
    for way, message in wire.messages:
        method, params = message.get("method"), message.get("params") or {}
        if way == "sent" and method in {"textDocument/didOpen", "textDocument/didChange"}:
            told[params["textDocument"]["uri"]] = params["textDocument"]["version"]
        elif method == "workspace/applyEdit":
            document = params["edit"]["documentChanges"][0]["textDocument"]
            versions.append((document["version"], told[document["uri"]]))
    return each(versions, lambda pair: pair[0] == pair[1] > 1)


def _comes_again(wire: Wire) -> bool:
    versions = _versions(wire)
    first, second = (edit["range"]["start"]["line"] for edit in wire.text_edits())
    return versions == [1, 2] and second == first + 1 and wire.states() == {"applied"}


def _conflicts(wire: Wire) -> bool:
    (run,) = wire.runs()
    return (
        run.answer["error"]["code"] == "edit_conflict"
        and [file["state"] for file in run.answer["files"]] == ["conflict"]
        and len(wire.edits()) >= 1
    )


def _stays(wire: Wire) -> bool:
    """It could still be applied, once its line was as before."""
    (applied,) = wire.commands("rolecall.apply")
    return _conflicts(wire) and applied.answer["applied"] is True


def _not_believed(wire: Wire) -> bool:
    answers = [wire.messages[place][1]["result"]["applied"] for place in wire.replies("workspace/applyEdit")]
    (run,) = wire.runs()
    return set(answers) == {True} and run.answer["applied"] is False


def _equal_whatever_the_name(wire: Wire) -> bool:
    wires = [wire, *wire.others]
    names = {one.sent("initialize")[0].get("clientInfo", {}).get("name") for one in wires}
    shapes = [
        (_kinds(one), [edit["range"] for edit in one.text_edits()], len(one.questions())) for one in wires
    ]
    return len(names) == len(wires) > 4 and shapes == [shapes[0]] * len(shapes) and bool(shapes[0][0])


CLAUSES = {
    "edit.changes": Clause(
        "Edits go through `workspace/applyEdit`: `documentChanges`, where the client supports them.",
        (ONLY_THE_LINE,),
        lambda wire: each(
            wire.edits(),
            lambda one: (
                ("documentChanges" in one)
                is (wire.declared("workspace", "workspaceEdit", "documentChanges") is True)
                and ("documentChanges" in one) is not ("changes" in one)
            ),
        ),
    ),
    "edit.version": Clause(
        "With the document versions that were read.",
        (f"{ONLY_THE_LINE}[vscode]", f"{ONLY_THE_LINE}[eglot]"),
        lambda wire: _versions(wire) == [1],
    ),
    "edit.order": Clause(
        "Text edits first, creations last.",
        ("test_text_edits_come_first_and_creations_last",),
        lambda wire: _kinds(wire) == ["edit", "create", "edit"] and _versions(wire) == [1, None],
    ),
    "edit.hunks": Clause(
        "Minimal hunks, not whole-file replacement.",
        (ONLY_THE_LINE,),
        lambda wire: len(wire.text_edits()) == 1 and each(wire.text_edits(), _is_small),
    ),
    "edit.checked": Clause(
        "Versions are checked again just before sending.",
        (TYPED_MEANWHILE,),
        _current_version,
    ),
    "edit.rebased": Clause(
        "The edit is rebased when its hunks still match exactly once.",
        (TYPED_MEANWHILE,),
        lambda wire: (
            [one["range"]["start"]["line"] for one in wire.text_edits()] == [3]
            and wire.states() == {"applied"}
        ),
    ),
    "edit.refused": Clause(
        "An edit that the editor refuses for its version comes again, rebased.",
        (TYPED_AT_SENDING,),
        _comes_again,
    ),
    "edit.ambiguous": Clause(
        "Where its hunks match more than once it is a conflict.",
        ("test_an_edit_whose_place_became_ambiguous_is_a_conflict",),
        lambda wire: wire.states() == {"conflict"} and not wire.edits(),
    ),
    "edit.conflict": Clause(
        "A changed buffer is never clobbered: where its hunks do not match it is a conflict.",
        (REWRITTEN,),
        _conflicts,
    ),
    "edit.conflict.kept": Clause(
        "It stays as a proposal.",
        (REWRITTEN,),
        _stays,
    ),
    "edit.verified": Clause(
        "What was applied is verified from the buffers, not from `applied`: an edit only claimed.",
        ("test_an_edit_that_its_editor_only_claims_to_have_made_is_not_believed",),
        lambda wire: _not_believed(wire) and wire.states() == {"conflict"},
    ),
    "edit.verified.refusal": Clause(
        "And a refusal reported as applied.",
        ("test_a_refusal_that_the_editor_reports_as_applied_is_not_believed",),
        lambda wire: _not_believed(wire) and wire.states() == {"needs_confirmation"},
    ),
    "edit.capabilities": Clause(
        "Clients differ: branch on declared capabilities, never on client names.",
        (NAMES,),
        _equal_whatever_the_name,
    ),
    "edit.operations": Clause(
        "What a client has no resource operations for is done on disk.",
        ("test_files_are_moved_and_deleted_by_the_editor_or_else_on_disk",),
        lambda wire: (
            {kind for kind in _kinds(wire) if kind != "edit"}
            == {"rename", "delete"}
            & set(wire.declared("workspace", "workspaceEdit", "resourceOperations") or ())
            and wire.states() == {"applied"}
            and some(wire.files(), lambda one: one["action"] == "rename")
        ),
    ),
}
