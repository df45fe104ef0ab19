"""``rolecall roles``: the roles and their tasks; with a role, its prompt. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rolecall.errors import RolecallError
from rolecall.roles import RoleCatalog
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import explain, write_json, write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse

    from rolecall.caller import Caller
    from rolecall.roles import Role


@guarded
def run(arguments: argparse.Namespace, caller: Caller) -> int:
    """Print the roles, or one role's system prompt; bad role files are reported on standard error."""
    catalog = RoleCatalog(caller.config_folder() / "roles")
    for problem in catalog.problems():
        note(f"rolecall: {problem}")
    try:
        chosen = [catalog.get(arguments.role)] if arguments.role else catalog.roles()
    except RolecallError as error:
        explain(error)
        return exit_codes.for_code(error.code)
    if arguments.format == "json":
        write_json([_as_json(role) for role in chosen] if not arguments.role else _as_json(chosen[0]))
    else:
        write_text(chosen[0].prompt.rstrip("\n") + "\n" if arguments.role else _table(chosen))
    return exit_codes.DONE


def _as_json(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "title": role.title,
        "description": role.description,
        "model": role.model,
        "temperature": role.temperature,
        "max_output_tokens": role.max_output_tokens,
        "source": str(role.source),
        "tasks": [
            {
                "id": task.id,
                "title": task.title,
                "applies_to": task.applies_to,
                "kind": task.kind,
                "instruction": task.instruction,
            }
            for task in role.tasks
        ],
        "prompt": role.prompt,
    }


def _table(roles: list[Role]) -> str:
    lines: list[str] = []
    for role in roles:
        lines.append(f"{role.id}  {role.description}")
        width = max((len(task.id) for task in role.tasks), default=0)
        lines += [f"    {task.id:<{width}}  {task.label()}" for task in role.tasks]
    return "\n".join(lines) + "\n"
