"""Role files: from Markdown with front matter to a :class:`Role`, every problem with file and line.

The front matter has ``id``, ``title``, ``description``, optional ``model``, ``temperature`` and
``max_output_tokens``, and ``tasks``, a list of ``id``, ``title``, ``applies_to``, ``kind`` and
``instruction``. What follows it is the system prompt. Left out, ``kind`` follows from ``applies_to``, and a
role without ``tasks`` takes instructions alone.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from rolecall.roles.fields import Fields
from rolecall.roles.front_matter import FrontMatterError, Listing, Mapping, parse, split
from rolecall.roles.role import AppliesTo, Kind, Role, RoleProblem, RoleTask

if TYPE_CHECKING:
    from pathlib import Path

    from rolecall.roles.fields import Report
    from rolecall.roles.front_matter import Node

MAX_ROLE_BYTES = 256 * 1024
"""A prompt near this size would fill a model's window; what is larger is no role file."""

MAX_TASKS = 50
RESERVED_IDS = frozenset({"apply_edits", "task_result", "cancel_task", "status"})
"""Each role is a tool beside these (contract section 8)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

NATURAL_KIND: dict[AppliesTo, Kind] = {
    "selection": "refactor",
    "file": "source",
    "diagnostic": "quickfix",
    "workspace": "source",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one file gave: a role, or the problems that keep it from being one."""

    role: Role | None
    problems: tuple[RoleProblem, ...]


class UnreadableError(Exception):
    """The file's bytes are not a role file's. ``line`` is 1-based."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def load_role(file: Path, *, built_in: bool = False) -> Loaded:
    """Read one role file. Never raises for what the file or the disk does."""
    try:
        text = decode(read_bytes(file))
    except UnreadableError as problem:
        return Loaded(None, (RoleProblem(file, problem.line, problem.message),))
    return parse_role(text, file, built_in=built_in)


def parse_role(text: str, file: Path, *, built_in: bool = False) -> Loaded:
    """Make a role of a role file's text.

    Args:
        text: the whole file, with LF line endings.
        file: where it came from, for problems and ``Role.source``.
        built_in: whether it came with Rolecall.
    """
    problems: list[RoleProblem] = []

    def report(line: int, message: str) -> None:
        problems.append(RoleProblem(file, line, message))

    try:
        front, body, body_line = split(text)
        role = _role(parse(front), body.strip(), file, report)
    except FrontMatterError as problem:
        return Loaded(None, (RoleProblem(file, problem.line, problem.message),))
    _check_prompt(body.strip(), body_line, report)
    if role is None or problems:
        return Loaded(None, tuple(sorted(problems, key=lambda problem: problem.line)))
    return Loaded(replace(role, built_in=built_in), ())


def _role(root: Node | None, prompt: str, file: Path, report: Report) -> Role | None:
    if not isinstance(root, Mapping):
        report(root.line if root else 1, "the front matter must be keys and values: `id: …`, `title: …`")
        return None
    fields = Fields(root, "the front matter", report)
    role = Role(
        id=fields.identifier("id", reserved=RESERVED_IDS),
        title=fields.line("title", limit=60),
        description=fields.line("description", limit=500),
        prompt=prompt,
        model=fields.line("model", limit=200, required=False) or None,
        temperature=fields.number("temperature", low=0, high=2),
        max_output_tokens=fields.integer("max_output_tokens", low=1, high=10_000_000),
        tasks=_tasks(fields.node("tasks"), report),
        source=file,
    )
    fields.finish()
    return role


def _check_prompt(prompt: str, line: int, report: Report) -> None:
    if not prompt:
        report(line, "there is no system prompt after the front matter")
    elif found := _CONTROL.search(prompt):
        report(line, f"the system prompt holds the control character {found.group()!r}; remove it")


def _tasks(node: Node | None, report: Report) -> tuple[RoleTask, ...]:
    if node is None:
        return ()
    if not isinstance(node, Listing):
        report(node.line, "`tasks` must be a list: one `- id: …` for each task")
        return ()
    if len(node.items) > MAX_TASKS:
        report(node.line, f"`tasks` has {len(node.items)} entries; at most {MAX_TASKS} are taken")
        return ()
    tasks: list[RoleTask] = []
    for item in node.items:
        if not isinstance(item, Mapping):
            report(item.line, "a task must be keys and values: `- id: …`, then `title`, `applies_to`, …")
            continue
        task = _task(item, report)
        if task.id and any(task.id == other.id for other in tasks):
            report(item.line, f"the task id {task.id!r} stands twice in this role")
        tasks.append(task)
    return tuple(tasks)


def _task(node: Mapping, report: Report) -> RoleTask:
    fields = Fields(node, "a task", report)
    applies_to = fields.choice("applies_to", get_args(AppliesTo))
    task = RoleTask(
        id=fields.identifier("id"),
        title=fields.line("title", limit=80),
        applies_to=applies_to or "file",
        # A sub-kind such as `refactor.rewrite` is at home in its parent's menu.
        kind=fields.choice("kind", get_args(Kind), required=False, head=True)
        or NATURAL_KIND[applies_to or "file"],
        instruction=fields.text("instruction"),
    )
    fields.finish()
    return task


def read_bytes(file: Path) -> bytes:
    """The file's bytes; raises :class:`UnreadableError` for anything but a regular file of a sane size."""
    try:
        # Without O_NONBLOCK a named pipe would hold the process until somebody writes to it.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise UnreadableError(_reason(error)) from error
    try:
        _check(os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(MAX_ROLE_BYTES)
    except OSError as error:
        raise UnreadableError(_reason(error)) from error
    finally:
        os.close(descriptor)


def _check(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableError("a folder, where a role file should be")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("not a regular file")
    if status.st_size > MAX_ROLE_BYTES:
        raise UnreadableError(f"{status.st_size:,} bytes; a role file has at most {MAX_ROLE_BYTES:,}")


def decode(data: bytes) -> str:
    """A role file's text with LF line endings and without a byte order mark."""
    if not data.strip():
        raise UnreadableError("the file is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError("saved as UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"byte 0x{data[error.start]:02x} is not UTF-8; save it as UTF-8", line
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link that leads back to itself"
    if error.errno == errno.ENOENT:
        return "a symbolic link that leads nowhere"
    return f"cannot be read: {error.strerror or error}"
