"""The command: an editor's or assistant's server goes straight to its relay, all else is parsed at length.

Nothing heavy is imported here. A relay is started with every editor and every assistant, and each module it
does without is time its client does not wait: not even ``argparse``, ``pathlib`` or ``typing``.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # typing's own costs 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN_OPTIONS = ("--config", "--workspace", "--log-level")
"""What a relay may be started with; anything else is the full parser's."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: the command and its arguments; None for those this process was started with.
    """
    if argv is None:
        # Whatever is under way later has its own way to end; until then there is nothing to end in order.
        signal.signal(signal.SIGTERM, _leave)
        _open_standard_streams()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        return 130


def _leave(_number: int, _frame: object) -> None:
    os._exit(143)


def _open_standard_streams() -> None:
    """A descriptor below 3 that was closed must not become a socket of ours, nor its stream be missing."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, open(descriptor, mode, closefd=False))  # noqa: SIM115 - it stays open


def _run(arguments: list[str]) -> int:
    alone: str | None = None
    options = _relayed(arguments)
    if options is not None:
        from rolecall_server.daemon import relay

        try:
            return relay.run(arguments[0], options)
        except relay.NotShared as reason:
            alone = str(reason)
    from rolecall_server import command_line

    return command_line.main(arguments, alone=alone)


def _relayed(arguments: list[str]) -> dict[str, str] | None:
    """The options of ``rolecall lsp`` or ``rolecall mcp``, where they are all plain; else None."""
    if sys.platform == "win32" or not arguments or arguments[0] not in {"lsp", "mcp"}:
        return None
    options: dict[str, str] = {}
    rest = iter(arguments[1:])
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name not in PLAIN_OPTIONS:
            return None
        if not equals:
            value = next(rest, "-")
            if value.startswith("-"):
                return None
        options[name] = value
    # A wrong folder is a usage error, which the full parser explains.
    return options if os.path.isdir(options.get("--workspace", ".")) else None


if __name__ == "__main__":
    sys.exit(main())
