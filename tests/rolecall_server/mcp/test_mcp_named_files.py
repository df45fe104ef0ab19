"""What a call may name in `files`: lines that are there, folders and patterns within a budget."""

from __future__ import annotations

import pytest

from fakes.endpoint import FakeEndpoint, answer

LOOK = "Look."


async def asked(connect, surroundings, *files: str) -> tuple[dict, str]:
    """The structured result, and the prompt that the endpoint got, if any."""
    async with FakeEndpoint([answer("Fine.")]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect() as client:
            result = await client.call_tool("developer", {"instruction": LOOK, "files": list(files)})
        prompts = [request.json["messages"][1]["content"] for request in endpoint.completions]
    return result.structured_content, prompts[0] if prompts else ""


async def test_lines_behind_a_files_end_are_refused_with_its_line_count(connect, surroundings, project):
    result, prompt = await asked(connect, surroundings, "src/pricing.py:99999-999999")

    assert result["error"]["code"] == "configuration_invalid"
    assert "src/pricing.py has 14 lines" in result["error"]["message"]
    assert not prompt


async def test_lines_that_begin_in_a_file_may_run_over_its_end(connect, surroundings):
    result, prompt = await asked(connect, surroundings, "src/pricing.py:10-40")

    assert result["status"] == "completed"
    assert "src/pricing.py" in prompt


async def test_lines_of_another_file_are_checked_too(connect, surroundings):
    result, _ = await asked(connect, surroundings, "src/pricing.py", "pyproject.toml:400")

    assert "pyproject.toml has 3 lines" in result["error"]["message"]


@pytest.mark.parametrize("pattern", ["src/*.py", "src/**/*.py", "*.py"])
async def test_a_pattern_names_the_files_that_match(connect, surroundings, project, pattern):
    (project / "src" / "tax.py").write_text("TAX = 19\n")
    result, prompt = await asked(connect, surroundings, pattern)

    assert result["status"] == "completed"
    assert "TAX = 19" in prompt
    assert "LIMIT = 100" in prompt


async def test_a_file_whose_name_looks_like_a_pattern_is_that_file(connect, surroundings, project):
    (project / "src" / "[id].py").write_text("ROUTE = 1\n")
    (project / "src" / "i.py").write_text("OTHER = 1\n")
    result, prompt = await asked(connect, surroundings, "src/[id].py")

    assert result["status"] == "completed"
    assert "ROUTE = 1" in prompt
    assert "OTHER = 1" not in prompt


async def test_a_pattern_that_matches_nothing_is_said_so(connect, surroundings):
    result, prompt = await asked(connect, surroundings, "lib/**/*.rb")

    assert "lib/**/*.rb" in result["error"]["message"]
    assert not prompt


async def test_a_pattern_that_matches_too_much_is_refused_with_the_number(connect, surroundings, project):
    for number in range(60):
        (project / f"module_{number}.py").write_text(f"VALUE = {number}\n")
    result, prompt = await asked(connect, surroundings, "module_*.py")

    assert "60 files" in result["error"]["message"]
    assert "50" in result["error"]["message"]
    assert not prompt


async def test_a_pattern_never_names_a_secret(connect, surroundings, project):
    (project / ".env").write_text("TOKEN=hidden\n")
    result, _ = await asked(connect, surroundings, ".env*")

    assert "matches" in result["error"]["message"]


@pytest.mark.parametrize("named", ["src", "src/", "absolute"])
async def test_a_folder_is_listed_and_its_files_given(connect, surroundings, project, named):
    (project / "src" / "tax.py").write_text("TAX = 19\n")
    result, prompt = await asked(
        connect, surroundings, str(project / "src") if named == "absolute" else named
    )

    assert result["status"] == "completed"
    assert "Files in src (2):" in prompt
    assert "TAX = 19" in prompt


async def test_the_workspace_itself_may_be_named(connect, surroundings, project):
    result, prompt = await asked(connect, surroundings, ".")

    assert result["status"] == "completed"
    assert "Files in . (2):" in prompt


async def test_a_large_folder_is_listed_up_to_a_budget(connect, surroundings, project):
    (project / "many").mkdir()
    for number in range(250):
        (project / "many" / f"part_{number:03}.py").write_text(f"VALUE = {number}\n")
    _, prompt = await asked(connect, surroundings, "many")

    assert "Files in many (250; the first 50 are given):" in prompt
    assert "many/part_199.py\n... and 50 more" in prompt
    assert "VALUE = 49\n" in prompt
    assert "VALUE = 50\n" not in prompt


async def test_an_empty_folder_is_said_so(connect, surroundings, project):
    (project / "empty").mkdir()
    result, _ = await asked(connect, surroundings, "empty")

    assert "empty holds no file" in result["error"]["message"]


async def test_a_folder_outside_the_workspace_is_refused(connect, surroundings, project):
    (project.parent / "elsewhere").mkdir()
    result, prompt = await asked(connect, surroundings, "../elsewhere")

    assert result["error"]["code"] == "path_refused"
    assert not prompt


async def test_applying_an_empty_list_of_paths_is_a_wrong_argument(connect, surroundings, project):
    async with FakeEndpoint([answer('<file path="new.txt">\nHi\n</file>\n<done files="1"/>\n')]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect() as client:
            made = await client.call_tool("developer", {"instruction": LOOK})
            task_id = made.structured_content["task_id"]
            result = await client.call_tool("apply_edits", {"task_id": task_id, "paths": []})

    assert result.is_error
    assert "'paths'" in result.structured_content["error"]["message"]
    assert not (project / "new.txt").exists()
