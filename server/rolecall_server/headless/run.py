"""``rolecall run``: one role, one request, in this process."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from rolecall.answer import AnswerParser
from rolecall.errors import RolecallError
from rolecall.events import Attempt, Delta, Restart
from rolecall.session import Session
from rolecall.task import TaskRequest
from rolecall.workspace.disk import DiskApplier
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import (
    begin,
    diff_of,
    explain,
    file_lines,
    note,
    write_json,
    write_text,
)
from rolecall_server.host import Host

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.task import TaskResult
    from rolecall.tasks import Subscription, Task


def run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path]) -> int:
    """Run the role and print what it made; returns the exit code."""
    instruction = _instruction(arguments)
    return asyncio.run(_run(arguments, caller, roots, instruction))


def _instruction(arguments: argparse.Namespace) -> str:
    """The instruction, from standard input where it is ``-`` or absent.

    A person at a terminal who named a task need not say more; anything piped in is waited for.
    """
    if arguments.instruction not in {None, "-"}:
        return str(arguments.instruction)
    if sys.stdin is None or (sys.stdin.isatty() and arguments.instruction is None and arguments.task):
        return ""
    if sys.stdin.isatty():
        note("Type the instruction; end with Ctrl-D.")
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()


async def _run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path], instruction: str) -> int:
    host = Host()
    session = Session(caller, roots=roots)
    begin(session)
    try:
        task, events = _start(arguments, host, session, instruction)
        stopped = _cancel_on_signal(task)
        if arguments.format == "stream-json":
            await _stream_json(events)
        else:
            await _stream_prose(events)
        result = await task.wait()
    finally:
        await host.aclose()
    _print(arguments, result)
    return stopped[0] if stopped else exit_codes.for_result(result)


def _start(
    arguments: argparse.Namespace, host: Host, session: Session, instruction: str
) -> tuple[Task, Subscription]:
    tasks = host.runtime.tasks
    try:
        request = _request(arguments, session, instruction)
    except RolecallError as problem:
        return tasks.start(session, TaskRequest(arguments.role, arguments.task, instruction), problem=problem)
    applier = DiskApplier(session, confirmed=arguments.yes) if arguments.apply else None
    return tasks.start(session, request, applier)


def _request(arguments: argparse.Namespace, session: Session, instruction: str) -> TaskRequest:
    files = [session.file_ref(named) for named in arguments.files]
    return TaskRequest(
        role=arguments.role,
        task=arguments.task,
        instruction=instruction,
        target=files[0] if files else None,
        files=tuple(files[1:]),
        apply="ask" if arguments.apply else "never",
        model=arguments.model,
        stream=False if arguments.no_stream else None,
        timeout_s=arguments.timeout,
    )


def _cancel_on_signal(task: Task) -> list[int]:
    """Cancel the task on SIGINT and SIGTERM; the list then holds the exit code."""
    stopped: list[int] = []
    loop = asyncio.get_running_loop()
    pending: set[asyncio.Task[TaskResult]] = set()

    def stop(code: int) -> None:
        stopped.append(code)
        pending.add(asyncio.ensure_future(task.cancel()))

    for number, code in ((signal.SIGINT, exit_codes.CANCELLED), (signal.SIGTERM, exit_codes.TERMINATED)):
        loop.add_signal_handler(number, stop, code)
    return stopped


async def _stream_json(events: Subscription) -> None:
    async for numbered in events:
        if numbered.event.public:
            write_json(numbered.to_json(), indent=None)


async def _stream_prose(events: Subscription) -> None:
    """Show on standard error what the answer says outside of its files, as it comes."""
    parser, shown = AnswerParser(), 0
    async for numbered in events:
        match numbered.event:
            case Delta(text):
                parser.feed(text)
                shown += _show(parser.settled_prose(shown))
            case Restart():
                note("[the answer begins again]")
                parser, shown = AnswerParser(), 0
            case Attempt(n, of, wait_s, reason) if n > 1:
                note(f"[attempt {n} of {of} after {reason}, in {wait_s:.1f} s]")
            case _:
                pass
    _show(parser.finish().prose.split("\n")[shown:])


def _show(lines: list[str]) -> int:
    """Print lines of prose, blank ones once at the most; returns how many lines these were."""
    text = "\n".join(lines).strip("\n")
    if text.strip():
        note(text)
    return len(lines)


def _print(arguments: argparse.Namespace, result: TaskResult) -> None:
    if arguments.format == "json":
        write_json(result.to_json())
    elif arguments.format == "text":
        if not result.files:
            write_text(result.answer or "")
        elif arguments.apply and not arguments.diff:
            write_text(file_lines(result))
        else:
            write_text(diff_of(result))
    if result.error is not None and arguments.format != "stream-json":
        explain(result.error)
