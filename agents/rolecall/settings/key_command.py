"""The command that prints the key (``llm.api_key_command``)."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from rolecall.errors import ConfigurationInvalid
from rolecall.settings import checks
from rolecall.settings.masking import quoted

if TYPE_CHECKING:
    from rolecall.caller import Caller

_TIMEOUT_S = 10.0
_MOST_OUTPUT = 64 * 1_024


def run(command: str, caller: Caller) -> str:
    """The key a command prints: started without a shell, with the caller's environment, in their home.

    Raises:
        ConfigurationInvalid: it failed, took too long or printed no key. Its output is not quoted.
    """
    words = shlex.split(command)
    home = caller.home()
    try:
        process = subprocess.Popen(  # noqa: S603  the user's own command, without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(caller.environment),
            # Never the caller's folder: a hostile workspace could hold a program of that name.
            cwd=home if home.is_dir() else Path(home.anchor or "/"),
            start_new_session=os.name == "posix",
            umask=-1 if caller.umask is None else caller.umask,
        )
    except (OSError, ValueError) as error:
        raise _failed(words, f"could not be started: {_reason(error)}") from None
    deadline = time.monotonic() + _TIMEOUT_S
    try:
        output = _output(process, deadline)
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except (subprocess.TimeoutExpired, OverflowError) as error:
        _kill(process)
        late = isinstance(error, subprocess.TimeoutExpired)
        raise _failed(
            words, f"took longer than {_TIMEOUT_S:g} s" if late else "printed far more than a key"
        ) from None
    return _checked(words, output, status)


def _output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What the command printed, read beside a deadline: its children may hold the pipe open."""
    assert process.stdout is not None
    stream = process.stdout
    chunks: list[bytes] = []

    def read() -> None:
        with stream:
            chunks.append(stream.read(_MOST_OUTPUT + 1))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(deadline - time.monotonic())
    if reader.is_alive():
        raise subprocess.TimeoutExpired(process.args, _TIMEOUT_S)
    if len(chunks[0]) > _MOST_OUTPUT:
        raise OverflowError
    return chunks[0]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and its children: they share its session, which nothing else does."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _checked(words: list[str], output: bytes, status: int) -> str:
    if status:
        raise _failed(words, f"ended with status {status}")
    try:
        return checks.check_key(SecretStr(output.decode())).get_secret_value()
    except UnicodeDecodeError:
        raise _failed(words, "printed something that is not text") from None
    except ValueError as error:
        raise _failed(words, f"printed no key: {error}") from None


def _reason(error: OSError | ValueError) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror).lower() if strerror else "its name is not valid"


def _failed(words: list[str], what: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"llm.api_key_command: {quoted(words[0])} {what}.",
        hint="Run the command in a terminal: it must print the key, and nothing else, within 10 s.",
    )
