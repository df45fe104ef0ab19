"""The offline provider behind the same interface: text as it is made, then one FinishChunk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rolecall.events import Attempt
from rolecall.llm.measure import Measurement
from rolecall.llm.types import FinishChunk, TextChunk
from rolecall.llm.usage import estimated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from rolecall.llm.services import Shared
    from rolecall.llm.types import ModelCall


async def answer(runtime: Shared, call: ModelCall) -> AsyncGenerator[Attempt | TextChunk | FinishChunk]:
    """The scaffold for ``call``. Nothing is sent anywhere, so there is nothing to retry."""
    yield Attempt(1, 1)
    characters = 0
    with Measurement(runtime, call.endpoint, call.request.role, is_retry=False) as measurement:
        pieces = await asyncio.to_thread(_pieces, call)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            if piece:
                characters += len(piece)
                measurement.text()
                yield TextChunk(piece)
        usage = estimated(call.prompt, characters)
        measurement.finished(usage)
    yield FinishChunk("stop", usage, call.endpoint.model)


def _pieces(call: ModelCall) -> Iterator[str]:
    from rolecall.llm import offline  # noqa: PLC0415  # heavy; only where no model answers

    return offline.answer(call.request.role, call.request.task, call.request, call.gathered)
