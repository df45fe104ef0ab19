"""Files that other programs change, and documents that no role can work on."""

from __future__ import annotations

from typing import Any

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Wire

WATCHED = "workspace/didChangeWatchedFiles"


def _patterns(wire: Wire) -> list[Any]:
    """What the client was asked to watch."""
    asked = [one for params in wire.got("client/registerCapability") for one in params["registrations"]]
    return [
        watcher["globPattern"]
        for one in asked
        if one["method"] == WATCHED
        for watcher in one["registerOptions"]["watchers"]
    ]


def _shown(wire: Wire, path: str) -> list[bool]:
    """Whether there were diagnostics of a file, each time they were published."""
    published = wire.got("textDocument/publishDiagnostics")
    return [bool(one["diagnostics"]) for one in published if one["uri"].endswith(path)]


CLAUSES = {
    "watched.relative": Clause(
        "A client that registers relative patterns watches each file that counts in its own folder.",
        ("test_a_client_that_can_is_asked_to_watch_each_file_in_its_own_folder",),
        lambda wire: some(
            _patterns(wire),
            lambda one: one["pattern"] == ".rolecall.yaml" and one["baseUri"].endswith("/project"),
        ),
    ),
    "watched.named": Clause(
        "Another that registers watches by name.",
        ("test_a_client_without_relative_patterns_is_asked_by_name",),
        lambda wire: _patterns(wire) == ["**/.rolecall.yaml"],
    ),
    "watched.findings": Clause(
        "Findings of a file that is open nowhere go when it changes or vanishes, told or not.",
        ("test_findings_of_a_file_that_changed_on_disk_are_cleared",),
        lambda wire: (
            _shown(wire, "src/pricing.py") == [True, False] and not wire.sent("textDocument/didChange")
        ),
    ),
    "watched.settings": Clause(
        "Saved settings of the workspace count from the next run on; broken ones are told and change nothing.",
        ("test_saved_settings_of_the_workspace_count_from_the_next_run_on",),
        lambda wire: (
            [one.json["temperature"] for one in wire.upstream] == [0.125, 0.125]
            and sum("not valid YAML" in one["message"] for one in wire.got("window/showMessage")) == 1
        ),
    ),
    "notebooks": Clause(
        "Notebooks and their cells have no actions, and a run says what to do instead.",
        ("test_notebooks_and_their_cells_are_refused_with_what_to_do",),
        lambda wire: (
            len(wire.runs()) > 1
            and each(wire.runs(), lambda run: run.answer["error"]["code"] == "path_refused")
            and [call.answer for call in wire.menus()][:2] == [[], []]
            and not wire.upstream
        ),
    ),
}
