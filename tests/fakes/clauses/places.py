"""Positions, roots, buffers, several clients; and what roles say back."""

from __future__ import annotations

import re

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Wire

POSITIONS = "test_positions_are_right_in_every_encoding"
TOLD = "test_a_change_that_the_editor_tells_lands_in_its_place_in_every_encoding"
ROOTS = "test_equal_names_of_roots_are_numbered_and_each_file_goes_to_its_own"
WIDTHS = {"utf-8": 14, "utf-16": 9, "utf-32": 8}
"""Of the line ``«ß𝒳» end`` that the test adds to."""


def _context_paths(wire: Wire) -> set[str]:
    return {path for prompt in wire.prompts() for path in re.findall(r'<context [^>]*path="([^"]+)"', prompt)}


def _measures_in(encoding: str) -> Clause:
    def shows(wire: Wire) -> bool:
        return (
            wire.offered("positionEncoding") == encoding == wire.declared("general", "positionEncodings")[0]
            and each(wire.text_edits(), lambda one: one["range"]["end"]["character"] in {0, WIDTHS[encoding]})
            and some(wire.text_edits(), lambda one: one["range"]["end"]["character"] == WIDTHS[encoding])
        )

    return Clause(f"Positions in {encoding}.", (f"{POSITIONS}[{encoding}]",), shows)


def _edited(wire: Wire) -> list[str]:
    """The ends of the URIs that were edited."""
    return [
        "/".join(one["textDocument"]["uri"].split("/")[-3:])
        for one in wire.document_changes()
        if "edits" in one
    ]


def _separate(wire: Wire) -> bool:
    """Two clients at once: each got its own progress, edit and result, and they overlapped in time."""
    wires = [wire, *wire.others]
    (mine,), (theirs,) = (one.runs() for one in wires)
    ids = {run.answer["task_id"] for run in (mine, theirs)}
    spans = [
        (one.times[run.asked], one.times[run.answered or 0])
        for one, run in zip(wires, (mine, theirs), strict=True)
    ]
    return (
        len(ids) == 2
        and max(start for start, _ in spans) < min(end for _, end in spans)
        and [[edit["newText"] for edit in one.text_edits()] for one in wires]
        == [["LIMIT = 201\n"], ["LIMIT = 200\n"]]
        and [list(one.reports()) for one in wires] == [["mine-1"], ["mine-0"]]
        and [{event["task_id"] for event in one.events()} for one in wires]
        == [{mine.answer["task_id"]}, {theirs.answer["task_id"]}]
    )


def _diagnostics(wire: Wire) -> list[bool]:
    return [bool(one["diagnostics"]) for one in wire.got("textDocument/publishDiagnostics")]


CLAUSES = {
    **{f"encoding.{name}": _measures_in(name) for name in WIDTHS},
    **{
        f"encoding.{name}.told": Clause(
            f"The editor's own positions in {name}.",
            (f"{TOLD}[{name}]",),
            lambda wire, name=name: (
                wire.offered("positionEncoding") == name
                and "range" in wire.sent("textDocument/didChange")[0]["contentChanges"][0]
                and each(wire.prompts(), lambda one: "«ß𝒳» fin; 🦆" in one)
            ),
        )
        for name in WIDTHS
    },
    "roots": Clause(
        "With several roots the paths shown to the model begin with the root folder's name.",
        ("test_folders_that_are_added_belong_to_the_workspace",),
        lambda wire: (
            wire.sent("workspace/didChangeWorkspaceFolders") and _context_paths(wire) == {"other/b.py"}
        ),
    ),
    "roots.one": Clause(
        "With one root they do not.",
        ("test_the_unsaved_buffer_is_what_the_model_gets_to_see",),
        lambda wire: _context_paths(wire) == {"src/pricing.py"},
    ),
    "roots.numbered": Clause(
        "Equal names are numbered.",
        (ROOTS,),
        lambda wire: {"app/src/a.py", "app-2/src/a.py"} <= _context_paths(wire),
    ),
    "roots.answer": Clause(
        "A path of the answer that names a root belongs to it.",
        (ROOTS,),
        lambda wire: {file["path"] for file in wire.files()} == {"app/src/a.py", "app-2/src/a.py"},
    ),
    "roots.home": Clause(
        "A path that names no root belongs to the root of the file the action was asked in.",
        ("test_a_path_without_a_root_belongs_to_the_root_of_the_file_that_was_asked_about",),
        lambda wire: (
            wire.runs()[0].argument["uri"].endswith("/two/app/src/a.py")
            and [file["path"] for file in wire.files()] == ["app-2/src/a.py"]
            and _edited(wire) == ["app/src/a.py"]
            and "/two/app/src/a.py" in wire.document_changes()[0]["textDocument"]["uri"]
        ),
    ),
    "buffers": Clause(
        "Open buffers win over the disk: for the model.",
        ("test_the_unsaved_buffer_is_what_the_model_gets_to_see",),
        lambda wire: each(wire.prompts(), lambda one: "UNSAVED = 1" in one and "LIMIT" not in one),
    ),
    "buffers.edits": Clause(
        "And for the edits.",
        ("test_an_edit_is_made_from_the_unsaved_buffer",),
        lambda wire: (
            [(one["range"]["start"]["line"], one["newText"]) for one in wire.text_edits()]
            == [(1, "UNSAVED = 2\n")]
            and wire.states() == {"applied"}
        ),
    ),
    "clients": Clause(
        "Several clients at once.",
        ("test_two_clients_at_once_have_each_their_own",),
        _separate,
    ),
    "clients.workspace": Clause(
        "A task of one is seen, applied and cancelled by another of the same workspace.",
        ("test_a_proposal_of_one_client_is_applied_by_another_of_its_workspace[shared]",),
        lambda wire: (
            not wire.runs()
            and [one.answer["applied"] for one in wire.commands("rolecall.apply")] == [True]
            and len(wire.edits()) == 1
            and not wire.others[0].edits()
        ),
    ),
    "findings": Clause(
        "What a review found is published as diagnostics of the source `rolecall`.",
        ("test_findings_are_shown_on_their_lines_with_a_quick_fix",),
        lambda wire: each(
            wire.got("textDocument/publishDiagnostics"),
            lambda one: each(one["diagnostics"], lambda found: found["source"] == "rolecall"),
        ),
    ),
    "findings.fix": Clause(
        "Each with a quick fix by the developer.",
        ("test_findings_are_shown_on_their_lines_with_a_quick_fix",),
        lambda wire: some(wire.actions(), lambda one: one["kind"] == "quickfix.rolecall.developer.fix"),
    ),
    "findings.changed": Clause(
        "Cleared when the text changes.",
        ("test_findings_go_when_their_text_changes",),
        lambda wire: _diagnostics(wire) == [True, False] and wire.sent("textDocument/didChange"),
    ),
    "findings.discarded": Clause(
        "Or by `rolecall.discard`.",
        ("test_findings_go_with_a_discard",),
        lambda wire: _diagnostics(wire) == [True, False] and wire.commands("rolecall.discard"),
    ),
}
