"""``rolecall apply``: a saved model answer becomes a diff or edits, by the same parser and policy."""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall import applying
from rolecall.errors import AnswerTooLarge, ConfigurationInvalid, EditNotFound, RolecallError
from rolecall.proposal import Proposal
from rolecall.task import ErrorInfo, TaskResult
from rolecall.workspace.disk import DiskApplier
from rolecall.workspace.names import shown
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import diff_of, explain, file_lines, open_session, write_json, write_text
from rolecall_server.headless.streams import guarded, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rolecall.caller import Caller
    from rolecall.session import Session


@guarded
def run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path]) -> int:
    """Parse the answer and show it as a diff; with ``--write`` apply it. Returns the exit code."""
    session = open_session(caller, roots)
    result = _result(session, arguments)
    if arguments.format == "json":
        write_json(result.to_json())
    elif result.applied:
        write_text(file_lines(result))
    else:
        write_text(diff_of(result))
        _say_what_is_left(result)
    if result.error is not None:
        explain(result.error)
    return exit_codes.for_result(result)


def _result(session: Session, arguments: argparse.Namespace) -> TaskResult:
    proposal = Proposal(session)
    task_id = secrets.token_hex(6)
    error: RolecallError | None = None
    applied = False
    try:
        session.ready()
        proposal.feed(_answer_text(arguments.answer, session.settings.llm.max_answer_bytes))
        proposal.close()
        if proposal.changes.changes:
            session.workspace.require()
        _check(proposal, strict=arguments.strict)
        if arguments.write:
            applied = asyncio.run(_write(session, proposal, task_id, confirmed=arguments.yes))
    except RolecallError as problem:
        error = problem
    return TaskResult(
        task_id=task_id,
        role=None,
        task=None,
        status="incomplete" if proposal.cut else "failed" if error else "completed",
        summary=proposal.summary,
        answer=proposal.text or None,
        files=[change.to_result() for change in proposal.changes.changes],
        applied=applied,
        applied_by="disk" if applied else None,
        error=ErrorInfo.of(error, task_id) if error else None,
    )


def _answer_text(named: str | None, limit: int) -> str:
    """The answer, byte for byte; what is not UTF-8 is an error, since guessing would change files."""
    try:
        data = _read(named, limit + 1)
    except OSError as error:
        raise ConfigurationInvalid(
            f"The answer {shown(named or 'on standard input')} cannot be read: {error.strerror}.",
            hint="Give a file, or pipe the answer in.",
        ) from error
    if len(data) > limit:
        raise AnswerTooLarge(
            f"The answer is larger than {limit:,} bytes, which llm.max_answer_bytes allows.",
            hint="Raise that setting.",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationInvalid(
            f"The answer is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8 and try again."
        ) from error


def _read(named: str | None, size: int) -> bytes:
    if named is None or named == "-":
        return sys.stdin.buffer.read(size)
    with Path(named).open("rb") as file:
        return file.read(size)


def _check(proposal: Proposal, *, strict: bool) -> None:
    proposal.check()
    suggestions = [change.path for change in proposal.changes.changes if change.state == "suggestion"]
    if strict and suggestions:
        raise EditNotFound(
            f"{', '.join(suggestions)}: named in the prose only, which --strict does not accept.",
            hint="Put the path into the fence's opening line, or leave --strict out.",
        )


async def _write(session: Session, proposal: Proposal, task_id: str, *, confirmed: bool) -> bool:
    applier = DiskApplier(session, confirmed=confirmed)
    return await applying.apply(
        session, proposal.changes, applier, applying.Consent(explicit=True), task_id=task_id
    )


def _say_what_is_left(result: TaskResult) -> None:
    if not result.files and result.error is None:
        note("rolecall: the answer names no file that would change, so there is nothing to write.")
    for file in result.files:
        if file.state in {"suggestion", "needs_confirmation"}:
            note(f"rolecall: {file.path}: {file.state}{f' ({file.reason})' if file.reason else ''}")
