"""``rolecall run``: one role, one request, in this process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from rolecall.answer import AnswerParser
from rolecall.errors import ConfigurationInvalid, RolecallError
from rolecall.events import Attempt, Delta, Restart
from rolecall.task import TaskRequest
from rolecall.workspace.disk import DiskApplier
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import diff_of, explain, file_lines, open_session, write_json, write_text
from rolecall_server.headless.streams import guarded, note
from rolecall_server.host import Host

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall.task import TaskResult
    from rolecall.tasks import Subscription, Task

MAX_INSTRUCTION_BYTES = 1 << 20
"""More on standard input is no instruction but something piped in by mistake."""

END_WITHIN_S = 1.5
"""Seconds after a signal within which the command ends, even where nobody takes its output."""


@guarded
def run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path]) -> int:
    """Run the role and print what it made; returns the exit code."""
    try:
        instruction = _instruction(arguments)
    except RolecallError as problem:
        explain(problem)
        return exit_codes.for_code(problem.code)
    result, code = asyncio.run(_run(arguments, caller, roots, instruction))
    # Outside of the loop, where a signal ends a write that waits for its reader.
    _print(arguments, result)
    return code


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
    data = sys.stdin.buffer.read(MAX_INSTRUCTION_BYTES + 1)
    if len(data) > MAX_INSTRUCTION_BYTES:
        raise ConfigurationInvalid(
            f"The instruction on standard input is larger than {MAX_INSTRUCTION_BYTES:,} bytes.",
            hint="Say what you want in a few sentences, and name files with --file.",
        )
    return data.decode("utf-8", "replace").strip()


async def _run(
    arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path], instruction: str
) -> tuple[TaskResult, int]:
    host = Host()
    session = open_session(caller, roots)
    try:
        task, events = _start(arguments, host, session, instruction)
        stopped = _cancel_on_signal(task)
        if arguments.format == "stream-json":
            await _stream_json(task, events)
        else:
            await _stream_prose(events)
        result = await task.wait()
    finally:
        await host.aclose()
    return result, stopped[0] if stopped else exit_codes.for_result(result)


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
        loop.call_later(END_WITHIN_S, leave, code)

    def leave(code: int) -> None:
        # What still waits is a thread in a write whose reader neither reads nor goes away.
        if task.run.committing:
            loop.call_later(END_WITHIN_S, leave, code)
        else:
            os._exit(code)

    for number, code in ((signal.SIGINT, exit_codes.CANCELLED), (signal.SIGTERM, exit_codes.TERMINATED)):
        with suppress(NotImplementedError):  # on Windows, where SIGINT interrupts the loop itself
            loop.add_signal_handler(number, stop, code)
    return stopped


async def _stream_json(task: Task, events: Subscription) -> None:
    """Print the events as they come; a task whose reader is gone is cancelled, like that of any client."""
    async for numbered in events:
        if not numbered.event.public:
            continue
        # In a thread: a reader that is slow holds up neither the model's stream nor a signal.
        if not await asyncio.to_thread(write_json, numbered.to_json(), indent=None):
            await task.cancel()


async def _stream_prose(events: Subscription) -> None:
    """Show on standard error what the answer says outside of its files, as it comes."""
    parser, shown = AnswerParser(), 0
    async for numbered in events:
        match numbered.event:
            case Delta(text):
                parser.feed(text)
                shown += await _show(parser.settled_prose(shown))
            case Restart():
                await _tell("[the answer begins again]")
                parser, shown = AnswerParser(), 0
            case Attempt(reason=("repair" | "continue") as why):
                await _tell(f"[asking the model to {why} what cannot be used of its answer]")
            case Attempt(n, of, wait_s, reason) if n > 1:
                await _tell(f"[attempt {n} of {of} after {reason}, in {wait_s:.1f} s]")
            case _:
                pass
    await _show(parser.finish().prose.split("\n")[shown:])


async def _show(lines: list[str]) -> int:
    """Print lines of prose, blank ones once at the most; returns how many lines these were."""
    text = "\n".join(lines).strip("\n")
    if text.strip():
        await _tell(text)
    return len(lines)


async def _tell(text: str) -> None:
    # In a thread, as above: standard error has readers too that do not read.
    await asyncio.to_thread(note, text)


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
