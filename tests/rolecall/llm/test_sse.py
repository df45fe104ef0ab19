"""Server-sent events by the book: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.llm.sse import EventTooLarge, ServerEvent, SseDecoder


def decode(*chunks, limit=1 << 20):
    decoder = SseDecoder(limit)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    last = decoder.finish()
    return events if last is None else [*events, last]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data: a\n\n", [(b"", b"a")]),
        (b"data:a\n\n", [(b"", b"a")]),
        (b"data:  a\n\n", [(b"", b" a")]),
        (b"data: a\ndata: b\n\n", [(b"", b"a\nb")]),
        (b"data\ndata\n\n", [(b"", b"\n")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [(b"", b"a"), (b"", b"b"), (b"", b"c")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [(b"error", b"a"), (b"", b"b")]),
        (b"event: error\n\n", [(b"error", b"")]),
        (b"event: ping\n\n", []),
        (b": comment\n\n:\n\n", []),
        (b"id: 7\nretry: 10\nunknown: x\n\n", []),
        (b"data\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [(b"", b"a")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a: b\n\n", [(b"", b"a: b")]),
        (b"data: a", [(b"", b"a")]),
        (b"data: a\n", [(b"", b"a")]),
        (b"\n\n\ndata: a\n\n\n\n", [(b"", b"a")]),
        (b"", []),
        (b"\xef\xbb", []),
    ],
)
def test_events_are_what_the_standard_says(text, expected):
    assert decode(text) == [ServerEvent(name, data) for name, data in expected]


LINES = st.sampled_from(
    [b"data: x", b"data:", b"data: \xc3\xbc", b"event: error", b": c", b"", b"", b"id: 1"]
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(
    lines=st.lists(st.tuples(LINES, ENDS), max_size=20),
    bom=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=30),
)
def test_every_split_gives_the_same_events(lines, bom, cuts):
    text = (b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line, end in lines)
    places = sorted({cut for cut in cuts if cut < len(text)})
    chunks = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert decode(*chunks) == decode(text)


@given(lines=st.lists(LINES, max_size=20), ends=st.lists(ENDS, min_size=20, max_size=20))
def test_line_ends_do_not_matter(lines, ends):
    mixed = b"".join(line + end for line, end in zip(lines, ends, strict=False))
    # An LF after a CR is one line end with it, so an empty line between the two disappears.
    plain = b"".join(line + b"\n" for line in lines)
    if b"\r\n" not in mixed:
        assert decode(mixed) == decode(plain)


@pytest.mark.parametrize("text", [b"data: " + b"x" * 200, b"data: x\n" * 60, b"x" * 200])
def test_an_event_beyond_the_limit_is_refused(text):
    with pytest.raises(EventTooLarge):
        decode(text, limit=100)


def test_the_limit_is_of_one_event_and_not_of_the_stream():
    assert len(decode(*[b"data: 0123456789\n\n"] * 1_000, limit=100)) == 1_000


def test_a_large_event_in_small_pieces_takes_linear_time():
    piece = b"x" * 512
    decoder = SseDecoder(1 << 30)
    for _ in range(20_000):
        assert list(decoder.feed(piece)) == []
    assert len(list(decoder.feed(b"\ndata: y\n\n"))) == 1
