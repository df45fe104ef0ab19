"""The server object of one connection, composed from one file per concern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cattrs import Converter
from lsprotocol.converters import get_converter
from pygls.lsp.server import LanguageServer

from rolecall._version import __version__
from rolecall_server.lsp import (
    code_actions,
    commands,
    configuration,
    content,
    documents,
    lifecycle,
    progress,
    watching,
)
from rolecall_server.lsp.connection import Connection
from rolecall_server.lsp.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.session import Session
    from rolecall_server.host import Host


class RolecallServer(LanguageServer):
    """One client's language server. Make one per connection: pygls keeps one writer per object.

    Attributes:
        connection: what its handlers share.
    """

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride] - set once, by the base class

    def __init__(
        self,
        host: Host,
        caller: Caller,
        roots: Sequence[Path] = (),
        opened: Callable[[Session], None] | None = None,
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - *args
            "rolecall", __version__, protocol_cls=Protocol, converter_factory=_converter
        )
        self.connection = Connection(self, host, caller, roots, opened)


def _converter() -> Converter:
    """Stops at the first fault: to list all in a long message would keep the loop for half a minute."""
    return get_converter(Converter(detailed_validation=False))


def create_server(
    host: Host,
    caller: Caller,
    *,
    roots: Sequence[Path] = (),
    opened: Callable[[Session], None] | None = None,
) -> RolecallServer:
    """A server object for one connection.

    Args:
        host: the process's shared state.
        caller: the client's surroundings.
        roots: workspace folders for a client that names none.
        opened: called with the session once it is open.
    """
    server = RolecallServer(host, caller, roots, opened)
    for concern in (lifecycle, configuration, documents, code_actions, commands, progress, content, watching):
        concern.register(server.connection)
    return server
