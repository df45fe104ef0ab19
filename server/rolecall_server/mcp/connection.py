"""One client of the MCP door: its session, opened when first needed, and what it may see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError

from rolecall.errors import RolecallError
from rolecall.roles import RoleCatalog
from rolecall_server.mcp.subscriptions import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp.server.context import ServerRequestContext
    from mcp.server.session import ServerSession

    from rolecall.caller import Caller
    from rolecall.roles import Role
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall_server.host import Host
    from rolecall_server.mcp.http_calls import HttpCalls

WITHOUT_PROGRESS_S = 50.0
"""Longest call of a client that sent no ``progressToken``: such clients give up after 60 s."""

ROOTS_S = 2.0
"""Longest wait for a client to name its folders."""


class Connection:
    """What the handlers of one client share.

    Args:
        host: the process's shared state.
        caller: the client's surroundings.
        roots: its workspace folders; empty for its current folder.
        opened: called with its session once it is open.
        user: whose requests these are, where users do not see each other's tasks.
        http: the user's calls, where each comes in a request of its own; None on a connection.

    Attributes:
        back_channel: tells a client of the handshake era that lists changed; None before its handshake.
        listed: the roles as clients last heard of them; None before one asked, or could be told.
        watched: the resources that clients subscribed to.
    """

    def __init__(
        self,
        host: Host,
        caller: Caller,
        roots: Sequence[Path] = (),
        *,
        opened: Callable[[Session], None] = lambda _: None,
        user: str = "",
        http: HttpCalls | None = None,
    ) -> None:
        self.host = host
        self.caller = caller
        self.back_channel: ServerSession | None = None
        self.listed: list[Role] | None = None
        self.watched = Watched(self)
        self.http = http
        self._user = user
        self._roots_named = bool(roots)
        self._roots = tuple(roots)
        self._opened = opened
        self._asking: anyio.Event | None = None
        self._session: Session | None = None
        self._catalog: RoleCatalog | None = None
        self._last_told = ""

    @property
    def runtime(self) -> Runtime:
        """The process-wide state."""
        return self.host.runtime

    @property
    def session(self) -> Session:
        """The client's session; opened at the first use, since its imports would delay the handshake.

        Raises:
            RolecallError: it cannot be opened.
        """
        if self._session is None:
            self._session = self.host.open_session(self.caller, roots=self._roots, user=self._user)
            self._opened(self._session)
        return self._session

    async def take_roots(self, client: ServerSession) -> None:
        """Ask a client of the handshake era for its folders, where it offers them and none were named.

        Assistants that are no editor of one project start their servers anywhere, the home folder included.
        """
        offered = types.ClientCapabilities(roots=types.RootsCapability())
        if self._roots_named or not client.check_client_capability(offered):
            return
        self._asking = anyio.Event()
        try:
            with anyio.move_on_after(ROOTS_S):
                answer = await client.send_request(types.ListRootsRequest(), types.ListRootsResult)
                await self._move_to([str(root.uri) for root in answer.roots])
        except MCPError:
            pass  # it offered what it does not have: the current folder it is
        finally:
            self._asking.set()

    async def settled(self) -> None:
        """Wait until it is known which folders the client works in."""
        if self._asking is not None:
            await self._asking.wait()

    def ready(self) -> Session:
        """The session, where its settings are valid.

        Raises:
            ConfigurationInvalid: they are not; what every call is answered with.
        """
        session = self.session
        session.ready()
        return session

    def notice(self) -> str:
        """What is wrong with settings saved meanwhile, for the next result; empty where that was told."""
        told, problems = self._last_told, "\n".join(self.session.unheeded)
        self._last_told = problems
        if not problems or problems == told:
            return ""
        return f"Settings problem; what was read before holds until it is mended: {problems}"

    def roles(self) -> list[Role]:
        """The roles at this moment, a saved change of their files included."""
        catalog = self._roles_on_call()
        catalog.refresh()
        return catalog.roles()

    def roles_to_list(self) -> list[Role]:
        """The roles, for a list the client keeps until it is told of a change.

        What one client of a user asks does not make the others know of a change, over HTTP.
        """
        roles = self.roles()
        if self.listed is None:
            self.listed = roles
        return roles

    def role(self, role_id: str) -> Role:
        """The role of that id.

        Raises:
            ConfigurationInvalid: there is none; the hint names the nearest and lists all.
        """
        return self._roles_on_call().get(role_id)

    def exposes(self, tool: str) -> bool:
        """Whether ``mcp.tools`` lets the client see this tool."""
        try:
            chosen = self.session.settings.mcp.tools
        except RolecallError:
            return True
        return chosen is None or tool in chosen

    def deadline_s(self, context: ServerRequestContext[Connection, Any]) -> float:
        """Seconds after which a call is answered with what there is."""
        limit = self.session.settings.mcp.call_deadline_s
        told = context.meta is not None and "progress_token" in context.meta
        return limit if told else min(limit, WITHOUT_PROGRESS_S)

    async def aclose(self) -> None:
        """The client went away: end what it had running."""
        if self.http is not None:
            self.http.close()
        if self._session is not None:
            await self.host.close_session(self._session)

    async def _move_to(self, uris: Sequence[str]) -> None:
        paths = [Path(unquote(urlsplit(uri).path)) for uri in uris if uri.startswith("file://")]
        folders = tuple(path for path in paths if path.is_dir())
        # None is left of those it had: it is where it started, and no longer in what was closed.
        if folders != self._roots:
            self._roots = folders
            await self.aclose()
            self._session = None

    def _roles_on_call(self) -> RoleCatalog:
        # Known even where no session can be opened: a client that asks gets its tools.
        if self._session is not None:
            return self._session.roles
        if self._catalog is None:
            self._catalog = RoleCatalog(self.caller.config_folder() / "roles")
        return self._catalog
