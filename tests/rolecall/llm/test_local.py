"""Looking for a model server on this machine."""

import asyncio
import socket
from pathlib import Path

import pytest

from fakes.endpoint import FakeEndpoint
from rolecall.llm.local import Port, find, is_own_listener
from rolecall.llm.models import chat_models

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F40 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 100 0 0 10 0
   2: 00000000:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
"""


@pytest.mark.parametrize(
    ("port", "uid", "expected"),
    [
        (8080, 1000, True),
        (8080, 1001, False),
        (8000, 1000, False),
        (11434, 0, True),
        (11434, 1000, False),
        (1, 0, False),
    ],
)
def test_the_owner_of_a_listener_is_read_from_the_kernels_table(tmp_path, port, uid, expected):
    (tmp_path / "tcp").write_text(TABLE)
    assert is_own_listener(port, tables=tmp_path, uid=uid) is expected


def test_without_the_kernels_table_no_listener_is_our_own(tmp_path):
    assert not is_own_listener(8080, tables=tmp_path, uid=0)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells the owner of a listener")
def test_a_real_listener_of_this_process_is_our_own():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert is_own_listener(port)
    assert not is_own_listener(port)


async def test_an_untrusted_port_is_asked_only_where_it_is_our_own(monkeypatch):
    async with FakeEndpoint() as endpoint:
        port = Port(endpoint.port, trusted=False)
        assert [server.base_url for server in await find([port])] == [endpoint.base_url]
        monkeypatch.setattr("rolecall.llm.local.is_own_listener", lambda _: False)
        assert await find([port]) == []
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "response",
    [
        b'HTTP/1.1 200 OK\r\n\r\n{"data":[{"id":"m"}]}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"data":[{"id":"m"}]}',
        b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n15\r\n{"data":[{"id":"m"}]}\r\n0\r\n\r\n',
    ],
)
@pytest.mark.parametrize("keeps_open", [True, False])
async def test_a_listing_is_read_in_every_framing(response, keeps_open):
    told = b"ength" in response or b"chunked" in response

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        await writer.drain()
        if keeps_open and told:  # else only the end of the connection ends the body
            await reader.read()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        [found] = await find([Port(port, trusted=True)])
    assert found.models == ("m",)


@pytest.mark.parametrize(
    "response", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"\x00" * 10_000]
)
async def test_whatever_else_listens_is_survived(response):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        assert await find([Port(server.sockets[0].getsockname()[1], trusted=True)]) == []


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (
            {
                "data": [
                    {"id": "gpt-4o"},
                    {"id": "text-embedding-3-small"},
                    {"id": "dall-e-3"},
                    {"id": "tts-1"},
                ]
            },
            ["gpt-4o"],
        ),
        (
            {"data": [{"id": "qwen2.5-coder:7b"}, {"id": "nomic-embed-text:latest"}, {"id": "bge-m3"}]},
            ["qwen2.5-coder:7b"],
        ),
        (
            {
                "data": [
                    {"id": "a", "type": "embedding"},
                    {"id": "b", "type": "chat"},
                    {"id": "c", "type": "llm"},
                ]
            },
            ["b", "c"],
        ),
        ({"data": [{"id": "x", "architecture": {"output_modalities": ["image"]}}, {"id": "y"}]}, ["y"]),
        ({"models": [{"name": "llama3"}]}, ["llama3"]),
        ([{"id": "m"}, "n", 7, {"id": 9}], ["m", "n"]),
        (["m", "red\x1b[31m", {"id": "two\nlines"}], ["m"]),
        (None, []),
        ({"data": "x"}, []),
    ],
)
def test_models_that_chat_are_told_from_others(listing, expected):
    assert chat_models(listing) == expected
