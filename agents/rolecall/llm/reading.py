"""Reading a chat completion, streamed or whole: which text it has, how it ended, what it cost.

Chunks are read as plain JSON objects: building the SDK's model for each would cost five times what the
socket does. Success is a finish reason and text; everything else is an error with its own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall.errors import (
    AnswerTooLarge,
    ContentFiltered,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.llm import classify
from rolecall.llm.secrecy import host_of
from rolecall.llm.shapes import as_list, as_object
from rolecall.llm.surrogates import Halves, parsed
from rolecall.llm.usage import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.sse import ServerEvent
    from rolecall.llm.types import Endpoint
    from rolecall.task import Usage

EVENT_ROOM = 1 << 20
"""Bytes an event may have beyond twice the answer: escapes and what surrounds the text."""

_DONE = b"[DONE]"

_SIGNS_OF_LIFE = {b"ping", b"heartbeat", b"keepalive", b"keep-alive"}
"""Names of events that gateways send instead of comments; whatever their data is, it is no answer."""

_FIRST = (None, 0, "0", "")
"""How endpoints number the one choice that was asked for."""

_STOPPED = {"stop", "end_turn", "eos", "eos_token", "stop_sequence"}
_LENGTH = {"length", "max_tokens", "model_length", "max_output_tokens", "model_context_window_exceeded"}
_FILTERED = {
    "content_filter",
    "safety",
    "refusal",
    "prohibited_content",
    "recitation",
    "sensitive",
    "blocklist",
    "spii",
}
_TOOLS = {"tool_calls", "function_call", "tool_use"}
_FAILED = {"error", "failed", "abort", "network_error", "insufficient_system_resource"}


class AnswerReader:
    """Takes what an endpoint sends and knows at each moment how the answer stands.

    Args:
        endpoint: who answers; for the words of errors.
        max_bytes: UTF-8 bytes the answer may have.

    Attributes:
        finish: ``stop``, ``length`` or the endpoint's own word, once it came.
        usage: as the endpoint counted, once it came.
        done: the endpoint said that nothing more follows.
        active: the model has written something, reasoning included.
        characters: of the answer so far.
        blank: none of them can be seen.
        max_event_bytes: what one event, or a whole body, may have.
    """

    def __init__(self, endpoint: Endpoint, max_bytes: int) -> None:
        self.finish: str | None = None
        self.usage: Usage | None = None
        self.done = False
        self.active = 0
        self.characters = 0
        self.blank = True
        self.max_event_bytes = 2 * max_bytes + EVENT_ROOM
        self._endpoint = endpoint
        self._max_bytes = max_bytes
        self._bytes = 0
        self._refused = False
        self._halves = Halves()

    @property
    def complete(self) -> bool:
        """The answer has come in full, whatever happens to the stream now."""
        return self.finish is not None and not self.blank

    def take_event(self, event: ServerEvent) -> Iterator[str]:
        """The text of one event of a stream. Raises the UpstreamError the event stands for."""
        data = event.data.strip()
        if data == _DONE:
            self.done = True
            return
        if event.name == b"error":
            raise classify.from_event(event.data, self._endpoint)
        if event.name in _SIGNS_OF_LIFE or not data:
            return
        yield from self.take_object(self._json(event.data))

    def take_last_event(self, event: ServerEvent) -> Iterator[str]:
        """The text of an event the stream ended in without the blank line; nothing where it was cut off."""
        try:
            parsed(event.data)
        except ValueError:
            self.done = self.done or event.data.strip() == _DONE
            return
        yield from self.take_event(event)

    def take_object(self, value: Any) -> Iterator[str]:
        """The text of one chunk, or of a whole completion. Raises the UpstreamError it stands for."""
        if not isinstance(value, dict):
            raise self._malformed("an event that is no JSON object")
        fields = as_object(value)
        if fields.get("error") or fields.get("object") == "error" or fields.get("type") == "error":
            raise classify.from_event(fields, self._endpoint)
        if fields.get("usage"):
            self.usage = counted(fields["usage"]) or self.usage
        choices: Any = fields.get("choices")
        if choices:
            yield from self._choice(choices)

    def take_body(self, body: bytes) -> Iterator[str]:
        """The text of a whole body of JSON. Raises the UpstreamError it stands for."""
        value = self._json(body)
        if isinstance(value, list):
            raise classify.from_event(value, self._endpoint)
        fields = as_object(value)
        if "choices" not in fields and not fields.get("error") and fields.get("object") != "error":
            raise self._not_a_completion("JSON that is no chat completion")
        yield from self.take_object(value)
        self.done = True

    def end(self) -> None:
        """Check how the answer ended. Raises the UpstreamError of an answer that is none."""
        host, model = host_of(self._endpoint), self._endpoint.model
        if self.finish in _FILTERED or (self._refused and self.blank):
            raise ContentFiltered(
                f"{host} withheld the answer of {model} by its content policy.",
                hint="Rephrase the instruction, or leave out the file it objects to.",
            )
        if self.finish in _FAILED:
            raise UpstreamUnavailable(f"{model} at {host} ended its answer with a failure.", hint=_AGAIN)
        if self.finish is None:
            raise UpstreamUnavailable(
                f"The answer of {model} at {host} broke off: the stream ended without a finish reason.",
                hint=_AGAIN,
            )
        if self.blank:
            raise self._empty(host, model)

    def html(self) -> UpstreamError:
        """The error of an endpoint that answers with a page."""
        return self._not_a_completion("an HTML page")

    def too_large(self) -> AnswerTooLarge:
        """The error of an answer beyond its limit."""
        return AnswerTooLarge(
            f"The answer of {self._endpoint.model} at {host_of(self._endpoint)} is larger than "
            f"llm.max_answer_bytes ({self._max_bytes:,} bytes).",
            hint="Ask for less at once, or raise llm.max_answer_bytes.",
        )

    def _choice(self, choices: Any) -> Iterator[str]:
        several = [as_object(choice) for choice in as_list(choices)]
        if not all(several) or not several:
            raise self._malformed("choices that are no list of objects")
        # One was asked for; where several come, in any order, the first by number is the answer.
        fields = next((choice for choice in several if choice.get("index") in _FIRST), None)
        if fields is None:
            return
        if fields.get("error"):
            raise classify.from_event(fields, self._endpoint)
        message: Any = fields.get("delta") or fields.get("message")
        if message and not isinstance(message, dict):
            raise self._malformed("a message that is no object")
        yield from self._message(as_object(message))
        reason = fields.get("finish_reason")
        if reason:
            yield from self._written(self._halves.rest())
            if not isinstance(reason, str):
                raise self._malformed("a finish reason that is no word")
            word = reason.lower()
            # A stop that follows takes back nothing: the answer was cut, withheld or failed all the same.
            if self.finish is None or word not in _STOPPED:
                self.finish = "length" if word in _LENGTH else word

    def _message(self, message: dict[str, Any]) -> Iterator[str]:
        text = _text(message.get("content"))
        if text is None:
            raise self._malformed("content that is no text")
        if text:
            self.active += 1
            yield from self._written(self._halves.whole(text))
        elif message.get("reasoning_content") or message.get("reasoning") or message.get("thinking"):
            self.active += 1
        refusal = message.get("refusal")
        self._refused = self._refused or (isinstance(refusal, str) and bool(refusal))

    def _written(self, text: str) -> Iterator[str]:
        """Count it. Raises AnswerTooLarge."""
        if not text:
            return
        self.characters += len(text)
        self.blank = self.blank and text.isspace()
        self._bytes += len(text) if text.isascii() else len(text.encode())
        if self._bytes > self._max_bytes:
            raise self.too_large()
        yield text

    def _json(self, data: bytes) -> Any:
        try:
            return parsed(data)
        except ValueError:
            raise self._malformed("JSON that cannot be read") from None

    def _malformed(self, what: str) -> UpstreamProtocolError:
        return UpstreamProtocolError(
            f"{host_of(self._endpoint)} sent {what} in the answer of {self._endpoint.model}.",
            hint=f"{_AGAIN} If it stays, the server or a proxy in front of it is at fault.",
        )

    def _not_a_completion(self, what: str) -> UpstreamProtocolError:
        return UpstreamProtocolError(
            f"{host_of(self._endpoint)} answered with {what} instead of an answer of {self._endpoint.model}.",
            hint="Check llm.base_url; it usually ends in /v1.",
        )

    def _empty(self, host: str, model: str) -> UpstreamProtocolError:
        if self.finish == "length":
            return UpstreamProtocolError(
                f"{model} at {host} used up its output tokens before it wrote anything.",
                hint="Raise llm.max_output_tokens, or select less.",
                retriable=False,
            )
        if self.finish in _TOOLS:
            return UpstreamProtocolError(
                f"{model} at {host} called a tool, though none was offered, and wrote nothing.", hint=_AGAIN
            )
        return UpstreamProtocolError(f"The answer of {model} at {host} is empty.", hint=_AGAIN)


_AGAIN = "Try again; `rolecall doctor` tells whether the endpoint is well."


def _text(content: Any) -> str | None:
    """The text of ``content``: a string, nothing, or a list of parts; None where it is something else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    texts = [as_object(part).get("text") for part in as_list(content)]
    return "".join(text for text in texts if isinstance(text, str))
