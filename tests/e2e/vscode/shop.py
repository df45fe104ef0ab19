"""The project that the tests work on, and the model that answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fakes.endpoint import DONE, FakeEndpoint, Reply, Until, answer, chunk, stream

PRICING = '''"""Prices."""

LIMIT = 100
SIGN = "😀"; NAME = "per cent"  # 😀 one 😀 line 😀


def discounted(price: int, percent: int) -> int:
    """The price less a discount."""
    return price - price * percent // LIMIT
'''
RULES = "MAXIMUM = 50\n"


class Model:
    """What the endpoint answers, and what it was asked."""

    def __init__(self, endpoint: FakeEndpoint) -> None:
        self._endpoint = endpoint
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gate = asyncio.Event()
        self._before = len(endpoint.completions)

    def says(self, *texts: str) -> None:
        """Its next answer."""
        self._endpoint.replies.append(answer(*texts))

    def begins(self, first: str, then: str = "") -> None:
        """Its next answer; what comes `then` is held back until :meth:`goes_on`."""

        def script(_: Any) -> Reply:
            self._loop = asyncio.get_running_loop()
            rest = (chunk(then), chunk(finish="stop"), DONE)
            return stream(*map(chunk, first.splitlines(keepends=True)), Until(self._gate), *rest)

        self._endpoint.replies.append(script)

    def goes_on(self) -> None:
        """Let the rest of the answer come."""
        assert self._loop is not None, "nobody asked the model"
        self._loop.call_soon_threadsafe(self._gate.set)

    @property
    def asked(self) -> list[Any]:
        """The requests of this test."""
        return self._endpoint.completions[self._before :]

    def words(self) -> str:
        """The user's message of the last request."""
        return str(self.asked[-1].json["messages"][-1]["content"])

    def forget(self) -> None:
        """Nothing is left for the next test."""
        self._endpoint.replies.clear()
        if self._loop is not None:
            self.goes_on()


def project_in(folder: Path) -> Path:
    """A project of two modules."""
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (folder / "src" / "pricing.py").write_text(PRICING, encoding="utf-8")
    (folder / "src" / "rules.py").write_text(RULES)
    return folder


def machine(endpoint: FakeEndpoint) -> dict[str, Any]:
    """The machine settings of somebody with an endpoint."""
    return {
        "rolecall.llm.provider": "openai",
        "rolecall.llm.base_url": endpoint.base_url,
        "rolecall.llm.model": "fake-model",
    }
