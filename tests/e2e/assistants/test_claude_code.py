"""Claude Code, the real one, against a scripted model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.assistants import story
from e2e.assistants.conftest import Desk
from e2e.assistants.scripted import ScriptedModel, scripted_model
from fakes.endpoint import endpoint_in_thread

pytestmark = pytest.mark.e2e

INLINE_LIMIT = 25_000 * 3
"""Bytes of a result that Claude Code shows its model: 25,000 tokens."""


def claude(desk: Desk, model: ScriptedModel, tmp_path: Path) -> list[dict[str, Any]]:
    """Run Claude Code with the settings that are printed for it; returns its events."""
    settings = tmp_path / "mcp.json"
    settings.write_text(desk.settings("claude-code"))
    arguments = ["--mcp-config", str(settings), "--strict-mcp-config", "--allowedTools", "mcp__rolecall"]
    done = desk.run(
        "claude-code",
        "-p",
        story.PROMPT,
        "--output-format",
        "stream-json",
        "--verbose",
        "--model",
        "scripted",
        *arguments,
        ANTHROPIC_BASE_URL=model.base_url,
        ANTHROPIC_API_KEY="none",
        CLAUDE_CONFIG_DIR=str(tmp_path / "claude"),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
        DISABLE_AUTOUPDATER="1",
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def test_claude_code_lists_calls_and_applies(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.propose) as endpoint,
        scripted_model(story.ASK, story.apply, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        events = claude(desk, model, tmp_path)

    # Its model finds the status by a search, and has all else from the start.
    story.assert_lists(model.offered, but="status")
    (begin,) = [event for event in events if event.get("subtype") == "init"]
    assert [(server["name"], server["status"]) for server in begin["mcp_servers"]] == [
        ("rolecall", "connected")
    ]
    story.assert_told(model.shown, desk.project)
    asked = endpoint.completions[0].json["messages"][1]["content"]
    assert "def discounted" in asked
    assert "Cover the discount." in asked


def test_claude_code_reads_a_large_answer_whole_in_parts_it_does_not_put_away(
    desk: Desk, tmp_path: Path
) -> None:
    with (
        endpoint_in_thread(default=story.large) as endpoint,
        scripted_model(story.ASK, *[story.read_on] * 80) as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        claude(desk, model, tmp_path)

    story.assert_read_in_parts(model, INLINE_LIMIT, lambda shown: json.loads(shown)["answer"])


def test_claude_code_is_shown_a_large_answer_in_part_and_told_where_the_rest_is(
    desk: Desk, tmp_path: Path
) -> None:
    with (
        endpoint_in_thread(default=story.long_answer(10_000)) as endpoint,
        scripted_model(story.ASK, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        claude(desk, model, tmp_path)

    (shown,) = model.shown
    assert len(shown.encode()) < INLINE_LIMIT
    assert f"rolecall://tasks/{story.task_id(model.shown)}" in shown
