"""Headless commands whose standard streams are closed, full, stuck or of another encoding."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.command import COMMAND
from fakes.endpoint import Hang, answer, chunk, endpoint_in_thread, stream

RUN = ("run", "qa_engineer", "x", "--task", "tests", "--file", "src/pricing.py")
ANSWER = b'<file path="notes.md">\ncaf\xc3\xa9 \xf0\x9f\x98\x80\n</file>\n'
COMMANDS = [
    RUN,
    (*RUN, "--format", "json"),
    (*RUN, "--format", "stream-json"),
    ("roles",),
    ("doctor",),
    ("apply",),
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")


def shell(surroundings, project, arguments, redirection, stdin=b""):
    """Run the command as ``rolecall ARGUMENTS REDIRECTION`` in a shell."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirection}', "sh", *COMMAND, *arguments],
        cwd=project,
        env=surroundings.environment,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_like_an_empty_or_an_ignored_one(surroundings, project, arguments, closed):
    done = shell(surroundings, project, arguments, closed)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", COMMANDS[:5], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_plain_line(surroundings, project, arguments):
    done = shell(surroundings, project, arguments, "> /dev/full")
    assert done.returncode == 1
    assert b"Standard output cannot be written: No space left on device." in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_nothing_fails_because_nobody_hears_standard_error(surroundings, project):
    done = shell(surroundings, project, RUN, "2> /dev/full")
    assert done.returncode == 0
    assert done.stdout.startswith(b"diff --git")


def test_a_task_whose_reader_goes_away_is_cancelled(surroundings, project):
    with endpoint_in_thread([stream(chunk("a"), *[chunk("b")] * 5_000, Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        process = surroundings.start("run", "developer", "x", "--format", "stream-json", cwd=project)
        process.stdin.close()
        while json.loads(process.stdout.readline())["type"] != "delta":
            pass
        process.stdout.close()
        assert process.wait(30) == 130
        assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_reader_that_does_not_read_holds_up_no_signal(surroundings, project, number):
    text = "word " * 20_000
    with endpoint_in_thread([stream(*[chunk(text)] * 20, Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        process = surroundings.start("run", "developer", "x", "--format", "stream-json", cwd=project)
        process.stdin.close()
        while json.loads(process.stdout.readline())["type"] != "delta":
            pass
        process.send_signal(number)
        assert process.wait(10) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    for pipe in (process.stdout, process.stderr):
        pipe.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_reader_of_the_prose_that_does_not_read_holds_up_no_signal(surroundings, project, number, format_):
    text = "word " * 20_000 + "\n"
    with endpoint_in_thread([stream(*[chunk(text)] * 20, Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        process = surroundings.start("run", "developer", "x", "--format", format_, cwd=project)
        process.stdin.close()
        assert process.stderr.read(4) == b"word"
        process.send_signal(number)
        assert process.wait(10) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    for pipe in (process.stdout, process.stderr):
        pipe.close()


def test_sigterm_while_standard_input_is_awaited_has_its_code(surroundings):
    script = (
        "import argparse, os, sys\n"
        "from rolecall_server.headless.streams import guarded\n"
        "def command(arguments):\n"
        "    os.write(1, b'up\\n')\n"
        "    return len(os.read(0, 1))\n"
        "sys.exit(guarded(command)(argparse.Namespace()))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=surroundings.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 143
    assert process.communicate() == (b"", b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_json_is_utf_8_whatever_the_encoding_of_the_terminal(surroundings, project, encoding):
    surroundings.extra["PYTHONIOENCODING"] = encoding
    done = surroundings.run("apply", "--format", "json", cwd=project, stdin=ANSWER)
    assert done.returncode == 0, done.stderr
    assert "café 😀" in json.loads(done.stdout.decode("utf-8"))["answer"]


def test_an_instruction_without_end_is_refused(surroundings, project):
    done = surroundings.run("run", "developer", cwd=project, stdin=b"y\n" * 600_000)
    assert done.returncode == 2
    assert b"larger than 1,048,576 bytes" in done.stderr


def test_events_carry_only_the_members_of_the_contract(surroundings, project):
    with endpoint_in_thread([answer("Hi.\n")]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "x", "--format", "stream-json", cwd=project)
    members = {event["type"]: set(event) for event in map(json.loads, done.stdout.splitlines())}
    common = {"type", "task_id", "seq"}
    assert members["attempt"] == common | {"n", "of", "wait_s", "reason"}
    assert members["delta"] == common | {"text"}
    assert members["result"] == common | {"result"}


def test_prose_cannot_move_the_cursor_of_the_terminal(surroundings, project):
    with endpoint_in_thread([answer('a\x1b]0;title\x07\tb\n<file path="x.md">\nx\n</file>\n')]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "x", cwd=project)
    assert b"a\\x1b]0;title\\x07\tb\n" in done.stderr
