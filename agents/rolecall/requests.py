"""The requests of one task, their attempts and tokens counted together."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.events import Attempt
from rolecall.llm.client import complete
from rolecall.llm.types import FinishChunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from rolecall.llm.client import Said
    from rolecall.llm.types import ModelCall
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import Usage


class Requests:
    """What one task asks its endpoint.

    Attributes:
        attempts: how many were made so far, or are about to be.
        usage: of the requests that were answered; None where none was.
    """

    def __init__(self, runtime: Runtime, session: Session) -> None:
        self.attempts = 0
        self.usage: Usage | None = None
        self._runtime = runtime
        self._session = session

    async def said(self, call: ModelCall, reason: str | None) -> AsyncGenerator[Said]:
        """What one request gives; its attempts are numbered on from those of the requests before it.

        Args:
            call: what to ask whom.
            reason: why it is asked after another request.
        """
        made = self.attempts
        async with aclosing(complete(self._runtime, self._session, call)) as said:
            async for item in said:
                if isinstance(item, Attempt):
                    self.attempts = made + item.n
                    why = item.reason or reason
                    yield replace(item, n=self.attempts, of=made + item.of, reason=why)
                    continue
                if isinstance(item, FinishChunk):
                    self.usage = item.usage if self.usage is None else self.usage.plus(item.usage)
                yield item
