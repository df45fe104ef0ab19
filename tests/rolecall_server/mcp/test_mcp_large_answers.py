"""An answer far over every client's inline limit: shown in part, readable whole."""

from __future__ import annotations

import json

from fakes.endpoint import FakeEndpoint, answer

LINES = "".join(f"VALUE_{number:05} = 'line {number:05} of a large file'\n" for number in range(10_000))
LIMIT = 10_000


async def test_three_hundred_kilobytes_are_shown_in_part_and_read_whole(connect, surroundings, era):
    assert len(LINES) > 300_000
    large = answer(f'One large file.\n\n<file path="large.py">\n{LINES}</file>\n<done files="1"/>\n')
    async with FakeEndpoint([large]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with connect(era) as client:
            result = await client.call_tool("developer", {"instruction": "Make it."})
            structured = result.structured_content
            address = f"rolecall://tasks/{structured['task_id']}"
            file = await client.read_resource(f"{address}/files/large.py")
            whole = json.loads((await client.read_resource(address)).contents[0].text)

    assert not result.is_error
    assert len(json.dumps(structured)) <= LIMIT
    assert len(next(block.text for block in result.content if block.type == "text").encode()) <= LIMIT
    assert f"{address}/files/large.py" in [str(b.uri) for b in result.content if b.type == "resource_link"]
    assert file.contents[0].text == LINES
    assert LINES in whole["answer"]
