"""A large answer in parts, for clients whose models read no resources, or only so much of one.

Clients cut what they read as a resource as they cut a tool's result. So ``task_result`` with ``offset`` gives
the answer from that character on, as much as may be shown at once, and says where the next part begins.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import mcp_types as types

from rolecall.errors import ConfigurationInvalid
from rolecall_server.mcp.links import call_for_part
from rolecall_server.mcp.results import json_size, shrink

if TYPE_CHECKING:
    from rolecall.task import TaskResult


def answer_part(result: TaskResult, offset: int, limit: int) -> types.CallToolResult:
    """The answer from a character on: in the text below a line that says which part it is, and in ``answer``.

    Args:
        result: the task's result object, whole.
        offset: characters of the answer before the part.
        limit: bytes that the text, and the structured content, may have.

    Raises:
        ConfigurationInvalid: the answer is not that long.
    """
    answer = result.answer or ""
    if offset > len(answer):
        raise ConfigurationInvalid(
            f"The answer of task {result.task_id} has {len(answer)} characters; offset is {offset}.",
            hint=f"Give an offset from 0 to {len(answer)}.",
        )
    note_room = json_size(_note(result, offset, len(answer), len(answer) + 1))
    frame: dict[str, Any] = {**result.to_json(), "summary": "", "answer": None, "files": []}
    shrink(frame, limit - note_room)
    part = _fitting(answer[offset : offset + limit], limit - note_room - json_size(frame))
    note = _note(result, offset, offset + len(part), len(answer))
    return types.CallToolResult(
        content=[types.TextContent(text=f"{note}\n{part}")],
        structured_content={**frame, "summary": note, "answer": part},
        is_error=False,
    )


def _note(result: TaskResult, start: int, end: int, count: int) -> str:
    """Which part it is, and how to get the next one; one line."""
    if end < count:
        more = f"the next part: {call_for_part(result.task_id, end)}"
    else:
        more = "the task is still running" if result.status == "running" else "this is its end"
    return f"[Characters {start} to {end} of {count} of the answer; {more}]"


def _fitting(text: str, room: int) -> str:
    """As much of the text as has ``room`` bytes as JSON, up to a line's end if one is near; never nothing."""
    count = bisect_right(range(1, len(text) + 1), room, key=lambda end: len(json.dumps(text[:end])))
    part = text[: max(1, count)]
    line_end = part.rfind("\n") + 1
    return part[:line_end] if len(part) < len(text) and line_end > len(part) // 2 else part
