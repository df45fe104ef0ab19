"""`roles`, `revert` and `doctor` as processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fakes.command import COMMAND
from fakes.endpoint import answer, endpoint_in_thread, http_error, json_reply

TESTS = ("run", "qa_engineer", "--task", "tests", "--file", "src/pricing.py")
EDIT = (
    '<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n>>>>>>> REPLACE\n</edit>\n'
    '<file path="notes.md">\nHi\n</file>\n<done files="2"/>\n'
)


def test_roles_lists_every_role_with_its_tasks(surroundings, project):
    done = surroundings.run("roles", cwd=project)
    assert done.returncode == 0
    for word in (b"business_analyst", b"kubernetes", b"api_reference", b"performance_tests", b"harden"):
        assert word in done.stdout


def test_a_role_of_ones_own_is_there_and_a_bad_one_is_reported_with_its_line(surroundings, project):
    folder = surroundings.folder / "home/.config/rolecall/roles"
    folder.mkdir(parents=True)
    task = "{id: review, title: review, applies_to: selection, kind: refactor, instruction: List faults.}"
    (folder / "reviewer.md").write_text(
        f"---\nid: reviewer\ntitle: Reviewer\ndescription: Reads.\ntasks:\n  - {task}\n---\nYou review.\n"
    )
    (folder / "bad.md").write_text("---\nid: bad\ntitel: Bad\n---\nx\n")
    done = surroundings.run("roles", "--format", "json", cwd=project)
    assert "reviewer" in [role["id"] for role in json.loads(done.stdout)]
    assert b"bad.md" in done.stderr
    assert b"titel" in done.stderr
    assert surroundings.run("roles", "reviewer", cwd=project).stdout == b"You review.\n"


def test_an_unknown_role_is_a_usage_error_that_names_the_nearest(surroundings, project):
    done = surroundings.run("roles", "qa_enginer", cwd=project)
    assert done.returncode == 2
    assert b"qa_engineer" in done.stderr


def test_revert_takes_back_what_the_task_wrote_and_keeps_what_was_edited_since(surroundings, project):
    source = project / "src/pricing.py"
    before = source.read_text()
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "x", "--apply", "--format", "json", cwd=project)
    task_id = json.loads(done.stdout)["task_id"]
    source.write_text("# mine\n" + source.read_text())
    assert surroundings.run("revert", task_id, cwd=project).returncode == 0
    assert source.read_text() == "# mine\n" + before
    assert not (project / "notes.md").exists()
    again = surroundings.run("revert", task_id, cwd=project)
    assert (again.returncode, b"already" in again.stderr) == (0, True)


def test_revert_never_takes_back_over_an_edit_of_the_same_lines(surroundings, project):
    source = project / "src/pricing.py"
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run("run", "developer", "x", "--apply", "--format", "json", cwd=project)
    edited = source.read_text().replace("LIMIT = 200", "LIMIT = 201")
    source.write_text(edited)
    reverted = surroundings.run("revert", json.loads(done.stdout)["task_id"], cwd=project)
    assert reverted.returncode == 5
    assert source.read_text() == edited


def test_revert_of_an_unknown_task_says_so(surroundings, project):
    done = surroundings.run("revert", "nonsense", cwd=project)
    assert done.returncode == 2
    assert b"nonsense" in done.stderr


def findings(done):
    return {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_doctor_names_the_model_the_endpoint_and_its_models(surroundings, project):
    with endpoint_in_thread(models=["fake-model", "other"]) as endpoint:
        surroundings.use(endpoint.base_url, ROLECALL_LLM__API_KEY="sk-secret-1")
        done = surroundings.run("doctor", "--format", "json", cwd=project)
    assert done.returncode == 0
    assert "fake-model" in findings(done)["model"]["finding"]
    assert "other" in findings(done)["endpoint"]["finding"]
    assert b"sk-secret" not in done.stdout


@pytest.mark.parametrize(
    ("listing", "code", "remedy"),
    [
        (http_error(401, "no"), 3, "key"),
        (json_reply({"object": "list", "data": []}), 0, "model"),
    ],
)
def test_doctor_gives_a_remedy_for_what_is_wrong(listing, code, remedy, surroundings, project):
    with endpoint_in_thread(models=listing) as endpoint:
        surroundings.use(endpoint.base_url, ROLECALL_LLM__API_KEY="k")
        done = surroundings.run("doctor", cwd=project)
    assert done.returncode == code
    assert remedy in done.stdout.decode().split("remedy:")[-1]


def test_doctor_reports_an_endpoint_that_is_not_there(surroundings, project):
    surroundings.use("http://127.0.0.1:9/v1")
    done = surroundings.run("doctor", cwd=project)
    assert done.returncode == 3
    assert b"127.0.0.1:9" in done.stdout
    assert b"remedy" in done.stdout


def test_doctor_reports_invalid_settings(surroundings, project):
    surroundings.extra["ROLECALL_LLM__MODLE"] = "x"
    done = surroundings.run("doctor", cwd=project)
    assert done.returncode == 2
    assert b"ROLECALL_LLM__MODEL" in done.stdout


@pytest.mark.parametrize(
    "arguments", [("--timeout", "abc"), ("--timeout", "-1"), ("--workspace", "x" * 5_000)]
)
def test_a_wrong_option_is_a_usage_error_in_plain_words(arguments, surroundings, project):
    done = surroundings.run("run", "developer", "x", *arguments, cwd=project)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"not a number of seconds" in done.stderr or b"is not a folder" in done.stderr


def test_config_on_a_full_disk_says_so_in_one_line(surroundings, project):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "config", "show"], cwd=project, env=surroundings.environment, stdout=full,
            stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
