"""What the menu offers, answered in memory."""

from __future__ import annotations

import pytest

from fakes.lsp_profiles import HELIX, VSCODE
from rolecall.caller import Caller
from rolecall_server.host import Host
from rolecall_server.lsp.client import ClientProfile
from rolecall_server.lsp.code_actions import actions
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.server import create_server

SOURCE = """LIMIT = 1


def parse_config(path):
    return path


# rolecall: read the limit from the environment
# rolecall(qa): cover the limit
# rolecall(nobody): nothing
"""
DIAGNOSTIC = {
    "range": {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 8}},
    "message": "bad",
}


@pytest.fixture
async def connection(tmp_path):
    caller = Caller({"HOME": str(tmp_path / "home")}, tmp_path)
    connection = create_server(Host(), caller, roots=[tmp_path]).connection
    connection.client = ClientProfile.of(VSCODE)
    await connection.roles_known()
    connection.documents.open((tmp_path / "config.py").as_uri(), SOURCE, 7, "python")
    yield connection
    await connection.close()


def ask(connection, first, last=None, **about):
    return ask_range(connection, (first, 0), (first, 0) if last is None else (last, 0), **about)


def ask_range(connection, start, end, *, name="config.py", diagnostics=(), only=None, uri=None):
    context = {"diagnostics": list(diagnostics), **({"only": only} if only is not None else {})}
    return actions(
        connection,
        {
            "textDocument": {"uri": uri or (connection.caller.cwd / name).as_uri()},
            "range": {
                "start": {"line": start[0], "character": start[1]},
                "end": {"line": end[0], "character": end[1]},
            },
            "context": context,
        },
    )


def titles(found):
    return [action["title"] for action in found]


async def test_the_symbol_under_the_cursor_names_the_work(connection):
    found = ask(connection, 4)
    assert "QA Engineer: write tests for parse_config" in titles(found)
    action = found[titles(found).index("QA Engineer: write tests for parse_config")]
    assert action["kind"] == "refactor.rolecall.qa_engineer.tests"
    assert action["data"] == {
        "role": "qa_engineer",
        "task": "tests",
        "uri": (connection.caller.cwd / "config.py").as_uri(),
        "version": 7,
        "range": {"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 0}},
    }
    assert "command" not in action


async def test_without_only_each_role_offers_two_tasks(connection):
    roles = [action["data"]["role"] for action in ask(connection, 4)]
    assert roles == [role.id for role in connection.roles.roles() for _ in range(2)]


async def test_a_selection_without_a_symbol_is_named_by_its_lines_and_file(connection):
    found = ask(connection, 0, 7, only=["refactor.rolecall.qa_engineer.tests"])
    assert titles(found) == ["QA Engineer: write tests for parse_config"]
    found = ask(connection, 5, 7, only=["refactor.rolecall.qa_engineer.tests"])
    assert titles(found) == ["QA Engineer: write tests for lines 6-7 of config.py"]
    assert found[0]["data"]["range"]["end"] == {"line": 7, "character": 0}


async def test_without_selection_and_symbol_the_file_is_the_subject(connection):
    found = ask(connection, 0, only=["source.rolecall.qa_engineer"])
    assert "QA Engineer: write tests for config.py" in titles(found)
    assert all("range" not in action["data"] for action in found)
    assert {action["kind"].split(".")[0] for action in ask(connection, 0)} == {"source"}


async def test_a_diagnostic_in_range_gives_a_quick_fix_that_carries_it(connection):
    found = ask(connection, 4, diagnostics=[DIAGNOSTIC], only=["quickfix"])
    assert titles(found) == ["Developer: fix diagnostics in parse_config"]
    assert found[0]["kind"] == "quickfix.rolecall.developer.fix"
    assert found[0]["data"]["diagnostics"] == [DIAGNOSTIC]
    assert ask(connection, 0, diagnostics=[DIAGNOSTIC], only=["quickfix"]) == []


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["refactor"], {"refactor"}),
        (["source"], {"source"}),
        (["source", "refactor"], {"source", "refactor"}),
        ([""], {"source", "refactor"}),
        (["source.organizeImports"], set()),
        (["refactor.role"], set()),
        ([], set()),
    ],
)
async def test_only_filters_by_whole_parts_of_the_kind(connection, only, kinds):
    assert {action["kind"].split(".")[0] for action in ask(connection, 4, only=only)} == kinds


async def test_an_exact_kind_gives_its_one_action(connection):
    found = ask(connection, 4, only=["refactor.rolecall.developer.harden"])
    assert titles(found) == ["Developer: harden parse_config"]


async def test_comments_offer_their_instruction(connection):
    first = ask(connection, 7)[0]
    assert first["title"] == "Developer: read the limit from the environment"
    assert first["kind"] == "refactor.rolecall.developer.instruction"
    assert first["data"]["instruction"] == "read the limit from the environment"
    assert "task" not in first["data"]
    assert ask(connection, 8)[0]["title"] == "QA Engineer: cover the limit"
    assert "nothing" not in str(titles(ask(connection, 9)))


async def test_clients_that_cannot_resolve_get_the_command_at_once(connection):
    connection.client = ClientProfile(code_action_literals=True)
    action = ask(connection, 4)[0]
    assert action["command"] == {
        "title": action["title"],
        "command": "rolecall.run",
        "arguments": [action["data"]],
    }


async def test_helix_which_drops_resolved_commands_gets_them_at_once(connection):
    connection.client = ClientProfile.of(HELIX)
    assert all("command" in action for action in ask(connection, 4))


async def test_editors_that_do_not_wait_get_the_command_at_once(connection):
    connection.wait = False
    assert all("command" in action for action in ask(connection, 4))


@pytest.mark.parametrize(
    ("encoding", "start", "end"),
    [
        ("utf-16", (3, 0), (3, 1)),
        ("utf-16", (3, 23), (4, 0)),
        ("utf-16", (4, 19), (4, 21)),
        ("utf-8", (4, 19), (4, 23)),
        ("utf-32", (4, 19), (4, 20)),
    ],
)
async def test_a_selection_of_one_character_is_the_cursor_of_helix_and_kakoune(
    connection, encoding, start, end
):
    connection.documents.encoding = encoding
    source = SOURCE.replace("return path", "return path  # 🦆")
    connection.documents.open((connection.caller.cwd / "config.py").as_uri(), source, 8, "python")
    found = ask_range(connection, start, end, only=["refactor.rolecall.developer.implement"])
    assert titles(found) == ["Developer: implement parse_config"]
    assert found[0]["data"]["range"] == {
        "start": {"line": 3, "character": 0},
        "end": {"line": 5, "character": 0},
    }


async def test_a_selection_of_two_characters_is_the_line(connection):
    found = ask_range(connection, (3, 0), (3, 2), only=["refactor.rolecall.developer.implement"])
    assert found[0]["data"]["range"]["end"] == {"line": 4, "character": 0}


async def test_clients_without_code_action_literals_get_commands(connection):
    connection.client = ClientProfile()
    found = ask(connection, 4)
    assert all(action["command"] == "rolecall.run" for action in found)
    assert all(set(action) == {"title", "command", "arguments"} for action in found)


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "git:/config.py", "file:///elsewhere/a.py", "nonsense"]
)
async def test_documents_outside_the_workspace_have_no_actions(connection, uri):
    connection.documents.open(uri, SOURCE, 1, "python")
    assert ask(connection, 4, uri=uri) == []


async def test_a_closed_document_has_no_actions(connection):
    connection.documents.close((connection.caller.cwd / "config.py").as_uri())
    assert ask(connection, 4) == []


async def test_no_file_is_read_for_a_menu(connection, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a menu read the disk")

    for name in ("open", "stat", "scandir", "listdir", "lstat", "readlink"):
        monkeypatch.setattr(f"os.{name}", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert ask(connection, 4)


async def test_a_role_of_the_users_own_is_offered_as_soon_as_it_was_read(connection):
    folder = connection.caller.config_folder() / "roles"
    folder.mkdir(parents=True)
    (folder / "poet.md").write_text(
        "---\nid: poet\ntitle: Poet\ndescription: Writes verse.\ntasks:\n  - id: ode\n    title: write an ode\n"
        "    applies_to: selection\n    kind: refactor\n    instruction: Write an ode.\n---\nYou write verse.\n"
    )
    connection.roles.refresh()
    assert "Poet: write an ode for parse_config" in titles(ask(connection, 4))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"textDocument": {"uri": 1}, "range": {}},
        {"textDocument": {"uri": "file:///a"}, "range": {"start": {"line": -1, "character": 0}}},
        {"textDocument": [], "range": None},
    ],
)
async def test_parameters_that_are_none_are_refused(connection, params):
    with pytest.raises(Refusal) as refused:
        actions(connection, params)
    assert refused.value.code == -32602
