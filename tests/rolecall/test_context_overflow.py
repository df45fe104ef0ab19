"""A context that turns out too large is shortened by priority, at most twice, and the user is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.endpoint import FakeEndpoint, answer, http_error
from rolecall.caller import Caller
from rolecall.events import Attempt
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest

ASK = TaskRequest(
    "developer",
    instruction="tidy up, but keep this very instruction",
    target=FileRef("src/pricing.py"),
    files=(FileRef("big.txt"),),
)
OVERFLOW = http_error(400, "too long", code="context_length_exceeded")


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


def session_for(endpoint: FakeEndpoint, project: Path, tmp_path: Path) -> Session:
    (project / "big.txt").write_text("".join(f"line {number} of a long file\n" for number in range(2_000)))
    environment = {
        "HOME": str(tmp_path),
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
    }
    return Session(Caller(environment, project))


async def test_the_second_request_is_shorter_and_keeps_the_instruction(runtime, project, tmp_path):
    async with FakeEndpoint([OVERFLOW, answer("done")]) as endpoint:
        task, events = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        attempts = [item.event async for item in events if isinstance(item.event, Attempt)]
        result = await task.wait()
        first, second = (request.json["messages"][-1]["content"] for request in endpoint.completions)
    assert result.status == "completed"
    assert len(second) < len(first)
    assert ASK.instruction in second
    assert "def discounted" in second
    assert any(omitted.path == "big.txt" for omitted in result.omitted_context)
    assert [(attempt.n, attempt.reason) for attempt in attempts] == [(1, None), (2, "context_too_large")]


async def test_a_limit_that_the_endpoint_names_is_kept(runtime, project, tmp_path):
    message = "This model's maximum context length is 4096 tokens. However, you requested 20000 tokens."
    overflow = http_error(400, message, code="context_length_exceeded")
    async with FakeEndpoint([overflow, answer("done")]) as endpoint:
        task, _ = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        assert (await task.wait()).status == "completed"
        messages = endpoint.completions[1].json["messages"]
    assert sum(len(message["content"]) for message in messages) / 4 < 4096


async def test_after_two_shorter_requests_the_error_is_the_result(runtime, project, tmp_path):
    async with FakeEndpoint([OVERFLOW] * 5) as endpoint:
        task, _ = runtime.tasks.start(session_for(endpoint, project, tmp_path), ASK)
        result = await task.wait()
        assert len(endpoint.completions) == 3
    assert (result.status, result.error.code) == ("failed", "context_too_large")
    assert runtime.metrics.snapshot()
