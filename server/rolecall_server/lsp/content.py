"""Answers, diffs and proposed files as documents to read.

``rolecall:/tasks/{task_id}.md`` and ``….diff``; and for a client that shows two texts side by side,
``rolecall:/tasks/{task_id}/before/{path}`` and ``…/after/{path}`` of each file the answer changes.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rolecall_server.lsp import errors
from rolecall_server.lsp.errors import Refusal
from rolecall_server.lsp.lifecycle import SCHEME

if TYPE_CHECKING:
    from pathlib import Path

    from rolecall.answer.changeset import Change
    from rolecall.session import Session
    from rolecall.tasks import Task
    from rolecall_server.lsp.connection import Connection

KEPT_FILES: Final = 50
"""Answers kept as files in the state folder; older ones are deleted."""

SHOWN_S: Final = 5.0
"""Longest wait for a client to say that it shows a document; the run's result waits with it."""

_URI: Final = re.compile(
    rf"{SCHEME}:/{{1,3}}tasks/(?P<id>[0-9a-zA-Z_-]+)"
    r"(?:\.(?P<form>md|diff)|/(?P<side>before|after)/(?P<path>.+))\Z"
)


def register(connection: Connection) -> None:
    """Serve the read-only documents."""

    @connection.server.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)
    async def content(params: types.TextDocumentContentParams) -> dict[str, Any]:
        match = _URI.match(params.uri)
        if match is None:
            raise Refusal(
                errors.INVALID_PARAMS, f"{params.uri} is no answer; {SCHEME}:/tasks/TASK_ID.md would be one."
            )
        await connection.ready()
        _, task = connection.task(match["id"])
        if match["path"] is not None:
            return {"text": _file(task, match["side"], unquote(match["path"]))}
        return {"text": _text(task, match["form"])}


async def show(connection: Connection, session: Session, task: Task, form: str = "md") -> bool:
    """Open a task's answer (``md``) or diff (``diff``) in the editor; False where it cannot show it."""
    if not connection.client.show_document:
        return False
    if connection.client.text_document_content:
        return await _open(connection, f"{SCHEME}:/tasks/{task.id}.{form}")
    return await show_text(connection, session, f"{task.id}.{form}", _text(task, form))


async def show_text(connection: Connection, session: Session, name: str, text: str) -> bool:
    """Open a text in the editor, as a file in the state folder; False where it cannot show documents."""
    if not connection.client.show_document:
        return False
    folder = session.caller.state_folder() / "answers"
    return await _open(connection, await asyncio.to_thread(_keep, folder, name, text))


async def _open(connection: Connection, uri: str) -> bool:
    params = types.ShowDocumentParams(uri=uri, external=False, take_focus=False)
    try:
        async with asyncio.timeout(SHOWN_S):
            return (await connection.server.window_show_document_async(params)).success
    except (JsonRpcException, TimeoutError):
        return False


def _text(task: Task, form: str) -> str:
    result = task.result
    if form == "diff":
        return "".join(file.diff or "" for file in result.files)
    return result.answer or result.summary


def _file(task: Task, side: str, path: str) -> str:
    for change in task.run.proposal.changes.changes:
        if path in {change.path, change.new_path}:
            return text_of(change, side, f"{SCHEME}:/tasks/{task.id}.diff")
    raise Refusal(errors.INVALID_PARAMS, f"The task {task.id} has no file {path}.")


def text_of(change: Change, side: str, diff: str) -> str:
    """A changed file ``before`` or ``after`` the change; empty where there is none on that side.

    Args:
        change: the change.
        side: which of the two.
        diff: URI of the task's diff, for the words of the error.

    Raises:
        Refusal: its texts are not kept any more; no text would be taken for an empty file.
    """
    if change.condensed is not None:
        raise Refusal(
            errors.REQUEST_FAILED,
            f"The texts of {change.path} are not kept any more. Its changes are in {diff}.",
        )
    if side == "before":
        return change.base.text if change.base is not None else ""
    return change.after or change.partial or ""


def _keep(folder: Path, name: str, text: str) -> str:
    """Write the file, forget the oldest, and return the file's URI."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8", newline="")
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in kept[:-KEPT_FILES]:
        old.unlink(missing_ok=True)
    return file.as_uri()
