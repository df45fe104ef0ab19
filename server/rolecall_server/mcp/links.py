"""The addresses of this door's resources, and the other way to what is there."""

from __future__ import annotations

from urllib.parse import quote, unquote

SCHEME = "rolecall://"
STATUS_URI = f"{SCHEME}status"
METRICS_URI = f"{SCHEME}metrics"
ROLE_TEMPLATE = f"{SCHEME}roles/{{id}}"
TASK_TEMPLATE = f"{SCHEME}tasks/{{task_id}}"
FILE_TEMPLATE = f"{SCHEME}tasks/{{task_id}}/files/{{path}}"


def role_uri(role_id: str) -> str:
    """Where a role is read."""
    return f"{SCHEME}roles/{quote(role_id, safe='')}"


def task_uri(task_id: str) -> str:
    """Where a task's whole result is read."""
    return f"{SCHEME}tasks/{quote(task_id, safe='')}"


def file_uri(task_id: str, path: str) -> str:
    """Where a file that a task proposes is read."""
    return f"{task_uri(task_id)}/files/{quote(path, safe='/')}"


def call_for_part(task_id: str, offset: int = 0) -> str:
    """The call that reads a task's answer in parts, from a character on."""
    return f'task_result with {{"task_id": "{task_id}", "offset": {offset}}}'


def whole_answer(task_id: str) -> str:
    """Both ways to a task's whole answer: not every client's model can read resources."""
    return f"{call_for_part(task_id)}, or the resource {task_uri(task_id)}"


def parts(uri: str) -> list[str]:
    """The decoded parts of an address; a file's path stays one part, however its slashes were written.

    ``rolecall://tasks/1f/files/src%2Fa.py`` gives ``["tasks", "1f", "files", "src/a.py"]``; empty where the
    address is of another scheme.
    """
    if not uri.startswith(SCHEME):
        return []
    return [unquote(part) for part in uri.removeprefix(SCHEME).split("/", 3)]
