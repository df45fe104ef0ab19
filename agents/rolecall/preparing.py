"""From a request to a call of a model: role, endpoint, context, and a prompt that fits the window."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rolecall.context import compose, gather
from rolecall.context.budget import estimate_tokens
from rolecall.errors import ConfigurationInvalid, FileUnreadable
from rolecall.llm.endpoint import resolve
from rolecall.llm.types import ModelCall
from rolecall.llm.window import window_of

if TYPE_CHECKING:
    from rolecall.context.items import Gathered
    from rolecall.llm.types import Endpoint, Prompt
    from rolecall.roles import Role, RoleTask
    from rolecall.runtime import Runtime
    from rolecall.session import Session
    from rolecall.task import OmittedContext, TaskRequest
    from rolecall.workspace.snapshot import Snapshot

UNKNOWN_WINDOW_TOKENS = 32_000
"""Budget for the prompt where neither the settings nor the endpoint tell the window (contract section 6)."""

OUTPUT_SHARE = 4
"""Where the output is not limited by a setting, one part in so many of the window is left for it."""

SMALL_PROMPT_TOKENS = 1_500
"""A prompt that fits every model's window; the endpoint is not asked for its own."""

SHRINK = 0.6
"""What a prompt shrinks to when it was too large and the endpoint did not say for what."""

MARGIN = 0.9
"""What of a named limit is used: tokens are estimated."""


class Preparation:
    """What is known before a model is asked, step by step.

    Args:
        session: the connection that asks.
        request: with workspace paths.

    Raises:
        ConfigurationInvalid: there is no such role or task, or nothing was asked.

    Attributes:
        endpoint: who will be asked; None until it is known.
        omitted: what the model does not get to see.
    """

    def __init__(self, session: Session, request: TaskRequest) -> None:
        self.endpoint: Endpoint | None = None
        self.omitted: list[OmittedContext] = []
        self._session = session
        self._request = request
        self._role, self._task = _choose(session, request)
        self._prompt: Prompt | None = None
        self._gathered: Gathered | None = None

    async def complete(self, runtime: Runtime, documents: Snapshot) -> None:
        """Find the endpoint, gather the context and make it fit.

        Raises:
            RolecallError: the endpoint, the target or the instruction cannot be used.
        """
        settings = self._session.settings
        self.endpoint = await resolve(self._session, runtime, model=self._request.model or self._role.model)
        self._gathered = await self._gather(documents)
        self._fit(settings.context.max_total_tokens or UNKNOWN_WINDOW_TOKENS * OUTPUT_SHARE)
        window = settings.llm.context_window
        if window is None and self._tokens() > SMALL_PROMPT_TOKENS:
            window = await window_of(self._session, runtime, self.endpoint)
        room = self._room(window or UNKNOWN_WINDOW_TOKENS)
        self._fit(min(room, settings.context.max_total_tokens or room))

    def shrink(self, limit: int | None) -> bool:
        """Fit less than was too much; whether there was something to leave out.

        Args:
            limit: tokens the endpoint said it takes, prompt and answer together; None where it did not.
        """
        before = self._tokens()
        room = before * SHRINK
        if limit is not None:
            room = min(room, self._room(limit) * MARGIN)
        try:
            self._fit(int(room))
        except ConfigurationInvalid:
            return False
        return self._tokens() < before

    def call(self, total_timeout_s: float) -> ModelCall:
        """The call to make now."""
        assert self.endpoint is not None
        assert self._prompt is not None
        assert self._gathered is not None
        llm, role = self._session.settings.llm, self._role
        return ModelCall(
            endpoint=self.endpoint,
            prompt=self._prompt,
            request=self._request,
            gathered=self._gathered,
            stream=llm.stream if self._request.stream is None else self._request.stream,
            temperature=role.temperature if role.temperature is not None else llm.temperature,
            max_output_tokens=self._output_tokens(),
            total_timeout_s=total_timeout_s,
        )

    async def _gather(self, documents: Snapshot) -> Gathered:
        session = self._session
        try:
            return await asyncio.to_thread(
                gather,
                session.workspace,
                documents,
                self._request,
                session.settings,
                open_paths=session.buffers.paths() if session.buffers else (),
            )
        except FileUnreadable as error:
            # What the user named cannot be used: a wrong argument, not a refused edit.
            raise ConfigurationInvalid(error.message, hint=error.hint) from error

    def _fit(self, max_tokens: int) -> None:
        assert self._gathered is not None
        composed = compose(
            self._role,
            self._task,
            self._request,
            self._gathered,
            max_tokens=max_tokens,
            format_hint=self._session.settings.apply.format_hint,
        )
        self._prompt, self.omitted = composed.prompt, composed.omitted

    def _output_tokens(self) -> int | None:
        return self._role.max_output_tokens or self._session.settings.llm.max_output_tokens

    def _room(self, window: int) -> int:
        """What of a window the prompt may have."""
        return window - min(self._output_tokens() or window // OUTPUT_SHARE, window // 2)

    def _tokens(self) -> int:
        assert self._prompt is not None
        return estimate_tokens(self._prompt.system) + estimate_tokens(self._prompt.user)


def _choose(session: Session, request: TaskRequest) -> tuple[Role, RoleTask | None]:
    session.roles.refresh()
    role = session.roles.get(request.role)
    task = role.task(request.task) if request.task else None
    if task is None and not request.instruction.strip():
        names = ", ".join(task.id for task in role.tasks)
        raise ConfigurationInvalid(
            f"There is nothing to do: no task and no instruction for {role.id}.",
            hint=f"Name one of its tasks ({names}), or say what you want." if names else "Say what you want.",
        )
    return role, task
