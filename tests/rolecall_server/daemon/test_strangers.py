"""What else may be at a daemon's place: listeners that are none, and files."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

import pytest


@contextmanager
def listening(house, project, serve):
    """A listener of the user's own at the daemon's place, which is none."""
    house.editor(project)
    (path,) = house.runtime.glob("*.sock")
    house.run("daemon", "stop")
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        path.chmod(0o600)
        theirs.listen()
        thread = threading.Thread(target=serve, args=(theirs,), daemon=True)
        thread.start()
        yield path


HEARD_BY_STRANGERS = []


def mute(theirs):
    with suppress(OSError):
        connection, _ = theirs.accept()
        with connection:
            HEARD_BY_STRANGERS.append(connection.recv(1 << 20))


def chatty(theirs):
    with suppress(OSError):
        connection, _ = theirs.accept()
        with connection:
            connection.sendall(b"220 mail.example ESMTP\r\n")
            HEARD_BY_STRANGERS.append(connection.recv(1 << 20))


@pytest.mark.parametrize("serve", [mute, chatty])
@pytest.mark.parametrize("door", ["editor", "assistant"])
def test_a_listener_that_is_no_daemon_loses_the_place_and_hears_nothing(house, project, serve, door):
    HEARD_BY_STRANGERS.clear()
    with listening(house, project, serve):
        client = getattr(house, door)(project, ROLECALL_LLM__API_KEY="sk-ada-0123456789abcdef")
        assert client.process.pid in {known["pid"] for known in house.status()["clients"]}
        client.leave()
    assert client.last_words() == ""
    assert b"".join(HEARD_BY_STRANGERS) == b""


def test_a_file_in_the_sockets_place_is_named_by_status_and_doctor_and_left_alone(house, project):
    house.editor(project)
    (path,) = house.runtime.glob("*.sock")
    house.run("daemon", "stop")
    path.write_text("somebody's")
    assistant = house.assistant(project)
    assert assistant.call("status")["version"]
    assistant.leave()
    wrong = f"{path} is not a socket; remove it"
    assert wrong in assistant.last_words().splitlines()[0]
    shown = house.run("daemon", "status")
    assert (shown.returncode, shown.stderr.decode()) == (0, f"rolecall: {wrong}\n")
    status = house.status()
    assert (status["running"], status["problems"]) == (False, [wrong])
    assert f"{path} is not a socket\n         remedy: Remove it." in house.run("doctor").stdout.decode()
    assert path.read_text() == "somebody's"
