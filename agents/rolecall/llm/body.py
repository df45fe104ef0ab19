"""The body of a response with status 200, whichever form the endpoint chose: a stream, JSON, or a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rolecall.llm.sse import EventTooLarge, SseDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.reading import AnswerReader

_LEADING = b" \t\r\n\xef\xbb\xbf"

_SNIFF_LIMIT = 4_096


class Body:
    """Fed bytes as they come, gives the text of the answer as it is complete.

    The form is told by the first byte that is not white space, since the content types of endpoints and of
    the proxies in front of them cannot be relied upon.

    Args:
        reader: what makes text of events and objects.
    """

    def __init__(self, reader: AnswerReader) -> None:
        self._reader = reader
        self._decoder = SseDecoder(reader.max_event_bytes)
        self._form: Literal["unknown", "events", "json"] = "unknown"
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The text ``chunk`` completes. Raises the UpstreamError it stands for."""
        if self._reader.done:
            return  # after the end comes nothing
        if self._form == "unknown":
            self._hold(chunk)
            self._form = self._told()
            if self._form == "events":
                yield from self._events(self._taken())
        elif self._form == "events":
            yield from self._events(chunk)
        else:
            self._hold(chunk)

    def finish(self) -> Iterator[str]:
        """The text the end of the body completes. Raises the UpstreamError it stands for."""
        if self._form == "json":
            yield from self._reader.take_body(self._taken())
            return
        if self._held:
            yield from self._events(self._taken())
        event = self._decoder.finish()
        if event is not None:
            yield from self._reader.take_last_event(event)

    def _told(self) -> Literal["unknown", "events", "json"]:
        start = b"".join(self._held).lstrip(_LEADING)[:1]
        if start == b"<":
            raise self._reader.html()
        if start in {b"{", b"["}:
            return "json"
        return "events" if start or self._size > _SNIFF_LIMIT else "unknown"

    def _events(self, chunk: bytes) -> Iterator[str]:
        try:
            for event in self._decoder.feed(chunk):
                yield from self._reader.take_event(event)
                if self._reader.done:
                    return
        except EventTooLarge:
            raise self._reader.too_large() from None

    def _hold(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size > self._reader.max_event_bytes:
            raise self._reader.too_large()

    def _taken(self) -> bytes:
        data = b"".join(self._held)
        self._held.clear()
        return data
