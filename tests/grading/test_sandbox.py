"""What generated code can and cannot do while it is graded."""

import os

import pytest

from grading.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


def ran(sandbox, code):
    return sandbox.script(sandbox.scratch({"run.py": code}), "run.py")


def test_a_script_runs_in_its_folder_and_may_write_there(sandbox):
    result = ran(sandbox, "open('made', 'w').write('x')\nprint(open('made').read())\n")

    assert (result.exit, result.output) == (0, "x\n")


def test_there_is_no_network(sandbox):
    result = ran(
        sandbox,
        "import socket\nsocket.create_connection(('127.0.0.1', 1), 2)\nsocket.create_connection(('192.0.2.1', 80), 2)\n",
    )
    outside = ran(
        sandbox,
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.connect(('192.0.2.1', 9))\n",
    )

    assert result.exit != 0
    assert outside.exit != 0
    assert "Error" in outside.output


def test_nothing_outside_of_the_folder_can_be_written_where_the_kernel_can_forbid_it(sandbox, tmp_path):
    result = ran(sandbox, f"open({str(tmp_path / 'evil')!r}, 'w').write('x')\n")

    assert result.exit == int(sandbox.protection["files"] == "read-only")


def test_nothing_of_the_users_environment_is_there(sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-user")
    with Sandbox() as another:
        result = ran(another, "import os\nprint(sorted(os.environ))\n")

    assert "OPENAI" not in result.output
    assert os.environ["OPENAI_API_KEY"] == "of-the-user"


@pytest.mark.parametrize(
    "code",
    [
        "x = 'a' * (2 << 30)\n",
        "open('big', 'wb').write(b'x' * (64 << 20))\n",
        "[open('run.py') for _ in range(1000)]\nfiles = [open('run.py') for _ in range(1000)]\n",
    ],
)
def test_memory_and_files_are_limited(sandbox, code):
    assert ran(sandbox, code).exit != 0


def test_a_run_that_does_not_end_is_ended_and_the_next_one_works(sandbox, monkeypatch):
    monkeypatch.setattr("grading.sandbox.SECONDS", 0.5)

    assert ran(sandbox, "while True: pass\n").exit == -1
    assert ran(sandbox, "print('next')\n").exit == 0


def test_tests_are_counted_by_how_they_ended(sandbox):
    tests = (
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n"
        "@pytest.mark.xfail(strict=True)\ndef test_c(): assert 0\n@pytest.mark.skip\ndef test_d(): pass\n"
    )

    result = sandbox.tests(sandbox.scratch({"test_it.py": tests}))

    assert (result.exit, result.passed, result.failed, result.xfailed, result.skipped) == (1, 1, 1, 1, 1)


def test_without_namespaces_sockets_refuse_and_this_is_said():
    with Sandbox(namespaces=False) as plain:
        result = ran(plain, "import socket\nsocket.create_connection(('127.0.0.1', 1), 2)\n")

        assert plain.protection == {"network": "sockets refuse", "files": "not protected"}
    assert "no network here" in result.output
