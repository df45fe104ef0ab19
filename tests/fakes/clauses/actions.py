"""Code actions."""

from __future__ import annotations

import re

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Call, Json, Wire

ROLES = ("Business Analyst", "Developer", "QA Engineer", "DevOps Engineer", "Technical Writer")
KINDS = "test_the_menu_has_the_kinds_of_its_situation"


def _is_kind(action: Json, base: str) -> bool:
    return re.fullmatch(rf"{base}\.rolecall\.[a-z_]+\.[a-z_]+", action["kind"]) is not None


def _offers(menu: Call, base: str) -> bool:
    return some(menu.answer or [], lambda one: _is_kind(one, base))


def _only(menu: Call) -> list[str] | None:
    return menu.params["context"].get("only")


def _is_wanted(kind: str, only: list[str]) -> bool:
    return some(only, lambda prefix: f"{kind}.".startswith(f"{prefix}.") or not prefix)


def _touches(menu: Call, diagnostic: Json) -> bool:
    asked, there = menu.params["range"], diagnostic["range"]
    return there["start"]["line"] <= asked["end"]["line"] and there["end"]["line"] >= asked["start"]["line"]


def _diagnosed(menu: Call) -> bool:
    return some(menu.params["context"]["diagnostics"], lambda one: _touches(menu, one))


def _is_cursor(menu: Call) -> bool:
    return menu.params["range"]["start"] == menu.params["range"]["end"]


def _is_short(menu: Call) -> bool:
    tasks = [one["kind"].split(".")[2] for one in menu.answer or []]
    return bool(tasks) and all(tasks.count(role) <= 2 for role in tasks)


def _only_filters(wire: Wire) -> bool:
    asked = [menu for menu in wire.menus() if _only(menu) is not None]
    kept = all(_is_wanted(one["kind"], _only(menu) or []) for menu in asked for one in menu.answer or [])
    bases = {one["kind"].split(".")[0] for menu in asked for one in menu.answer or []}
    return kept and bases == {"quickfix", "refactor", "source"}


def _resolves(call: Call) -> bool:
    asked, action = call.params, call.answer or {}
    if "data" not in asked:
        return not call.failed and action.get("title") == asked["title"]
    command = action.get("command", {})
    return (command.get("command"), command.get("arguments")) == ("rolecall.run", [asked["data"]])


def _applies_offer(wire: Wire) -> bool:
    tasks = [call.answer["task_id"] for call in wire.runs() if call.answer and not call.answer["applied"]]
    applied = [call.answer for call in wire.commands("rolecall.apply") if call.answer]
    return (
        some(wire.titles(), lambda one: one.startswith("Apply the proposal of Developer: "))
        and [one["task_id"] for one in applied] == tasks
        and each(applied, lambda one: one["applied"])
        and not some(wire.menus()[-1].answer or [], lambda one: one["title"].startswith("Apply the"))
    )


CLAUSES = {
    "action.title.symbol": Clause(
        "An action's title is the role's, then the work, naming the symbol.",
        ("test_the_menu_names_the_role_the_work_and_the_symbol",),
        lambda wire: wire.titles() == ["QA Engineer: write tests for parse_config"],
    ),
    "action.title.file": Clause(
        "For the file it names the file.",
        ("test_the_menu_is_short_unless_kinds_are_asked_for",),
        lambda wire: each(
            wire.titles(), lambda one: one.endswith(" pricing.py") and one.split(": ")[0] in ROLES
        ),
    ),
    "action.quickfix": Clause(
        "A diagnostic in range gives `quickfix.rolecall.<role>.<task>`.",
        (KINDS, "test_a_diagnostic_elsewhere_gives_no_quick_fix"),
        lambda wire: (
            some(wire.menus(), lambda menu: _diagnosed(menu) and _offers(menu, "quickfix"))
            and not some(wire.menus(), lambda menu: _offers(menu, "quickfix") and not _diagnosed(menu))
        ),
    ),
    "action.quickfix.elsewhere": Clause(
        "A diagnostic out of range gives none.",
        ("test_a_diagnostic_elsewhere_gives_no_quick_fix",),
        lambda wire: some(
            wire.menus(),
            lambda menu: (
                menu.params["context"]["diagnostics"]
                and not _diagnosed(menu)
                and menu.answer
                and not _offers(menu, "quickfix")
            ),
        ),
    ),
    "action.refactor.selection": Clause(
        "A selection gives `refactor.rolecall.<role>.<task>`.",
        (KINDS,),
        lambda wire: some(wire.menus(), lambda menu: not _is_cursor(menu) and _offers(menu, "refactor")),
    ),
    "action.refactor.symbol": Clause(
        "So does the symbol under the cursor.",
        ("test_the_menu_names_the_role_the_work_and_the_symbol",),
        lambda wire: each(wire.menus(), lambda menu: _is_cursor(menu) and _offers(menu, "refactor")),
    ),
    "action.source": Clause(
        "The file gives `source.rolecall.<role>.<task>`.",
        (KINDS,),
        lambda wire: some(wire.menus(), lambda menu: _is_cursor(menu) and _offers(menu, "source")),
    ),
    "action.only": Clause(
        "`context.only` filters by prefix.",
        (KINDS,),
        _only_filters,
    ),
    "action.short": Clause(
        "Without `context.only` each role offers its first two fitting tasks.",
        ("test_the_menu_is_short_unless_kinds_are_asked_for",),
        lambda wire: (
            each((menu for menu in wire.menus() if _only(menu) is None), _is_short)
            and some(wire.menus(), lambda menu: _only(menu) == [""] and menu.answer and not _is_short(menu))
        ),
    ),
    "action.comment": Clause(
        "A comment `rolecall: …` offers that instruction.",
        ("test_the_menu_offers_what_a_comment_asks_for",),
        lambda wire: some(
            wire.actions(),
            lambda one: (
                (one["title"], one["data"].get("instruction"), one["data"].get("task"))
                == ("Developer: refuse negative prices", "refuse negative prices", None)
            ),
        ),
    ),
    "action.comment.role": Clause(
        "A comment `rolecall(<role>): …` offers it of that role.",
        ("test_the_menu_offers_what_a_comment_asks_for",),
        lambda wire: some(
            wire.actions(),
            lambda one: (
                (one["data"]["role"], one["data"].get("instruction")) == ("qa_engineer", "cover zero")
            ),
        ),
    ),
    "action.comment.run": Clause(
        "So that any editor can ask in its own words.",
        ("test_what_a_comment_asks_for_reaches_the_model_in_its_words",),
        lambda wire: (
            [one["task"] for one in wire.results()] == [None]
            and "refuse negative prices" in wire.prompts()[0].rpartition("</context>")[2]
        ),
    ),
    "action.memory": Clause(
        "`codeAction` answers from memory, with no I/O and no LLM.",
        ("test_a_menu_is_answered_from_memory_where_the_disk_is_gone_and_the_model_hangs",),
        lambda wire: (
            some(wire.menus()[-1].answer, lambda one: one["title"] == "Developer: refactor only_in_memory")
            and [one.method for one in wire.upstream] == ["POST"]
        ),
    ),
    "action.resolve": Clause(
        "`codeAction/resolve` brings the command.",
        ("test_an_action_is_resolved_with_and_without_its_data",),
        lambda wire: some(
            wire.calls("codeAction/resolve"), lambda one: "data" in one.params and _resolves(one)
        ),
    ),
    "action.resolve.nodata": Clause(
        "It tolerates missing `data`.",
        ("test_an_action_is_resolved_with_and_without_its_data",),
        lambda wire: some(
            wire.calls("codeAction/resolve"), lambda one: "data" not in one.params and _resolves(one)
        ),
    ),
    "action.proposal": Clause(
        "Edits that were not applied are offered again: `Apply the proposal of …`, until they are.",
        ("test_a_proposal_that_was_not_applied_is_offered_again_where_its_files_are",),
        _applies_offer,
    ),
    "action.proposal.discarded": Clause(
        "A discarded proposal is offered no more.",
        ("test_a_proposal_is_offered_by_its_kind_and_not_once_discarded",),
        lambda wire: (
            [bool(menu.answer) for menu in wire.menus()] == [True, False, False]
            and wire.commands("rolecall.discard")[0].asked < wire.menus()[-1].asked
        ),
    ),
}
