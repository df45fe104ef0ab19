"""The standard streams and signals of a headless command: closed ones, readers that leave, full disks."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, NoReturn, ParamSpec, TextIO

from rolecall_server.headless import exit_codes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator

P = ParamSpec("P")

_SPELLED_OUT = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}


class OutputFailed(Exception):
    """Standard output takes no more, for another reason than that its reader is gone."""


def guarded(
    command: Callable[Concatenate[argparse.Namespace, P], int],
) -> Callable[Concatenate[argparse.Namespace, P], int]:
    """A command that ends with a plain line and a code of the contract, whatever its surroundings do.

    Standard streams that are closed are replaced, so that no file or socket takes their descriptors.
    """

    @wraps(command)
    def run(arguments: argparse.Namespace, /, *args: P.args, **kwargs: P.kwargs) -> int:
        _open_missing()
        try:
            with _ended_by_sigterm():
                return command(arguments, *args, **kwargs)
        except OutputFailed as problem:
            note(f"rolecall: {problem}")
        except Exception as fault:  # noqa: BLE001 - a traceback tells its reader nothing to do
            note(f"rolecall: The command failed on a fault of Rolecall's own ({type(fault).__name__}).")
            note("  hint: Run it again with --log-level debug to see where, and report it.")
            if str(arguments.log_level).lower() == "debug":
                note(traceback.format_exc())
        return exit_codes.INTERNAL

    return run


def out(data: bytes) -> bool:
    """Write to standard output at once; False where its reader is gone, and then all else is dropped.

    Raises:
        OutputFailed: it cannot be written for another reason; the file it goes to may be on a full disk.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        return False
    except OSError as error:
        _discard(sys.stdout)
        raise OutputFailed(f"Standard output cannot be written: {error.strerror}.") from error
    return True


def note(text: str) -> None:
    """Tell the person something on standard error; nothing fails because nobody hears it."""
    try:
        sys.stderr.write(plain(text) + "\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def plain(text: str) -> str:
    """The text for a person's terminal: what would move its cursor or set its title is spelled out."""
    return text.translate(_SPELLED_OUT)


def _discard(stream: TextIO) -> None:
    # What is still buffered would fail once more when the process ends.
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _open_missing() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for the process's life


@contextmanager
def _ended_by_sigterm() -> Generator[None]:
    """SIGTERM ends what runs in order, with its code, before and after a task that is cancelled by it."""

    def end(*_: object) -> NoReturn:
        raise SystemExit(exit_codes.TERMINATED)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread: whoever runs this one has the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
