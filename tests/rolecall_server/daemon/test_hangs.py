"""A daemon that hangs, and one that does not though it is silent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from fakes.house import eventually, is_alive, stopped
from fakes.patience import PATIENCE_S
from rolecall_server.daemon.joining import Daemon
from rolecall_server.daemon.pulse import Pulse
from rolecall_server.daemon.relay import ENGAGED_S, LONGEST_S, TICK_S, Pump


class Clock:
    """Goes on when it is told to."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def process(code):
    """A process that does one thing, from when it says so."""
    child = subprocess.Popen([sys.executable, "-c", f"print(flush=True)\n{code}"], stdout=subprocess.PIPE)
    child.stdout.readline()
    return child


@pytest.fixture(params=["asleep", "stopped", "busy"])
def hung(request):
    """A process that hangs."""
    child = process("while True: pass" if request.param == "busy" else "import time; time.sleep(1000)")
    if request.param == "stopped":
        child.send_signal(signal.SIGSTOP)
    yield child.pid
    child.kill()
    child.communicate()


@pytest.fixture
def pump(hung, clock):
    """A session with that process at the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Pump(Daemon(ours, hung), 0, clock=clock)


def reasons(pump, clock, seconds):
    """Why the session is left within so many seconds, looked at as the relay does; each look takes its time."""
    found = []
    for _ in range(round(seconds / TICK_S)):
        clock.now += TICK_S
        found.append(pump.reason_to_leave())
    return [reason for reason in found if reason is not None]


def test_a_hang_ends_a_session_in_use_within_two_seconds(pump, clock, hung):
    eventually(lambda: reasons(pump, clock, 2.0))
    assert reasons(pump, clock, TICK_S) == [
        f"the shared process {hung} hangs; `rolecall daemon stop` ends it"
    ]


def test_a_session_that_was_quiet_for_long_waits_for_what_was_only_stopped_for_a_while(pump, clock):
    for _ in range(round(ENGAGED_S / TICK_S) + 1):  # signs of life, and no word of either side
        clock.now += TICK_S
        pump.pulse.heard()
    assert reasons(pump, clock, LONGEST_S - 1) == []
    assert reasons(pump, clock, 2) != []  # but not for ever


def test_a_relay_that_stood_still_itself_blames_nobody(pump, clock):
    for _ in range(5):
        clock.now += 3600  # the machine slept, or this process was stopped
        assert pump.reason_to_leave() is None


def test_silence_alone_is_no_hang_where_the_process_had_no_turn(clock, monkeypatch):
    """A machine with too much to do: ready to run, and never run."""
    child = process("while True: pass")
    pulse = Pulse(child.pid, busy_s=1e6, silent_s=20.0, blind_s=1.0, clock=clock)
    try:
        for _ in range(19):
            clock.now += 1
            assert not pulse.hangs()
        clock.now += 2
        assert pulse.hangs()
    finally:
        child.kill()
        child.communicate()


def test_where_the_system_tells_nothing_only_a_long_silence_counts(clock):
    pulse = Pulse(0, busy_s=0.8, silent_s=1e6, blind_s=20.0, clock=clock)
    for _ in range(20):
        assert not pulse.hangs()
        clock.now += 1
    clock.now += 1
    assert pulse.hangs()


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


@contextmanager
def spinning(house):
    """An install whose daemon computes for ever once it is told to."""
    install = house.own_install()
    with (install / "server" / "rolecall_server" / "daemon" / "service.py").open("a") as file:
        file.write(SPIN)
    yield install


SPIN = """

def _spin():
    while True:
        pass


_beat = Daemon._beat


async def _told_to(self):
    import pathlib

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _spin)
    await _beat(self)


Daemon._beat = _told_to
"""


@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_daemon_that_computes_for_ever_ends_its_relays_with_one_line(house, project, door):
    with spinning(house):
        client = getattr(house, door)(project)
        pid = house.pid()
        os.kill(pid, signal.SIGUSR1)
        assert ends_within(client.process, 3.0) == 1
        assert f"{pid} hangs" in one_line(client.last_words())
        again = getattr(house, door)(project)
        assert again.leave() == 0
        assert "does not answer" in again.last_words().splitlines()[0]


@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_hang_during_a_request_is_noticed(house, project, door):
    client = getattr(house, door)(project)
    pid = house.pid()
    with stopped(pid):
        method = "workspace/executeCommand" if door == "editor" else "tools/list"
        with pytest.raises(EOFError):
            client.request(method, {"command": "rolecall.tasks", "arguments": [{}]})
        assert ends_within(client.process) == 1
        assert f"{pid} hangs" in one_line(client.last_words())
    assert is_alive(pid)
