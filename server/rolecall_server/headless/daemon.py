"""``rolecall daemon status|stop``: the process that editors and assistants share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import write_json, write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse

    from rolecall.caller import Caller
    from rolecall_server.daemon.control import Running

NONE_RUNS = "no shared process is running; the next editor or assistant starts one"
NOT_HERE = "there is no shared process on Windows yet; each editor and assistant has its own"


@guarded
def run(arguments: argparse.Namespace, caller: Caller) -> int:
    """Show or end the shared process.

    Exit codes: ``status`` 0, or 1 where one runs and does not answer (that none runs is an answer, in the
    text and as ``running`` in the JSON); ``stop`` 0 once none runs.
    """
    if sys.platform == "win32":
        if arguments.action == "stop":
            return _stop([], arguments.format)
        return _status([], [], arguments.format, none=NOT_HERE)
    from rolecall_server.daemon import control  # noqa: PLC0415 - not on Windows

    found, problems = control.running(caller.environment)
    if arguments.action == "stop":
        return _stop(found, arguments.format)
    return _status(found, problems, arguments.format)


def _status(found: list[Running], problems: list[str], form: str, none: str = NONE_RUNS) -> int:
    statuses = [_status_of(daemon) for daemon in found]
    if form == "json":
        first = statuses[0] if statuses else {"pid": None}
        write_json({"running": bool(statuses), **first, "others": statuses[1:], "problems": problems})
    else:
        for problem in problems:
            note(f"rolecall: {problem}")
        write_text("".join(_text(status) for status in statuses) or f"{none}\n")
    hangs = bool(statuses) and "problem" in statuses[0]
    return exit_codes.INTERNAL if hangs else exit_codes.DONE


def _status_of(daemon: Running) -> dict[str, Any]:
    from rolecall_server.daemon import control  # noqa: PLC0415 - not on Windows

    try:
        return control.ask(daemon, "status")
    except control.NoAnswer as problem:
        hint = "`rolecall daemon stop` ends it"
        return {"pid": daemon.pid, "socket": daemon.socket, "problem": f"{problem}; {hint}"}


def _text(status: dict[str, Any]) -> str:
    """One daemon, a fact a line."""
    if "problem" in status:
        return f"pid      {status['pid']}\nsocket   {status['socket']}\nproblem  {status['problem']}\n"
    note_of_drain = " (ends when its clients have gone: the install changed)" if status["draining"] else ""
    clients: list[dict[str, Any]] = status["clients"]
    lines = [
        f"pid      {status['pid']}",
        f"version  {status['version']}{note_of_drain}",
        f"socket   {status['socket']}",
        f"log      {status['log']}",
        f"uptime   {status['uptime']:.0f} s",
        f"clients  {len(clients)}",
        *(f"         {client['door']}  pid {client['pid']}  {client['folder']}" for client in clients),
    ]
    return "\n".join(lines) + "\n"


def _stop(found: list[Running], form: str) -> int:
    from rolecall_server.daemon import control  # noqa: PLC0415 - not on Windows

    for daemon in found:
        control.stop(daemon)
    if form == "json":
        write_json({"stopped": [daemon.pid for daemon in found]})
    elif found:
        write_text("".join(f"stopped {daemon.pid}\n" for daemon in found))
    else:
        write_text("no shared process was running\n")
    return exit_codes.DONE
