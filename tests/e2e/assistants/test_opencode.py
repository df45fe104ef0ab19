"""opencode, the real one, against a scripted model."""

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

INLINE_LIMIT = 20_000
"""Bytes of a result that opencode shows its model."""


def opencode(desk: Desk, model: ScriptedModel, tmp_path: Path) -> list[dict[str, Any]]:
    """Run opencode with the settings that are printed for it; returns its events."""
    settings = desk.json_settings("opencode") | {
        "model": "scripted/scripted",
        "autoupdate": False,
        "share": "disabled",
        "permission": {"*": "allow"},
        "provider": {
            "scripted": {
                "npm": "@ai-sdk/openai-compatible",
                "options": {"baseURL": f"{model.base_url}/v1", "apiKey": "none"},
                "models": {"scripted": {"tool_call": True}},
            }
        },
    }
    file = tmp_path / "opencode.json"
    file.write_text(json.dumps(settings))
    done = desk.run(
        "opencode",
        "run",
        "--format",
        "json",
        story.PROMPT,
        OPENCODE_CONFIG=str(file),
        OPENCODE_DISABLE_MODELS_FETCH="1",
        OPENCODE_DISABLE_AUTOUPDATE="1",
        OPENCODE_DISABLE_LSP_DOWNLOAD="1",
        OPENCODE_DISABLE_DEFAULT_PLUGINS="1",
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def calls(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The tool calls that ended, and how."""
    parts = [event["part"] for event in events if event["type"] == "tool_use"]
    return [(part["tool"], part["state"]["status"]) for part in parts]


def test_opencode_lists_calls_and_applies(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.propose) as endpoint,
        scripted_model(story.ASK, story.apply, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        events = opencode(desk, model, tmp_path)

    story.assert_lists(model.offered)
    assert calls(events) == [("rolecall_qa_engineer", "completed"), ("rolecall_apply_edits", "completed")]
    story.assert_told(model.shown, desk.project)
    asked = endpoint.completions[0].json["messages"][1]["content"]
    assert "def discounted" in asked
    assert "Cover the discount." in asked


def test_opencode_reads_a_large_answer_whole_in_parts_it_does_not_cut(desk: Desk, tmp_path: Path) -> None:
    with (
        endpoint_in_thread(default=story.large) as endpoint,
        scripted_model(story.ASK, *[story.read_on] * 80) as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        opencode(desk, model, tmp_path)

    # Its model is shown the text alone.
    story.assert_read_in_parts(model, INLINE_LIMIT, lambda shown: shown.partition("\n")[2])


def test_opencode_is_shown_a_large_answer_in_part_and_told_where_the_rest_is(
    desk: Desk, tmp_path: Path
) -> None:
    with (
        endpoint_in_thread(default=story.long_answer(10_000)) as endpoint,
        scripted_model(story.ASK, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        opencode(desk, model, tmp_path)

    (shown,) = model.shown
    assert len(shown.encode()) < INLINE_LIMIT
    assert "truncated" not in shown
    assert f"rolecall://tasks/{story.task_id(model.shown)}" in shown
