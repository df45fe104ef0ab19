"""A fake editor: a real LSP client that keeps buffers, applies edits as real editors do, and records all it gets."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClient, register_lsp_features

from fakes.command import Surroundings
from fakes.lsp_model import ModelCheck
from fakes.lsp_profiles import converter
from fakes.lsp_wire import Wire

UNITS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}


@dataclass
class OpenFile:
    version: int
    text: str


@dataclass
class Editor:
    """One editor with one workspace.

    Attributes:
        profile: the capabilities it declares.
        answers: to ``window/showMessageRequest``, in order; None dismisses.
        opens: whether files that an edit creates or changes become open documents (VS Code), or hidden
            buffers that the server never hears of and that are not on disk (Neovim).
        accepts: whether the user accepts a preview, for edits with ``needsConfirmation``.
        honest: whether a refused preview is reported as not applied.
        tells: whether changes of files that an edit opened are told; eglot waits until somebody types.
        works: whether edits are carried out at all; else it only says so.
        before_apply: called before an edit is applied: somebody types at that moment.
        holding: an edit is carried out and answered only once this is set.
        holding_answer: an edit is answered only once this is set.
        progress: what was reported, by token.
        reported: monotonic seconds of each report.
        wire: every message, both ways.
        model: holds every message of the server against the meta model.
    """

    surroundings: Surroundings
    folder: Path
    profile: dict[str, Any]
    answers: deque[str | None] = field(default_factory=deque)
    opens: bool = True
    accepts: bool = True
    honest: bool = True
    tells: bool = True
    works: bool = True
    before_apply: Callable[[], None] | None = None
    holding: asyncio.Event | None = None
    holding_answer: asyncio.Event | None = None
    edits: list[types.WorkspaceEdit] = field(default_factory=list)
    questions: list[types.ShowMessageRequestParams] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    files: dict[str, OpenFile] = field(default_factory=dict)
    progress: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reported: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    wire: Wire = field(default_factory=Wire)
    model: ModelCheck = field(default_factory=ModelCheck)
    client: LanguageClient = field(init=False)
    initialized: types.InitializeResult = field(init=False)

    async def start(self, *, options: dict[str, Any] | None = None, **params: Any) -> Editor:
        """Start the server and shake hands; ``params`` are further members of ``initialize``."""
        self.client = LanguageClient(converter_factory=converter)
        watch(self.client.protocol, self.model, self.wire)
        own = {types.PROGRESS, types.WINDOW_SHOW_MESSAGE, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS}
        register_lsp_features(
            self.client, {name: take for name, take in DEFAULT_CLIENT_FEATURES.items() if name not in own}
        )
        self._register()
        self._register_diagnostics()
        self._register_registrations()
        await self.client.start_io(
            *self.surroundings.server("lsp"),
            env=self.surroundings.environment,
            cwd=self.surroundings.folder,
        )
        made = converter()
        params.setdefault("workspace_folders", [workspace_folder(self.folder)])
        self.initialized = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=made.structure(self.profile, types.ClientCapabilities),
                initialization_options=options,
                **params,
            )
        )
        return self

    async def stop(self) -> int:
        """End the server as the protocol says; returns its exit code."""
        await self.client.shutdown_session()
        assert self.client._server is not None
        code = await self.client._server.wait()
        await self.client.stop()
        return code

    @property
    def encoding(self) -> str:
        return types.PositionEncodingKind(self.initialized.capabilities.position_encoding or "utf-16").value

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    def open(self, path: str, text: str | None = None, language: str = "python") -> str:
        """Open a file; its text is the disk's unless it is given."""
        text = (self.folder / path).read_text() if text is None else text
        uri = self.uri(path)
        self.files[uri] = OpenFile(1, text)
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, text))
        )
        return uri

    def close(self, uri: str) -> None:
        """The user closes a document; what was not saved is gone."""
        del self.files[uri]
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    def type(self, uri: str, text: str) -> None:
        """The user replaces a document's whole text."""
        file = self.files[uri]
        file.version, file.text = file.version + 1, text
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(file.version, uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def actions(
        self, uri: str, start: tuple[int, int], end: tuple[int, int] | None = None, **context: Any
    ) -> list[Any]:
        """Ask for code actions."""
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                types.Range(types.Position(*start), types.Position(*(end or start))),
                types.CodeActionContext(diagnostics=context.pop("diagnostics", []), **context),
            )
        )
        return list(found or [])

    async def command(self, name: str, argument: Any = None, token: str | None = None) -> Any:
        """Execute a command with its one object argument."""
        return plain(
            await self.client.workspace_execute_command_async(
                types.ExecuteCommandParams(
                    name, [] if argument is None else [argument], work_done_token=token
                )
            )
        )

    async def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        """Wait until something the server sends makes the condition true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.news.clear()
                await self.news.wait()

    def texts(self) -> list[str]:
        """The messages shown so far."""
        return [message.message for message in self.client.messages]

    def _register(self) -> None:
        client = self.client

        @client.feature(types.WORKSPACE_APPLY_EDIT)
        async def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.edits.append(params.edit)
            self.news.set()
            if self.holding is not None:
                await self.holding.wait()
            result = self._apply(params.edit)
            if self.holding_answer is not None:
                await self.holding_answer.wait()
            return result

        @client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
        async def question(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            self.questions.append(params)
            self.news.set()
            if not self.answers:
                await asyncio.Event().wait()
            chosen = self.answers.popleft()
            return None if chosen is None else types.MessageActionItem(chosen)

        @client.feature(types.PROGRESS)
        def progress(params: types.ProgressParams) -> None:
            self.progress.setdefault(str(params.token), []).append(plain(params.value))
            self.reported.append(time.monotonic())
            self.news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def message(params: types.ShowMessageParams) -> None:
            self.client.messages.append(params)
            self.news.set()

        @client.feature("rolecall/event")
        def event(params: Any) -> None:
            self.events.append(plain(params))

    def _register_registrations(self) -> None:
        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(_: types.RegistrationParams) -> None:
            self.news.set()

        @self.client.feature(types.CLIENT_UNREGISTER_CAPABILITY)
        def unregistered(_: types.UnregistrationParams) -> None:
            self.news.set()

    def _register_diagnostics(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def diagnostics(params: types.PublishDiagnosticsParams) -> None:
            self.client.diagnostics[params.uri] = params.diagnostics
            self.news.set()

    def _apply(self, edit: types.WorkspaceEdit) -> types.ApplyWorkspaceEditResult:
        if not self.works:
            return types.ApplyWorkspaceEditResult(applied=True)
        if self.before_apply is not None:
            typing, self.before_apply = self.before_apply, None
            typing()
        asks = any(one.needs_confirmation for one in (edit.change_annotations or {}).values())
        if asks and not self.accepts:
            return types.ApplyWorkspaceEditResult(applied=not self.honest)
        changes = edit.document_changes
        if changes is None:
            for uri, edits in (edit.changes or {}).items():
                self._change(uri, edits)
            return types.ApplyWorkspaceEditResult(applied=True)
        for change in changes:
            if isinstance(change, types.TextDocumentEdit) and not self._is_current(change.text_document):
                return types.ApplyWorkspaceEditResult(applied=False)
        for change in changes:
            self._carry_out(change)
        return types.ApplyWorkspaceEditResult(applied=True)

    def _is_current(self, document: types.OptionalVersionedTextDocumentIdentifier) -> bool:
        file = self.files.get(document.uri)
        return document.version is None or (file is not None and file.version == document.version)

    def _carry_out(self, change: Any) -> None:
        match change:
            case types.TextDocumentEdit():
                self._change(change.text_document.uri, change.edits)
            case types.CreateFile():
                if self.opens:
                    path_of(change.uri).parent.mkdir(parents=True, exist_ok=True)
                    path_of(change.uri).touch()
                self.hidden[change.uri] = ""
            case types.DeleteFile():
                path_of(change.uri).unlink()
                if change.uri in self.files:
                    self.close(change.uri)
            case types.RenameFile():
                path_of(change.old_uri).rename(path_of(change.new_uri))

    def _change(self, uri: str, edits: Any) -> None:
        if uri in self.files:
            self.type(uri, edited(self.files[uri].text, edits, self.encoding))
            return
        path = path_of(uri)
        before = self.hidden.get(uri) or (path.read_text() if path.exists() else "")
        text = edited(before, edits, self.encoding)
        self.hidden[uri] = text
        if self.opens:
            told = text if self.tells else before
            self.files[uri] = OpenFile(1, text)
            self.client.text_document_did_open(
                types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, told))
            )


def watch(protocol: Any, model: ModelCheck, wire: Wire) -> None:
    """Keep all that comes and goes, and show it to the model check."""
    structure, send = protocol.structure_message, protocol._send_data

    def structured(data: dict[str, Any]) -> Any:
        if "jsonrpc" in data:
            # What is nested was structured before; here nothing nested is a message.
            wire.add("got", json.loads(json.dumps(data, default=plain)))
            model.received(data)
        return structure(data)

    def sent(data: Any) -> None:
        message = json.loads(json.dumps(data, default=protocol._serialize_message))
        wire.add("sent", message)
        model.sent(message)
        send(data)

    protocol.structure_message, protocol._send_data = structured, sent


def edited(text: str, edits: Any, encoding: str) -> str:
    """A text after LSP text edits, computed the plain way: from the last to the first."""
    lines = text.split("\n")

    def offset(position: types.Position) -> int:
        if position.line >= len(lines):
            return len(text)
        line, index = lines[position.line], 0
        while index < len(line) and UNITS[encoding](line[:index]) < position.character:
            index += 1
        return sum(len(one) + 1 for one in lines[: position.line]) + index

    spans = sorted(((offset(e.range.start), offset(e.range.end), e.new_text) for e in edits), reverse=True)
    for start, end, new in spans:
        text = text[:start] + new + text[end:]
    return text


def workspace_folder(path: Path) -> types.WorkspaceFolder:
    """A root as an editor names it."""
    return types.WorkspaceFolder(path.as_uri(), path.name)


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def plain(value: Any) -> Any:
    """Pygls's named tuples as JSON values."""
    if hasattr(value, "_asdict"):
        return {name: plain(member) for name, member in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
