"""A result as text for a chat: how it ended, what it says, which files, their diffs, and what to do next.

Clients differ in what their model sees: some only this text, some only the structured content. So each
holds everything, and each keeps within a size; what does not fit is named with the address to read it at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall_server.mcp import links
from rolecall_server.mcp.schemas import APPLY, RESULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.task import ErrorInfo, FileResult, TaskResult

OFFLINE = "offline scaffold, no model was called"
_DONE = re.compile(r"^<done files=\"\d+\"/>\s*\Z", re.MULTILINE)
"""The mark that ends an answer; it tells the parser that all came, and a reader nothing."""

NOTES_ROOM = 400
"""Bytes kept free for the notes that say where the rest of a cut text is."""


def report(result: TaskResult, limit: int) -> tuple[str, bool]:
    """The text, at most ``limit`` bytes of UTF-8, and whether nothing was left out of it."""
    sections = [_headline(result), _facts(result), *_error(result.error)]
    ending = _next(result)
    room = limit - _bytes("\n\n".join([*sections, ending])) - NOTES_ROOM
    files, all_files = _files(result, room // 2)
    room -= _bytes(files)
    prose, all_prose = _prose(result, room)
    room -= _bytes(prose)
    diffs, all_diffs = _diffs(result, room)
    is_whole = all_files and all_prose and all_diffs
    rest = (
        "" if is_whole or not result.answer else f"[To read all of it: {links.whole_answer(result.task_id)}]"
    )
    text = "\n\n".join(part for part in [*sections, prose, files, diffs, rest, ending] if part)
    return clip(text, limit), is_whole


def clip(text: str, limit: int) -> str:
    """At most ``limit`` bytes of UTF-8, cut at a character."""
    data = text.encode(errors="replace")
    if len(data) <= limit:
        return text
    mark = "…" if limit >= 3 else ""  # noqa: PLR2004 - the ellipsis has three bytes
    return data[: max(0, limit - 3)].decode(errors="ignore") + mark


def _clip(text: str, limit: int) -> str:
    return clip(text, max(0, limit))


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _headline(result: TaskResult) -> str:
    work = " · ".join(filter(None, (result.role, result.task)))
    offline = f" ({OFFLINE})" if result.provider == "offline" else ""
    return f"{work or 'Rolecall'}: {_outcome(result)}{offline}"


def _outcome(result: TaskResult) -> str:
    count = len(result.files)
    files = f"{count} file{'s' if count != 1 else ''}"
    match result.status:
        case "running":
            return "still running"
        case "failed":
            return f"failed ({result.error.code})" if result.error else "failed"
        case "cancelled":
            return "cancelled; nothing was applied"
        case "incomplete":
            return f"incomplete answer; {files} kept as proposals, nothing written"
        case "completed" if result.applied:
            written = sum(1 for file in result.files if file.state == "applied")
            place = "in the editor" if result.applied_by == "editor" else "to disk"
            return f"{written} of {files} written {place}"
        case "completed":
            return f"completed; {files} proposed, nothing written yet" if count else "completed"


def _facts(result: TaskResult) -> str:
    facts = [f"task_id: {result.task_id}"] if result.task_id else []
    if result.model:
        facts.append(f"model: {result.model}")
    if result.usage.output_tokens:
        about = "about " if result.usage.estimated else ""
        facts.append(f"tokens: {about}{result.usage.input_tokens} in, {result.usage.output_tokens} out")
    if result.duration_ms is not None:
        facts.append(f"{result.duration_ms / 1000:.1f} s")
    if result.omitted_context:
        facts.append(f"left out of the prompt: {', '.join(o.path for o in result.omitted_context[:5])}")
    return " | ".join(facts)


def _error(error: ErrorInfo | None) -> list[str]:
    if error is None:
        return []
    lines = [f"{error.code}: {clip(error.message, 2_000)}"]
    if error.hint:
        lines.append(f"Hint: {clip(error.hint, 1_000)}")
    if error.retry_after_s is not None:
        lines.append(f"Retry after {error.retry_after_s:g} s.")
    return ["\n".join(lines)]


def _prose(result: TaskResult, room: int) -> tuple[str, bool]:
    """The whole answer where it has no files and fits, else the summary; and whether nothing was cut."""
    if not result.files and result.answer and result.status != "running":
        answer = _DONE.sub("", result.answer).strip()
        if _bytes(answer) <= room:
            return answer, True
        return _clip(answer, room), False
    return _clip(result.summary, room), _bytes(result.summary) <= room


def _files(result: TaskResult, room: int) -> tuple[str, bool]:
    """A line a file, as many as fit, how many more there are; and whether there are none."""
    if not result.files:
        return "", True
    lines = ["Files:"]
    for file in result.files:
        line = _file(file)
        room -= _bytes(line) + 1
        if room < 0:
            lines.append(f"- and {len(result.files) - len(lines) + 1} more: {links.task_uri(result.task_id)}")
            return "\n".join(lines), False
        lines.append(line)
    return "\n".join(lines), True


def _file(file: FileResult) -> str:
    path = f"{file.path} → {file.new_path}" if file.new_path else file.path
    state = "" if file.state in {"proposed", "applied"} else f" [{file.state}]"
    done = " (written)" if file.state == "applied" else ""
    reason = f": {clip(file.reason, 300)}" if file.reason else ""
    return f"- {file.action} {path} +{file.added} -{file.removed}{done}{state}{reason}"


def _diffs(result: TaskResult, room: int) -> tuple[str, bool]:
    """The diffs that fit, smallest first so that most are seen, where the others are; and whether all fit."""
    shown: dict[str, str] = {}
    for file in sorted(_with_diffs(result.files), key=lambda file: len(file.diff or "")):
        block = _fenced(file.diff or "")
        if _bytes(block) + 2 > room:
            break
        room -= _bytes(block) + 2
        shown[file.path] = block
    missing = [file.path for file in _with_diffs(result.files) if file.path not in shown]
    blocks = [shown[file.path] for file in result.files if file.path in shown]
    if missing:
        blocks.append(
            f"[Left out: {len(missing)} larger diffs, at {links.task_uri(result.task_id)}/files/PATH]"
        )
    return "\n\n".join(blocks), not missing


def _with_diffs(files: Sequence[FileResult]) -> list[FileResult]:
    return [file for file in files if file.diff and file.state != "applied"]


def _fenced(diff: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", diff)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}diff\n{diff.rstrip()}\n{fence}"


def _next(result: TaskResult) -> str:
    """What the reader may do now."""
    return "\n".join(filter(None, (_undo(result), _call(result))))


def _undo(result: TaskResult) -> str:
    if not result.applied:
        return ""
    if result.applied_by == "editor":
        return f"To take it back: undo in the editor, or its command rolecall.revert with {result.task_id}."
    return f"To take it back: run `rolecall revert {result.task_id}` in the workspace."


def _call(result: TaskResult) -> str:
    states = {file.state for file in result.files}
    if result.status == "running":
        return f'Next: call {RESULT} with {{"task_id": "{result.task_id}", "wait_s": 45}}.'
    if not states & {"proposed", "needs_confirmation"}:
        return ""
    protected = (
        ', "confirm_protected": true for those the user agreed to' if "needs_confirmation" in states else ""
    )
    return f'Next: to write the files, call {APPLY} with {{"task_id": "{result.task_id}"{protected}}}.'
