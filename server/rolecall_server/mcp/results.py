"""The result object as a tool's result: readable text, structured content, and links to what did not fit.

Text with its links, and structured content, each keep within ``mcp.inline_limit_bytes``, since clients cut or
drop what is larger; nothing is lost, the task's resources hold all of it.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import mcp_types as types

from rolecall.task import SUMMARY_LIMIT, ErrorInfo, TaskResult
from rolecall_server.mcp import links
from rolecall_server.mcp.report import clip, report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.errors import RolecallError
    from rolecall.task import FileResult

DEFAULT_LIMIT = 10_000
"""Bytes, where not even the settings could be read."""

MOST_LINKS = 10

ELLIPSIS = 3
"""Bytes that an ellipsis takes more as JSON than as text."""

NOTICE_SHARE = 8
"""Of the limit, a notice gets at most one part in this many."""

LINKS_SHARE = 4
"""Of the limit, the links to single files get at most one part in this many; the text has the rest."""


def render(
    result: TaskResult, limit: int, *, failed: bool | None = None, notice: str = ""
) -> types.CallToolResult:
    """The tool result of a task.

    Args:
        result: the task's result object, whole.
        limit: bytes that the text with its links, and the structured content, may have.
        failed: whether the call failed; None where it did if the task did.
        notice: what the user should know besides; in the text it comes last, in the summary first.
    """
    if notice:
        return _with_notice(result, limit, clip(notice, limit // NOTICE_SHARE), failed=failed)
    structured = structure(result, limit)
    found = _links(result, structured, limit // LINKS_SHARE)
    text, is_whole = report(result, limit - sum(map(_link_size, found)))
    if not (is_whole or found) and result.task_id:
        found = [_task_link(result)]
        text, _ = report(result, limit - _link_size(found[0]))
    return types.CallToolResult(
        content=[types.TextContent(text=text), *found],
        structured_content=structured,
        is_error=result.status == "failed" if failed is None else failed,
    )


def _with_notice(result: TaskResult, limit: int, notice: str, *, failed: bool | None) -> types.CallToolResult:
    room = limit - json_size(f"{notice}\n\n")  # so that what is left out of either half is linked to
    text, *links_to_rest = render(result, room, failed=failed).content
    assert isinstance(text, types.TextContent)
    noticed = result.model_copy(update={"summary": f"{notice}\n\n{result.summary}"[:SUMMARY_LIMIT].rstrip()})
    return types.CallToolResult(
        content=[types.TextContent(text=f"{text.text}\n\n{notice}"), *links_to_rest],
        structured_content=structure(noticed, limit),
        is_error=result.status == "failed" if failed is None else failed,
    )


def is_shortened(rendered: types.CallToolResult) -> bool:
    """Whether something was left out; then there is a link to it."""
    return any(isinstance(block, types.ResourceLink) for block in rendered.content)


def failure(error: RolecallError, limit: int = DEFAULT_LIMIT, *, task_id: str = "") -> types.CallToolResult:
    """The tool result of a call that failed before there was a task to fail."""
    info = ErrorInfo.of(error, uuid.uuid4().hex)
    return render(TaskResult(task_id=task_id, role=None, task=None, status="failed", error=info), limit)


def structure(result: TaskResult, limit: int) -> dict[str, Any]:
    """The result object, cut to ``limit`` bytes of JSON: the members every result has come first.

    The diffs are kept as far as they fit, smallest first, then the answer if it fits whole. A summary says at
    its end how to read what is missing: some clients show their model nothing else, the links least of all.
    """
    whole = result.to_json()
    if json_size(whole) <= limit:
        return whole
    cut: dict[str, Any] = {
        **whole,
        "answer": None,
        "files": [_without_diff(result, file) for file in whole["files"]],
        "summary": _pointing(result),
    }
    shrink(cut, limit, _pointer(result))
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


def _pointer(result: TaskResult) -> str:
    """What a shortened summary ends with."""
    if not result.task_id:
        return ""
    whole = (
        links.whole_answer(result.task_id) if result.answer else f"resource {links.task_uri(result.task_id)}"
    )
    # Who sees only this half could not know otherwise that some of the files are not listed.
    files = f"; {len(result.files)} files in all" if len(result.files) > 1 else ""
    return f"[Shortened{files}. To read all of it: {whole}]"


def _pointing(result: TaskResult) -> str:
    pointer = _pointer(result)
    room = SUMMARY_LIMIT - len(pointer) - 2
    return (
        f"{result.summary[:room]}\n\n{pointer}" if result.summary and pointer else pointer or result.summary
    )


def shrink(cut: dict[str, Any], limit: int, pointer: str = "") -> None:
    """Cut what even without diffs is too large: a hundred files, a page of reasons.

    Args:
        cut: the result object, changed in place.
        limit: bytes of JSON it may have.
        pointer: the end of the summary, which is kept before the rest of it.
    """
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
        kept = len(cut["summary"].encode()) - excess - len(pointer) - ELLIPSIS
        cut["summary"] = clip(cut["summary"].removesuffix(pointer), max(0, kept)) + pointer
    if json_size(cut) > limit and cut["error"]:
        cut["error"] = {**cut["error"], "message": clip(cut["error"]["message"], limit // 4), "hint": ""}


def _links(result: TaskResult, structured: dict[str, Any], room: int) -> Sequence[types.ResourceLink]:
    """Links to what the structured content had to leave out; those to files in ``room`` bytes."""
    if structured["summary"] == result.summary:
        return []
    shown = {file["path"] for file in structured["files"] if file["diff"] is not None}
    missing = [file for file in result.files if file.diff and file.path not in shown]
    found: list[types.ResourceLink] = []
    for link in (_file_link(result, file) for file in missing[:MOST_LINKS]):
        room -= _link_size(link)
        if room < 0:
            break
        found.append(link)
    return [*found, _task_link(result)]


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
