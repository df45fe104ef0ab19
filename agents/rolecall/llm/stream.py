"""One attempt: send the request through the pooled client, read the answer as it comes, mind the deadlines.

The SDK builds and sends the request; its stream is decoded here, because a broken one looks like success
to the SDK: an end in mid-answer, ``[DONE]`` without a finish reason, an error event, a page with status 200.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolecall.llm import classify
from rolecall.llm.body import Body
from rolecall.llm.dialect import ParameterRefused
from rolecall.llm.pieces import Turn
from rolecall.llm.reading import AnswerReader
from rolecall.llm.types import FinishChunk, TextChunk
from rolecall.llm.usage import estimated

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    import httpx2
    from openai import AsyncOpenAI

    from rolecall.llm.deadlines import Deadlines
    from rolecall.llm.dialect import Dialects
    from rolecall.llm.types import Endpoint, ModelCall
    from rolecall.settings.model import LlmSettings

TAIL_S = 0.5
"""Seconds an answer that is complete waits for its usage and for the end of the stream, so that the
connection can be used again."""


PART_SIZE = 1 << 14
"""Bytes of a body that are decoded without a pause."""

_KNOWN_COMPRESSIONS = {"", "identity", "gzip", "deflate"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to one endpoint, and its answer."""

    client: AsyncOpenAI
    call: ModelCall
    endpoint: Endpoint
    settings: LlmSettings
    deadlines: Deadlines
    dialects: Dialects

    async def run(self) -> AsyncGenerator[TextChunk | FinishChunk]:
        """The text as it comes, then one FinishChunk.

        Raises:
            UpstreamError: the one class that says what went wrong.
            ConfigurationInvalid: the request cannot even be built.
        """
        from rolecall.llm import wire  # noqa: PLC0415  # heavy; the pool has imported it in a thread

        reader = AnswerReader(self.endpoint, self.settings.max_answer_bytes)
        with wire.mapped_errors(self.endpoint, self.settings), self.deadlines:
            response = await self._send()
            # The one place that hangs up, whoever still holds the stream: a generator's end alone would not.
            async with aclosing(response):
                async for text in _texts(response, reader, self.deadlines):
                    yield TextChunk(text)
        if reader.finish is None and not reader.active and (name := _unknown_compression(response)):
            raise wire.protocol_error(self.endpoint, f"a body in a compression nobody asked for ({name})")
        reader.end()
        assert reader.finish is not None
        usage = reader.usage or estimated(self.call.prompt, reader.characters)
        yield FinishChunk(reader.finish, usage, self.endpoint.model)

    async def _send(self) -> httpx2.Response:
        """Send the request, again without what the endpoint refuses by name; gives the response's head."""
        from rolecall.llm import wire  # noqa: PLC0415  # heavy; the pool has imported it in a thread

        while True:
            try:
                return await self.deadlines.wait(
                    wire.send(self.client, self.call, self.endpoint, self.settings, self.dialects)
                )
            except classify.HttpFailure as failure:
                error = classify.from_status(failure, self.endpoint)
                if not isinstance(error, ParameterRefused):
                    raise error from None
                if not self.dialects.learn(self.endpoint, error.parameter):
                    raise error from None


async def _texts(
    response: httpx2.Response, reader: AnswerReader, deadlines: Deadlines
) -> AsyncGenerator[str]:
    """The text of the body, all that one read brought at a time."""
    body = Body(reader)
    loop = asyncio.get_running_loop()
    tail_ends: float | None = None
    turn = Turn()
    chunks = response.aiter_bytes()
    while not reader.done or reader.complete:
        if reader.complete and tail_ends is None:
            tail_ends = loop.time() + TAIL_S
        texts: list[str] = []
        active = reader.active
        problem: Exception | None = None
        chunk: bytes | None = None
        await turn.take()
        try:
            chunk = await deadlines.wait(anext(chunks, None), until=tail_ends)
            turn.waited()
            for part in _parts(chunk):
                for text in body.finish() if part is None else body.feed(part):
                    texts.append(text)  # what came before an error counts
                    await turn.take()
                await turn.take()
        except Exception as error:  # noqa: BLE001  # raised again below, after the text before it
            problem = error
        if texts:
            yield "".join(texts)
        if problem is not None and not reader.complete:
            raise problem
        if problem is not None or chunk is None:
            return
        if reader.active != active:
            deadlines.progress()


def _parts(chunk: bytes | None) -> Iterable[bytes | None]:
    """``chunk`` in pieces that take no longer than a turn or so: a small compressed one can be a megabyte."""
    if chunk is None or len(chunk) <= PART_SIZE:
        return (chunk,)
    return (chunk[start : start + PART_SIZE] for start in range(0, len(chunk), PART_SIZE))


def _unknown_compression(response: httpx2.Response) -> str:
    """The name of a compression that was not asked for and cannot be undone; empty where there is none."""
    name = response.headers.get("content-encoding", "").strip().lower()
    return "" if name in _KNOWN_COMPRESSIONS else "".join(filter(str.isprintable, name))[:20]
