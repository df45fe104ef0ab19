"""What the handlers of one client share: its session, opened in the background, and what it can do."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rolecall.errors import RolecallError
from rolecall_server.lsp.client import ClientProfile
from rolecall_server.lsp.configuration import fetch_section
from rolecall_server.lsp.documents import OpenDocuments
from rolecall_server.lsp.findings import Findings
from rolecall_server.lsp.messages import Messages
from rolecall_server.lsp.shapes import is_object
from rolecall_server.lsp.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.roles import RoleCatalog
    from rolecall.session import Session
    from rolecall.tasks import Task
    from rolecall.workspace.folder import Workspace
    from rolecall_server.host import Host
    from rolecall_server.lsp.progress import Progress
    from rolecall_server.lsp.server import RolecallServer

CLOSING_S = 1.0
"""Seconds a client that went away keeps its connection's clean-up waiting."""

HEAVY_MODULES = (
    "rolecall.runtime",
    "rolecall.status",
    "rolecall_server.lsp.running",
    "rolecall_server.lsp.reverting",
    "rolecall_server.lsp.symbols",
)
POLL_S = 1.0
"""Seconds between two looks at the files of roles, settings and findings, whether the client tells of changes
or not; a saved role counts within 2 s (contract section 4)."""


class Connection:
    """One client of the LSP door.

    Args:
        server: the server object of this connection.
        host: the process's shared state.
        caller: the client's surroundings.
        roots: workspace folders for a client that names none; empty for its current folder.
        opened: called with the session once it is open.

    Attributes:
        client: what the client declared.
        findings: the diagnostics it shows.
        watching: the files it watches for us.
        roots: its workspace folders.
        options: settings from ``initializationOptions``, without the two switches below.
        events: the client wants ``rolecall/event``.
        wait: ``rolecall.run`` answers with the finished result.
        misshapen: which options cannot be taken, with the value and what it must be.
        process_id: the client's process, where it told it and it can be watched.
        progress: what is shown, by token, for ``window/workDoneProgress/cancel``.
        roles: the roles on call, as soon as they were read.
    """

    def __init__(
        self,
        server: RolecallServer,
        host: Host,
        caller: Caller,
        roots: Sequence[Path] = (),
        opened: Callable[[Session], None] | None = None,
    ) -> None:
        self.server = server
        self.host = host
        self.caller = caller
        self.client = ClientProfile()
        self.documents = OpenDocuments()
        self.findings = Findings(self)
        self.messages = Messages(server)
        self.watching = Watching(self)
        self.roots = tuple(roots)
        self.options: Mapping[str, Any] = {}
        self.section: Mapping[str, Any] = {}
        self.events = False
        self.wait = True
        self.misshapen: dict[str, tuple[Any, str]] = {}
        self.process_id: int | None = None
        self.progress: dict[str | int, Progress] = {}
        self.roles: RoleCatalog | None = None
        self.session: Session | None = None
        self._opened = opened
        self._former: list[Session] = []
        self._reading: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[Session] | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._told: set[str] = set()
        self._last_told: dict[str, str] = {}
        self._reopening = asyncio.Lock()
        self._served_roots: tuple[Path, ...] | None = None
        self._looking = asyncio.Lock()

    def editor_settings(self) -> dict[str, Any]:
        """What the editor sets: its configuration section over its initialization options."""
        return _without_nulls(_merged(self.options, self.section))

    def spawn(self, work: Any, name: str) -> asyncio.Task[Any]:
        """Do something in the background; it ends with the connection."""
        task: asyncio.Task[Any] = asyncio.create_task(work, name=f"rolecall-lsp-{name}")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def roles_known(self) -> RoleCatalog:
        """The roles on call, waiting for them where they are still being read."""
        await asyncio.shield(self._read_roles())
        assert self.roles is not None
        return self.roles

    def open(self) -> None:
        """Start opening the session, unless that was done."""
        if self._opening is None or (self._opening.done() and self.session is None):
            self._opening = self.spawn(self._open(), "open")

    @property
    def is_opening(self) -> bool:
        """Whether the session is on its way."""
        return self._opening is not None and not self._opening.done()

    async def ready(self) -> Session:
        """The session, waiting for it where it is still being opened."""
        if self.session is None:
            self.open()
            assert self._opening is not None
            # Shielded: whoever waits may be cancelled, the session is for all.
            return await asyncio.shield(self._opening)
        return self.session

    def workspace(self) -> Workspace:
        """The folders as the client named them last; a session of theirs may still be on its way."""
        return _workspace(self.caller, self.roots)

    def tell_once(self, topic: str) -> bool:
        """Whether this is the first time a topic comes up."""
        first = topic not in self._told
        self._told.add(topic)
        return first

    def _is_news(self, topic: str, text: str) -> bool:
        """Whether there is something to tell of a topic that was not told last."""
        former, self._last_told[topic] = self._last_told.get(topic), text
        return bool(text) and text != former

    def task(self, task_id: str) -> tuple[Session, Task]:
        """A task this client may see, and the session it belongs to.

        Raises:
            ConfigurationInvalid: there is none.
        """
        assert self.session is not None
        tasks = self.host.runtime.tasks
        for former in self._former:
            with suppress(RolecallError):
                return former, tasks.get(task_id, former)
        return self.session, tasks.get(task_id, self.session)

    async def reopen(self) -> None:
        """The workspace folders changed: a new session. What runs in the old one goes on."""
        async with self._reopening:
            if self._opening is not None:
                with suppress(Exception):
                    former = await asyncio.shield(self._opening)
                    if self._served_roots == self.roots:
                        return  # several changes were told of at once
                    self._former.append(former)
            self.session, self._opening = None, None
            await self.ready()

    async def close(self) -> None:
        """The client went away: everything it had running ends."""
        for task in list(self._background):
            task.cancel()
        await self.server.protocol.close()
        sessions = [*self._former, *([self.session] if self.session else [])]
        ending = asyncio.gather(*(self.host.close_session(session) for session in sessions))
        with suppress(TimeoutError):
            await asyncio.wait_for(ending, CLOSING_S)

    async def _open(self) -> Session:
        await asyncio.shield(self._read_roles())
        await self._fetch_section()
        self._served_roots = roots = self.roots
        session = await asyncio.to_thread(self._open_session, roots)
        self.session, self.roles = session, session.roles
        self.documents.place_in(session.workspace, self.caller.cwd)
        if self._opened is not None:
            self._opened(session)
        self.report_settings()
        self.spawn(self._watch(session), "watch")
        self.spawn(self.watching.update(), "watch files")
        return session

    def report_settings(self) -> None:
        """Tell the user what is wrong with settings and roles, once; again where it came back."""
        session = self.session
        if session is None:
            return
        warnings = "\n".join([*self._misshapen_options(), *session.loaded.warnings])
        if self._is_news("warnings", warnings):
            self.messages.log_warning(warnings)
        problems = "\n".join(str(problem) for problem in session.roles.problems())
        if self._is_news("roles", problems):
            self.messages.log_warning(problems)
        unread = "\n".join(session.loaded.unread)
        if self._is_news("unread", unread):
            self.messages.show_warning(f"{unread}. Until it is mended, nothing new in it counts.")
        mistake = session.mistake
        if self._is_news("mistake", mistake.message if mistake else "") and mistake is not None:
            self.messages.show_error(mistake)

    def _misshapen_options(self) -> list[str]:
        from rolecall.settings.masking import quoted  # noqa: PLC0415 - not before the handshake

        return [
            f"the editor's settings: {name} = {quoted(value)}: must be {allowed}; ignored"
            for name, (value, allowed) in self.misshapen.items()
        ]

    def _read_roles(self) -> asyncio.Task[None]:
        """Start reading what code actions need, unless that was done."""
        if self._reading is None or (self._reading.done() and self.roles is None):
            self._reading = self.spawn(self._prepare_menu(), "roles")
        return self._reading

    async def _prepare_menu(self) -> None:
        """Roles, and where documents are. Light, unlike a session."""
        roles, workspace = await asyncio.to_thread(_menu_parts, self.caller, self.roots)
        self.documents.place_in(workspace, self.caller.cwd)
        self.roles = roles

    def _open_session(self, roots: Sequence[Path]) -> Session:
        # Everything heavy is imported here, in one thread: the event loop must never import it half-way.
        for module in HEAVY_MODULES:
            importlib.import_module(module)
        buffers = self.documents.seen_from(_workspace(self.caller, roots))
        return self.host.open_session(
            self.caller, roots=roots, editor=self.editor_settings(), buffers=buffers
        )

    async def configure(self) -> None:
        """The editor's settings changed: read them again."""
        session = await self.ready()
        await self._fetch_section()
        await asyncio.to_thread(session.configure, self.editor_settings())
        self.report_settings()

    async def _fetch_section(self) -> None:
        section = await fetch_section(self)
        if section is not None:
            self.section = section

    async def look(self) -> None:
        """Take up what was saved by others: roles, settings, files that findings are shown for."""
        session = self.session
        if session is None:
            return
        async with self._looking:
            changed = [
                await asyncio.to_thread(refresh) for refresh in (session.roles.refresh, session.refresh)
            ]
            await self.findings.look()
        if any(changed):
            self.report_settings()

    async def _watch(self, session: Session) -> None:
        while self.session is session:
            await asyncio.sleep(POLL_S)
            await self.look()


def _menu_parts(caller: Caller, roots: Sequence[Path]) -> tuple[RoleCatalog, Workspace]:
    from rolecall.roles import RoleCatalog  # noqa: PLC0415 - not before the handshake

    return RoleCatalog(caller.config_folder() / "roles"), _workspace(caller, roots)


def _workspace(caller: Caller, roots: Sequence[Path]) -> Workspace:
    from rolecall.workspace.folder import Workspace  # noqa: PLC0415 - not before the handshake

    return Workspace(roots) if roots else Workspace.default(caller.cwd, caller.home())


def _without_nulls(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Editors send null for what their user did not set."""
    return {
        key: _without_nulls(value) if is_object(value) else value
        for key, value in settings.items()
        if value is not None
    }


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if is_object(under) and is_object(value) else value
    return merged
