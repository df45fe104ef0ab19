"""What a headless command prints: the requested result on standard output, all else on standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rolecall_server.headless.streams import note, out

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.errors import RolecallError
    from rolecall.session import Session
    from rolecall.task import ErrorInfo, TaskResult


def open_session(caller: Caller, roots: Sequence[Path]) -> Session:
    """A session for a command that does one thing: with its log, and after what is to be told first.

    Only warnings are logged, unless the user asked for more.
    """
    from rolecall.session import Session  # noqa: PLC0415 - `roles` needs none
    from rolecall.settings.model import LoggingSettings  # noqa: PLC0415
    from rolecall.telemetry.logging import configure  # noqa: PLC0415

    quiet = LoggingSettings(level="warning")
    configure(quiet, stream=sys.stderr)  # what opening finds to settle is told below
    session = Session(caller, roots=roots)
    chosen = session.loaded.origins.get("logging.level") != "default"
    logging = session.settings.logging
    configure(logging if chosen else logging.model_copy(update={"level": "warning"}), stream=sys.stderr)
    for line in (*session.loaded.warnings, *session.recovered):
        note(f"rolecall: {line}")
    return session


def write_json(value: Any, *, indent: int | None = 2) -> bool:
    """Print one JSON document on standard output, at once, as UTF-8; False where its reader is gone."""
    try:
        data = json.dumps(value, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, from a name on disk or a command line
        data = json.dumps(value, indent=indent).encode()
    return out(data + b"\n")


def write_text(text: str) -> bool:
    """Print text on standard output byte for byte: a diff keeps its line endings. Returns as above."""
    try:
        return out(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return out(text.encode("utf-8", "backslashreplace"))


def explain(error: RolecallError | ErrorInfo) -> None:
    """Say on standard error what happened and what to do next."""
    note(f"rolecall: {error.message}")
    if error.hint:
        note(f"  hint: {error.hint}")


def diff_of(result: TaskResult) -> str:
    """All diffs of a result as one patch that ``git apply`` takes."""
    return "".join(file.diff for file in result.files if file.diff)


def file_lines(result: TaskResult) -> str:
    """One line a file: what happens to it, how much, and its state."""
    return "".join(
        f"{file.action} {file.path}{f' -> {file.new_path}' if file.new_path else ''}"
        f"  +{file.added} -{file.removed}  {file.state}{f': {file.reason}' if file.reason else ''}\n"
        for file in result.files
    )
