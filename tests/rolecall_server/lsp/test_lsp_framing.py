"""Reading messages from a stream that is not always one."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall_server.lsp.framing import Malformed, MessageReader, encode

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
BODY = json.dumps(PING).encode()
FRAME = encode(BODY)


class Chunks:
    """A stream that gives its bytes in pieces of a size."""

    def __init__(self, data: bytes, size: int = 1 << 20) -> None:
        self.data, self.size = data, size

    async def read(self, n: int = -1) -> bytes:
        piece, self.data = self.data[: self.size], self.data[self.size :]
        return piece


async def read_all(data: bytes, size: int = 1 << 20):
    reader, found = MessageReader(Chunks(data, size)), []
    while (message := await reader.read()) is not None:
        found.append(message)
    return found


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\r\n\r\n",
        b"CONTENT-LENGTH : %d \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
    ],
)
async def test_a_header_is_read_in_every_spelling(head):
    assert await read_all(head % len(BODY) + BODY + FRAME) == [PING, PING]


@pytest.mark.parametrize(
    "fault",
    [
        b"Content-Length: 1000000000000\r\n\r\n" + BODY,
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: %d\r\n\r\n%b" % (len(BODY) - 5, BODY),
        b"Content-Length: 5\r\n\r\n{bad}",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
        encode(b"[" * 100_000),
        encode(b"1" * 10_000),
        encode(b"null"),
        b"Content-Length: 6\r\n\r\nnull\r\n",
        b"Content-Length: 24\r\n\r\nnull",
    ],
    ids=[
        "absurd",
        "endless number",
        "too short",
        "no JSON",
        "no UTF-8",
        "too deep",
        "a long number",
        "null",
        "null and a line end",
        "null and the next header",
    ],
)
async def test_a_message_that_cannot_be_read_does_not_cost_the_next(fault):
    found = await read_all(fault + FRAME)
    assert found[-1] == PING
    assert isinstance(found[0], Malformed)


@pytest.mark.parametrize(
    "fault",
    [
        b"garbage\r\nmore garbage\r\n",
        b"Content-Length: -5\r\n\r\n" + BODY,
        b"Content-Length: x\r\n\r\n",
        b"\0" * 300_000,
    ],
)
async def test_garbage_between_messages_is_skipped(fault):
    assert await read_all(fault + FRAME) == [PING]


async def test_a_length_that_is_too_long_takes_in_the_next_message_and_gives_it_back():
    long = b"Content-Length: %d\r\n\r\n%b" % (len(BODY) + 20, BODY)
    assert await read_all(long + FRAME + FRAME) == [PING, PING, PING]


@pytest.mark.parametrize("cut", [1, 15, 40])
async def test_the_end_of_the_stream_ends_the_reading(cut):
    assert await read_all(FRAME + FRAME[:-cut]) == [PING]


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=5), st.integers(1, 50))
def test_any_messages_in_any_pieces_come_out_as_they_went_in(messages, size):
    data = b"".join(encode(json.dumps(message).encode()) for message in messages)
    assert asyncio.run(read_all(data, size)) == messages


async def test_thousands_of_bad_frames_are_survived():
    found = await read_all(b"Content-Length: 5\r\n\r\n{bad}" * 2000 + FRAME)
    assert found[-1] == PING


async def test_a_huge_message_is_decoded_beside_the_loop_that_others_wait_for():
    """A process whose main thread computes for long is taken for hung, and every session with it ends."""
    message = {"jsonrpc": "2.0", "method": "x", "params": list(range(2_000_000))}
    body = json.dumps(message).encode()
    before = time.thread_time()
    json.loads(body)
    decoding = time.thread_time() - before
    reader = MessageReader(Chunks(encode(body) + FRAME))
    before = time.thread_time()
    found = await reader.read()
    assert time.thread_time() - before < decoding / 2
    assert [found, await reader.read()] == [message, PING]
