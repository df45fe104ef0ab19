"""Searching for calls worth a test: those that reach something new, or notice a small change to the body."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.testing.mutants import mutants
from rolecall.llm.offline.testing.outcomes import Outcome, observe, signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.testing.subjects import Subject

MAX_PROBES = 90
"""Calls tried for one subject."""

MAX_TESTS = 9
"""Tests written for one subject."""

ENOUGH = 3
"""Calls that notice one change; more of them would not change which are chosen."""

_UNLIKELY = (
    TypeError,
    AttributeError,
    NameError,
    NotImplementedError,
    RecursionError,
    MemoryError,
    StopIteration,
    AssertionError,
)
"""Errors that say the guessed argument was of the wrong kind, unless a ``raise`` statement raised them."""


@dataclass(slots=True)
class Probe:
    """One call that was understood."""

    setup: Any
    arguments: dict[str, Any]
    outcome: Outcome
    changed_from_typical: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class Findings:
    """What probing a subject gave.

    Attributes:
        probes: the calls chosen for tests.
        reason: why there are none, or why more could not be understood.
        first: arguments to write a waiting test with.
    """

    probes: list[Probe]
    reason: str
    first: dict[str, Any]


@dataclass(slots=True)
class Coverage:
    """What existing tests reach of a subject.

    Attributes:
        met: goals they meet.
        replayed: arguments of the calls they make, for functions.
        methods: they call a method whose receivers cannot be made again, so that only reach is compared.
        names: values of the module.
    """

    met: frozenset[Any] = frozenset()
    replayed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    methods: bool = False
    names: Mapping[str, Any] = field(default_factory=dict[str, Any])


def probe(
    run: Run,
    subject: Subject,
    setups: list[Any],
    pools: Mapping[str, list[Any]],
    coverage: Coverage,
) -> Findings:
    """Try many calls, and choose few.

    Args:
        run: the interpreter.
        subject: what to call.
        setups: recipes of receivers, ``[None]`` where none is needed.
        pools: candidate values by parameter, the typical one first.
        coverage: what existing tests reach already.
    """
    first = {name: pool[0] for name, pool in pools.items() if pool}
    if len(first) < len(pools) or not setups:
        return Findings([], "no argument could be made up for it", first)
    tried = _Search(run, subject, setups, pools)
    tried.explore()
    covered = [probe for probe in (tried.attempt(None, given) for given in coverage.replayed) if probe]
    chosen = _choose(run, subject, tried.probes, covered, coverage)
    return Findings(chosen, tried.reason, first)


class _Search:
    """Varies one argument at a time, around the typical call and every call that reached something new."""

    def __init__(self, run: Run, subject: Subject, setups: list[Any], pools: Mapping[str, list[Any]]) -> None:
        self.run = run
        self.subject = subject
        self.setups = setups
        self.pools = pools
        self.probes: list[Probe] = []
        self.reason = ""
        self._seen: set[str] = set()
        self._reached: set[Any] = set()

    def explore(self) -> None:
        """Fill `probes`."""
        queue: list[tuple[int, dict[str, int]]] = [
            (index, dict.fromkeys(self.pools, 0)) for index in range(len(self.setups))
        ]
        tried = 0
        while queue and tried < MAX_PROBES:
            setup, indices = queue.pop(0)
            for candidate_setup, candidate in self._around(setup, indices):
                tried += 1
                if tried > MAX_PROBES:
                    return
                found = self._try(candidate_setup, candidate)
                if found is not None and found.outcome.trace - self._reached:
                    self._reached |= found.outcome.trace
                    if (candidate_setup, candidate) != (setup, indices):
                        queue.append((candidate_setup, candidate))

    def _around(self, setup: int, indices: dict[str, int]) -> Iterator[tuple[int, dict[str, int]]]:
        yield setup, indices
        longest = max((len(pool) for pool in self.pools.values()), default=0)
        for position in range(longest):
            for name, pool in self.pools.items():
                if position < len(pool) and position != indices[name]:
                    yield setup, {**indices, name: position}

    def _try(self, setup: int, indices: dict[str, int]) -> Probe | None:
        key = f"{setup}:{sorted(indices.items())}"
        if key in self._seen:
            return None
        self._seen.add(key)
        arguments = {name: self.pools[name][index] for name, index in indices.items()}
        found = self.attempt(self.setups[setup], arguments)
        if found is not None:
            found.changed_from_typical = tuple(name for name, index in indices.items() if index)
            self.probes.append(found)
        return found

    def attempt(self, setup: Any, arguments: dict[str, Any]) -> Probe | None:
        """One call; None where it is not understood or not worth a test."""
        try:
            outcome = observe(self.run, self.subject, setup, arguments)
            text = signature(outcome)
        except NotUnderstood as unknown:
            self.reason = self.reason or unknown.reason
            return None
        except Exception as error:  # noqa: BLE001 - a value whose own methods fail is nothing to build on
            self.reason = self.reason or f"{type(error).__name__} while looking at the result"
            return None
        if isinstance(outcome.error, _UNLIKELY) and not outcome.explicit:
            return None
        return Probe(setup, arguments, outcome, (), text)


def _choose(
    run: Run, subject: Subject, probes: list[Probe], covered: list[Probe], coverage: Coverage
) -> list[Probe]:
    """A few probes that together reach all that was reached and notice all that can be noticed."""
    goals = _goals(run, subject, [*probes, *covered], coverage.names, mutate=not coverage.methods)
    met: set[Any] = set(coverage.met)
    for item in covered:
        met |= goals[id(item)]
    chosen: list[Probe] = []
    while len(chosen) < MAX_TESTS:
        best = max(probes, key=lambda item: _rank(item, goals[id(item)] - met), default=None)
        if best is None or not goals[id(best)] - met:
            break
        met |= goals[id(best)]
        chosen.append(best)
    return sorted(chosen, key=probes.index)


def _rank(probe: Probe, gain: set[Any]) -> tuple[int, int, int]:
    """More is better: new goals first, then few departures from the typical call, then short arguments."""
    return (len(gain), -len(probe.changed_from_typical), -len(str(probe.arguments)))


def _goals(
    run: Run, subject: Subject, probes: list[Probe], names: Mapping[str, Any], *, mutate: bool
) -> dict[int, set[Any]]:
    goals: dict[int, set[Any]] = {
        id(item): {*item.outcome.trace, ("path", item.outcome.trace)} for item in probes
    }
    for item in probes:
        error = item.outcome.error
        if error is not None:
            goals[id(item)].add(("raises", type(error).__name__))
        elif not item.changed_from_typical:
            goals[id(item)].add("typical")
    node = subject.node
    if mutate and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        simple = sorted(probes, key=lambda item: _rank(item, set()), reverse=True)
        for number, mutant in enumerate(mutants(node, names)):
            run.replaced[id(node)] = mutant.node
            run.other_defaults[id(node)] = dict(mutant.defaults)
            try:
                for item in _noticing(run, subject, simple, mutant.line):
                    goals[id(item)].add(("notices", number))
            finally:
                del run.replaced[id(node)]
                del run.other_defaults[id(node)]
    return goals


def _noticing(run: Run, subject: Subject, probes: list[Probe], line: int) -> list[Probe]:
    """Calls whose outcome changes with the body that is in place now, at a line they reach."""
    found: list[Probe] = []
    for item in probes:
        reached = not line or any(entry[1] == line for entry in item.outcome.trace)
        if reached and _differs(run, subject, item):
            found.append(item)
        if len(found) >= ENOUGH:
            break
    return found


def _differs(run: Run, subject: Subject, item: Probe) -> bool:
    try:
        return signature(observe(run, subject, item.setup, item.arguments)) != item.text
    except NotUnderstood:
        return False
    except Exception:  # noqa: BLE001 - the changed body gives something that cannot even be looked at
        return True
