"""A daemon that does not come up, and clients that say too little of where they are."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.command import COMMAND
from fakes.house import HANDSHAKE, eventually, is_alive
from fakes.patience import PATIENCE_S
from rolecall.caller import Caller
from rolecall_server.daemon.runtime_folder import candidates
from rolecall_server.daemon.starting import log_file

PROCESSES = Path("/proc")

STOP = "os.kill(os.getpid(), signal.SIGSTOP)"

MOMENTS = {"at once": "    _detach()", "with the place taken": "        place.sweep("}


def stopping(house, moment):
    """An install whose daemon is stopped, as by a signal, at one moment of its start."""
    main = house.own_install() / "server" / "rolecall_server" / "daemon" / "main.py"
    there = MOMENTS[moment]
    code = main.read_text()
    assert code.count(there) == 1
    indent = " " * (len(there) - len(there.lstrip()))
    main.write_text(code.replace(there, f"{indent}{STOP}\n{there}"))


def processes_of(install):
    """The processes that run an install's code."""
    found = []
    for environment in PROCESSES.glob("[0-9]*/environ"):
        with suppress(OSError):
            if os.fsencode(install) in environment.read_bytes():
                found.append(environment.parent.name)
    return found


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="only Linux tells what a process does")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_daemon_stopped_while_it_starts_leaves_a_working_session(house, project, moment):
    stopping(house, moment)
    started = time.monotonic()
    client = house.assistant(project)
    assert time.monotonic() - started < 4.0 + PATIENCE_S
    assert client.call("status")["version"]
    client.leave()
    assert "was stopped while it started" in client.last_words().splitlines()[0]
    for pid in house.pids():
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: not is_alive(pid))
    assert processes_of(house.install) == []


@pytest.fixture
def gone(tmp_path):
    """A shell's words that run a command in a folder that is not there any more."""
    return ["sh", "-c", f'mkdir "{tmp_path}/gone" && cd "{tmp_path}/gone" && rmdir "$PWD" && exec "$@"', "sh"]


def initialized(*command, **surroundings):
    """An assistant's first answer, and how the server ended."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}
    said = json.dumps(message).encode() + b"\n"
    ended = subprocess.run(command, input=said, capture_output=True, timeout=60, check=False, **surroundings)
    assert b"Traceback" not in ended.stderr
    return ended, json.loads(ended.stdout)["result"] if ended.stdout else None


@pytest.mark.parametrize("options", [[], ["--no-daemon"]])
def test_a_server_started_in_a_folder_that_was_removed_serves(house, gone, options):
    ended, result = initialized(*gone, *COMMAND, "mcp", *options, env=house.surroundings.environment)
    assert ended.returncode == 0
    assert result["serverInfo"]["name"] == "rolecall"
    assert len(house.pids()) == (0 if options else 1)


def test_commands_in_a_folder_that_was_removed_answer_without_a_traceback(house, gone):
    for arguments in (["daemon", "status"], ["roles"], ["config", "show"]):
        command = [*gone, *COMMAND, *arguments]
        ended = subprocess.run(
            command, env=house.surroundings.environment, capture_output=True, timeout=60, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("kind", ["shared", "alone", "refused"])
def test_a_server_started_with_closed_streams_does_what_is_left(house, project, closed, kind):
    if kind == "refused":
        house.runtime.chmod(0o755)
    options = ["--no-daemon"] if kind == "alone" else []
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    environment = house.surroundings.environment
    ended, result = initialized(*shell, *COMMAND, "mcp", *options, env=environment, cwd=project)
    house.runtime.chmod(0o700)
    assert ended.returncode == 0
    assert (result is not None) == (closed == "2>&-")


def test_without_a_home_the_account_tells_it_and_never_the_process_that_serves(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))  # of whoever started the shared process
    account = pwd.getpwuid(os.getuid()).pw_dir
    for environment in ({}, {"HOME": ""}, {"HOME": "~"}):
        assert Caller(environment, Path("/")).home() == Path(account)
        assert candidates(environment, 7)[-1] == f"{account}/.cache/rolecall/run"


def test_a_user_whom_nobody_knows_has_the_root_for_a_home_and_no_folder_of_a_tilde(monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert candidates({}, 7)[-1] == "/.cache/rolecall/run"
    assert log_file() == "/.local/state/rolecall/daemon.log"
    assert Caller({}, Path("/")).state_folder() == Path("/.local/state/rolecall")


@pytest.mark.parametrize("name", ["NAME.sock", "NAME.pid", "start.lock"])
def test_what_stands_in_the_way_is_named_in_one_line(house, project, name):
    house.assistant(project).leave()
    os.kill(house.pid(), signal.SIGKILL)
    (left,) = house.runtime.glob("*.sock")
    blocked = house.runtime / name.replace("NAME", left.stem)
    blocked.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        if name == "NAME.sock":  # a socket of the user's own, of another kind
            other.bind(str(blocked))
            blocked.chmod(0o600)
        else:
            blocked.symlink_to("nowhere")
        client = house.assistant(project)
        assert client.call("status")["version"]
        assert b"Traceback" not in house.run("daemon", "status").stderr
        client.leave()
    said = [line for line in client.last_words().splitlines() if line.startswith("rolecall: ")]
    assert len(said) == 1
    assert str(blocked) in said[0]


def test_a_refused_socket_is_complained_of_once(house, project):
    house.assistant(project).leave()
    os.kill(house.pid(), signal.SIGKILL)
    (left,) = house.runtime.glob("*.sock")
    left.chmod(0o666)
    client = house.assistant(project)
    client.leave()
    assert client.last_words().count("is open to others") == 1


def test_a_session_that_ends_too_late_is_not_called_a_hang(house, project):
    """Whoever reads of a hang stops the process that all others use."""
    serving = house.own_install() / "server" / "rolecall_server" / "lsp" / "serving.py"
    with serving.open("a") as file:
        file.write("\n\nasync def _finish(server, left):\n    await asyncio.sleep(1000)\n")
    editor = house.editor(project)
    assert editor.leave() == 1
    assert "did not end in time" in editor.last_words()
