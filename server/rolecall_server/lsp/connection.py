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
)
ROLES_POLL_S = 1.0
"""Seconds between two looks at the role files; a saved change counts within 2 s (contract section 4)."""


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

    def tell_once(self, topic: str) -> bool:
        """Whether this is the first time a topic comes up."""
        first = topic not in self._told
        self._told.add(topic)
        return first

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
        if self._opening is not None:
            with suppress(Exception):
                self._former.append(await asyncio.shield(self._opening))
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
        session = await asyncio.to_thread(self._open_session)
        self.session, self.roles = session, session.roles
        self.documents.place_in(session.workspace, self.caller.cwd)
        if self._opened is not None:
            self._opened(session)
        self.report_settings()
        self.spawn(self._watch_roles(session), "roles")
        return session

    def report_settings(self) -> None:
        """Tell the user what is wrong with the settings; each problem once."""
        session = self.session
        if session is None:
            return
        warnings = [*self._misshapen_options(), *session.loaded.warnings]
        if warnings and self.tell_once("\n".join(warnings)):
            self.messages.log_warning("\n".join(warnings))
        problems = [str(problem) for problem in session.roles.problems()]
        if problems and self.tell_once("\n".join(problems)):
            self.messages.log_warning("\n".join(problems))
        problem = session.problem
        if problem is not None and self.tell_once(problem.message):
            self.messages.show_error(problem)

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

    def _open_session(self) -> Session:
        # Everything heavy is imported here, in one thread: the event loop must never import it half-way.
        for module in HEAVY_MODULES:
            importlib.import_module(module)
        return self.host.open_session(
            self.caller, roots=self.roots, editor=self.editor_settings(), buffers=self.documents
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

    async def _watch_roles(self, session: Session) -> None:
        while self.session is session:
            await asyncio.sleep(ROLES_POLL_S)
            if await asyncio.to_thread(session.roles.refresh):
                self.report_settings()


def _menu_parts(caller: Caller, roots: Sequence[Path]) -> tuple[RoleCatalog, Workspace]:
    from rolecall.roles import RoleCatalog  # noqa: PLC0415 - not before the handshake
    from rolecall.workspace.folder import Workspace  # noqa: PLC0415

    workspace = Workspace(roots) if roots else Workspace.default(caller.cwd, caller.home())
    return RoleCatalog(caller.config_folder() / "roles"), workspace


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
