"""Codex, the real one, against a scripted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.assistants import story
from e2e.assistants.conftest import Desk
from e2e.assistants.scripted import Call, ScriptedModel, scripted_model
from fakes.endpoint import endpoint_in_thread

pytestmark = pytest.mark.e2e

ALLOWED = '\n[mcp_servers.rolecall.tools.apply_edits]\napproval_mode = "approve"\n'
"""What a person adds who lets Codex write without asking; `codex exec` has nobody to ask."""

INLINE_LIMIT = 12_000
"""Bytes of a result that Codex shows its model."""


def codex(desk: Desk, model: ScriptedModel, tmp_path: Path, more: str = "") -> list[dict[str, Any]]:
    """Run Codex in its own sandbox, with the settings that are printed for it; returns its events.

    It waits for servers that are required. Of others, tools that come later than a second are left out of its first turn.
    """
    home = tmp_path / "codex"
    home.mkdir()
    (home / "config.toml").write_text(
        'model = "scripted"\nmodel_provider = "scripted"\n'
        "[analytics]\nenabled = false\n"
        f'[model_providers.scripted]\nname = "scripted"\nbase_url = "{model.base_url}/v1"\n'
        'wire_api = "responses"\nrequest_max_retries = 0\nstream_max_retries = 0\n'
        + desk.settings("codex")
        + "required = true\n"
        + more
    )
    done = desk.run("codex", "exec", "--json", "--skip-git-repo-check", story.PROMPT, CODEX_HOME=str(home))
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def calls(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The tool calls that ended, and how."""
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    return [(item["tool"], item["status"]) for item in items if item["type"] == "mcp_tool_call"]


def structured(shown: str) -> dict[str, Any]:
    """The structured content, below what Codex says of the call."""
    return json.loads(shown[shown.index("{") :])


def test_codex_lists_calls_and_applies(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.propose) as endpoint,
        scripted_model(story.ASK, story.apply, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        events = codex(desk, model, tmp_path, ALLOWED)

    story.assert_lists(model.offered)
    assert calls(events) == [("qa_engineer", "completed"), ("apply_edits", "completed")]
    story.assert_told(model.shown, desk.project)
    asked = endpoint.completions[0].json["messages"][1]["content"]
    assert "def discounted" in asked
    assert "Cover the discount." in asked


def test_codex_runs_a_role_unasked_and_writes_only_when_allowed(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.propose) as endpoint,
        scripted_model(story.ASK, story.apply, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        events = codex(desk, model, tmp_path)

    assert calls(events) == [("qa_engineer", "completed"), ("apply_edits", "failed")]
    assert not (desk.project / story.WRITTEN).exists()


def test_codex_reads_a_large_answer_whole_in_parts_it_does_not_cut(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.large) as endpoint,
        scripted_model(story.ASK, *[story.read_on] * 80) as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        codex(desk, model, tmp_path)

    story.assert_read_in_parts(model, INLINE_LIMIT, lambda shown: structured(shown)["answer"])


def test_codex_is_shown_a_large_file_in_part_and_its_beginning_by_its_own_tool(
    desk: Desk, tmp_path: Path
) -> None:
    def read(shown: list[str]) -> Call:
        uri = f"rolecall://tasks/{story.task_id(shown)}/files/large.py"
        assert uri in shown[0]
        return Call("read_mcp_resource", {"server": "rolecall", "uri": uri}, is_ours=False)

    with (
        endpoint_in_thread(default=story.long_answer(10_000)) as endpoint,
        scripted_model(story.ASK, read, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        codex(desk, model, tmp_path)

    result, resource = model.shown
    assert len(result.encode()) < INLINE_LIMIT
    assert "truncated" not in result
    assert "VALUE_00000 = 'line 00000 of a large file'" in resource


def test_codex_loses_nothing_of_a_call_that_outlasts_its_patience(desk: Desk, tmp_path: Path) -> None:
    desk.surroundings.extra["ROLECALL_MCP__CALL_DEADLINE_S"] = str(story.SLOW_S / 3)
    with (
        endpoint_in_thread(default=story.slow) as endpoint,
        scripted_model(story.ASK, *[story.fetch] * 8, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        codex(desk, model, tmp_path)

    assert '"running"' in model.shown[0]
    assert "One test of the discount." in model.shown[-1]


@pytest.mark.timeout(600)
def test_codex_loses_nothing_of_a_call_of_400_seconds(desk: Desk, tmp_path: Path) -> None:
    """With everybody's settings: Codex gives up on a call after 300 s, ours answers after 270 s."""
    desk.patience_s = 580
    with (
        endpoint_in_thread(default=story.trickle) as endpoint,
        scripted_model(story.ASK, *[story.fetch] * 12, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        events = codex(desk, model, tmp_path)

    assert '"running"' in model.shown[0]
    assert {status for _, status in calls(events)} == {"completed"}
    assert "One test of the discount." in model.shown[-1]
    assert len(endpoint.completions) == 1
