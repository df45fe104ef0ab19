from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rolecall.roles import RoleCatalog
from rolecall_server.mcp.schemas import TASK_TOOLS, tool_list, tool_name

ROLES = RoleCatalog(None).roles()


def dumped(roles=ROLES, exposes=lambda _: True) -> list[dict[str, Any]]:
    return [t.model_dump(by_alias=True, mode="json", exclude_none=True) for t in tool_list(roles, exposes)]


def tokens(tools: list[dict[str, Any]]) -> float:
    return len(json.dumps(tools)) / 3


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | set().union(*map(keys, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(keys, value), set())
    return set()


def test_each_role_is_a_tool_followed_by_the_tools_for_tasks():
    assert [tool["name"] for tool in dumped()] == [*(role.id for role in ROLES), *TASK_TOOLS]


def test_schemas_are_flat_closed_objects():
    for tool in dumped():
        schema = tool["inputSchema"]
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert not keys(schema) & {"$ref", "$defs", "anyOf", "oneOf", "allOf"}


def test_the_list_takes_under_three_thousand_tokens():
    assert tokens(dumped()) < 3_000


def test_with_many_roles_descriptions_are_cut_until_the_list_fits():
    tasks = tuple(replace(ROLES[0].tasks[0], id=f"task_{n}") for n in range(3))
    roles = [replace(ROLES[0], id=f"r{n}", description="word " * 100, tasks=tasks) for n in range(10)]
    tools = dumped(roles)
    assert len(tools) == 10 + len(TASK_TOOLS)
    assert tokens(tools) < 3_000


def test_a_role_proposes_and_says_so_in_its_hints():
    hints = dumped()[0]["annotations"]
    assert (hints["readOnlyHint"], hints["destructiveHint"]) == (True, False)


def test_apply_edits_is_destructive_and_the_only_one():
    destructive = [tool["name"] for tool in dumped() if tool["annotations"]["destructiveHint"]]
    assert destructive == ["apply_edits"]


def test_the_tasks_of_a_role_are_an_enumeration():
    qa = next(tool for tool in dumped() if tool["name"] == "qa_engineer")
    assert qa["inputSchema"]["properties"]["task"]["enum"] == [
        "tests",
        "test_plan",
        "security_tests",
        "performance_tests",
    ]
    assert qa["inputSchema"]["required"] == ["instruction"]


def test_a_role_without_tasks_offers_no_task_argument():
    tool = dumped([replace(ROLES[0], tasks=())])[0]
    assert "task" not in tool["inputSchema"]["properties"]


def test_only_exposed_tools_are_listed():
    assert [tool["name"] for tool in dumped(exposes={"developer", "status"}.__contains__)] == [
        "developer",
        "status",
    ]


@pytest.mark.parametrize("name", TASK_TOOLS)
def test_a_role_named_like_another_tool_gets_a_name_of_its_own(name):
    names = [tool["name"] for tool in dumped([replace(ROLES[0], id=name)])]
    assert tool_name(name) in names
    assert len(names) == len(set(names))
