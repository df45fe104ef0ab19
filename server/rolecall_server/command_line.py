"""The command line in full: parse, compose, start. Each command imports what it needs, when it runs."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rolecall._version import __version__
from rolecall.telemetry import do_without_rich

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.caller import Caller

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - it has no public name

DESCRIPTION = (
    "Five software roles on call in your editor: LSP code actions, MCP tools, and this command line."
)
EXIT_CODES = (
    "exit codes: 0 done, 1 internal error, 2 usage or configuration, 3 upstream failed, 4 breaker open, "
    "5 edits refused, 6 timed out, 130 cancelled, 143 terminated"
)

MCP_CLIENTS = ("claude-code", "codex", "gemini", "opencode", "vscode", "cursor", "zed")
"""The clients that ``mcp --print-config`` knows; here since ``--help`` imports no door."""


def main(argv: Sequence[str], *, alone: str | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: the command and its arguments.
        alone: why ``lsp`` or ``mcp`` cannot be served by the shared process, where that was tried.
    """
    do_without_rich()
    arguments = _parse(argv)
    arguments.alone = alone
    try:
        return int(arguments.handler(arguments))
    except KeyboardInterrupt:
        return 130


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    # argparse before Python 3.13 takes an optional positional for absent once an option stands before it.
    is_instruction = len(rest) == 1 and (rest == ["-"] or not rest[0].startswith("-"))
    if is_instruction and getattr(arguments, "instruction", "") is None:
        arguments.instruction, rest = rest[0], []
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rolecall", description=DESCRIPTION, epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"rolecall {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = _common_options()
    for add in (
        _add_lsp,
        _add_mcp,
        _add_run,
        _add_apply,
        _add_revert,
        _add_roles,
        _add_config,
        _add_doctor,
        _add_stats,
        _add_daemon,
    ):
        add(commands, common)
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("common options")
    group.add_argument("--config", type=Path, metavar="FILE", help="settings file instead of the user's")
    group.add_argument(
        "--workspace", type=Path, metavar="DIR", help="the project's folder (default: the current folder)"
    )
    group.add_argument(
        "--log-level",
        metavar="LEVEL",
        help="debug, info, warning or error; logs go to standard error or a file",
    )
    return common


def _add_lsp(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("lsp", parents=[common], help="language server on standard input and output")
    parser.add_argument("--tcp", metavar="HOST:PORT", help="listen on TCP instead, for debugging")
    parser.add_argument("--no-daemon", action="store_true", help="serve inside this very process")
    parser.set_defaults(handler=_lsp)


def _add_mcp(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("mcp", parents=[common], help="MCP server on standard input and output")
    parser.add_argument(
        "--http", metavar="HOST:PORT", help="serve streamable HTTP at /mcp instead; see docs/http.md"
    )
    parser.add_argument(
        "--print-config",
        choices=MCP_CLIENTS,
        metavar="CLIENT",
        help=f"print what to put into a client's settings: {', '.join(MCP_CLIENTS)}",
    )
    parser.add_argument("--no-daemon", action="store_true", help="serve inside this very process")
    parser.set_defaults(handler=_mcp)


def _add_run(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "run", parents=[common], help="run one role on the workspace", epilog=EXIT_CODES
    )
    parser.add_argument("role", metavar="ROLE", help="for example qa_engineer; see `rolecall roles`")
    parser.add_argument(
        "instruction",
        metavar="INSTRUCTION",
        nargs="?",
        help="what you want; - or absent: read from standard input",
    )
    parser.add_argument("--task", help="one of the role's tasks; see `rolecall roles ROLE`")
    parser.add_argument(
        "--file",
        dest="files",
        action="append",
        default=[],
        metavar="PATH[:START-END]",
        help="the file the work is about, perhaps some lines of it; further ones are given as context",
    )
    parser.add_argument("--model", help="ask this model")
    parser.add_argument("--no-stream", action="store_true", help="ask for the answer in one piece")
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="give up after so many seconds")
    parser.add_argument("--diff", action="store_true", help="print the edits as a diff (default)")
    parser.add_argument("--apply", action="store_true", help="write the edits")
    parser.add_argument("--yes", action="store_true", help="also confirm what needs confirmation")
    parser.add_argument("--format", choices=("text", "json", "stream-json"), default="text")
    parser.set_defaults(handler=_run)


def _add_apply(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "apply",
        parents=[common],
        help="turn a saved model answer into a diff, or into edits",
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "answer", metavar="ANSWER.md", nargs="?", help="the answer; - or absent: read from standard input"
    )
    parser.add_argument("--write", action="store_true", help="write the edits")
    parser.add_argument("--yes", action="store_true", help="also confirm what needs confirmation")
    parser.add_argument("--strict", action="store_true", help="treat suggestions as errors")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_apply)


def _add_revert(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "revert", parents=[common], help="take back what a task wrote; keep what was edited since"
    )
    parser.add_argument("task_id", metavar="TASK_ID")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_revert)


def _add_roles(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "roles", parents=[common], help="the roles and their tasks, or one role's prompt"
    )
    parser.add_argument("role", metavar="ROLE", nargs="?")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_roles)


def _add_config(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "config", parents=[common], help="effective settings, their validation, their schema"
    )
    parser.add_argument("action", choices=("show", "check", "schema"))
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_config)


def _add_doctor(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "doctor", parents=[common], help="say what would be used, what is wrong, and a remedy"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_doctor)


def _add_stats(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "stats", parents=[common], help="pool, breakers and metrics of the shared process"
    )
    parser.add_argument("--format", choices=("text", "json", "prometheus"), default="text")
    parser.set_defaults(handler=_stats)


def _add_daemon(commands: Commands, common: argparse.ArgumentParser) -> None:
    parser = commands.add_parser(
        "daemon", parents=[common], help="the process that editors and assistants share"
    )
    parser.add_argument("action", choices=("status", "stop"))
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(handler=_daemon)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return value


def _caller(arguments: argparse.Namespace, name: str) -> Caller:
    from rolecall.caller import Caller

    overrides = {"logging.level": arguments.log_level} if arguments.log_level else {}
    return Caller.here(name, config_file=arguments.config, overrides=overrides)


def _roots(arguments: argparse.Namespace) -> tuple[Path, ...]:
    """The folder ``--workspace`` names; a wrong one is a usage error."""
    folder: Path | None = arguments.workspace
    if folder is None:
        return ()
    if not os.path.isdir(folder):  # noqa: PTH112 - false for a name too long, where Path.is_dir raises
        sys.stderr.write(f"rolecall: --workspace {folder} is not a folder.\n")
        raise SystemExit(2)
    return (folder.absolute(),)


def _lsp(arguments: argparse.Namespace) -> int:
    caller, roots = _caller(arguments, "lsp"), _roots(arguments)
    if not arguments.no_daemon and not arguments.tcp:
        code = _shared(arguments, "lsp")
        if code is not None:
            return code
    from rolecall_server.lsp import command

    return command.run(caller, roots=roots, tcp=arguments.tcp, alone=arguments.alone or "--no-daemon")


def _mcp(arguments: argparse.Namespace) -> int:
    if arguments.print_config:
        return _print_config(arguments)
    caller, roots = _caller(arguments, "mcp"), _roots(arguments)
    if arguments.http is not None:
        from rolecall_server.mcp.http import command as http

        return http.run(caller, arguments.http, roots=roots)
    if not arguments.no_daemon:
        code = _shared(arguments, "mcp")
        if code is not None:
            return code
    # Imports make next to no garbage; looking for it takes an eighth of the time to the first answer.
    gc.disable()
    from rolecall_server.mcp import command

    gc.freeze()
    gc.enable()
    return command.run(caller, roots=roots, alone=arguments.alone or "--no-daemon")


def _print_config(arguments: argparse.Namespace) -> int:
    """The settings go to standard output, for a file; where they belong goes to standard error."""
    from rolecall_server.mcp import client_config

    roots = _roots(arguments)
    if arguments.http is not None:
        from rolecall_server.mcp.http.command import print_config

        return print_config(arguments.print_config, _caller(arguments, "mcp"), arguments.http, roots=roots)
    started = client_config.launch(
        os.environ,
        config=arguments.config,
        workspace=arguments.workspace,
        log_level=arguments.log_level,
    )
    found = client_config.setup(arguments.print_config, started)
    found.print()
    return 0


def _shared(arguments: argparse.Namespace, door: str) -> int | None:
    """Serve through the user's one daemon; None where this process has to serve by itself, which it says."""
    if arguments.alone is None and sys.platform == "win32":
        arguments.alone = "there is no shared process on Windows yet"
    elif arguments.alone is None:
        from rolecall_server.daemon import relay

        given = {"--config": arguments.config, "--workspace": arguments.workspace}
        options = {name: str(value) for name, value in given.items() if value is not None}
        if arguments.log_level:
            options["--log-level"] = arguments.log_level
        try:
            return relay.run(door, options)
        except relay.NotShared as reason:
            arguments.alone = str(reason)
    sys.stderr.write(f"rolecall: serving in this process alone: {arguments.alone}\n")
    return None


def _run(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import run

    return run.run(arguments, _caller(arguments, "cli"), _roots(arguments))


def _apply(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import apply

    return apply.run(arguments, _caller(arguments, "cli"), _roots(arguments))


def _revert(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import revert

    return revert.run(arguments, _caller(arguments, "cli"), _roots(arguments))


def _roles(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import roles

    return roles.run(arguments, _caller(arguments, "cli"))


def _config(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import config

    return config.run(arguments, _caller(arguments, "cli"))


def _doctor(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import doctor

    return doctor.run(arguments, _caller(arguments, "cli"), _roots(arguments))


def _stats(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import stats

    return stats.run(arguments, _caller(arguments, "cli"))


def _daemon(arguments: argparse.Namespace) -> int:
    from rolecall_server.headless import daemon

    return daemon.run(arguments, _caller(arguments, "cli"))
