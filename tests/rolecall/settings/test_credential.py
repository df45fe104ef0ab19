"""Which key goes where: with the address of its own source, and never to another origin."""

import pytest

from rolecall.caller import Caller
from rolecall.settings import load
from rolecall.settings.addresses import check_address, check_base_url, origin

A, A2, B = "https://a.example/v1", "https://A.example:443/v2", "https://b.example/v1"
ENV_A = {"ROLECALL_LLM__BASE_URL": A}

TABLE = [
    # what the case is, user file, environment, command line, address, key
    ("nothing", {}, {}, {}, None, None),
    ("a file's pair", {"base_url": A, "api_key": "file"}, {}, {}, A, "file"),
    ("a file's key alone", {"api_key": "file"}, {}, {}, None, "file"),
    ("the environment's pair", {}, {**ENV_A, "ROLECALL_LLM__API_KEY": "env"}, {}, A, "env"),
    ("OPENAI names", {}, {"OPENAI_BASE_URL": A, "OPENAI_API_KEY": "openai"}, {}, A, "openai"),
    ("OPENAI key alone", {}, {"OPENAI_API_KEY": "openai"}, {}, None, "openai"),
    ("OPENAI key, own variable for the address", {}, {**ENV_A, "OPENAI_API_KEY": "openai"}, {}, A, "openai"),
    ("file address, environment key", {"base_url": A}, {"ROLECALL_LLM__API_KEY": "env"}, {}, A, "env"),
    ("file address, OPENAI key", {"base_url": A}, {"OPENAI_API_KEY": "openai"}, {}, A, "openai"),
    ("file key, environment address", {"api_key": "file"}, ENV_A, {}, A, "file"),
    ("file key, command-line address", {"api_key": "file"}, {}, {"llm.base_url": A}, A, "file"),
    ("environment moves the file's address", {"base_url": B, "api_key": "file"}, ENV_A, {}, A, None),
    (
        "command line moves the file's address",
        {"base_url": B, "api_key": "file"},
        {},
        {"llm.base_url": A},
        A,
        None,
    ),
    ("moved within its origin", {"base_url": A, "api_key": "file"}, {}, {"llm.base_url": A2}, A2, "file"),
    (
        "moved to plain http",
        {"base_url": A, "api_key": "file"},
        {},
        {"llm.base_url": "http://a.example/v1"},
        ...,
        None,
    ),
    (
        "moved to a port",
        {"base_url": A, "api_key": "file"},
        {},
        {"llm.base_url": "https://a.example:8443"},
        ...,
        None,
    ),
    (
        "moved to a longer host",
        {"base_url": A, "api_key": "k"},
        {},
        {"llm.base_url": "https://a.example.evil"},
        ...,
        None,
    ),
    (
        "hidden behind a user name",
        {"base_url": A, "api_key": "k"},
        {},
        {"llm.base_url": "https://a.example@evil.example/v1"},
        ...,
        None,
    ),
    (
        "command line moves the environment's address",
        {},
        {**ENV_A, "ROLECALL_LLM__API_KEY": "env"},
        {"llm.base_url": B},
        B,
        None,
    ),
    (
        "the key that belongs there is found below one that does not",
        {"base_url": B, "api_key": "file"},
        {**ENV_A, "ROLECALL_LLM__API_KEY": "env"},
        {"llm.base_url": B},
        B,
        "file",
    ),
    (
        "two whole pairs",
        {"base_url": A, "api_key": "file"},
        {"ROLECALL_LLM__BASE_URL": B, "ROLECALL_LLM__API_KEY": "env"},
        {},
        B,
        "env",
    ),
    (
        "a file's pair beside OPENAI names",
        {"base_url": A, "api_key": "file"},
        {"OPENAI_BASE_URL": B, "OPENAI_API_KEY": "openai"},
        {},
        A,
        "file",
    ),
    (
        "a file's address beside an OPENAI pair",
        {"base_url": A},
        {"OPENAI_BASE_URL": B, "OPENAI_API_KEY": "openai"},
        {},
        A,
        None,
    ),
    (
        "an own variable's key beside an OPENAI address",
        {"base_url": A},
        {"OPENAI_BASE_URL": B, "ROLECALL_LLM__API_KEY": "env"},
        {},
        A,
        None,
    ),
    (
        "a broken OPENAI address that is not used keeps its key",
        {"base_url": A},
        {"OPENAI_BASE_URL": "nonsense", "OPENAI_API_KEY": "openai"},
        {},
        A,
        None,
    ),
    (
        "a file's key beside the environment's",
        {"base_url": A, "api_key": "file"},
        {"ROLECALL_LLM__API_KEY": "env"},
        {},
        A,
        "env",
    ),
    ("a key from the command line", {"base_url": A}, {}, {"llm.api_key": "line"}, A, "line"),
    ("a file's command", {"base_url": A, "api_key_command": "echo printed"}, {}, {}, A, "printed"),
    ("a command whose address moved", {"base_url": B, "api_key_command": "echo printed"}, ENV_A, {}, A, None),
    ("a key before a command", {"api_key": "file", "api_key_command": "echo printed"}, {}, {}, None, "file"),
    (
        "a later command",
        {"api_key": "file"},
        {"ROLECALL_LLM__API_KEY_COMMAND": "echo printed"},
        {},
        None,
        "printed",
    ),
    (
        "OPENAI key below a file's command",
        {"api_key_command": "echo p"},
        {"OPENAI_API_KEY": "openai"},
        {},
        None,
        "p",
    ),
]


def loaded_for(tmp_path, user, environment, command_line, **sources):
    folder = tmp_path / ".config" / "rolecall"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(
        "llm:\n" + "".join(f"  {name}: {text}\n" for name, text in user.items())
    )
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **environment}
    return load(Caller(env, tmp_path, None, command_line), **sources)


@pytest.mark.parametrize(
    ("user", "environment", "command_line", "address", "key"),
    [case[1:] for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_a_key_goes_only_where_its_source_leads(tmp_path, user, environment, command_line, address, key):
    loaded = loaded_for(tmp_path, user, environment, command_line)
    credential = loaded.credential()
    assert credential.api_key == key
    if address is not ...:
        assert credential.base_url == address
    shown = loaded.settings.llm.api_key
    assert shown is None or key is not None, "a key that is withheld is not in the settings either"


def test_a_withheld_key_is_explained_without_being_shown(tmp_path):
    loaded = loaded_for(
        tmp_path, {"base_url": "https://ann:pw@b.example/v1", "api_key": "hunter2"}, ENV_A, {}
    )
    assert len(loaded.withheld) == 1
    line = loaded.withheld[0]
    assert "llm.api_key" in line
    assert "config.yaml" in line
    assert A in line
    assert "hunter2" not in line
    assert "ann:pw" not in line


def test_the_env_file_counts_as_part_of_the_environment(tmp_path):
    folder = tmp_path / ".config" / "rolecall"
    folder.mkdir(parents=True)
    (folder / ".env").write_text(f"ROLECALL_LLM__API_KEY=env-file\nOPENAI_BASE_URL={B}\n")
    assert loaded_for(tmp_path, {}, {}, {}).credential().api_key == "env-file"
    moved = loaded_for(tmp_path, {}, ENV_A, {}).credential()
    assert (moved.base_url, moved.api_key) == (A, "env-file")
    assert loaded_for(tmp_path, {}, {}, {"llm.base_url": A}).credential().api_key is None


def test_a_workspace_and_an_editor_cannot_move_a_key(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / ".rolecall.yaml").write_text(f"llm: {{base_url: '{B}', api_key: evil}}\n")
    for user in ({"base_url": A, "api_key": "file"}, {"api_key": "file"}):
        loaded = loaded_for(
            tmp_path, user, {}, {}, roots=[work], editor={"llm": {"base_url": B, "api_key": "evil"}}
        )
        assert loaded.credential().base_url == user.get("base_url")
        assert loaded.credential().api_key == "file"


def test_headers_follow_the_same_rule(tmp_path):
    user = {"base_url": B, "extra_headers": "{api-key: hunter2}"}
    assert loaded_for(tmp_path, user, {}, {}).settings.llm.extra_headers == {"api-key": "hunter2"}
    moved = loaded_for(tmp_path, user, ENV_A, {})
    assert moved.settings.llm.extra_headers == {}
    assert "llm.extra_headers" in moved.withheld[0]


def test_a_key_shows_in_no_representation(tmp_path):
    loaded = loaded_for(
        tmp_path,
        {
            "base_url": "https://ann:pw@a.example/v1",
            "api_key": "hunter2",
            "extra_headers": "{api-key: hunter3}",
        },
        {"ROLECALL_MCP__HTTP_TOKENS": '["hunter4"]', "ROLECALL_LLM__API_KEY_COMMAND": "echo hunter5"},
        {},
    )
    text = f"{loaded!r} {loaded.settings!r} {loaded.credential()!r} {loaded.settings.llm.api_key}"
    assert "hunter" not in text
    assert "ann:pw" not in text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Api.Example.com/v1", "https://api.example.com:443"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("https://ann:pw@api.example.com./v1", "https://api.example.com:443"),
        ("HTTP://x", "http://x:80"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address, expected):
    assert origin(check_address(f" {address} ")) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:11434",
        "//host/v1",
        "file:///etc/passwd",
        "http://",
        "http:///v1",
        "http://a b/v1",
        "http://a/v1?x=1",
        "http://a/v1?",
        "http://a/v1#x",
        "http://a:0/v1",
        "http://a:99999/v1",
        "http://a:x/v1",
        "http://[::1/v1",
        "http://good.example\\@evil.example/",
        "http://a\n.example",
        "http://a\u202eb/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(address):
    with pytest.raises(ValueError, match=r"\w"):
        check_address(address)


def test_a_base_url_may_have_a_query_without_secrets():
    azure = "https://unit.openai.azure.com/openai/deployments/m?api-version=2024-10-21"
    assert check_base_url(f" {azure} ") == azure


@pytest.mark.parametrize("tail", ["?", "?key=1", "?api-version=1&Sig=2", "?a=1#b", "?a=<b>", "?a=1 2"])
def test_a_query_that_is_none_or_holds_a_secret_is_refused(tail):
    with pytest.raises(ValueError, match=r"\w"):
        check_base_url(f"https://h/v1{tail}")
