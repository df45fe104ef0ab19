"""`rolecall run` as a person or a script meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from fakes.endpoint import Hang, answer, chunk, endpoint_in_thread, http_error, stream

RUN = ("run", "qa_engineer", "--task", "tests", "--file", "src/pricing.py")
NEW_FILE = (
    '<file path="tests/test_new.py">\ndef test_it():\n    assert 1 + 1 == 2\n</file>\n<done files="1"/>\n'
)
EDIT = (
    'Raises the limit.\n\n<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n'
    '>>>>>>> REPLACE\n</edit>\n<done files="1"/>\n'
)
RESULT_MEMBERS = [
    "task_id",
    "workflow_id",
    "role",
    "task",
    "status",
    "summary",
    "answer",
    "files",
    "applied",
    "applied_by",
    "provider",
    "model",
    "usage",
    "attempts",
    "omitted_context",
    "time_to_first_token_ms",
    "duration_ms",
    "error",
]


def result_of(done):
    return json.loads(done.stdout)


def test_prints_a_diff_that_git_apply_takes_and_writes_nothing(surroundings, project):
    done = surroundings.run(*RUN, cwd=project)
    assert done.returncode == 0, done.stderr
    assert b"no model was called" in done.stderr
    assert not list(project.rglob("test_*.py"))
    subprocess.run(["git", "apply", "-"], cwd=project, input=done.stdout, check=True)
    assert list(project.rglob("test_*.py"))


def test_apply_writes_the_files(surroundings, project):
    done = surroundings.run(*RUN, "--apply", cwd=project)
    assert done.returncode == 0, done.stderr
    (written,) = project.rglob("test_*.py")
    assert "discounted" in written.read_text()
    assert b"applied" in done.stdout


def test_json_is_the_result_object_with_every_member(surroundings, project):
    result = result_of(surroundings.run(*RUN, "--format", "json", cwd=project))
    assert list(result) == RESULT_MEMBERS
    assert (result["status"], result["provider"], result["applied"]) == ("completed", "offline", False)
    assert result["summary"].startswith("offline scaffold, no model was called")
    assert [file["state"] for file in result["files"]] == ["proposed"]


def test_stream_json_numbers_its_events_and_ends_with_the_result(surroundings, project):
    done = surroundings.run(*RUN, "--format", "stream-json", cwd=project)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "result"
    assert kinds.count("result") == 1
    assert {"attempt", "delta", "file"} <= set(kinds)
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))
    assert len({event["task_id"] for event in events}) == 1
    text = "".join(event["text"] for event in events if event["type"] == "delta")
    assert text == events[-1]["result"]["answer"]


def test_an_answer_without_files_is_printed_itself(surroundings, project):
    with endpoint_in_thread([answer("Forty", "-two.\n")]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "why?", "--file", "src/pricing.py", cwd=project)
    assert (done.returncode, done.stdout) == (0, b"Forty-two.\n")


def test_the_instruction_comes_from_standard_input_where_it_is_absent(surroundings, project):
    with endpoint_in_thread([answer("ok")]) as endpoint:
        surroundings.use(endpoint.base_url)
        surroundings.run("run", "developer", cwd=project, stdin="räume auf\n".encode())
        sent = endpoint.completions[0].json
    assert sent["messages"][-1]["content"].rstrip().endswith("räume auf")


def test_an_edit_is_applied_to_the_present_text(surroundings, project):
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "x", "--file", "src/pricing.py", "--apply", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "LIMIT = 200" in (project / "src/pricing.py").read_text()


def test_a_protected_name_is_written_only_with_yes(surroundings, project):
    text = NEW_FILE.replace("tests/test_new.py", ".github/workflows/ci.yml")
    with endpoint_in_thread([answer(text)] * 2) as endpoint:
        surroundings.use(endpoint.base_url)
        refused = surroundings.run("run", "developer", "x", "--apply", "--format", "json", cwd=project)
        assert not (project / ".github").exists()
        confirmed = surroundings.run("run", "developer", "x", "--apply", "--yes", cwd=project)
    assert refused.returncode == 5
    assert result_of(refused)["error"]["code"] == "path_refused"
    assert result_of(refused)["files"][0]["state"] == "needs_confirmation"
    assert confirmed.returncode == 0
    assert (project / ".github/workflows/ci.yml").exists()


BAD = {
    "an unknown role": (("run", "qa_enginer", "x"), 2, "configuration_invalid", "qa_engineer"),
    "an unknown task": (("run", "qa_engineer", "--task", "test", "x"), 2, "configuration_invalid", "tests"),
    "an empty instruction": (("run", "developer", "  "), 2, "configuration_invalid", "refactor"),
    "a missing file": (
        ("run", "developer", "x", "--file", "src/nope.py"),
        2,
        "configuration_invalid",
        "nope.py",
    ),
    "a binary file": (
        ("run", "developer", "x", "--file", "data.bin"),
        2,
        "configuration_invalid",
        "data.bin",
    ),
    "a huge file": (("run", "developer", "x", "--file", "huge.py"), 2, "configuration_invalid", "huge.py"),
    "a folder": (("run", "developer", "x", "--file", "src"), 2, "configuration_invalid", "src"),
    "a file outside": (("run", "developer", "x", "--file", "../out.py"), 5, "path_refused", "out.py"),
    "backward lines": (
        ("run", "developer", "x", "--file", "src/pricing.py:9-2"),
        2,
        "configuration_invalid",
        "2-9",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_the_error_object_and_its_exit_code(case, surroundings, project):
    arguments, code, error_code, mentioned = BAD[case]
    (project / "data.bin").write_bytes(bytes(range(256)) * 10)
    with (project / "huge.py").open("wb") as huge:
        huge.truncate(50_000_000)
    (project.parent / "out.py").write_text("x = 1\n")
    done = surroundings.run(*arguments, "--format", "json", cwd=project)
    result = result_of(done)
    assert (done.returncode, result["status"], result["error"]["code"]) == (code, "failed", error_code)
    assert mentioned in result["error"]["message"] + result["error"]["hint"]
    assert result["error"]["hint"]
    assert b"Traceback" not in done.stderr


def test_a_file_nobody_may_read_is_reported(surroundings, project):
    if os.geteuid() == 0:
        (project / "locked.py").symlink_to("/proc/self/mem")
    else:
        (project / "locked.py").write_text("x")
        (project / "locked.py").chmod(0)
    done = surroundings.run("run", "developer", "x", "--file", "locked.py", "--format", "json", cwd=project)
    assert done.returncode in {2, 5}
    assert "locked.py" in result_of(done)["error"]["message"]


def test_nobody_listening_is_endpoint_unreachable(surroundings, project):
    surroundings.use("http://127.0.0.1:9/v1")
    done = surroundings.run("run", "developer", "x", "--format", "json", cwd=project)
    assert (done.returncode, result_of(done)["error"]["code"]) == (3, "endpoint_unreachable")
    assert "127.0.0.1:9" in result_of(done)["error"]["message"]


def test_a_wrong_key_is_authentication_failed_and_is_never_shown(surroundings, project):
    with endpoint_in_thread([http_error(401, "Incorrect API key provided: sk-secret-1")]) as endpoint:
        surroundings.use(endpoint.base_url, ROLECALL_LLM__API_KEY="sk-secret-1")
        done = surroundings.run("run", "developer", "x", "--format", "json", cwd=project)
        assert endpoint.completions[0].headers["authorization"] == "Bearer sk-secret-1"
    assert (done.returncode, result_of(done)["error"]["code"]) == (3, "authentication_failed")
    assert b"sk-secret" not in done.stdout + done.stderr


def test_broken_settings_name_file_line_and_column(surroundings, project):
    config = project.parent / "broken.yaml"
    config.write_text("llm:\n  model: [unclosed\n")
    done = surroundings.run("run", "developer", "x", "--config", str(config), "--format", "json", cwd=project)
    assert (done.returncode, result_of(done)["error"]["code"]) == (2, "configuration_invalid")
    assert "broken.yaml" in result_of(done)["error"]["message"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_and_hangs_up_on_the_endpoint(number, code, surroundings, project):
    with endpoint_in_thread([stream(chunk("thinking"), Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        process = surroundings.start("run", "developer", "x", "--format", "stream-json", cwd=project)
        with process:
            for line in process.stdout:
                if json.loads(line)["type"] == "delta":
                    break
            process.send_signal(number)
            rest = [json.loads(line) for line in process.stdout]
            assert process.wait(20) == code
        (request,) = endpoint.completions
    assert request.disconnected.is_set()
    assert [event["type"] for event in rest][-2:] == ["result", "error"]
    assert rest[-2]["result"]["status"] == "cancelled"
    assert rest[-1]["error"]["code"] == "cancelled"


def test_an_answer_cut_off_keeps_its_whole_files_and_writes_nothing(surroundings, project):
    cut = NEW_FILE.replace('<done files="1"/>\n', '<file path="b.py">\nx = 1\n')
    with endpoint_in_thread([answer(cut, finish="length")]) as endpoint:
        surroundings.use(endpoint.base_url, ROLECALL_APPLY__REPAIR_ROUNDS="0")
        done = surroundings.run("run", "developer", "x", "--apply", "--format", "json", cwd=project)
    result = result_of(done)
    assert (done.returncode, result["status"], result["error"]["code"]) == (
        5,
        "incomplete",
        "answer_incomplete",
    )
    assert [file["state"] for file in result["files"]] == ["proposed", "incomplete"]
    assert not (project / "tests").exists()


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("roles",), ("roles", "qa_engineer")])
def test_help_and_roles_import_nothing_heavy(arguments, surroundings, project):
    code = (
        "import sys; from rolecall_server.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print(sorted({'pydantic', 'structlog', 'asyncio', 'openai', 'mcp', 'pygls'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings.environment,
        cwd=project,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == b"[]"


def test_a_file_name_that_no_disk_takes_is_refused(surroundings, project):
    done = surroundings.run("run", "developer", "x", "--file", "a" * 5_000, "--format", "json", cwd=project)
    assert done.returncode == 5, done.stderr
    assert result_of(done)["error"]["code"] == "path_refused"
