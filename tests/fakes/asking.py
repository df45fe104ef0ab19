"""Asking through :func:`rolecall.llm.client.complete`, and keeping what it says."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import FakeEndpoint
from rolecall.events import Attempt, Restart
from rolecall.llm.client import complete
from rolecall.llm.types import FinishChunk, ModelCall, TextChunk


@dataclass
class Said:
    """What was said, in order, and the error it ended with."""

    items: list[Any] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def text(self) -> str:
        """The text that stands: of the last attempt alone."""
        text = ""
        for item in self.items:
            if isinstance(item, Restart):
                text = ""
            elif isinstance(item, TextChunk):
                text += item.text
        return text

    @property
    def attempts(self) -> list[Attempt]:
        """The attempts announced."""
        return [item for item in self.items if isinstance(item, Attempt)]

    @property
    def finish(self) -> FinishChunk:
        """The last word of an answer that succeeded."""
        assert self.error is None, self.error
        assert isinstance(self.items[-1], FinishChunk)
        return self.items[-1]


async def ask(runtime: FakeRuntime, connection: FakeConnection, call: ModelCall) -> Said:
    """Ask to the end. Waits between attempts pass on the runtime's clock only."""
    said = Said()
    try:
        async with aclosing(complete(runtime, connection, call, sleep=runtime.clock.sleep)) as stream:
            async for item in stream:
                said.items.append(item)
    except Exception as error:  # noqa: BLE001  # the tests look at it
        said.error = error
    return said


async def ask_once(
    reply: Any,
    *,
    runtime: FakeRuntime | None = None,
    endpoint_options: dict[str, Any] | None = None,
    **groups: Any,
) -> tuple[Said, FakeEndpoint]:
    """One attempt at an endpoint that gives ``reply``; ``groups`` are settings, ``stream`` a member of the call."""
    runtime = runtime or FakeRuntime()
    call_options = {"stream": groups.pop("stream")} if "stream" in groups else {}
    groups.setdefault("retry", {"max_attempts": 1})
    async with FakeEndpoint(default=reply) as endpoint:
        target = endpoint_at(endpoint.base_url, **(endpoint_options or {}))
        said = await ask(runtime, FakeConnection(groups), call_to(target, **call_options))
        await runtime.pool.aclose()
    return said, endpoint
