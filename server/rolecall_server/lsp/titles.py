"""What a run is called, in progress, questions and the editor's undo list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from rolecall_server.lsp.code_actions import lines_of, subject_of

if TYPE_CHECKING:
    from rolecall.roles import RoleCatalog
    from rolecall_server.lsp.documents import OpenDocuments

LIMIT: Final = 100


def role_title(roles: RoleCatalog, role_id: str) -> str:
    """The role's title; made of its id where there is no such role."""
    known = next((role.title for role in roles.roles() if role.id == role_id), None)
    return known or role_id.replace("_", " ").title()[:LIMIT]


def run_title(roles: RoleCatalog, documents: OpenDocuments, values: dict[str, Any]) -> str:
    """The title of a run, the same as its code action's: ``QA Engineer: write tests for parse_config``.

    Args:
        roles: the roles on call.
        documents: the client's open documents.
        values: the argument object of ``rolecall.run``.
    """
    work = " ".join(_work(roles, values, _subject(documents, values)).split())
    title = f"{role_title(roles, values['role'])}: {work}" if work else role_title(roles, values["role"])
    return title if len(title) <= LIMIT else f"{title[: LIMIT - 1]}…"


def _subject(documents: OpenDocuments, values: dict[str, Any]) -> str:
    name = unquote(values["uri"].rsplit("/", 1)[-1])
    asked, buffer = values.get("range"), documents.buffer(values["uri"])
    if asked is None or buffer is None:
        return name
    return subject_of(buffer, name, lines_of(asked["start"], asked["end"]))


def _work(roles: RoleCatalog, values: dict[str, Any], subject: str) -> str:
    wanted = values.get("task")
    for role in roles.roles():
        for task in role.tasks:
            if (role.id, task.id) == (values["role"], wanted):
                return task.phrase(subject)
    return str(wanted or values.get("instruction", ""))
