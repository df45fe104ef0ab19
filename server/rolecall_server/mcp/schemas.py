"""What a client's model reads about the tools: names, descriptions, flat schemas, hints.

Every session of an assistant pays for this list in tokens, so it is kept under ``LIST_BYTES``; with many
roles of the user's, descriptions are cut until it fits.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mcp_types as types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rolecall.roles import Role

APPLY, RESULT, CANCEL, STATUS = "apply_edits", "task_result", "cancel_task", "status"
TASK_TOOLS = (APPLY, RESULT, CANCEL, STATUS)

LIST_BYTES = 9_000
"""Size of the whole list as JSON: under 3,000 tokens at the 3 bytes a token of the densest JSON."""

_CUTS = ((400, False), (200, False), (100, False), (100, True), (50, True), (0, True))
"""Characters of a role's description, and whether its arguments go undescribed; tried until the list fits."""

ROLE_ARGUMENTS = ("instruction", "task", "files", "context")
_ALWAYS_LOAD = {"anthropic/alwaysLoad": True}


def tool_name(role_id: str) -> str:
    """The tool of a role: its id, unless another tool has that name."""
    return f"{role_id}_role" if role_id in TASK_TOOLS else role_id


def tool_list(roles: Sequence[Role], exposes: Callable[[str], bool]) -> list[types.Tool]:
    """The tools a client sees, the roles first."""
    shown = [role for role in roles if exposes(tool_name(role.id))]
    others = [tool for tool in _task_tools() if exposes(tool.name)]
    tools: list[types.Tool] = []
    for cut, terse in _CUTS:
        tools = [*(_role_tool(role, cut, terse=terse) for role in shown), *others]
        if _size(tools) <= LIST_BYTES:
            break
    return tools


def _size(tools: Sequence[types.Tool]) -> int:
    dumped = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]
    return len(json.dumps(dumped).encode())


def _role_tool(role: Role, cut: int, *, terse: bool) -> types.Tool:
    properties: dict[str, Any] = {
        "instruction": _string("What is wanted, in the user's words."),
        "files": _strings("Workspace files, the target first; path:10-40 selects lines."),
        "context": _string("More the role should know, as text."),
    }
    if role.tasks:
        properties["task"] = {
            "type": "string",
            "enum": [task.id for task in role.tasks],
            "description": "A prepared task; leave out to follow the instruction alone.",
        }
    if terse:
        for schema in properties.values():
            del schema["description"]
    return types.Tool(
        name=tool_name(role.id),
        title=role.title,
        description=_described(role, cut),
        input_schema=_object(properties, required=["instruction"]),
        annotations=types.ToolAnnotations(
            title=role.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=False,
            open_world_hint=False,
        ),
        _meta=_ALWAYS_LOAD,
    )


def _described(role: Role, cut: int) -> str:
    text = role.description
    if len(text) > cut:
        text = f"{text[:cut].rsplit(' ', 1)[0]}…" if cut else role.title
    return f"{text.rstrip('.')}. Proposes edits, writes nothing."


def _task_tools() -> list[types.Tool]:
    return [
        _task_tool(
            APPLY,
            "Apply edits",
            "Write the files a task proposed, all or the picked ones, after the user agreed. "
            "`rolecall revert TASK_ID` takes it back.",
            {
                "task_id": _string("From the role's result."),
                "paths": _strings("Only these of its files; all by default."),
                "confirm_protected": {
                    "type": "boolean",
                    "description": "The user agreed to the files marked needs_confirmation.",
                },
            },
            types.ToolAnnotations(
                read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
            ),
        ),
        _task_tool(
            RESULT,
            "Task result",
            "The result of a task, perhaps still running; or its answer in parts.",
            {
                "task_id": _string("From the role's result."),
                "wait_s": {
                    "type": "number",
                    "minimum": 0,
                    "description": "Wait so long for its end; 0 by default.",
                },
                "offset": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Give the answer from this character on.",
                },
            },
            _reads(),
        ),
        _task_tool(
            CANCEL,
            "Cancel task",
            "Stop a running task; nothing of it is applied.",
            {"task_id": _string("The task to stop.")},
            types.ToolAnnotations(
                read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
            ),
        ),
        _task_tool(STATUS, "Status", "Model in use, tasks, connections, breakers and metrics.", {}, _reads()),
    ]


def _task_tool(
    name: str, title: str, description: str, properties: dict[str, Any], annotations: types.ToolAnnotations
) -> types.Tool:
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=_object(properties, required=[key for key in properties if key == "task_id"]),
        annotations=annotations.model_copy(update={"title": title}),
        _meta=_ALWAYS_LOAD if name != STATUS else None,
    )


def _reads() -> types.ToolAnnotations:
    return types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )


def _object(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _string(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _strings(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}
