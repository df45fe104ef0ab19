"""`rolecall apply`: a pasted answer becomes a diff or edits."""

from __future__ import annotations

import json
import subprocess

ANSWER = b'Here you are.\n\n<file path="a.py">\nx = 1\n</file>\n<file path="b.py">\ny = 2\n</file>\n<done files="2"/>\n'


def test_shows_a_diff_and_writes_nothing(surroundings, project):
    done = surroundings.run("apply", cwd=project, stdin=ANSWER)
    assert done.returncode == 0, done.stderr
    assert not (project / "a.py").exists()
    subprocess.run(["git", "apply", "-"], cwd=project, input=done.stdout, check=True)
    assert (project / "b.py").read_bytes() == b"y = 2\n"


def test_write_applies_the_whole_answer(surroundings, project):
    (project / "answer.md").write_bytes(ANSWER)
    done = surroundings.run("apply", "answer.md", "--write", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / "a.py").read_bytes() == b"x = 1\n"


def test_one_refused_path_refuses_the_set(surroundings, project):
    done = surroundings.run("apply", "--write", cwd=project, stdin=ANSWER.replace(b'"b.py"', b'"../b.py"'))
    assert done.returncode == 5
    assert b"../b.py" in done.stderr
    assert not (project / "a.py").exists()


def test_a_search_that_matches_twice_names_the_lines(surroundings, project):
    (project / "m.txt").write_text("a\nb\na\n")
    edit = (
        b'<edit path="m.txt">\n<<<<<<< SEARCH\na\n=======\nc\n>>>>>>> REPLACE\n</edit>\n<done files="1"/>\n'
    )
    done = surroundings.run("apply", "--write", "--format", "json", cwd=project, stdin=edit)
    result = json.loads(done.stdout)
    assert (done.returncode, result["error"]["code"]) == (5, "edit_not_found")
    assert "1" in result["files"][0]["reason"]
    assert "3" in result["files"][0]["reason"]
    assert (project / "m.txt").read_text() == "a\nb\na\n"


def test_an_answer_cut_off_is_incomplete(surroundings, project):
    done = surroundings.run(
        "apply", "--write", cwd=project, stdin=ANSWER.replace(b'<done files="2"/>', b'<done files="3"/>')
    )
    assert done.returncode == 5
    assert not (project / "a.py").exists()


def test_a_marker_that_cannot_be_read_is_named_with_its_line_and_fails(surroundings, project):
    marker = b"Here:\n\n<<<<<<< SEARCH src/pricing.py\nLIMIT = 100\n=======\nLIMIT = 1\n>>>>>>> REPLACE\n"
    for options in ((), ("--write", "--yes")):
        done = surroundings.run("apply", "--format", "json", *options, cwd=project, stdin=marker)
        assert done.returncode == 5
        error = json.loads(done.stdout)["error"]
        assert error["code"] == "edit_not_found"
        assert "answer line 3 is a SEARCH marker that cannot be read" in error["message"]
    assert "LIMIT = 100" in (project / "src/pricing.py").read_text()


def test_an_answer_without_files_says_so(surroundings, project):
    done = surroundings.run("apply", "--write", cwd=project, stdin=b"Just prose.\n")
    assert done.returncode == 0
    assert b"names no file" in done.stderr


def test_an_answer_that_is_not_utf8_is_refused(surroundings, project):
    done = surroundings.run("apply", "--write", cwd=project, stdin=b'<file path="a.py">\n\xff\n</file>\n')
    assert done.returncode == 2
    assert b"UTF-8" in done.stderr


def test_an_answer_that_cannot_be_read_is_not_called_one_without_files(surroundings, project):
    done = surroundings.run("apply", "--write", "nowhere.md", cwd=project)
    assert done.returncode == 2
    assert b"names no file" not in done.stderr


def test_an_answer_is_read_no_further_than_its_limit(surroundings, project):
    surroundings.extra["ROLECALL_LLM__MAX_ANSWER_BYTES"] = "1024"
    done = surroundings.run("apply", "/dev/zero", cwd=project)
    assert done.returncode == 3
    assert b"larger than 1,024 bytes" in done.stderr


def test_the_home_folder_is_no_workspace_and_the_hint_says_how_to_name_one(surroundings, project):
    surroundings.extra["HOME"] = str(project)
    done = surroundings.run("apply", "--write", cwd=project, stdin=b'<file path="a.py">\nx\n</file>\n')
    assert done.returncode == 5
    assert b"--workspace" in done.stderr
    assert not (project / "a.py").exists()
