"""``rolecall doctor``: what would be used, what is wrong, and a remedy for each."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from rolecall import __version__
from rolecall.errors import ErrorCode, ModelNotFound, RolecallError
from rolecall.llm.endpoint import resolve
from rolecall.llm.listing import list_models
from rolecall.runtime import Runtime
from rolecall_server.headless import exit_codes
from rolecall_server.headless.output import open_session, write_json, write_text
from rolecall_server.headless.streams import guarded, plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.llm.types import Endpoint
    from rolecall.session import Session

SHOWN_MODELS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``remedy`` says what to do where ``state`` is not ``ok``."""

    state: Literal["ok", "warning", "wrong"]
    subject: str
    finding: str
    remedy: str = ""
    code: ErrorCode | None = None


@guarded
def run(arguments: argparse.Namespace, caller: Caller, roots: Sequence[Path]) -> int:
    """Print the findings; the exit code is that of the first thing that is wrong."""
    session = open_session(caller, roots)
    findings = asyncio.run(_examine(session))
    if arguments.format == "json":
        write_json({"version": __version__, "findings": [asdict(finding) for finding in findings]})
    else:
        write_text(plain("".join(_lines(finding) for finding in findings)))
    wrong = next((finding for finding in findings if finding.state == "wrong"), None)
    return exit_codes.DONE if wrong is None or wrong.code is None else exit_codes.for_code(wrong.code)


async def _examine(session: Session) -> list[Finding]:
    findings = [_workspace(session), *_settings(session), *_roles(session), *_shared_process(session)]
    if session.problem is None:
        findings += await _model(session)
    return findings


def _shared_process(session: Session) -> list[Finding]:
    """The daemon, and where its log is."""
    if sys.platform == "win32":
        return []
    from rolecall_server.daemon import control  # noqa: PLC0415 - not on Windows

    found, problems = control.running(session.caller.environment)
    findings = [_refused(problem) for problem in problems]
    try:
        status = control.ask(found[0], "status") if found else None
    except control.NoAnswer as problem:
        return [*findings, Finding("warning", "shared process", f"{problem}", "Run `rolecall daemon stop`.")]
    log_file = status["log"] if status else session.caller.state_folder() / "daemon.log"
    running = f"pid {status['pid']}, {len(status['clients'])} clients" if status else "none is running"
    return [*findings, Finding("ok", "shared process", f"{running}; its log: {log_file}")]


def _refused(problem: str) -> Finding:
    """A folder or a socket that clients do not use; the text ends with the remedy."""
    what, _, remedy = problem.rpartition("; ")
    return Finding("warning", "shared process", what, f"{remedy[:1].upper()}{remedy[1:]}.")


def _workspace(session: Session) -> Finding:
    try:
        session.workspace.require()
    except RolecallError as error:
        return Finding("warning", "workspace", error.message, error.hint)
    return Finding("ok", "workspace", ", ".join(str(root) for root in session.workspace.roots))


def _settings(session: Session) -> list[Finding]:
    warnings = [
        Finding("warning", "settings", warning, "Remove it there, or set it in your own settings.")
        for warning in session.loaded.warnings
    ]
    if session.problem is not None:
        return [_wrong("settings", session.problem), *warnings]
    origins = sorted({origin for origin in session.loaded.origins.values() if origin != "default"})
    return [Finding("ok", "settings", "from " + (", ".join(origins) or "defaults only")), *warnings]


def _roles(session: Session) -> list[Finding]:
    problems = [
        Finding("warning", "roles", str(problem), "Correct the file; the other roles work.")
        for problem in session.roles.problems()
    ]
    return [Finding("ok", "roles", ", ".join(role.id for role in session.roles.roles())), *problems]


async def _model(session: Session) -> list[Finding]:
    runtime = Runtime()
    try:
        endpoint = await resolve(session, runtime)
        if endpoint.provider == "offline":
            return [_offline(session)]
        return [_used(endpoint), await _listed(session, runtime, endpoint)]
    except RolecallError as error:
        return [_wrong("model", error)]
    finally:
        await runtime.aclose()


def _used(endpoint: Endpoint) -> Finding:
    key = "with a key" if endpoint.api_key else "without a key"
    proxy = " through a proxy" if endpoint.proxy else ""
    return Finding("ok", "model", f"{endpoint.model} at {endpoint.base_url}, {key}{proxy}")


async def _listed(session: Session, runtime: Runtime, endpoint: Endpoint) -> Finding:
    try:
        models = await list_models(runtime, session, endpoint)
    except ModelNotFound:
        return Finding("ok", "endpoint", "reached; it does not list its models")
    shown = ", ".join(models[:SHOWN_MODELS]) + (" …" if len(models) > SHOWN_MODELS else "")
    if endpoint.model not in models:
        remedy = f"Set llm.model to one of these: {shown}." if models else "Load a model there."
        return Finding("warning", "endpoint", f"reached; it does not list {endpoint.model}", remedy)
    return Finding("ok", "endpoint", f"reached; its models: {shown}")


def _offline(session: Session) -> Finding:
    if session.settings.llm.provider == "offline":
        return Finding("ok", "model", "offline scaffolds, no model is called (llm.provider is offline)")
    return Finding(
        "warning",
        "model",
        "none found, so answers are offline scaffolds made from your code",
        "Start a local server (`ollama serve`, `llama-server -m MODEL.gguf --port 8080`), "
        "or set OPENAI_API_KEY, or OPENAI_BASE_URL for a gateway.",
    )


def _wrong(subject: str, error: RolecallError) -> Finding:
    return Finding("wrong", subject, error.message, error.hint, error.code)


def _lines(finding: Finding) -> str:
    mark = {"ok": "ok     ", "warning": "warning", "wrong": "wrong  "}[finding.state]
    first, *rest = finding.finding.split("\n")
    lines = [f"{mark}  {finding.subject}: {first}", *(f"         {line}" for line in rest)]
    if finding.remedy:
        lines.append(f"         remedy: {finding.remedy}")
    return "\n".join(lines) + "\n"
