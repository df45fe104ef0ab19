"""Files that other programs change: the client is asked to tell of them, where it can, and then looked at.

A client's word is only a hint: what counts is the disk, which is looked at now and then anyway
(:meth:`Connection.look`). So events are not read one by one, be they ten thousand, of odd URIs or of folders.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

ID: Final = "rolecall-files"
ANSWER_S: Final = 5.0
"""Seconds a client may take to answer; some never do."""

_GLOB_SIGNS: Final = re.compile(r"[*?\[\]{},!\\]")


class Watching:
    """What one client watches for us.

    Args:
        connection: the client.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._registered: list[Json] = []
        self._number = 0
        self._registering = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._again = False

    async def update(self) -> None:
        """Have the client watch the files that count now, where it can be asked and does not do so yet."""
        client = self._connection.client
        if not client.registers_watched_files:
            return
        async with self._registering:
            # Clients without relative patterns would watch every folder for each of them.
            files = self._files() if client.relative_patterns else iter(())
            wanted = (
                [*_relative(files)] if client.relative_patterns else [{"globPattern": "**/.rolecall.yaml"}]
            )
            if wanted != self._registered:
                self._registered = wanted
                with suppress(JsonRpcException, TimeoutError):
                    async with asyncio.timeout(ANSWER_S):
                        await self._register(wanted)

    def told(self) -> None:
        """The client told of changes. Those of a burst cost one look, or one more where one is under way."""
        self._again = True
        if self._looking is None or self._looking.done():
            self._looking = self._connection.spawn(self._look(), "look")

    async def _look(self) -> None:
        while self._again:
            self._again = False
            await self._connection.look()

    def _files(self) -> Iterator[Path]:
        session = self._connection.session
        if session is None:
            return
        from rolecall.settings import settings_files  # noqa: PLC0415 - imported by the session's opening

        yield from settings_files(session.caller, session.workspace.roots)
        yield session.caller.config_folder() / "roles" / "*.md"
        yield from self._connection.findings.locations()

    async def _register(self, wanted: list[Json]) -> None:
        """Register anew, then take back what was registered before: nothing is missed in between."""
        protocol, method = self._connection.server.protocol, types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        former, self._number = f"{ID}-{self._number}", self._number + 1
        new = {
            "id": f"{ID}-{self._number}",
            "method": method,
            "registerOptions": {"watchers": wanted},
        }
        await protocol.ask(types.CLIENT_REGISTER_CAPABILITY, {"registrations": [new]})
        if self._number > 1:
            # "unregisterations" is how the protocol spells it.
            away = {"unregisterations": [{"id": former, "method": method}]}
            await protocol.ask(types.CLIENT_UNREGISTER_CAPABILITY, away)


def register(connection: Connection) -> None:
    """Take word of changed files."""

    @connection.server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(_: Any) -> None:
        connection.watching.told()


def _relative(files: Iterable[Path]) -> Iterator[Json]:
    """A pattern for each file, relative to its own folder, so that no other is watched for it."""
    for path in dict.fromkeys(files):
        if path.parent.is_dir():  # clients stumble over folders that are not there
            name = path.name if path.name == "*.md" else _GLOB_SIGNS.sub("?", path.name)
            yield {"globPattern": {"baseUri": path.parent.as_uri(), "pattern": name}}
