"""The connections of one pooled client: who gets one, which are kept, and what that costs."""

import asyncio

import httpcore2
import pytest

from rolecall.llm.connections import Connections

ASKED = httpcore2.Request("POST", "http://127.0.0.1/v1")


class FakeConnection(httpcore2.AsyncConnectionInterface):
    """One that answers at once, or with ``failure``."""

    def __init__(self, failure=None):
        self.failure = failure
        self.idle = self.closed = self.expired = False
        self.questions = 0

    async def handle_async_request(self, request):
        assert not self.closed
        self.idle = False
        if self.failure:
            raise self.failure
        return httpcore2.Response(200, content=FakeBody(self))

    async def aclose(self):
        self.idle, self.closed = False, True

    def is_idle(self):
        return self.idle

    def has_expired(self):
        self.questions += 1
        return self.expired


class FakeBody:
    def __init__(self, connection, pieces=(b"one", b"two")):
        self.connection = connection
        self.pieces = pieces

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece

    async def aclose(self):
        self.connection.idle = True


class Made(list):
    """Every connection that was made, in order."""

    failure = None

    def __call__(self, origin):
        assert origin == ASKED.url.origin
        self.append(FakeConnection(self.failure))
        return self[-1]


@pytest.fixture
def made():
    return Made()


async def several(connections, count):
    return [await connections.handle_async_request(ASKED) for _ in range(count)]


async def closed(responses):
    for response in responses:
        await response.stream.aclose()


async def test_a_body_comes_through_whole_and_its_connection_is_used_again(made):
    connections = Connections(made, limit=10, keep=10)
    for _ in range(3):
        (response,) = await several(connections, 1)
        assert [piece async for piece in response.stream] == [b"one", b"two"]
        await closed([response])
    assert len(made) == 1


async def test_a_request_asks_nothing_of_the_other_connections_however_many_there_are(made):
    # httpcore2's pool asks the socket of each idle one, at the beginning and at the end of every request.
    connections = Connections(made, limit=500, keep=500)
    await closed(await several(connections, 500))
    before = sum(connection.questions for connection in made)
    await closed(await several(connections, 1))
    assert sum(connection.questions for connection in made) - before <= 3
    assert len(made) == 500


async def test_the_connection_used_last_is_taken_first(made):
    connections = Connections(made, limit=10, keep=10)
    await closed(await several(connections, 3))
    await several(connections, 1)
    assert [connection.idle for connection in made] == [True, True, False]


async def test_idle_connections_beyond_what_is_kept_are_closed_the_oldest_first(made):
    connections = Connections(made, limit=10, keep=2)
    await closed(await several(connections, 5))
    assert [connection.closed for connection in made] == [True, True, True, False, False]


async def test_none_is_kept_where_none_is_to_be(made):
    connections = Connections(made, limit=10, keep=0)
    await closed(await several(connections, 2))
    assert all(connection.closed for connection in made)


async def test_an_idle_connection_that_has_ended_is_closed_and_not_used(made):
    connections = Connections(made, limit=10, keep=10)
    await closed(await several(connections, 2))
    for connection in made:
        connection.expired = True
    await several(connections, 1)
    assert [connection.closed for connection in made] == [True, True, False]


async def test_old_connections_are_closed_while_a_newer_one_does_the_work(made):
    connections = Connections(made, limit=10, keep=10)
    await closed(await several(connections, 2))
    made[0].expired = True
    await closed(await several(connections, 1))
    assert [connection.closed for connection in made] == [True, False]


async def test_a_failed_connection_is_closed_and_its_place_is_free_again(made):
    made.failure = httpcore2.ReadError("reset")
    connections = Connections(made, limit=1, keep=1)
    for _ in range(3):
        with pytest.raises(httpcore2.ReadError):
            await connections.handle_async_request(ASKED)
    assert all(connection.closed for connection in made)


async def test_who_waits_is_served_in_order_and_one_that_gives_up_loses_nobodys_place(made):
    connections = Connections(made, limit=1, keep=1)
    (first,) = await several(connections, 1)
    served = []

    async def wait(name):
        (response,) = await several(connections, 1)
        served.append(name)
        await closed([response])

    waiting = [asyncio.create_task(wait(name)) for name in "abc"]
    await asyncio.sleep(0)
    assert served == []
    waiting[0].cancel()
    await closed([first])
    waiting[1].cancel()  # its turn has come, and it has not had it yet
    await asyncio.gather(*waiting, return_exceptions=True)
    assert served == ["c"]
    await wait("d")
    assert len(made) == 1


async def test_a_body_closed_twice_gives_its_connection_back_once(made):
    connections = Connections(made, limit=1, keep=1)
    (response,) = await several(connections, 1)
    await closed([response, response])
    await several(connections, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await connections.handle_async_request(ASKED)


async def test_closing_closes_idle_and_busy_ones(made):
    connections = Connections(made, limit=10, keep=10)
    responses = await several(connections, 2)
    await closed(responses[:1])
    await connections.aclose()
    assert all(connection.closed for connection in made)
