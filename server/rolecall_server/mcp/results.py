"""The result object as a tool's result: readable text, structured content, and links to what did not fit.

Text with its links, and structured content, each keep within ``mcp.inline_limit_bytes``, since clients cut or
drop what is larger; nothing is lost, the task's resources hold all of it.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import mcp_types as types

from rolecall.task import ErrorInfo, TaskResult
from rolecall_server.mcp import links
from rolecall_server.mcp.report import clip, report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.errors import RolecallError
    from rolecall.task import FileResult

DEFAULT_LIMIT = 10_000
"""Bytes, where not even the settings could be read."""

MOST_LINKS = 10

LINKS_SHARE = 4
"""Of the limit, the links to single files get at most one part in this many; the text has the rest."""


def render(result: TaskResult, limit: int, *, failed: bool | None = None) -> types.CallToolResult:
    """The tool result of a task.

    Args:
        result: the task's result object, whole.
        limit: bytes that the text with its links, and the structured content, may have.
        failed: whether the call failed; None where it did if the task did.
    """
    structured = structure(result, limit)
    found = _links(result, structured, limit // LINKS_SHARE)
    text = report(result, limit - sum(map(_link_size, found)))
    return types.CallToolResult(
        content=[types.TextContent(text=text), *found],
        structured_content=structured,
        is_error=result.status == "failed" if failed is None else failed,
    )


def failure(error: RolecallError, limit: int = DEFAULT_LIMIT, *, task_id: str = "") -> types.CallToolResult:
    """The tool result of a call that failed before there was a task to fail."""
    info = ErrorInfo.of(error, uuid.uuid4().hex)
    return render(TaskResult(task_id=task_id, role=None, task=None, status="failed", error=info), limit)


def structure(result: TaskResult, limit: int) -> dict[str, Any]:
    """The result object, cut to ``limit`` bytes of JSON: the members every result has come first.

    The diffs are kept as far as they fit, smallest first, then the answer if it fits whole.
    """
    whole = result.to_json()
    if json_size(whole) <= limit:
        return whole
    cut: dict[str, Any] = {
        **whole,
        "answer": None,
        "files": [_without_diff(result, file) for file in whole["files"]],
    }
    _shrink(cut, limit)
    room = limit - json_size(cut)
    for index in sorted(range(len(cut["files"])), key=lambda i: len(whole["files"][i]["diff"] or "")):
        grown = json_size(whole["files"][index]) - json_size(cut["files"][index])
        if grown <= room:
            cut["files"][index] = whole["files"][index]
            room -= max(0, grown)
    if json_size(whole["answer"]) <= room:
        cut["answer"] = whole["answer"]
    return cut


def json_size(value: object) -> int:
    """Bytes of a value as JSON in its longest usual form, escapes and spaces included."""
    return len(json.dumps(value))


def _without_diff(result: TaskResult, file: dict[str, Any]) -> dict[str, Any]:
    if not file["diff"]:
        return file
    where = f"The diff is at {links.file_uri(result.task_id, file['path'])}"
    reason = f"{file['reason']} {where}" if file["reason"] else where
    return {**file, "diff": None, "reason": reason}


def _shrink(cut: dict[str, Any], limit: int) -> None:
    """Cut what even without diffs is too large: a hundred files, a page of reasons."""
    if json_size(cut) > limit:
        cut["omitted_context"] = cut["omitted_context"][:5]
    if json_size(cut) > limit:
        cut["files"] = [
            {**file, "reason": file["reason"] and clip(file["reason"], 120)} for file in cut["files"]
        ]
    while json_size(cut) > limit and cut["files"]:
        excess = json_size(cut) - limit
        drop = max(1, excess * len(cut["files"]) // max(1, json_size(cut["files"])))
        del cut["files"][-drop:]
    excess = json_size(cut) - limit
    if excess > 0:
        cut["summary"] = clip(cut["summary"], max(0, len(cut["summary"].encode()) - excess))
    if json_size(cut) > limit and cut["error"]:
        cut["error"] = {**cut["error"], "message": clip(cut["error"]["message"], limit // 4), "hint": ""}


def _links(result: TaskResult, structured: dict[str, Any], room: int) -> Sequence[types.ResourceLink]:
    """Links to what the structured content had to leave out; those to files in ``room`` bytes."""
    if not result.task_id:
        return []
    shown = {file["path"] for file in structured["files"] if file["diff"] is not None}
    missing = [file for file in result.files if file.diff and file.path not in shown]
    found: list[types.ResourceLink] = []
    for link in (_file_link(result, file) for file in missing[:MOST_LINKS]):
        room -= _link_size(link)
        if room < 0:
            break
        found.append(link)
    cut = len(structured["files"]) < len(result.files) or (structured["answer"] is None and result.answer)
    return [*found, _task_link(result)] if cut or len(missing) > len(found) else found


def _link_size(link: types.ResourceLink) -> int:
    return json_size(link.model_dump(mode="json", by_alias=True, exclude_none=True))


def _task_link(result: TaskResult) -> types.ResourceLink:
    return types.ResourceLink(
        name=f"result of task {result.task_id}",
        uri=links.task_uri(result.task_id),
        description="The whole result, with the answer and every diff.",
        mime_type="application/json",
    )


def _file_link(result: TaskResult, file: FileResult) -> types.ResourceLink:
    return types.ResourceLink(
        name=file.path,
        uri=links.file_uri(result.task_id, file.path),
        description=f"{file.action}: the proposed file and its diff (+{file.added} -{file.removed})",
        mime_type="text/plain",
    )
