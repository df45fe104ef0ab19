"""``rolecall config show|check|schema``. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rolecall.caller import Caller

DONE = 0
INVALID = 2

_WIDEST_VALUE = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``rolecall config``, beside those every command takes."""
    parser.add_argument(
        "action",
        choices=("show", "check", "schema"),
        help="show: effective settings with the origin of each; check: what is wrong; schema: JSON Schema",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace, caller: Caller, stdout: TextIO, stderr: TextIO) -> int:
    """Do what ``arguments.action`` says.

    Returns:
        The exit code: 0, or 2 where the configuration is invalid.
    """
    from rolecall.errors import ConfigurationInvalid  # noqa: PLC0415

    if arguments.action == "schema":
        return _schema(stdout)
    as_json = arguments.format == "json"
    try:
        roots = _roots(arguments, caller)
        if arguments.action == "check":
            return _check(caller, roots, stdout, as_json=as_json)
        return _show(caller, roots, stdout, stderr, as_json=as_json)
    except ConfigurationInvalid as error:
        stderr.write(f"{error.message}\n{error.hint}\n")
        return INVALID


def _roots(arguments: argparse.Namespace, caller: Caller) -> tuple[Path, ...]:
    from rolecall.workspace.folder import Workspace  # noqa: PLC0415

    folder: Path | None = arguments.workspace
    workspace = (
        Workspace.named(caller.cwd / folder) if folder else Workspace.default(caller.cwd, caller.home())
    )
    return workspace.roots


def _schema(stdout: TextIO) -> int:
    from rolecall.settings.schema import json_schema  # noqa: PLC0415

    _print_json(json_schema(), stdout)
    return DONE


def _check(caller: Caller, roots: Sequence[Path], stdout: TextIO, *, as_json: bool) -> int:
    from rolecall.settings import inspect  # noqa: PLC0415

    inspection = inspect(caller, roots=roots)
    problems = list(inspection.problems)
    warnings = [*inspection.warnings, *(inspection.loaded.withheld if inspection.loaded else ())]
    if as_json:
        _print_json({"valid": not problems, "problems": problems, "warnings": warnings}, stdout)
    else:
        lines = [*problems, *(f"warning: {warning}" for warning in warnings)]
        stdout.write("".join(f"{line}\n" for line in (lines if problems else [*lines, "ok"])))
    return INVALID if problems else DONE


def _show(caller: Caller, roots: Sequence[Path], stdout: TextIO, stderr: TextIO, *, as_json: bool) -> int:
    from rolecall.settings import load, masked  # noqa: PLC0415

    loaded = load(caller, roots=roots)
    shown = masked(loaded)
    if as_json:
        _print_json(shown, stdout)
    else:
        stdout.write(_table(shown))
    stderr.writelines(f"warning: {warning}\n" for warning in (*loaded.warnings, *loaded.withheld))
    return DONE


def _table(shown: dict[str, dict[str, Any]]) -> str:
    from rolecall.settings.masking import as_json, printable  # noqa: PLC0415

    rows = [
        (path, printable(as_json(entry["value"]), _WIDEST_VALUE), printable(entry["origin"], 500))
        for path, entry in shown.items()
    ]
    paths = max(len(path) for path, _, _ in rows)
    values = max(len(value) for _, value, _ in rows)
    return "".join(f"{path:<{paths}}  {value:<{values}}  {origin}\n" for path, value, origin in rows)


def _print_json(value: Any, stdout: TextIO) -> None:
    stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
