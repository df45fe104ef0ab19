"""A daemon that does not come up, and clients that say too little of where they are."""

from __future__ import annotations

import os
import signal
import time

import pytest

from fakes.house import eventually, is_alive
from fakes.patience import PATIENCE_S

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
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if os.fsencode(install) in file.read():
                    found.append(int(name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="only Linux tells what a process does")
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
