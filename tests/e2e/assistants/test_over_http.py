"""The real assistants, as they are set up to call a server over HTTP with a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.assistants import story
from e2e.assistants.conftest import Desk
from e2e.assistants.scripted import ScriptedModel, scripted_model
from e2e.assistants.test_claude_code import claude
from e2e.assistants.test_codex import codex
from e2e.assistants.test_opencode import opencode
from fakes.endpoint import endpoint_in_thread
from rolecall_server.mcp.http.client_config import TOKEN_VARIABLE

pytestmark = pytest.mark.e2e

TOKEN = "a-long-random-token"


@contextmanager
def served(desk: Desk) -> Iterator[None]:
    """A server of its own on a free port; the assistants have the token in their environment alone."""
    desk.surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = f'["ann={TOKEN}"]'
    with desk.surroundings.start("mcp", "--http", "127.0.0.1:0", cwd=desk.project) as server:
        assert server.stderr is not None
        try:
            said = server.stderr.readline().decode()
            found = re.search(r"127\.0\.0\.1:\d+", said)
            assert found, said
            desk.http = found[0]
            yield
        finally:
            server.kill()


@pytest.mark.parametrize("run", [codex, claude, opencode])
def test_an_assistant_calls_a_role_over_http(
    run: Callable[[Desk, ScriptedModel, Path], list[dict[str, Any]]], desk: Desk, tmp_path: Path
) -> None:
    with (
        endpoint_in_thread(default=story.propose) as endpoint,
        scripted_model(story.ASK, "Done.") as model,
    ):
        desk.surroundings.use(endpoint.base_url)
        with served(desk):
            desk.surroundings.extra[TOKEN_VARIABLE] = TOKEN
            run(desk, model, tmp_path)

    (proposal,) = model.shown
    assert "test_a_discount_is_taken_off" in proposal
    assert TOKEN not in "".join(path.read_text() for path in tmp_path.glob("*/config.toml"))
    assert TOKEN not in "".join(path.read_text() for path in tmp_path.glob("*.json"))
    assert len(endpoint.completions) == 1
