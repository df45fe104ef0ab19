"""From a request to a call of a model: role, endpoint, context, and a prompt that fits the window."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from rolecall.context import compose, gather
from rolecall.context.budget import estimate_tokens
from rolecall.errors import ConfigurationInvalid, ContextTooLarge, FileUnreadable
from rolecall.llm.endpoint import resolve
from rolecall.llm.types import ModelCall
from rolecall.llm.window import window_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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

SHRINK = 0.5
"""What a prompt shrinks to when it was too large and the endpoint did not say for what."""

MARGIN = 0.9
"""What of a named limit is used: tokens are estimated."""

LIMIT_REMEMBERED_S = 600.0
"""Seconds for which a limit counts that the endpoint named when it refused a prompt."""

SMALLEST_WINDOW = 256
"""Tokens below which a named limit is none of a window."""

SHORTEST_ANSWER_TOKENS = 64
"""Room an answer needs at the least; a prompt that leaves less is too large."""


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
        self._runtime: Runtime | None = None
        self._window: int | None = None
        self._documents: Snapshot | None = None

    async def complete(self, runtime: Runtime, documents: Snapshot) -> None:
        """Find the endpoint, gather the context and make it fit.

        Raises:
            RolecallError: the endpoint, the target or the instruction cannot be used.
        """
        settings = self._session.settings
        self._runtime, self._documents = runtime, documents
        self.endpoint = await resolve(self._session, runtime, model=self._request.model or self._role.model)
        self._gathered = await self._gather(documents)
        await self._fit_in(settings.context.max_total_tokens or UNKNOWN_WINDOW_TOKENS * OUTPUT_SHARE)
        window = settings.llm.context_window
        if window is None and self._tokens() > SMALL_PROMPT_TOKENS:
            window = await window_of(self._session, runtime, self.endpoint)
        self._window = window
        room = self._room(window or UNKNOWN_WINDOW_TOKENS)
        wanted = settings.context.max_total_tokens or room
        try:
            await self._fit_in(min(room, wanted))
        except ConfigurationInvalid as error:
            if window is None or wanted < room:
                raise
            # The settings are fine: it is the model that is too small for this.
            raise ContextTooLarge(error.message, hint=error.hint) from None

    def forget(self) -> None:
        """Let go of what a model was shown: the task has ended."""
        self._prompt = self._gathered = self._documents = None
        self._request = self._request.without_texts()

    def learn(self, counted: int, model: str | None = None) -> None:
        """Correct later estimates by the tokens that the endpoint counted in this prompt.

        Args:
            counted: its tokens.
            model: who counted; None for the endpoint's own model.
        """
        if self.endpoint is not None and self._runtime is not None:
            endpoint = replace(self.endpoint, model=model) if model else self.endpoint
            self._runtime.calibration.learn(endpoint, estimated=self._estimate(), counted=counted)

    def shrink(self, error: ContextTooLarge) -> bool:
        """Fit less than was too much; whether there was something to leave out.

        Where the endpoint named its limit and what it counted, what is left fits by its own count.
        """
        room, shown, answer = self._tokens() * SHRINK, self._prompt, self._output_tokens()
        if error.prompt_tokens is not None:
            self.learn(error.prompt_tokens)
        limit = error.limit_tokens
        if limit is not None and limit >= SMALLEST_WINDOW:
            self._note_limit(limit)
            named = self._room(limit) * MARGIN
            room = named if error.prompt_tokens is not None else min(room, named)
        try:
            self._fit(int(room))
        except ConfigurationInvalid:
            return False
        return self._prompt != shown or (self._output_tokens() or 0) < (answer or 0)

    def _note_limit(self, limit: int) -> None:
        self._window = limit
        if self._runtime is not None and self.endpoint is not None:
            self._runtime.endpoints.put_window(self.endpoint, limit, for_s=LIMIT_REMEMBERED_S)

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

    def follow_up(self, later: Sequence[tuple[str, str]], total_timeout_s: float) -> ModelCall | None:
        """The call that goes on with the conversation; None where it does not fit the model's window.

        Args:
            later: what was said since, each the model's answer and the request that followed it.
            total_timeout_s: as for :meth:`call`.
        """
        call = self.call(total_timeout_s)
        added = sum(estimate_tokens(text) for turn in later for text in turn)
        prompt_tokens = int((self._estimate() + added) * self._factor())
        room = (self._window or UNKNOWN_WINDOW_TOKENS) - (call.max_output_tokens or SHORTEST_ANSWER_TOKENS)
        if call.endpoint.provider == "offline" or prompt_tokens > room:
            return None
        return replace(call, prompt=replace(call.prompt, later=tuple(later)))

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

    async def _fit_in(self, max_tokens: int) -> None:
        """The same as ``_fit``; beside the event loop where the files are so large that it takes a while."""
        if self._documents is not None and self._documents.large:
            await asyncio.to_thread(self._fit, max_tokens)
        else:
            self._fit(max_tokens)

    def _fit(self, max_tokens: int) -> None:
        """Compose the prompt in so many tokens, as the endpoint counts them."""
        assert self._gathered is not None
        composed = compose(
            self._role,
            self._task,
            self._request,
            self._gathered,
            max_tokens=int(max_tokens / self._factor()),
            format_hint=self._session.settings.apply.format_hint,
        )
        self._prompt, self.omitted = composed.prompt, composed.omitted
        if self._documents is not None:
            # The offline provider sees what no prompt has room for.
            offline = self.endpoint is not None and self.endpoint.provider == "offline"
            cut = () if offline else tuple(omitted.path for omitted in self.omitted)
            self._documents.asked(self._prompt.user, cut)

    def _output_tokens(self) -> int | None:
        """The limit of the answer: as the settings have it, less where prompt and answer would not fit."""
        wanted = self._role.max_output_tokens or self._session.settings.llm.max_output_tokens
        if wanted is None or self._window is None or self._prompt is None:
            return wanted
        return max(min(wanted, self._window - self._tokens()), min(wanted, SHORTEST_ANSWER_TOKENS))

    def _room(self, window: int) -> int:
        """What of a window the prompt may have."""
        wanted = self._role.max_output_tokens or self._session.settings.llm.max_output_tokens
        return window - min(wanted or window // OUTPUT_SHARE, window // 2)

    def _tokens(self) -> int:
        """What the endpoint will count in the prompt, as far as is known of it."""
        return int(self._estimate() * self._factor())

    def _estimate(self) -> int:
        assert self._prompt is not None
        return estimate_tokens(self._prompt.system) + estimate_tokens(self._prompt.user)

    def _factor(self) -> float:
        if self._runtime is None or self.endpoint is None:
            return 1.0
        return self._runtime.calibration.factor(self.endpoint)


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
