"""Asking the user, through a client that can, whether files that need it may be written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from rolecall.errors import PathRefused
from rolecall.workspace.disk import DiskApplier
from rolecall_server.mcp.schemas import APPLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.server.context import ServerRequestContext

    from rolecall.answer.changeset import Change
    from rolecall_server.mcp.connection import Connection

    Context = ServerRequestContext[Connection, Any]

HOW_TO_CONFIRM = (
    f"Ask the user; then call {APPLY} with confirm_protected: true, or with paths naming only the others."
)

MOST_NAMED = 20
"""Files that the question lists by name."""

_WRITE = "write"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {_WRITE: {"type": "boolean", "title": "Write these files", "default": False}},
    "required": [_WRITE],
}


class ConfirmationNeeded(PathRefused):
    """Files need the user's word, and nothing was written.

    Attributes:
        names: their paths.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(names)}: needs your confirmation. Nothing was written.", hint=HOW_TO_CONFIRM
        )
        self.names = tuple(names)

    @property
    def key(self) -> str:
        """Names the question, so that an answer to another one is none to this."""
        names = "\n".join(self.names).encode(errors="replace")
        return f"confirm-{hashlib.sha256(names).hexdigest()[:16]}"

    @property
    def question(self) -> str:
        """What the user reads."""
        more = len(self.names) - MOST_NAMED
        names = [*self.names[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
        return "These files need your word before Rolecall writes them:\n" + "\n".join(names)


class AskingApplier(DiskApplier):
    """Writes to disk; what needs the user's word, and does not have it, is raised."""

    async def confirm(self, changes: Sequence[Change], asking: Sequence[Change]) -> bool:  # noqa: ARG002 - the protocol's
        """Go by what was confirmed beforehand. Raises ConfirmationNeeded."""
        if self.confirmed:
            return True
        raise ConfirmationNeeded([change.new_path or change.path for change in asking])


async def ask(context: Context, needed: ConfirmationNeeded) -> bool | types.InputRequiredResult | None:
    """Whether the user agrees; the question, where a client asks it between two calls; None where none can.

    Until 2025-11-25 a server asks within the call; since 2026-07-28 it returns the question, and the client
    calls again with the answer.
    """
    if not _can_ask(context):
        return None
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        answer = _answered(context, needed.key)
        if answer is None:
            params = types.ElicitRequestFormParams(message=needed.question, requested_schema=_SCHEMA)
            return types.InputRequiredResult(input_requests={needed.key: types.ElicitRequest(params=params)})
        return _agreed(answer)
    with anyio.move_on_after(context.lifespan_context.deadline_s(context)):
        try:
            return _agreed(await context.session.elicit_form(needed.question, _SCHEMA, context.request_id))
        except (MCPError, ValidationError):
            return None  # it offered what it does not have, or answers what says nothing
    return None


def _can_ask(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    offered = capabilities.elicitation if capabilities else None
    return offered is not None and (offered.form is not None or offered.url is None)


def _answered(context: Context, key: str) -> types.ElicitResult | None:
    given: dict[str, Any] = (context.params or {}).get("inputResponses") or {}
    try:
        return types.ElicitResult.model_validate(given[key]) if key in given else None
    except ValidationError:
        return None


def _agreed(answer: types.ElicitResult) -> bool | None:
    """A form closed without a choice says nothing: there may be nobody who sees it."""
    if answer.action == "cancel":
        return None
    return answer.action == "accept" and bool((answer.content or {}).get(_WRITE))
