"""What a run is called, in progress, questions and the editor's undo list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from rolecall_server.lsp.documents import is_file
from rolecall_server.lsp.lines import lines_of, subject_of

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
    work = work_of(roles, values["role"], values.get("task"), _subject(documents, values))
    return titled(roles, values["role"], work or values.get("instruction", ""))


def titled(roles: RoleCatalog, role_id: str, work: str) -> str:
    """The role's title, then the work, on one line that fits a menu."""
    work = " ".join(work.split())
    title = f"{role_title(roles, role_id)}: {work}" if work else role_title(roles, role_id)
    return title if len(title) <= LIMIT else f"{title[: LIMIT - 1]}…"


def work_of(roles: RoleCatalog, role_id: str, task_id: str | None, subject: str) -> str:
    """What a task does to its subject; its id where the role has no such task, empty for none."""
    for role in roles.roles():
        for task in role.tasks:
            if (role.id, task.id) == (role_id, task_id):
                return task.phrase(subject)
    return str(task_id or "")


def name_in(uri: str) -> str:
    """What a document is called; a notebook's cell like its notebook."""
    file = uri if is_file(uri) else urlsplit(uri).path
    return unquote(file.rsplit("/", 1)[-1])


def _subject(documents: OpenDocuments, values: dict[str, Any]) -> str:
    name = name_in(values["uri"])
    asked, buffer = values.get("range"), documents.buffer(values["uri"])
    if asked is None or buffer is None:
        return name
    return subject_of(buffer, name, lines_of(asked["start"], asked["end"]))
