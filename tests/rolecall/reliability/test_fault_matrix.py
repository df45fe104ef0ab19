"""Each way an endpoint misbehaves, through each door: what the user saw, and what the endpoint saw.

The rows are in ``tests/fakes/faults.py``; ``docs/reliability.md`` shows them as a table.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from pathlib import Path

import pytest

from fakes.doors import TARGET, open_doors
from fakes.endpoint import endpoint_in_thread
from fakes.faults import ROOM, WIRE
from fakes.house import eventually


@pytest.fixture(scope="module")
def endpoint():
    with endpoint_in_thread() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    (project / "src").mkdir()
    (project / TARGET).write_text("LIMIT = 100\n" + "# one more line of what need not be sent\n" * 400)
    runtime = Path(tempfile.mkdtemp(prefix="rolecall-"))
    with open_doors(tmp_path_factory.mktemp("home"), runtime, project) as doors:
        yield doors
    shutil.rmtree(runtime)


@pytest.mark.parametrize("fault", WIRE, ids=lambda fault: fault.id)
def test_every_door_tells_the_fault(fault, endpoint, doors):
    opened = doors.under(endpoint.base_url, fault.settings)
    for (name, door), expected in zip(opened.items(), fault.each, strict=True):
        replies = list(fault.replies())
        endpoint.replies, endpoint.default = deque(replies[:-1]), replies[-1]
        before = len(endpoint.completions)
        seen = door.ask()
        received = endpoint.completions[before:]
        assert (name, seen.result["status"], seen.code) == (name, fault.status, fault.code), seen.shown
        assert (name, len(received)) == (name, expected)
        check_what_was_seen(fault, seen)
        if fault.shorter:
            check_what_was_left_out(seen, received)
        if fault.hung_up:
            for request in received:
                eventually(request.disconnected.is_set)


def check_what_was_seen(fault, seen):
    assert seen.failed is (fault.status in seen.signs)
    assert seen.exit in {None, fault.exit}
    if fault.text is not None:
        assert seen.result["answer"] == fault.text
    if fault.code is None:
        return
    error = seen.result["error"]
    assert fault.says in error["message"]
    assert fault.says in seen.shown
    assert error["hint"] in seen.shown
    assert (error["retry_after_s"] is not None) is fault.retry_after
    assert "Traceback" not in seen.shown


def check_what_was_left_out(seen, received):
    assert b"Raise the limit." in received[-1].body
    assert len(received[-1].body) < ROOM
    assert TARGET in [omitted["path"] for omitted in seen.result["omitted_context"]]
