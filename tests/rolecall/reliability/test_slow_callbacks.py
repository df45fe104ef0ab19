"""A program whose callback is slow: its own time is no silence of the endpoint."""

from __future__ import annotations

import asyncio
import threading

import pytest

import rolecall
from fakes.endpoint import DONE, FakeEndpoint, Hang, Pause, chunk, endpoint_in_thread, stream

PACED = stream(
    chunk("one "), Pause(0.2), chunk("two "), Pause(0.2), chunk("three"), chunk(finish="stop"), DONE
)
IDLE_S = 0.3


@pytest.fixture(autouse=True)
def nobodys_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


async def asked(endpoint, project, on_delta):
    settings = {
        "llm.base_url": endpoint.base_url,
        "llm.model": "fake-model",
        "llm.idle_timeout_s": IDLE_S,
        "retry.max_attempts": 1,
    }
    return await rolecall.run("developer", "do it", workspace=project, settings=settings, on_delta=on_delta)


def blocks(seconds):
    """A callback that keeps the loop, and all that runs on it, for so long."""
    never = threading.Event()
    return lambda _text: never.wait(seconds) and None


def lingers(seconds):
    """A callback that is awaited for so long."""
    return lambda _text: asyncio.sleep(seconds)


@pytest.mark.parametrize(
    "callback",
    [blocks(IDLE_S + 0.05), blocks(3 * IDLE_S), lingers(3 * IDLE_S)],
    ids=["blocks-a-bit", "blocks-long", "awaits-long"],
)
async def test_the_time_a_callback_takes_is_no_silence_of_the_endpoint(project, callback):
    with endpoint_in_thread([PACED]) as endpoint:
        result = await asked(endpoint, project, callback)
    assert (result.status, result.answer) == ("completed", "one two three"), result.error


async def test_an_endpoint_that_a_callback_keeps_from_running_is_not_blamed(project):
    async with FakeEndpoint([PACED]) as endpoint:
        result = await asked(endpoint, project, blocks(3 * IDLE_S))
    assert (result.status, result.answer) == ("completed", "one two three"), result.error


async def test_an_endpoint_that_falls_silent_is_told_though_a_callback_blocks(project):
    with endpoint_in_thread([stream(chunk("begun"), Hang())]) as endpoint:
        result = await asked(endpoint, project, blocks(3 * IDLE_S))
    assert result.error.code == "timed_out"
    assert "llm.idle_timeout_s" in result.error.message
