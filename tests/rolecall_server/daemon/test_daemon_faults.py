"""What goes wrong around a daemon: the user sees a working session, or one clear line and a non-zero exit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.house import eventually, is_alive, stopped
from fakes.patience import PATIENCE_S
from fakes.wire import LspPeer, McpPeer

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="another user's files are made by root")
NOBODY = 65534


def ends_within(process, seconds=2.0):
    started = time.monotonic()
    code = process.wait(seconds + PATIENCE_S)
    assert time.monotonic() - started < seconds + PATIENCE_S
    return code


def one_line(text):
    """The one line that a person reads."""
    (line,) = text.splitlines()
    assert line.startswith("rolecall: ")
    return line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_relay_and_its_session(house, project, number):
    editor = house.editor(project)
    editor.process.send_signal(number)
    assert ends_within(editor.process) == 128 + number
    eventually(lambda: house.status()["clients"] == [])


@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_client_that_hangs_up_ends_its_relay(house, project, door):
    client = getattr(house, door)(project)
    client.process.stdin.close()
    ends_within(client.process)
    eventually(lambda: house.status()["clients"] == [])
    assert client.last_words() == ""


@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_client_that_reads_no_more_ends_its_relay_though_it_may_still_write(house, project, door):
    client = getattr(house, door)(project)
    client.process.stdout.close()
    ends_within(client.process)
    eventually(lambda: house.status()["clients"] == [])


def test_a_killed_relay_leaves_nothing_behind(house, project):
    editor, assistant = house.editor(project), house.assistant(project)
    editor.process.kill()
    eventually(lambda: [client["door"] for client in house.status()["clients"]] == ["mcp"])
    assert assistant.call("status")["version"]


def test_the_parents_death_ends_a_relay_whose_pipes_stay_open(house, project):
    house.editor(project)  # the daemon runs
    start = (
        "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", start, *house.surroundings.server("lsp")],
        env=house.surroundings.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    house.clients.append(parent)
    relay = int(parent.stdout.readline())
    eventually(lambda: len(house.status()["clients"]) == 2)
    parent.kill()
    parent.wait(10)
    eventually(lambda: not is_alive(relay), 2.0)


@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_killed_daemon_ends_its_relays_with_one_line(house, project, door):
    client = getattr(house, door)(project)
    os.kill(house.pid(), signal.SIGKILL)
    assert ends_within(client.process) == 1
    assert "ended" in one_line(client.last_words())
    again = getattr(house, door)(project)
    assert len(house.status()["clients"]) == 1
    assert again.process.poll() is None


def test_a_hung_daemon_ends_its_relays_with_one_line(house, project):
    editor = house.editor(project)
    pid = house.pid()
    with stopped(pid):
        assert ends_within(editor.process, 3.0) == 1  # a second of silence is not yet a hang
        assert f"{pid} hangs" in one_line(editor.last_words())


@pytest.mark.parametrize(("door", "seconds"), [("editor", 2.0), ("assistant", 4.0)])
def test_a_client_of_a_hung_daemon_is_served_alone(house, project, door, seconds):
    house.editor(project)
    with stopped(house.pid()):
        started = time.monotonic()
        client = getattr(house, door)(project)
        assert time.monotonic() - started < seconds + PATIENCE_S
        if door == "assistant":
            assert client.call("status")["version"]
        client.leave()
    assert "does not answer" in client.last_words().splitlines()[0]


def test_a_hung_daemon_can_be_stopped(house, project):
    house.editor(project)
    pid = house.pid()
    with stopped(pid):
        shown = house.run("daemon", "status")
        assert shown.returncode == 1
        assert b"does not answer" in shown.stdout
        assert house.run("daemon", "stop").returncode == 0
        assert not is_alive(pid)


def test_a_removed_socket_is_made_anew_for_the_next_client(house, project):
    editor = house.editor(project)
    pid = house.pid()
    (path,) = house.runtime.glob("*.sock")
    path.unlink()
    house.assistant(project)
    assert house.pid() == pid
    assert len(house.status()["clients"]) == 2
    assert editor.command("rolecall.tasks") == []


def test_a_removed_folder_costs_no_session(house, project):
    editor = house.editor(project)
    first = house.pid()
    for path in house.runtime.iterdir():
        path.unlink()
    house.runtime.rmdir()
    assistant = house.assistant(project)
    second = house.pid()
    assert assistant.call("status")["version"]
    assert editor.command("rolecall.tasks") == []
    if second != first:  # it had not noticed yet: it finds its place taken, and goes after its client
        os.kill(first, signal.SIGHUP)
        editor.leave()
        eventually(lambda: not is_alive(first))
    assert house.pid() == second
    assert assistant.call("status")["version"]


def test_a_stale_socket_is_replaced(house, project):
    house.editor(project)
    os.kill(house.pid(), signal.SIGKILL)
    (path,) = house.runtime.glob("*.sock")
    before = path.stat().st_ino, path.stat().st_ctime_ns
    house.editor(project)
    assert (path.stat().st_ino, path.stat().st_ctime_ns) != before
    assert len(house.status()["clients"]) == 1


def test_fifty_relays_at_once_share_one_daemon(house, project):
    relays = [house.start("lsp", "/") for _ in range(50)]
    hello = {"processId": None, "rootUri": project.as_uri(), "capabilities": {}}
    peers = [LspPeer(relay.stdout, relay.stdin) for relay in relays]
    for peer in peers:
        assert peer.request("initialize", hello)["result"]["serverInfo"]["name"] == "rolecall"
    status = house.status()
    assert len(status["clients"]) == 50
    assert status["others"] == []


def test_a_changed_install_gets_a_daemon_of_its_own_and_the_old_one_drains(house, project):
    install = house.own_install()
    editor = house.editor(project)
    old = house.pid()
    changed = install / "server" / "rolecall_server" / "host.py"
    os.utime(changed, ns=(time.time_ns(), time.time_ns()))
    assistant = house.assistant(project)
    assert len(house.pids()) == 2
    assert assistant.call("status")["version"]
    assert editor.command("rolecall.tasks") == []
    editor.leave()
    eventually(lambda: not is_alive(old))
    assert len(house.pids()) == 1


def test_a_drained_daemon_is_still_stopped(house, project):
    install = house.own_install()
    editor = house.editor(project)
    old = house.pid()
    changed = install / "agents" / "rolecall" / "caller.py"
    os.utime(changed, ns=(time.time_ns(), time.time_ns()))
    os.kill(old, signal.SIGHUP)
    eventually(lambda: list(house.runtime.glob(f"daemon-*-{old}.pid")))
    assert house.pids() == [old]
    assert house.run("daemon", "stop").returncode == 0
    assert ends_within(editor.process) == 1
    assert "was stopped" in one_line(editor.last_words())
    assert not is_alive(old)


def test_a_clock_that_jumps_changes_nothing(house, project):
    jumps = house.surroundings.folder / "jumps"
    jumps.mkdir(parents=True)
    (jumps / "sitecustomize.py").write_text(
        "import itertools, time\nreal, odd = time.time, itertools.cycle([0, 1e8, -1e8])\n"
        "time.time = lambda: real() + next(odd)\n"
    )
    path = os.pathsep.join([str(jumps), house.surroundings.extra["PYTHONPATH"]])
    house.surroundings.extra["PYTHONPATH"] = path
    editor, assistant = house.editor(project), house.assistant(project)
    result = assistant.call("developer", instruction="x", files=["src/pricing.py"], task="implement")
    assert result["task_id"]
    assert [task["task_id"] for task in editor.command("rolecall.tasks")] == [result["task_id"]]
    status = house.status()
    assert 0 <= status["uptime"] < 100
    assert all(0 <= client["connected_s"] < 100 for client in status["clients"])


@pytest.mark.parametrize(
    "garbage", [b"\0" * 100_000, b"{}\n", b'["lsp"]\n', b'{"door": "lsp"}\n', b"GET / HTTP/1.1\r\n\r\n"]
)
def test_garbage_on_the_socket_costs_nobody_a_session(house, project, garbage):
    editor = house.editor(project)
    (path,) = house.runtime.glob("*.sock")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(str(path))
        stranger.sendall(garbage)
        stranger.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while data := stranger.recv(4096):
                answer += data
        except ConnectionResetError:
            pass  # it did not even read all of it
    assert b"welcome" not in answer
    assert editor.command("rolecall.tasks") == []
    assert len(house.status()["clients"]) == 1


@pytest.mark.parametrize("fault", ["raise SystemExit(3)", "raise RuntimeError('no')", "raise RecursionError"])
def test_a_crash_in_one_session_leaves_the_others_alone(house, project, fault):
    install = house.own_install()
    with (install / "server" / "rolecall_server" / "mcp" / "stream.py").open("a") as file:
        file.write(f"\n\nasync def serve_stream(*_, **__):\n    {fault}\n")
    editor = house.editor(project)
    assistant = house.start("mcp", project)
    assert ends_within(assistant, 5.0) == 1
    assert "daemon.log" in one_line(assistant.stderr.read().decode())
    assert editor.command("rolecall.tasks") == []


def test_a_client_that_stops_reading_is_given_up_in_bounded_memory(house, project):
    editor = house.editor(project)
    pid = house.pid()
    lazy = house.editor(project)
    echoed = "x" * 1_000_000  # comes back in the error
    with suppress(BrokenPipeError):
        for _ in range(300):
            lazy.peer._write({"id": "a", "method": echoed, "params": None})
    assert ends_within(lazy.process, 10.0) == 1
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    assert int(peak.split()[1]) < 400_000
    assert editor.command("rolecall.tasks") == []


def test_a_full_disk_leaves_a_working_session(house, project):
    command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *house.surroundings.server("mcp")]
    process = subprocess.Popen(
        command, cwd=project, env=house.surroundings.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    house.clients.append(process)
    peer = McpPeer(process.stdout, process.stdin)
    assert peer.request(
        "initialize",
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    )["result"]
    peer.notify("notifications/initialized")
    assert peer.request("tools/list", {})["result"]["tools"]
    process.stdin.close()
    ends_within(process)
    assert "could not start" in process.stderr.read().decode().splitlines()[0]


@AS_ROOT
@pytest.mark.parametrize("what", ["folder", "socket"])
def test_what_another_user_put_at_our_place_is_refused(house, project, what):
    house.editor(project)
    (path,) = house.runtime.glob("*.sock")
    house.run("daemon", "stop")
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        theirs.listen()
        os.chown(path, NOBODY, NOBODY)
        if what == "folder":
            os.chown(house.runtime, NOBODY, NOBODY)
        try:
            assistant = house.assistant(project)
            assert assistant.call("status")["version"]
            assistant.leave()
            assert f"belongs to user {NOBODY}" in assistant.last_words().splitlines()[0]
            theirs.setblocking(False)
            with pytest.raises(BlockingIOError):
                theirs.accept()  # not one byte went there
        finally:
            os.chown(house.runtime, 0, 0)


def test_a_folder_that_is_open_to_others_is_refused(house, project):
    house.runtime.chmod(0o755)
    assistant = house.assistant(project)
    assistant.leave()
    assert "chmod 700" in assistant.last_words().splitlines()[0]
    assert house.pids() == []
    house.runtime.chmod(0o700)


def test_a_folder_that_cannot_be_made_leaves_a_working_session(house, project):
    (house.runtime / "file").touch()
    assistant = house.assistant(project, ROLECALL_RUNTIME_DIR=str(house.runtime / "file" / "run"))
    assert assistant.call("status")["version"]
    assistant.leave()
    assert "no folder for the daemon's socket" in assistant.last_words().splitlines()[0]
