"""The command that prints the key: whose surroundings it sees, and every way it can fail."""

import os
import select
import stat

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import key_command, load

SECRET = "hunter2-hunter2"


@pytest.fixture
def script(tmp_path):
    def write(body, name="get-key"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


def caller(tmp_path, cwd=None, **environment):
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return Caller({"HOME": str(tmp_path), "PATH": path, **environment}, cwd or tmp_path)


def key(tmp_path, command, **environment):
    return load(caller(tmp_path, ROLECALL_LLM__API_KEY_COMMAND=command, **environment)).credential().api_key


def test_the_key_is_what_the_command_prints_without_white_space(tmp_path, script):
    script(f"printf '\\n  {SECRET} \\n\\n'")
    assert key(tmp_path, "get-key") == SECRET


def test_the_command_sees_the_callers_environment_and_not_the_servers(tmp_path, script, monkeypatch):
    monkeypatch.setenv("VAULT", "server")
    script('echo "$VAULT-$ONLY_SERVER-key"')
    monkeypatch.setenv("ONLY_SERVER", "leak")
    assert key(tmp_path, "get-key", VAULT="client") == "client--key"


def test_arguments_are_split_without_a_shell(tmp_path, script):
    script('printf %s "$1"')
    assert key(tmp_path, "get-key '$HOME;id'") == "$HOME;id"


def test_a_program_of_the_workspace_is_never_started(tmp_path, script):
    work = tmp_path / "work"
    work.mkdir()
    script("echo right")
    for place in (work / "get-key", work / "bin" / "get-key"):
        place.parent.mkdir(exist_ok=True)
        place.write_text("#!/bin/sh\necho evil\n")
        place.chmod(0o755)
    environment = {"ROLECALL_LLM__API_KEY_COMMAND": "get-key", "PATH": f".:bin:{os.defpath}"}
    assert load(caller(tmp_path, cwd=work, **environment)).credential().api_key == "right"


def test_the_command_runs_once(tmp_path, script):
    script(f"echo x >> {tmp_path}/count; echo {SECRET}")
    loaded = load(caller(tmp_path, ROLECALL_LLM__API_KEY_COMMAND="get-key"))
    assert not (tmp_path / "count").exists()
    assert {loaded.credential().api_key for _ in range(3)} == {SECRET}
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_failure_is_tried_again(tmp_path, script):
    loaded = load(caller(tmp_path, ROLECALL_LLM__API_KEY_COMMAND="get-key"))
    with pytest.raises(ConfigurationInvalid):
        loaded.credential()
    script(f"echo {SECRET}")
    assert loaded.credential().api_key == SECRET


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 3", "status 3"),
        ("exit 0", "printed no key"),
        (f"echo {SECRET}; echo {SECRET}", "printed no key"),
        (f"echo {SECRET} {SECRET}", "printed no key"),
        ("printf '\\377\\376'", "not text"),
        (f"while :; do echo {SECRET}; done", "far more than a key"),
        (f"echo {SECRET}; kill -9 $$", "status -9"),
    ],
)
def test_what_went_wrong_is_said_without_the_output(tmp_path, script, body, said):
    script(body)
    with pytest.raises(ConfigurationInvalid, match=said) as caught:
        key(tmp_path, "get-key")
    assert "llm.api_key_command" in caught.value.message
    assert SECRET not in caught.value.message + caught.value.hint
    assert caught.value.hint


def test_a_command_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationInvalid, match='"no-such-program" could not be started'):
        key(tmp_path, "no-such-program --x")


def test_a_key_written_where_the_command_belongs_is_not_shown(tmp_path):
    with pytest.raises(ConfigurationInvalid) as caught:
        key(tmp_path, "sk-live-0123456789abcdef")
    assert "0123456789" not in caught.value.message


@pytest.mark.parametrize("body", ["sleep 60", "sleep 60 & echo key", "exec 1>&-; sleep 60"])
def test_a_command_that_hangs_is_ended_with_its_children(tmp_path, script, monkeypatch, body):
    monkeypatch.setattr(key_command, "_TIMEOUT_S", 0.3)
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    script(f"exec 9>{tmp_path}/alive; {body}")
    try:
        with pytest.raises(ConfigurationInvalid, match="took longer than"):
            key(tmp_path, "get-key")
        select.select([reader], [], [], 5)
        assert os.read(reader, 1) == b"", "the pipe ends when its last holder has"
    finally:
        os.close(reader)
