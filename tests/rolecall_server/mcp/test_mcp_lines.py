from __future__ import annotations

import json

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall_server.mcp.lines import Lines, MalformedLine, parse


def cut(data: bytes, sizes: list[int], limit: int = 1000) -> list[bytes | None]:
    lines, found, start = Lines(limit), [], 0
    for size in [*sizes, len(data)]:
        found += lines.feed(data[start : start + size])
        start += size
    return [*found, lines.finish()]


@given(st.binary(max_size=200), st.lists(st.integers(0, 20), max_size=20))
def test_any_chunking_gives_the_same_lines(data, sizes):
    assert cut(data, sizes) == data.split(b"\n")


def test_a_line_that_is_too_long_is_skipped_and_the_next_one_is_read():
    assert cut(b"short\n" + b"x" * 50 + b"\nnext\n", [3, 20, 7], limit=10) == [b"short", None, b"next", b""]


def test_a_request_is_parsed():
    message = parse(b'{"jsonrpc":"2.0","id":"a","method":"ping"}\r')
    assert message == types.JSONRPCRequest(jsonrpc="2.0", id="a", method="ping")


@pytest.mark.parametrize("half", [r"\ud83d", r"\uD83D", r"\ude00"])
def test_half_a_character_does_not_void_the_message_it_is_in(half):
    line = r'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"aHALF \ud83d\ude00 é"}}'
    message = parse(line.replace("HALF", half).encode())
    assert isinstance(message, types.JSONRPCRequest)
    assert message.params == {"x": "a\ufffd \U0001f600 é"}


@pytest.mark.parametrize("line", [b"", b"  ", b"\r"])
def test_an_empty_line_is_no_message(line):
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        (b"garbage", types.PARSE_ERROR, None),
        (b'{"jsonrpc":"2.0","id":1', types.PARSE_ERROR, None),
        (b"\xff\xfe\x00", types.PARSE_ERROR, None),
        (b"[" * 100_000, types.PARSE_ERROR, None),
        (None, types.PARSE_ERROR, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', types.INVALID_REQUEST, None),
        (b'"text"', types.INVALID_REQUEST, None),
        (b"{}", types.INVALID_REQUEST, None),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', types.INVALID_REQUEST, 7),
        (b'{"jsonrpc":"2.0","id":8,"method":5}', types.INVALID_REQUEST, 8),
        (b'{"jsonrpc":"2.0","id":9,"method":"ping","params":"no"}', types.INVALID_REQUEST, 9),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', types.INVALID_REQUEST, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', types.INVALID_REQUEST, None),
    ],
)
def test_a_line_that_is_no_message_is_answered_with_why(line, code, number):
    with pytest.raises(MalformedLine) as raised:
        parse(line)
    reply = json.loads(raised.value.reply.model_dump_json(by_alias=True, exclude_unset=True))
    assert reply["error"]["code"] == code
    assert reply["id"] == number


@pytest.mark.parametrize(
    "line", [b'{"jsonrpc":"2.0","id":1,"result":5}', b'{"jsonrpc":"2.0","id":1.5,"error":{}}']
)
def test_a_broken_answer_is_not_answered(line):
    assert parse(line) is None
