"""The fault matrix: every way a model endpoint misbehaves, and what is to become of it.

Each row is a test (``tests/rolecall/reliability``) and a line of the table in ``docs/reliability.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from fakes.endpoint import (
    DONE,
    Drop,
    Hang,
    Received,
    Repeat,
    Reply,
    Reset,
    Script,
    Send,
    answer,
    chunk,
    event,
    http_error,
    json_answer,
    json_reply,
    stream,
)

HTML = {"content-type": "text/html"}
HELLO = chunk("Hello")
STOP = chunk(finish="stop")
PING = b": keep-alive\n\n"
WHOLE = "Hello world"


_FORGED = chunk("forged") + STOP + DONE
FORGED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(_FORGED)
) + _FORGED
"""An answer to a request that was never made."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row.

    Attributes:
        id: names the test.
        fault: what goes wrong.
        injected: how the test makes it go wrong.
        replies: what the endpoint answers, one for each request; the last one again and again.
        requests: how many the endpoint saw from each door (command line, LSP, MCP), where these differ.
        status: of the result.
        code: of the error; None where the task completes all the same.
        exit: of ``rolecall run``.
        says: words of the message that the user sees at every door.
        hung_up: the endpoint saw the connection closed before it had finished.
        retry_after: the result says when to try again.
        text: the answer of the result; None where it does not matter.
        shorter: the second request had less context, and the result says what was left out.
        settings: beyond the plain ones.
    """

    id: str
    fault: str
    injected: str
    replies: Callable[[], Sequence[Script]]
    requests: int | tuple[int, int, int]
    status: str = "failed"
    code: str | None = None
    exit: int = 3
    says: str = ""
    hung_up: bool = False
    retry_after: bool = False
    text: str | None = None
    shorter: bool = False
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def each(self) -> tuple[int, int, int]:
        """The requests from each door."""
        return self.requests if isinstance(self.requests, tuple) else (self.requests,) * 3


def always(*replies: Script) -> Callable[[], Sequence[Script]]:
    return lambda: replies


def broken(
    name: str, fault: str, injected: str, reply: Reply, code: str, says: str, **members: object
) -> Fault:
    """An attempt that fails and may be retried: two are made, and the last error is the result's."""
    members = {"requests": 2, **members}
    return Fault(name, fault, injected, always(reply), code=code, says=says, **members)  # type: ignore[arg-type]


def final(
    name: str, fault: str, injected: str, reply: Reply, code: str, says: str, **members: object
) -> Fault:
    """A failure that no further attempt can mend: there is one request."""
    return broken(name, fault, injected, reply, code, says, **{"requests": 1, **members})


def mended(name: str, fault: str, injected: str, *replies: Script, **members: object) -> Fault:
    """A fault the user gets a result in spite of."""
    members = {"requests": len(replies), "text": WHOLE, **members}
    return Fault(name, fault, injected, always(*replies), status="completed", exit=0, **members)  # type: ignore[arg-type]


GOOD = answer("Hello", " world")
UNAVAILABLE = "upstream_unavailable"
PROTOCOL = "upstream_protocol_error"


def window(body: object, status: int) -> Callable[[Received], Reply]:
    """An endpoint that refuses what has more bytes than :data:`ROOM`."""

    def reply(request: Received) -> Reply:
        if request.method == "GET":
            return http_error(404, "Not Found")
        return json_reply(body, status) if len(request.body) > ROOM else GOOD

    return reply


ROOM = 18_000


def openai_error(message: str, **members: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", **members}}


def _without_stream_options(request: Received) -> Reply:
    """Told once, a process does not ask for it again: the third door's request is right at once."""
    if "stream_options" in request.json:
        return http_error(400, "Unknown parameter: 'stream_options'", code="unknown_parameter")
    return GOOD


STATUSES = [
    final("http-400", "The request is refused", "400", http_error(400, "bad sampling"), PROTOCOL, "HTTP 400"),
    final("http-401", "The key is refused", "401", http_error(401), "authentication_failed", "refused the key"),
    final("http-403", "The key may not do this", "403", http_error(403), "authentication_failed", "HTTP 403"),
    final("unknown-model", "The model is unknown", "404 `model_not_found`", http_error(404, "no such model", code="model_not_found"), "model_not_found", "does not know the model fake-model"),
    final("wrong-path", "`llm.base_url` names a wrong path", "404 with a page", Reply([Send(b"<h1>Not Found")], 404, HTML), PROTOCOL, "no chat completions"),
    final("quota-used-up", "The account's quota is used up", "429 `insufficient_quota`", http_error(429, "You exceeded your current quota", code="insufficient_quota"), "rate_limited", "quota"),
    final("payment-required", "The account has no credit", "402", http_error(402, "Insufficient credits"), "rate_limited", "quota"),
    final("filtered-request", "The prompt is withheld by policy", "400 `content_filter`", http_error(400, "content management policy", code="content_filter"), "content_filtered", "content policy"),
    final("redirect", "The endpoint redirects elsewhere", "307 to another origin", Reply([], 307, {"location": "http://127.0.0.1:1/v1/x"}), PROTOCOL, "redirects"),
    final("not-implemented", "Chat is not supported there", "501", http_error(501), PROTOCOL, "does not support"),
    final("retry-after-too-long", "The rate limit lasts an hour", "429, `Retry-After: 3600`", http_error(429, **{"retry-after": "3600"}), "rate_limited", "limits the rate", retry_after=True),
    mended("rate-limited-once", "The rate limit passes", "429, `Retry-After: 0`, then an answer", http_error(429, **{"retry-after": "0"}), GOOD),
    mended("rate-limited-in-ms", "The rate limit passes in milliseconds", "429, `retry-after-ms: 20`, then an answer", http_error(429, **{"retry-after-ms": "20"}), GOOD),
    broken("http-500", "The endpoint fails", "500, always", http_error(500), UNAVAILABLE, "HTTP 500"),
    broken("http-502-page", "A proxy in front of it fails", "502 with a page", Reply([Send(b"<html>Bad Gateway")], 502, HTML), UNAVAILABLE, "HTTP 502"),
    broken("http-529", "The endpoint is overloaded", "529 `overloaded_error`", json_reply({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529), UNAVAILABLE, "Overloaded"),
    broken("endless-error-body", "An error's body never ends", "500, then bytes for ever", stream(Repeat(b"x" * 50_000, 0.001), status=500), UNAVAILABLE, "HTTP 500", hung_up=True),
    mended("http-500-once", "The endpoint fails once", "500, then an answer", http_error(500), GOOD),
    mended("http-503-once", "The model is still loading", "503 `Loading model`, then an answer", http_error(503, "Loading model"), GOOD),
    mended("parameter-refused", "A parameter is not supported", "400 naming `stream_options` wherever it is sent", _without_stream_options, requests=(2, 2, 1)),
]  # fmt: skip

OVERFLOWS = [
    mended(f"overflow-{vendor}", f"The context is too large ({words})", f"{status} in its shape for more than {ROOM:,} bytes", window(body, status), requests=(2, 2, 1 if "4000" in str(body) else 2), shorter=True, settings={"ROLECALL_LLM__MODEL": vendor})
    for vendor, words, status, body in (
        ("openai", "OpenAI, Azure", 400, openai_error("This model's maximum context length is 4000 tokens. However, your messages resulted in 5000 tokens.", code="context_length_exceeded")),
        ("azure", "newer Azure", 400, openai_error("Input tokens exceed the configured limit of 4000 tokens. Your messages resulted in 5000 tokens.")),
        ("vllm", "vLLM, flat", 400, {"object": "error", "message": "This model's maximum context length is 4000 tokens. However, your request has 5000 input tokens.", "type": "BadRequestError", "code": 400}),
        ("llama-cpp", "llama.cpp", 400, {"error": {"code": 400, "message": "request exceeds the available context size", "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4000}}),
        ("llama-cpp-old", "llama.cpp before 2025", 500, {"error": {"code": 500, "message": "the request exceeds the available context size. try increasing the context size", "type": "server_error"}}),
        ("ollama", "Ollama", 400, {"error": "prompt is longer than the context length currently configured"}),
        ("lm-studio", "LM Studio", 400, {"error": "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 5000 >= n_ctx: 4000)"}),
        ("openrouter", "OpenRouter", 400, {"error": {"code": 400, "message": "This endpoint's maximum context length is 4000 tokens. However, you requested about 5000 tokens (4500 of text input, 500 in the output)."}}),
        ("anthropic", "Anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 5000 tokens > 4000 maximum"}}),
        ("groq", "Groq's rate limit that is none", 413, openai_error("Request too large for model `x` on tokens per minute (TPM): Limit 4000, Requested 5000", code="rate_limit_exceeded")),
        ("deepseek", "DeepSeek, message only", 400, openai_error("This model's maximum context length is 4000 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion).")),
    )
]  # fmt: skip

STREAMS = [
    broken("end-in-mid-answer", "The stream ends in mid-answer, cleanly", "text, then the end of the body", stream(HELLO), UNAVAILABLE, "broke off", text="Hello"),
    broken("done-without-finish", "`[DONE]` without a finish reason", "text, `[DONE]`", stream(HELLO, DONE), UNAVAILABLE, "without a finish reason", text="Hello"),
    broken("empty-body", "Nothing at all with status 200", "an empty body", stream(), UNAVAILABLE, "broke off"),
    broken("only-comments", "Keep-alives, then the end", "two comments, the end", stream(PING, PING), UNAVAILABLE, "broke off"),
    broken("reset-in-mid-answer", "The connection is reset in mid-answer", "text, TCP reset", stream(HELLO, Reset()), UNAVAILABLE, "127.0.0.1"),
    broken("dropped-in-mid-chunk", "The connection is closed in mid-body", "text, close without the last chunk", stream(HELLO, Drop()), UNAVAILABLE, "broke the connection", text="Hello"),
    broken("reset-before-head", "The connection is reset before the answer", "TCP reset", stream(before_head=[Reset()]), UNAVAILABLE, "broke the connection"),
    broken("closed-before-head", "The connection is closed before the answer", "close", stream(before_head=[Drop()]), UNAVAILABLE, "broke the connection"),
    broken("error-event", "A named error event", "`event: error`", stream(HELLO, event({"message": "boom"}, name="error")), UNAVAILABLE, "boom"),
    broken("error-object", "An error object in mid-stream", '`{"error": {…}}`', stream(HELLO, event({"error": {"message": "boom"}})), UNAVAILABLE, "boom"),
    broken("flat-error", "A flat error object in mid-stream", '`{"object": "error"}`', stream(HELLO, event({"object": "error", "message": "boom"})), UNAVAILABLE, "boom"),
    broken("error-field", "An `error:` line in mid-stream", "llama.cpp's own field", stream(HELLO, b'error: {"code":500,"message":"boom"}\n\n'), UNAVAILABLE, "boom"),
    broken("rate-limit-in-stream", "A rate limit within a stream of status 200", "an error object with code 429", stream(event({"error": {"message": "slow down", "code": 429}})), "rate_limited", "limits the rate"),
    broken("page", "A page with status 200", "HTML", stream(b"<!doctype html><p>Sign in", headers=HTML), PROTOCOL, "HTML page"),
    broken("other-json", "JSON that is no completion, with status 200", '`{"status": "ok"}`', json_reply({"status": "ok"}), PROTOCOL, "no chat completion"),
    broken("malformed-json", "An event that is no JSON", "`data: {oops}`", stream(HELLO, b"data: {oops}\n\n"), PROTOCOL, "JSON that cannot be read"),
    broken("bad-utf-8", "An event that is no UTF-8", "bytes ff fe", stream(chunk("x").replace(b"x", b"\xff\xfe")), PROTOCOL, "JSON that cannot be read"),
    broken("wrong-compression", "A body that is not as compressed as it says", "`content-encoding: gzip` over text", stream(b"no gzip", headers={"content-encoding": "gzip"}), PROTOCOL, "compression"),
    broken("unknown-compression", "A compression nobody asked for", "`content-encoding: br`", stream(b"\x8b\x03\x80Hello\x03", headers={"content-encoding": "br"}), PROTOCOL, "compression nobody asked for (br)"),
    broken("two-lengths", "A response that contradicts itself", "two different `Content-Length`", Reply([Send(chunk(WHOLE) + STOP)], headers={"content-length": "9", "Content-Length": "7"}, chunked=False), PROTOCOL, "cannot be read as HTTP"),
    broken("bad-chunk", "A chunk without a size in mid-answer", "text, then a size that is no number", Reply([Send(b"%x\r\n%b\r\nXYZ\r\n" % (len(HELLO), HELLO))], headers={"transfer-encoding": "chunked"}, chunked=False), PROTOCOL, "cannot be read as HTTP"),
    broken("no-http", "What answers does not speak HTTP", "another protocol's greeting", Reply(before_head=[Send(b"SSH-2.0-OpenSSH_9.2\r\n"), Drop()], chunked=False), UNAVAILABLE, "broke the connection"),
    broken("empty-answer", "An answer without text", "finish reason `stop`, no content", stream(chunk(""), STOP, DONE), PROTOCOL, "is empty"),
    final("output-used-up", "The output limit is used up before any text", "finish reason `length`, no content", stream(chunk(finish="length"), DONE), PROTOCOL, "used up its output tokens"),
    final("filtered-answer", "The answer is withheld by policy", "finish reason `content_filter`", stream(HELLO, chunk(finish="content_filter"), DONE), "content_filtered", "content policy"),
    final("refusal", "The model refuses", "`delta.refusal`", stream(event({"choices": [{"delta": {"refusal": "No."}}]}), STOP, DONE), "content_filtered", "withheld"),
    final("cut-answer", "The answer is cut at its limit", "finish reason `length` in an open block", stream(chunk('<file path="a.md">\nHi'), chunk(finish="length"), DONE), "answer_incomplete", "cut off", status="incomplete", exit=5),
    final("answer-too-large", "The answer has no end", "text for ever", stream(Repeat(chunk("x" * 500), 0.001)), "answer_too_large", "20,000 bytes", hung_up=True),
    final("event-too-large", "One event has no end", "one line for ever", stream(b"data: ", Repeat(b"x" * 200_000, 0.001)), "answer_too_large", "20,000 bytes", hung_up=True),
    mended("reset-once", "The connection is reset in mid-answer, once", "text, TCP reset; then an answer", stream(HELLO, Reset()), GOOD),
    mended("malformed-once", "A corrupted event, once", "`data: {oops}`; then an answer", stream(HELLO, b"data: {oops}\n\n"), GOOD),
    mended("no-blank-line", "The last event lacks its blank line", "no newline at the end", stream(chunk(WHOLE), STOP.rstrip(b"\n"))),
    mended("reset-after-finish", "A reset after the finish reason", "an answer, TCP reset", stream(chunk(WHOLE), STOP, Reset())),
    mended("silence-after-finish", "Silence after the finish reason", "an answer, then nothing", stream(chunk(WHOLE), STOP, Hang()), hung_up=True),
    mended("byte-by-byte", "Bytes come one by one, lines end in CRLF, a BOM before them", "each byte a chunk of its own", stream(*((b"\xef\xbb\xbf" + (chunk(WHOLE) + STOP + DONE).replace(b"\n", b"\r\n"))[i : i + 1] for i in range(3 + len((chunk(WHOLE) + STOP + DONE).replace(b"\n", b"\r\n")))))),
    mended("answer-unasked", "Behind an error comes an answer nobody asked for", "500 and, on the same connection, another response; then an answer", replace(http_error(500), behind=FORGED), GOOD),
    mended("not-streamed", "The endpoint does not stream", "a JSON completion to a streamed request", json_answer(WHOLE)),
]  # fmt: skip

DEADLINES = [
    broken("silence-before-head", "The endpoint takes the request and says nothing", "silence", stream(before_head=[Hang()]), "timed_out", "llm.first_token_timeout_s", exit=6, hung_up=True),
    broken("only-keep-alives", "Keep-alives, never a token", "comments for ever", stream(Repeat(PING, 0.02)), "timed_out", "llm.first_token_timeout_s", exit=6, hung_up=True),
    broken("silence-in-answer", "The answer stops in its middle", "text, silence", stream(HELLO, Hang()), "timed_out", "llm.idle_timeout_s", exit=6, hung_up=True, text="Hello"),
    broken("keep-alives-in-answer", "The answer stops, keep-alives go on", "text, comments for ever", stream(HELLO, Repeat(PING, 0.02)), "timed_out", "llm.idle_timeout_s", exit=6, hung_up=True),
    broken("keep-alives-flood", "Keep-alives come faster than they can be read", "comments for ever, without a pause", stream(Repeat(b":\n" * 10_000, 0)), "timed_out", "llm.first_token_timeout_s", exit=6, hung_up=True),
    broken("endless-heads", "The response never begins", "`100 Continue` for ever, without a pause", Reply(before_head=[Repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 500, 0)], chunked=False), "timed_out", "llm.first_token_timeout_s", exit=6, hung_up=True),
    final("dribble", "The answer comes too slowly", "a word now and then, for ever; `llm.total_timeout_s` 5", stream(Repeat(chunk("x "), 0.05)), "timed_out", "llm.total_timeout_s", exit=6, hung_up=True, settings={"ROLECALL_LLM__TOTAL_TIMEOUT_S": "5"}),
]  # fmt: skip


def _by_model(request: Received) -> Reply:
    return GOOD if request.json["model"] == "second" else http_error(503)


ELSEWHERE = [
    final("breaker-opens", "The endpoint stays down", "500, always; `breaker.failure_threshold` 2", http_error(500), "breaker_open", "HTTP 500", exit=4, requests=(2, 2, 0), retry_after=True, settings={"ROLECALL_BREAKER__FAILURE_THRESHOLD": "2", "ROLECALL_RETRY__MAX_ATTEMPTS": "4", "ROLECALL_LLM__MODEL": "breaking"}),
    mended("fallback-model", "One model is down, another is not", "503 for the first, `llm.fallback_models` has a second", _by_model, requests=3, settings={"ROLECALL_LLM__FALLBACK_MODELS": '["second"]'}),
    mended("stream-off", "Streaming is turned off", "`llm.stream: false`, a JSON completion", json_answer(WHOLE), settings={"ROLECALL_LLM__STREAM": "false"}),
]  # fmt: skip

WIRE = [*STATUSES, *OVERFLOWS, *STREAMS, *DEADLINES, *ELSEWHERE]
"""The rows against the fake endpoint at the wire."""
