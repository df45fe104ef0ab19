"""Streams that look like success to the SDK, and other faults at the wire: each is an error of its own class."""

import asyncio
import gzip
import socket
import tracemalloc

import httpx2
import pytest

from fakes.asking import ask, ask_once
from fakes.connection import FakeConnection, FakeRuntime, call_to, endpoint_at
from fakes.endpoint import (
    DONE,
    Drop,
    FakeEndpoint,
    Hang,
    Repeat,
    Reset,
    Send,
    answer,
    chunk,
    event,
    http_error,
    json_answer,
    json_reply,
    stream,
    usage_event,
)
from fakes.patience import PATIENCE_S
from fakes.turns import turns
from rolecall.errors import (
    AnswerTooLarge,
    ConfigurationInvalid,
    ContentFiltered,
    ContextTooLarge,
    EndpointUnreachable,
    RateLimited,
    TimedOut,
    UpstreamProtocolError,
    UpstreamUnavailable,
)

HTML = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}
HELLO = chunk("hello")
STOP = chunk(finish="stop")
OVERFLOW = {"error": {"message": "maximum context length is 4096 tokens", "code": "context_length_exceeded"}}

FAULTS = {
    "clean end in mid-answer": (stream(HELLO), UpstreamUnavailable),
    "clean end by closing": (stream(HELLO, chunked=False), UpstreamUnavailable),
    "done without a finish reason": (stream(HELLO, DONE), UpstreamUnavailable),
    "nothing but done": (stream(DONE), UpstreamUnavailable),
    "an empty body": (stream(), UpstreamUnavailable),
    "only comments, then the end": (stream(b": ping\n\n", b": ping\n\n"), UpstreamUnavailable),
    "a reset in mid-answer": (stream(HELLO, Reset()), UpstreamUnavailable),
    "the connection dropped in mid-answer": (stream(HELLO, Drop()), UpstreamUnavailable),
    "the connection dropped before the head": (stream(before_head=[Drop()]), UpstreamUnavailable),
    "a reset before the head": (stream(before_head=[Reset()]), UpstreamUnavailable),
    "the end in the middle of an event": (stream(HELLO, STOP[:-30]), UpstreamUnavailable),
    "a named error event": (stream(HELLO, event({"message": "boom"}, name="error")), UpstreamUnavailable),
    "a named error event without data": (stream(HELLO, b"event: error\n\n"), UpstreamUnavailable),
    "an error event of plain text": (stream(HELLO, event("overloaded", name="error")), UpstreamUnavailable),
    "llama.cpp's error field": (stream(HELLO, b'error: {"code":500,"message":"x"}\n\n'), UpstreamUnavailable),
    "an error object": (stream(HELLO, event({"error": {"message": "boom"}})), UpstreamUnavailable),
    "an error object as text": (stream(HELLO, event({"error": "boom"})), UpstreamUnavailable),
    "a flat error": (
        stream(HELLO, event({"object": "error", "message": "x", "code": 50001})),
        UpstreamUnavailable,
    ),
    "an error with a status": (stream(event({"error": {"message": "slow", "code": 429}})), RateLimited),
    "an overflow told late": (stream(event(OVERFLOW)), ContextTooLarge),
    "an error within a choice": (
        stream(event({"choices": [{"error": {"message": "x", "code": 502}, "finish_reason": "error"}]})),
        UpstreamUnavailable,
    ),
    "a finish reason of failure": (stream(HELLO, chunk(finish="error")), UpstreamUnavailable),
    "deepseek's finish reason of want": (
        stream(HELLO, chunk(finish="insufficient_system_resource")),
        UpstreamUnavailable,
    ),
    "a page": (stream(b"<!doctype html><p>Welcome", headers=HTML), UpstreamProtocolError),
    "a page that claims to be events": (stream(b"\r\n <html>"), UpstreamProtocolError),
    "JSON that is no completion": (json_reply({"status": "ok"}), UpstreamProtocolError),
    "JSON that is an error": (json_reply({"error": {"message": "x"}}), UpstreamUnavailable),
    "JSON that is a list": (json_reply([1, 2]), UpstreamUnavailable),
    "JSON that is cut off": (json_reply(b'{"choices": [{"mess'), UpstreamProtocolError),
    "malformed JSON": (stream(HELLO, b"data: {oops}\n\n"), UpstreamProtocolError),
    "bad UTF-8": (stream(chunk("x").replace(b"x", b"\xff\xfe")), UpstreamProtocolError),
    "an event that is a list": (stream(event([1])), UpstreamProtocolError),
    "an event that is null": (stream(event("null")), UpstreamProtocolError),
    "choices that are no list": (stream(event({"choices": {"a": 1}})), UpstreamProtocolError),
    "a choice that is text": (stream(event({"choices": ["hello"]})), UpstreamProtocolError),
    "a delta that is text": (stream(event({"choices": [{"delta": "hello"}]})), UpstreamProtocolError),
    "content that is a number": (
        stream(event({"choices": [{"delta": {"content": 7}}]})),
        UpstreamProtocolError,
    ),
    "an answer without text": (stream(chunk(""), STOP, DONE), UpstreamProtocolError),
    "an answer of white space": (stream(chunk(" \n"), chunk("\n"), STOP, DONE), UpstreamProtocolError),
    "output used up before any text": (stream(chunk(finish="length"), DONE), UpstreamProtocolError),
    "a filtered answer": (stream(HELLO, chunk(finish="content_filter"), DONE), ContentFiltered),
    "a sensitive answer": (stream(HELLO, chunk(finish="sensitive"), DONE), ContentFiltered),
    "a refusal": (
        stream(event({"choices": [{"delta": {"refusal": "I can't"}}]}), STOP, DONE),
        ContentFiltered,
    ),
    "a cut that a stop follows": (stream(chunk(finish="length"), STOP, DONE), UpstreamProtocolError),
    "a filter that a stop follows": (
        stream(HELLO, chunk(finish="content_filter"), STOP, DONE),
        ContentFiltered,
    ),
    "a compression nobody knows": (
        stream(b"\x8b\x03\x80hello\x03", headers={"content-encoding": "br"}),
        UpstreamProtocolError,
    ),
    "wrong compression": (stream(b"no gzip", headers={"content-encoding": "gzip"}), UpstreamProtocolError),
}


@pytest.mark.parametrize(("reply", "kind"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_broken_answer_is_an_error(reply, kind):
    said, _ = await ask_once(reply)
    assert type(said.error) is kind
    assert "127.0.0.1" in said.error.message
    assert said.error.hint


@pytest.mark.parametrize(
    "fault", ["a reset in mid-answer", "malformed JSON", "a page", "a named error event"]
)
async def test_a_broken_answer_is_retried(fault):
    runtime = FakeRuntime()
    async with FakeEndpoint([FAULTS[fault][0], answer("whole")]) as endpoint:
        said = await ask(runtime, FakeConnection(), call_to(endpoint_at(endpoint.base_url)))
        await runtime.pool.aclose()
    assert said.text == "whole"
    assert len(said.attempts) == 2


async def test_the_text_before_an_error_in_the_same_packet_is_not_lost():
    said, _ = await ask_once(stream(chunk("one ") + chunk("two") + b"data: {oops}\n\n"))
    assert said.text == "one two"
    assert isinstance(said.error, UpstreamProtocolError)


WHOLE = {
    "the last event lacks its blank line": stream(HELLO, chunk(finish="stop").rstrip(b"\n")),
    "no done": stream(HELLO, STOP),
    "a reset after the finish reason": stream(HELLO, STOP, Reset()),
    "garbage after the finish reason": stream(HELLO, STOP, b"data: {oops}\n\n"),
    "silence after the finish reason": stream(HELLO, STOP, Hang()),
    "keep-alives after the finish reason": stream(HELLO, STOP, Repeat(b": ping\n\n", 0.01)),
    "keep-alives after done": stream(HELLO, STOP, DONE, Repeat(b": ping\n\n", 0.01)),
    "carriage returns": stream((HELLO + STOP + DONE).replace(b"\n", b"\r\n")),
    "a byte order mark": stream(b"\xef\xbb\xbf" + HELLO + STOP + DONE),
    "comments and other fields": stream(b": hi\nid: 1\nretry: 5\n" + HELLO, b"event: message\n" + STOP, DONE),
    "a wrong content type": stream(HELLO, STOP, DONE, headers=HTML),
    "no content type": stream(HELLO, STOP, DONE, headers={}),
    "finish reason and text in one chunk": stream(chunk("hello", finish="stop"), DONE),
    "parts instead of text": stream(
        event({"choices": [{"delta": {"content": [{"type": "text", "text": "hello"}]}}]}), STOP, DONE
    ),
    "filter results first": stream(event({"choices": [], "prompt_filter_results": []}), HELLO, STOP, DONE),
    "another choice beside": stream(
        HELLO, event({"choices": [{"index": 1, "delta": {"content": "other"}}]}), STOP, DONE
    ),
    "a number that is text": stream(
        event({"choices": [{"index": "0", "delta": {"content": "hello"}}]}), STOP, DONE
    ),
    "events without data": stream(b"data:\n\n", HELLO, b"data:   \n\n", STOP, DONE),
    "a compression that is none": stream(HELLO, STOP, DONE, headers={"content-encoding": "utf-8"}),
    "a null error": stream(event({"error": None, "choices": [{"delta": {"content": "hello"}}]}), STOP, DONE),
}


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE.keys())
async def test_an_answer_that_is_complete_is_taken(reply, monkeypatch):
    monkeypatch.setattr("rolecall.llm.stream.TAIL_S", 0.05)
    said, _ = await ask_once(reply)
    assert said.text == "hello"
    assert said.finish.reason == "stop"


async def test_usage_after_the_finish_reason_is_waited_for():
    said, _ = await ask_once(stream(HELLO, STOP, usage_event(5, 3, cached=2), DONE))
    usage = said.finish.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens) == (5, 3, 2)


@pytest.mark.parametrize("counts", [(-5, 3), (5, 10**30), (5, True), (5.5, 3)])
async def test_counts_that_are_none_are_not_taken_for_some(counts):
    said, _ = await ask_once(stream(HELLO, STOP, usage_event(*counts), DONE))
    assert said.finish.usage.estimated


async def test_a_cut_answer_stays_cut_though_a_stop_follows():
    said, _ = await ask_once(stream(HELLO, chunk(finish="length"), STOP, DONE))
    assert (said.text, said.finish.reason) == ("hello", "length")


async def test_a_compression_that_was_not_asked_for_is_named():
    said, _ = await ask_once(stream(b"\x8b\x03\x80hello", headers={"content-encoding": "br"}))
    assert "a compression nobody asked for (br)" in said.error.message


COMMENTS = b":\n" * 16_000_000
"""Seconds of reading in a few hundred kilobytes."""


@pytest.mark.parametrize(
    ("begun", "error"), [(b"", TimedOut), (HELLO, TimedOut), (HELLO + STOP, type(None))], ids=["", "begun", "whole"]
)  # fmt: skip
async def test_keep_alives_that_are_compressed_hold_no_deadline_up_and_not_the_loop(begun, error):
    body = gzip.compress(begun + COMMENTS, 1)
    async with turns() as found:
        said, _ = await ask_once(
            stream(body, headers={"content-encoding": "gzip"}),
            llm={"first_token_timeout_s": 0.2, "idle_timeout_s": 0.2},
        )
    assert type(said.error) is error
    assert said.text == ("hello" if begun else "")
    assert found.longest < 0.1


async def test_every_split_of_the_bytes_gives_the_same_answer():
    data = (chunk("grüß ") + chunk("dich 🙂") + STOP + DONE).replace(b"\n\n", b"\r\n\r\n")
    said, _ = await ask_once(stream(*(data[i : i + 1] for i in range(len(data)))))
    assert said.text == "grüß dich 🙂"


async def test_an_answer_beyond_the_limit_is_cut_and_the_connection_closed():
    runtime = FakeRuntime()
    groups = {"llm": {"max_answer_bytes": 1_000}}
    async with FakeEndpoint(default=stream(Repeat(chunk("ü" * 200), 0.001))) as endpoint:
        said = await ask(runtime, FakeConnection(groups), call_to(endpoint_at(endpoint.base_url)))
        await endpoint.completions[0].disconnected.wait()
        await runtime.pool.aclose()
    assert isinstance(said.error, AnswerTooLarge)
    assert "1,000 bytes" in said.error.message
    assert len(endpoint.completions) == 1


@pytest.mark.parametrize("start", [b"data: ", b'{"choices": "', b" " * 100])
async def test_one_endless_event_is_cut(start, monkeypatch):
    monkeypatch.setattr("rolecall.llm.reading.EVENT_ROOM", 10_000)
    said, endpoint = await ask_once(
        stream(start, Repeat(b"x" * 5_000, 0.001)), llm={"max_answer_bytes": 1_000}
    )
    assert isinstance(said.error, AnswerTooLarge)
    assert len(endpoint.completions) == 1


async def test_an_endless_error_body_is_not_read_to_its_end():
    reply = stream(Repeat(b"x" * 50_000, 0.001), status=500)
    said, _ = await ask_once(reply)
    assert isinstance(said.error, UpstreamUnavailable)


@pytest.mark.parametrize(
    "body",
    [
        stream(b'{"error":', Reset(), status=429),
        stream(b'{"error":', Drop(), status=429),
        stream(b'{"error":', Hang(), status=429),
        stream(b"no gzip", status=429, headers={"content-encoding": "gzip"}),
    ],
    ids=["reset", "dropped", "stalled", "unpackable"],
)
async def test_an_error_counts_by_its_head_where_its_body_does_not_come(body, monkeypatch):
    monkeypatch.setattr("rolecall.llm.transport.ERROR_BODY_S", 0.1)
    body.headers["retry-after"] = "77"
    said, _ = await ask_once(body)
    assert isinstance(said.error, RateLimited)
    assert said.error.retry_after_s == 77


async def test_nothing_listening_is_unreachable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        call = call_to(endpoint_at(f"http://127.0.0.1:{port}/v1"))
        said = await ask(FakeRuntime(), FakeConnection({"retry": {"max_attempts": 2}}), call)
    assert isinstance(said.error, EndpointUnreachable)
    assert f"127.0.0.1:{port}" in said.error.message
    assert len(said.attempts) == 2


@pytest.mark.parametrize("host", ["no-such-host.invalid", "two..dots", f"{'a' * 64}.invalid"])
async def test_a_name_that_does_not_exist_is_unreachable(host):
    call = call_to(endpoint_at(f"http://{host}/v1"))
    said = await ask(FakeRuntime(), FakeConnection({"retry": {"max_attempts": 1}}), call)
    assert isinstance(said.error, EndpointUnreachable)
    assert host in said.error.message
    assert "cannot be found" in said.error.message


async def test_a_connection_that_is_not_accepted_times_out():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        call = call_to(endpoint_at(f"http://127.0.0.1:{full.getsockname()[1]}/v1"))
        groups = {"llm": {"connect_timeout_s": 0.1}, "retry": {"max_attempts": 1}}
        said = await ask(FakeRuntime(), FakeConnection(groups), call)
        for filler in fillers:
            filler.close()
    assert isinstance(said.error, TimedOut)
    assert "llm.connect_timeout_s" in said.error.message


@pytest.mark.parametrize("key", ["clé-secrète", "line\nbreak"])
async def test_a_key_that_cannot_be_sent_is_a_matter_of_configuration(key):
    said, endpoint = await ask_once(answer("x"), endpoint_options={"api_key": key})
    assert isinstance(said.error, ConfigurationInvalid)
    assert key not in said.error.message
    assert not endpoint.requests


async def test_no_error_shows_a_secret():
    message = "bad request for http://user:hunter22@host with sk-secret-key"
    async with FakeEndpoint(default=http_error(400, message)) as endpoint:
        base_url = endpoint.base_url.replace("http://", "http://user:hunter22@")
        call = call_to(endpoint_at(base_url, api_key="sk-secret-key"))
        runtime = FakeRuntime()
        said = await ask(runtime, FakeConnection(), call)
        await runtime.pool.aclose()
    shown = f"{said.error.message} {said.error.hint} {said.error!r}"
    assert "bad request" in shown
    assert "hunter22" not in shown
    assert "sk-secret-key" not in shown


async def test_a_full_window_names_its_size():
    body = {"error": {"code": 400, "message": "too big", "type": "exceed_context_size_error", "n_ctx": 2048}}
    said, _ = await ask_once(json_reply(body, 400))
    assert isinstance(said.error, ContextTooLarge)
    assert said.error.limit_tokens == 2048


async def test_a_body_that_comes_in_a_single_send_is_fine():
    said, _ = await ask_once(stream(HELLO + STOP + DONE, Send(b"")))
    assert said.text == "hello"


def escaped(text, finish=None):
    """A chunk whose text is written as it is, between quotes."""
    return chunk("TEXT", finish=finish).replace(b"TEXT", text.encode())


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((r"a\ud83d", r"\ude00b"), "a😀b"),
        ((r"\ud83d", "", r"\ude00\ud83d", r"\ude01"), "😀😁"),
        ((r"a\ud83d", "b"), "a\ufffdb"),
        ((r"a\ude00b",), "a\ufffdb"),
        ((r"a\ude00\ud83d",), "a\ufffd\ufffd"),
        (("a", r"\ud83d"), "a\ufffd"),
    ],
)
async def test_halves_of_a_character_are_joined_over_chunks_and_never_lost(pieces, text):
    said, endpoint = await ask_once(stream(*map(escaped, pieces), STOP, DONE))
    assert said.text == text
    assert len(endpoint.completions) == 1


async def test_half_a_character_beside_the_finish_reason_is_shown_as_unreadable():
    said, _ = await ask_once(stream(escaped(r"a\ud83d", finish="stop"), DONE))
    assert said.text == "a\ufffd"


async def test_half_a_character_in_a_whole_answer_is_shown_as_unreadable():
    reply = json_answer("TEXT")
    reply.steps = [Send(step.data.replace(b"TEXT", rb"a\ud83db")) for step in reply.steps]
    said, _ = await ask_once(reply)
    assert said.text == "a\ufffdb"


async def test_what_holds_the_stream_does_not_hold_the_connection(monkeypatch):
    # As a traceback, a tracer or a reference cycle may: a generator nobody closes keeps its connection.
    held = []
    read = httpx2.Response.aiter_bytes

    def hold(response, *arguments):
        held.append(read(response, *arguments))
        return held[-1]

    monkeypatch.setattr(httpx2.Response, "aiter_bytes", hold)
    runtime = FakeRuntime()
    async with FakeEndpoint([stream(HELLO, b"data: {oops}\n\n", Hang())]) as endpoint:
        call = call_to(endpoint_at(endpoint.base_url))
        said = await ask(runtime, FakeConnection({"retry": {"max_attempts": 1}}), call)
        async with asyncio.timeout(PATIENCE_S):
            await endpoint.completions[0].disconnected.wait()
        await runtime.pool.aclose()
    assert isinstance(said.error, UpstreamProtocolError)
    assert len(held) == 1


SECOND = {"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}


@pytest.mark.parametrize("turn", [1, -1])
async def test_of_several_choices_the_first_by_number_is_the_answer_in_any_order(turn):
    both = [{"index": 0, "delta": {"content": "yes"}}, SECOND][::turn]
    said, _ = await ask_once(stream(event({"choices": both}), event({"choices": [SECOND]}), STOP, DONE))
    assert said.text == "yes"


async def test_nothing_follows_the_end_of_an_answer():
    said, _ = await ask_once(stream(HELLO, STOP, DONE, chunk("more"), DONE))
    assert said.text == "hello"


@pytest.mark.parametrize("data", ["", "ping", "{}", '{"type": "ping"}'])
async def test_events_that_only_say_that_the_endpoint_lives_are_no_answer(data):
    said, _ = await ask_once(stream(event(data, name="ping"), HELLO, event(data, name="ping"), STOP, DONE))
    assert said.text == "hello"


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (stream(b"data: " + DEEP + b"\n\n"), UpstreamProtocolError),
        (stream(b'data: {"a": "\\ud83d", "b": ' + DEEP + b"\n\n"), UpstreamProtocolError),
        (json_reply(DEEP), UpstreamProtocolError),
        (json_reply(DEEP, 500), UpstreamUnavailable),
        (stream(b"event: error\ndata: " + DEEP + b"\n\n"), UpstreamUnavailable),
    ],
)
async def test_json_nested_to_do_harm_is_the_endpoints_fault(reply, kind):
    said, _ = await ask_once(reply)
    assert type(said.error) is kind


async def test_a_key_an_endpoint_quotes_is_masked_also_where_the_quotation_is_cut():
    for before in range(280, 301):
        said, _ = await ask_once(
            http_error(400, f"{'x' * before}sk-secret-key"), endpoint_options={"api_key": "sk-secret-key"}
        )
        assert "sk-" not in said.error.message


@pytest.mark.parametrize("location", [None, "", "/login?key=sk-secret-key", "https://h/sk-secret-key?a=b#c"])
async def test_a_redirect_is_told_without_secrets_wherever_it_leads(location):
    headers = {} if location is None else {"location": location}
    said, _ = await ask_once(json_reply({}, 302, **headers), endpoint_options={"api_key": "sk-secret-key"})
    assert "redirects to" in said.error.message
    assert "sk-" not in said.error.message
    assert "://;" not in said.error.message


async def test_a_refusal_without_end_is_not_kept():
    refusal = event({"choices": [{"index": 0, "delta": {"refusal": "x" * 100_000}}]})
    tracemalloc.start()
    said, _ = await ask_once(stream(*[refusal] * 200, STOP, DONE))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(said.error, ContentFiltered)
    assert peak < 10_000_000


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip, gzip"])
@pytest.mark.parametrize("status", [200, 500])
async def test_a_small_body_that_grows_without_limit_is_cut(encoding, status):
    body = b"data: " + bytes(60_000_000)
    for _ in encoding.split(","):
        body = gzip.compress(body, 1)
    reply = stream(body, status=status, headers={"content-encoding": encoding})
    tracemalloc.start()
    said, _ = await ask_once(reply, llm={"max_answer_bytes": 100_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert type(said.error) is (AnswerTooLarge if status == 200 else UpstreamUnavailable)
    assert peak < 8_000_000
