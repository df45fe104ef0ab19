"""The roles as prompts: what makes an assistant's own model work as the role, with its own tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from rolecall.errors import ConfigurationInvalid
from rolecall.roles.nearest import suggestion

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from rolecall.roles import Role, RoleTask
    from rolecall_server.mcp.connection import Connection


async def list_prompts(
    context: ServerRequestContext[Connection, Any], _: types.PaginatedRequestParams | None
) -> types.ListPromptsResult:
    """One prompt a role."""
    return types.ListPromptsResult(
        prompts=[_prompt(role) for role in context.lifespan_context.roles_to_list()]
    )


async def get_prompt(
    context: ServerRequestContext[Connection, Any], params: types.GetPromptRequestParams
) -> types.GetPromptResult:
    """The role's own prompt, the task's instruction, the files, and last what the user wants.

    Raises:
        MCPError: there is no such role or task, or nothing to do.
    """
    role = find_role(context.lifespan_context.roles(), params.name)
    given = params.arguments or {}
    unknown = [name for name in given if name not in {"instruction", "task", "files"}]
    if unknown:
        raise MCPError(types.INVALID_PARAMS, f"The prompt {role.id} has no argument {unknown[0][:100]!r}.")
    try:
        task = role.task(given["task"]) if given.get("task") else None
    except ConfigurationInvalid as error:
        raise MCPError(types.INVALID_PARAMS, f"{error.message} {error.hint}") from error
    instruction = given.get("instruction", "").strip()
    if not instruction and task is None:
        raise MCPError(types.INVALID_PARAMS, f"The prompt {role.id} needs the argument 'instruction'.")
    text = _text(role, task, given.get("files", ""), instruction)
    message = types.PromptMessage(role="user", content=types.TextContent(text=text))
    return types.GetPromptResult(description=role.description, messages=[message])


def find_role(roles: list[Role], role_id: str) -> Role:
    """The role of that id.

    Raises:
        MCPError: there is none.
    """
    for role in roles:
        if role.id == role_id:
            return role
    ids = [role.id for role in roles]
    raise MCPError(
        types.INVALID_PARAMS,
        f"There is no role {role_id[:100]!r}. {suggestion(role_id, ids)}Roles: {', '.join(ids)}.",
    )


def _prompt(role: Role) -> types.Prompt:
    arguments = [types.PromptArgument(name="instruction", description="What is wanted.", required=True)]
    if role.tasks:
        ids = ", ".join(task.id for task in role.tasks)
        arguments.append(types.PromptArgument(name="task", description=f"One of: {ids}.", required=False))
    arguments.append(
        types.PromptArgument(
            name="files",
            description="Workspace files, separated by commas; the first is the target.",
            required=False,
        )
    )
    return types.Prompt(name=role.id, title=role.title, description=role.description, arguments=arguments)


def _text(role: Role, task: RoleTask | None, files: str, instruction: str) -> str:
    named = [path.strip() for path in files.split(",") if path.strip()]
    parts = [role.prompt.strip()]
    if task is not None:
        parts.append(task.instruction.strip())
    if named:
        parts.append(f"Target: {named[0]}" + (f"\nAlso read: {', '.join(named[1:])}" if named[1:] else ""))
    parts.append(instruction)
    return "\n\n".join(part for part in parts if part)
