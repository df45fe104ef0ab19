"""From ``initialize`` to work: who the client is, what it can do, where its workspace is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from rolecall._version import __version__
from rolecall_server.lsp import configuration
from rolecall_server.lsp.client import ClientProfile
from rolecall_server.lsp.documents import is_file
from rolecall_server.lsp.parent import is_watchable
from rolecall_server.lsp.shapes import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rolecall_server.lsp.connection import Connection

ACTION_KINDS = ["quickfix.rolecall", "refactor.rolecall", "source.rolecall"]
COMMANDS = [
    "rolecall.run",
    "rolecall.cancel",
    "rolecall.apply",
    "rolecall.discard",
    "rolecall.revert",
    "rolecall.result",
    "rolecall.tasks",
    "rolecall.status",
]
SCHEME = "rolecall"
"""Scheme of the read-only documents that finished answers are shown as."""


def register(connection: Connection) -> None:
    """Take the handshake."""
    server = connection.server

    @server.feature(types.INITIALIZE)
    def initialize(params: dict[str, Any]) -> dict[str, Any]:
        connection.client = ClientProfile.of(params.get("capabilities"))
        connection.documents.encoding = connection.client.encoding
        connection.roots = tuple(roots_of(params)) or connection.roots
        process_id = params.get("processId")
        if isinstance(process_id, int) and is_watchable(process_id):
            connection.process_id = process_id
        _take_options(connection, params.get("initializationOptions"))
        return {
            "capabilities": server_capabilities(connection.client),
            "serverInfo": {"name": "rolecall", "version": __version__},
        }

    @server.feature(types.INITIALIZED)
    async def initialized(_: Any) -> None:
        connection.open()
        await configuration.register_for_changes(connection)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        removed = set(_paths(folder.uri for folder in params.event.removed))
        added = _paths(folder.uri for folder in params.event.added)
        kept = [root for root in connection.roots if root not in removed]
        connection.roots = tuple(dict.fromkeys([*kept, *added]))
        await connection.reopen()


def roots_of(params: dict[str, Any]) -> list[Path]:
    """The workspace folders a client names: the list, else the root URI, else the root path."""
    folders = params.get("workspaceFolders")
    uris = [folder.get("uri") for folder in folders if is_object(folder)] if is_list(folders) else []
    found = _paths(uri for uri in uris if isinstance(uri, str))
    if found:
        return found
    root_uri, root_path = params.get("rootUri"), params.get("rootPath")
    if isinstance(root_uri, str) and (found := _paths([root_uri])):
        return found
    return [Path(root_path)] if isinstance(root_path, str) and Path(root_path).is_absolute() else []


def server_capabilities(client: ClientProfile) -> dict[str, Any]:
    """What the server offers this client."""
    workspace: dict[str, Any] = {"workspaceFolders": {"supported": True, "changeNotifications": True}}
    if client.text_document_content:
        workspace["textDocumentContent"] = {"schemes": [SCHEME]}
    return {
        "positionEncoding": client.encoding,
        "textDocumentSync": {"openClose": True, "change": types.TextDocumentSyncKind.Incremental.value},
        "codeActionProvider": {"codeActionKinds": ACTION_KINDS, "resolveProvider": True},
        "executeCommandProvider": {"commands": COMMANDS, "workDoneProgress": True},
        "workspace": workspace,
    }


def _take_options(connection: Connection, options: Any) -> None:
    """Keep what was sent; what has the wrong shape is told about once the client can be told."""
    if options is not None and not is_object(options):
        connection.misshapen["initializationOptions"] = (options, "an object with settings")
    settings = dict(options) if is_object(options) else {}
    connection.events = _switch(connection, "events", settings.pop("events", None), default=False)
    connection.wait = _switch(connection, "wait", settings.pop("wait", None), default=True)
    connection.options = settings


def _switch(connection: Connection, name: str, value: Any, *, default: bool) -> bool:
    if isinstance(value, bool):
        return value
    if value is not None:
        connection.misshapen[name] = (value, "true or false")
    return default


def _paths(uris: Iterable[str]) -> list[Path]:
    """The folders that file URIs of this machine name; others are left out."""
    return [Path(unquote(urlsplit(uri).path)) for uri in uris if is_file(uri)]
