"""``rolecall config``: what ``config_command`` says, on streams that may be closed or full."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rolecall_server import config_command
from rolecall_server.headless.output import write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse

    from rolecall.caller import Caller


@guarded
def run(arguments: argparse.Namespace, caller: Caller) -> int:
    """Print what was asked for; returns the exit code."""
    stdout, stderr = StringIO(), StringIO()
    code = config_command.run(arguments, caller, stdout, stderr)
    if stderr.getvalue():
        note(stderr.getvalue().rstrip("\n"))
    write_text(stdout.getvalue())
    return code
