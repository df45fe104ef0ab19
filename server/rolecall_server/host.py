"""What a door's server object gets handed in: the process's one runtime, and sessions for its clients.

Nothing heavy is imported here: the runtime comes to be when the first client needs it, so that a handshake
can be answered before the settings, the logger or the model's client are imported.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.workspace.documents import Buffers
    from rolecall_server.attached import AttachedEditors


class Host:
    """One process's shared state, for any number of clients at both doors."""

    @cached_property
    def editors(self) -> AttachedEditors:
        """The editors that have a workspace open."""
        from rolecall_server.attached import AttachedEditors  # noqa: PLC0415 - not before the handshake

        return AttachedEditors()

    @cached_property
    def runtime(self) -> Runtime:
        """The process-wide pool, breakers, tasks and metrics; made on first use."""
        from rolecall.runtime import Runtime  # noqa: PLC0415 - imported when first needed, see above

        return Runtime()

    def open_session(
        self,
        caller: Caller,
        *,
        roots: Sequence[Path] = (),
        editor: Mapping[str, Any] | None = None,
        buffers: Buffers | None = None,
        user: str = "",
    ) -> Session:
        """A session for one client; opens even when its settings are invalid.

        ``user`` is set where several share this process and may not see each other's tasks. A client without
        buffers of its own sees those of an editor that has its workspace open.
        """
        from rolecall.session import Session  # noqa: PLC0415
        from rolecall_server.attached import SharedBuffers  # noqa: PLC0415

        if buffers is not None:
            return Session(caller, roots=roots, editor=editor, buffers=buffers)
        shared = SharedBuffers(self.editors)
        session = Session(caller, roots=roots, editor=editor, buffers=shared, user=user)
        shared.place_in(session.workspace)
        return session

    async def close_session(self, session: Session) -> None:
        """End what the client had running; nothing where nothing was ever started."""
        if "runtime" in self.__dict__:
            await self.runtime.tasks.end_session(session)

    async def aclose(self) -> None:
        """End everything; nothing where nothing was ever started."""
        if "runtime" in self.__dict__:
            await self.runtime.aclose()
