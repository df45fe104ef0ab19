"""One streamed request by each client: ours, the SDK's own loop, plain HTTP, and two frameworks.

As a program it measures one of them: ``clients.py NAME BASE_URL STREAMS CHUNKS SECONDS`` prints JSON. Each is
a process of its own, so that none pays for another's imports, and frameworks may live in another interpreter.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "agents"), str(HERE.parents[2] / "tests")]

from streams.server import written

Piece = tuple[float, str]
"""When it came, in seconds of the monotonic clock, and its text."""

Ask = Callable[[str], Awaitable[list[Piece]]]
"""Sends one prompt and gives the pieces of text in order."""

now = time.monotonic


async def ours(base_url: str, streams: int) -> Ask:
    """Rolecall's: retry, breaker, pool, deadlines and metrics included."""
    from contextlib import aclosing

    from fakes.connection import FakeConnection, call_to, endpoint_at
    from rolecall.llm.client import complete
    from rolecall.llm.types import Prompt, TextChunk
    from rolecall.runtime import Runtime

    runtime: Any = Runtime()
    endpoint = endpoint_at(base_url, api_key="k")

    class Connection:
        settings = FakeConnection({"pool": {"max_connections": max(streams, 1)}}).settings

    connection: Any = Connection()

    async def ask(prompt: str) -> list[Piece]:
        call = call_to(endpoint, prompt=Prompt("Be quick.", prompt))
        async with aclosing(complete(runtime, connection, call)) as said:
            return [(now(), item.text) async for item in said if isinstance(item, TextChunk)]

    return ask


async def sdk(base_url: str, streams: int) -> Ask:
    """The ``openai`` SDK's own loop over its chunk objects."""
    import httpx2
    import openai

    limits = httpx2.Limits(max_connections=max(streams, 1), max_keepalive_connections=20)
    http = httpx2.AsyncClient(limits=limits, timeout=600)
    client = openai.AsyncOpenAI(base_url=base_url, api_key="k", max_retries=0, http_client=http)

    async def ask(prompt: str) -> list[Piece]:
        stream = await client.chat.completions.create(
            model="fake-model", messages=[{"role": "user", "content": prompt}], stream=True
        )
        return [
            (now(), chunk.choices[0].delta.content)
            async for chunk in stream
            if chunk.choices and chunk.choices[0].delta.content
        ]

    return ask


async def httpx(base_url: str, streams: int) -> Ask:
    """Plain ``httpx2``: lines, and the standard library's JSON."""
    import httpx2

    limits = httpx2.Limits(max_connections=max(streams, 1), max_keepalive_connections=20)
    client = httpx2.AsyncClient(limits=limits, timeout=600)

    async def ask(prompt: str) -> list[Piece]:
        pieces: list[Piece] = []
        body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "stream": True}
        async with client.stream("POST", f"{base_url}/chat/completions", json=body) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if text:
                        pieces.append((now(), text))
        return pieces

    return ask


async def aiohttp(base_url: str, streams: int) -> Ask:
    """Plain ``aiohttp``, likewise."""
    import aiohttp as library

    session = library.ClientSession(connector=library.TCPConnector(limit=max(streams, 1)))

    async def ask(prompt: str) -> list[Piece]:
        pieces: list[Piece] = []
        body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "stream": True}
        async with session.post(f"{base_url}/chat/completions", json=body) as response:
            async for line in response.content:
                if line.startswith(b"data: {"):
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if text:
                        pieces.append((now(), text))
        return pieces

    return ask


async def litellm(base_url: str, _streams: int) -> Ask:
    """The ``acompletion`` of litellm."""
    import litellm as library

    async def ask(prompt: str) -> list[Piece]:
        stream: Any = await library.acompletion(
            model="openai/fake-model",
            api_base=base_url,
            api_key="k",
            messages=[{"role": "user", "content": prompt}],
            stream=True,
        )
        return [
            (now(), chunk.choices[0].delta.content)
            async for chunk in stream
            if chunk.choices and chunk.choices[0].delta.content
        ]

    return ask


async def pydantic_ai(base_url: str, _streams: int) -> Ask:
    """The ``run_stream`` of pydantic-ai."""
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    agent = Agent(OpenAIChatModel("fake-model", provider=OpenAIProvider(base_url=base_url, api_key="k")))

    async def ask(prompt: str) -> list[Piece]:
        async with agent.run_stream(prompt) as result:
            return [(now(), piece) async for piece in result.stream_text(delta=True, debounce_by=None)]

    return ask


CLIENTS = {
    "rolecall": ours,
    "openai": sdk,
    "httpx2": httpx,
    "aiohttp": aiohttp,
    "litellm": litellm,
    "pydantic-ai": pydantic_ai,
}


async def measure(name: str, base_url: str, streams: int, chunks: int, seconds: float) -> dict[str, Any]:
    """CPU and wall seconds of so many streams at once, and how many of them lost or swapped text."""
    ask = await CLIENTS[name](base_url, streams)
    await ask("50 0")
    prompt = f"{chunks} {seconds}"
    cpu, wall = time.process_time(), time.perf_counter()
    answers = await asyncio.gather(*(ask(prompt) for _ in range(streams)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, **_compared(answers, chunks)}


def _compared(answers: list[list[Piece]], chunks: int) -> dict[str, Any]:
    """How many answers lost or swapped a word, and how late half and nearly all of the words came."""
    wrong, lags = 0, list[float]()
    for pieces in answers:
        found = [(number, came - sent) for came, text in pieces for number, sent in written(text)]
        wrong += [number for number, _ in found] != list(range(chunks))
        lags += [lag for _, lag in found]
    lags.sort()
    return {"wrong": wrong, "lag": lags[len(lags) // 2], "late": lags[len(lags) * 99 // 100]}


if __name__ == "__main__":
    client, url, *numbers = sys.argv[1:]
    figures = asyncio.run(measure(client, url, int(numbers[0]), int(numbers[1]), float(numbers[2])))
    print(json.dumps(figures))
