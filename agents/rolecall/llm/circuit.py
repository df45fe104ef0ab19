"""One circuit breaker: aiobreaker's, with the states it should have had.

What is mended here, each with a test of the same words (measured on aiobreaker 1.2.0):

- half-open lets every concurrent caller through: here one probe at a time;
- it has no success threshold: here ``recovery_attempts`` probes in a row must succeed;
- ``opened_at`` is UTC but compared with local time, and ``utcnow`` warns: here a monotonic clock is injected;
- failures in the middle of a decorated async generator are not counted: here a context manager spans the
  whole stream and decides at its end;
- excluded exceptions count as success: here they are neutral, as is a cancelled request; both free their
  probe's place;
- the tripping call raises CircuitBreakerError with the original only in ``__cause__``: here it raises the
  original;
- ``timeout_duration=0`` becomes 60 s: here ``open_s`` is taken as it is;
- only failures in a row open it: here also their rate over a window.

A request that was admitted before the state last changed says nothing about the present state and is ignored.
"""

# aiobreaker has annotations but no py.typed, so the checkers do not look into it:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aiobreaker import CircuitBreaker, CircuitBreakerState  # type: ignore[import-untyped]
from aiobreaker.state import CircuitBreakerBaseState  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from rolecall.settings.model import BreakerSettings

StateName = Literal["closed", "half_open", "open"]
Outcome = Literal["success", "failure", "neutral"]


class Refused(Exception):  # told to the registry, which makes the error users see
    """The circuit admits no request now.

    Attributes:
        retry_after_s: seconds until it may.
    """

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"open for another {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """One admitted request, bound to the state that admitted it."""

    state: State


class State(CircuitBreakerBaseState):  # type: ignore[misc]  # untyped base
    """What the states share. They hold what is known since the circuit entered them."""

    name: StateName
    _breaker: Circuit

    def refusal(self, after_s: float = 0.0) -> float | None:  # noqa: ARG002  # a state may admit at all times
        """Seconds to wait where a request made in ``after_s`` seconds is refused; None where admitted."""
        return None

    def admit(self) -> Permit:
        """Let a request through. Raises Refused."""
        return Permit(self)

    def settle(self, outcome: Outcome) -> None:
        """Take the outcome of a request this state admitted."""


class Closed(State):
    """Everything passes. Failures in a row, or their rate over a full window, open the circuit."""

    name: StateName = "closed"

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit, CircuitBreakerState.CLOSED)
        self.in_a_row = 0
        self._failed: deque[bool] = deque()

    def settle(self, outcome: Outcome) -> None:
        """Count it; open the circuit where that was one failure too many."""
        if outcome == "neutral":
            return
        policy = self._breaker.policy
        failed = outcome == "failure"
        self.in_a_row = self.in_a_row + 1 if failed else 0
        self._failed.append(failed)
        while len(self._failed) > policy.window:
            self._failed.popleft()
        full = len(self._failed) == policy.window
        rate_passed = full and sum(self._failed) >= policy.failure_rate * policy.window
        if failed and (self.in_a_row >= policy.failure_threshold or rate_passed):
            self._breaker.open()


class Open(State):
    """Nothing passes until ``open_s`` seconds have gone by; then the first request is a probe."""

    name: StateName = "open"

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit, CircuitBreakerState.OPEN)
        self._since = circuit.now()

    def refusal(self, after_s: float = 0.0) -> float | None:
        """The rest of ``open_s``."""
        rest = self._since + self._breaker.policy.open_s - self._breaker.now()
        return rest if rest > after_s else None

    def admit(self) -> Permit:
        """Half-open the circuit when the time has come."""
        rest = self.refusal()
        if rest is not None:
            raise Refused(rest)
        self._breaker.half_open()
        return self._breaker.present.admit()


class HalfOpen(State):
    """One probe at a time; enough of them in a row close the circuit, one failure opens it again."""

    name: StateName = "half_open"

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit, CircuitBreakerState.HALF_OPEN)
        self._probing = False
        self._succeeded = 0

    def refusal(self, after_s: float = 0.0) -> float | None:
        """A short while, when a probe is under way: how long it takes is not known."""
        return max(1.0, after_s) if self._probing else None

    def admit(self) -> Permit:
        """Let one probe through."""
        rest = self.refusal()
        if rest is not None:
            raise Refused(rest)
        self._probing = True
        return Permit(self)

    def settle(self, outcome: Outcome) -> None:
        """Free the probe's place and decide."""
        self._probing = False
        if outcome == "failure":
            self._breaker.open()
        elif outcome == "success":
            self._succeeded += 1
            if self._succeeded >= self._breaker.policy.recovery_attempts:
                self._breaker.close()


_STATES: dict[CircuitBreakerState, type[Closed | Open | HalfOpen]] = {
    CircuitBreakerState.CLOSED: Closed,
    CircuitBreakerState.OPEN: Open,
    CircuitBreakerState.HALF_OPEN: HalfOpen,
}


class Circuit(CircuitBreaker):  # type: ignore[misc]  # untyped base
    """A breaker around one endpoint.

    Args:
        clock: monotonic seconds.
        policy: when to open and to close; may be replaced at any time.
        changed: called with the names of the old and the new state at each change.
        counts: whether an exception is a failure of the endpoint; others are neutral.

    Attributes:
        last_failure: what the latest failure was, in a word; empty before the first.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        policy: BreakerSettings,
        changed: Callable[[StateName, StateName], None] = lambda _old, _new: None,
        counts: Callable[[BaseException], bool] = lambda error: isinstance(error, Exception),
    ) -> None:
        self.now = clock
        self.policy = policy
        self._changed = changed
        self._counts = counts
        self.last_failure = ""
        super().__init__(fail_max=policy.failure_threshold)

    @property
    def present(self) -> Closed | Open | HalfOpen:
        """The state it is in."""
        state: Any = self.state
        assert isinstance(state, Closed | Open | HalfOpen)
        return state

    def settle(self, permit: Permit, outcome: Outcome) -> None:
        """Take the outcome of an admitted request, unless the state has changed since."""
        if permit.state is self.present:
            permit.state.settle(outcome)

    def judge(self, error: BaseException | None) -> Outcome:
        """The outcome a request has that ended with ``error``, or without one."""
        if error is None:
            return "success"
        return "failure" if self._counts(error) else "neutral"

    @asynccontextmanager
    async def guard(self) -> AsyncGenerator[None]:
        """Span one request to the end of its stream. Raises Refused."""
        permit = self.present.admit()
        try:
            yield
        except BaseException as error:
            self.settle(permit, self.judge(error))
            raise
        self.settle(permit, "success")

    async def call_async(self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Call a coroutine function under :meth:`guard`."""
        async with self.guard():
            return await func(*args, **kwargs)

    def open(self) -> None:
        """Refuse requests from now on, for ``open_s`` seconds."""
        self._enter(CircuitBreakerState.OPEN)

    def half_open(self) -> None:
        """Admit probes."""
        self._enter(CircuitBreakerState.HALF_OPEN)

    def close(self) -> None:
        """Admit everything."""
        self._enter(CircuitBreakerState.CLOSED)

    def _enter(self, state: CircuitBreakerState) -> None:
        old = self.present.name
        self._state_storage.state = state
        self.state = state
        self._changed(old, self.present.name)

    def _create_new_state(
        self,
        new_state: CircuitBreakerState,
        prev_state: object = None,  # noqa: ARG002  # aiobreaker's signature
        notify: bool = False,  # noqa: ARG002, FBT001, FBT002  # aiobreaker's signature
    ) -> Closed | Open | HalfOpen:
        return _STATES[new_state](self)
