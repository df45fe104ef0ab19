"""The tests of one module: what is called, what was found out, what stays to be filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.imports import load_module
from rolecall.llm.offline.evaluation.runtime import Run
from rolecall.llm.offline.evaluation.streams import Stream
from rolecall.llm.offline.source.environment import required_at_import
from rolecall.llm.offline.source.reading import Definition, Module, is_stub, selected_definitions
from rolecall.llm.offline.testing.candidates import OMITTED
from rolecall.llm.offline.testing.cases import Case, CaseWriter, frozen_case, message_of
from rolecall.llm.offline.testing.examples import example_cases
from rolecall.llm.offline.testing.existing import Known, read_existing
from rolecall.llm.offline.testing.names import Names
from rolecall.llm.offline.testing.preparation import Preparation
from rolecall.llm.offline.testing.probing import Coverage, Findings, Probe, probe
from rolecall.llm.offline.testing.subjects import (
    Subject,
    class_subjects,
    function_subject,
)
from rolecall.llm.offline.testing.values import Unwritable, Writer

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from rolecall.llm.offline.evaluation.runtime import Call
    from rolecall.task import Selection

_STEPS_FOR_ALL = 900_000
"""Nodes that may be visited for one file; a few seconds."""
_LEAST_STEPS = 12_000
_UNBOUND = Opaque("a name that is not bound", certain=False)


@dataclass(slots=True)
class Suite:
    """The tests for one module.

    Attributes:
        cases: the tests in order.
        names: what they import.
        contradictions: where code and documentation disagree.
        subjects: how many things could be called.
    """

    cases: list[Case]
    names: Names
    contradictions: list[str] = field(default_factory=list[str])
    subjects: int = 0


class SuiteBuilder:
    """Builds the tests of one module.

    Args:
        module: the target.
        name: dotted name it is imported by.
        sources: dotted names and texts of the target and what it imports.
        packages: which of those names are packages.
        pytest_in_use: whether the tests may use what pytest alone has.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        sources: Mapping[str, str],
        packages: frozenset[str],
        *,
        pytest_in_use: bool = True,
    ) -> None:
        self._module = module
        self.run = Run(sources, packages)
        self.run.trees[name] = module.tree
        self.scope = load_module(self.run, name)
        self.names = Names(name, frozenset(module.top_level_names()))
        self.names.environment = tuple(
            dict.fromkeys(
                variable for tree in self.run.trees.values() for variable in required_at_import(tree)
            )
        )
        self._writer = CaseWriter(Writer(self.run, self.names, pytest_in_use), self.names)
        self._prepared = Preparation(self.run, self.scope, module)
        self.known = Known()

    def read_existing(self, text: str) -> None:
        """Take the existing tests into account: only what they lack is added."""
        self.known = read_existing(self.run, self.names.module, text)

    def build(self, selection: Selection | None) -> Suite:
        """Find tests for what is selected, or for everything public."""
        suite = Suite([], self.names)
        subjects = self.subjects(selection)
        remaining = _STEPS_FOR_ALL
        for index, subject in enumerate(subjects):
            share = min(remaining, max(_LEAST_STEPS, 3 * remaining // (len(subjects) - index)))
            self.run.total = share
            found = self._cases(subject, suite)
            remaining -= share - max(self.run.total, 0)
            suite.cases += [case for case in found if case.name not in self.known.test_names]
        suite.subjects = len(subjects)
        _rename_twins(suite.cases)
        return suite

    def subjects(self, selection: Selection | None) -> list[Subject]:
        """What there is to call, in the order of the text."""
        wanted = None
        if selection is not None:
            wanted = frozenset(item.qualified for item in selected_definitions(self._module, selection))
        functions = [
            item for item in self._module.functions if _is_wanted(item, wanted) and self._is_bound(item.name)
        ]
        found = [function_subject(item, self.scope.names) for item in functions]
        for info in self._module.classes:
            whole = wanted is None or not any(name.startswith(f"{info.name}.") for name in wanted)
            touched = selection is None or _touches(info.node, selection)
            if touched and self._is_bound(info.name) and (info.is_public or wanted is not None):
                cls = self._class(info.name)
                found += class_subjects(self.run, info, cls, None if whole else wanted)
                if isinstance(cls, type):
                    self._prepared.members[cls] = class_subjects(self.run, info, cls, None)
        if not found and wanted is None:
            bound = [item for item in self._module.functions if self._is_bound(item.name)]
            found = [function_subject(item, self.scope.names) for item in bound]
        return sorted(found, key=_line)

    def _is_bound(self, name: str) -> bool:
        """Whether the module still has the name once it is imported."""
        value = self.scope.names.get(name.split(".", maxsplit=1)[0], _UNBOUND)
        return value.certain if isinstance(value, Opaque) else True

    def _class(self, name: str) -> Any:
        value: Any = self.scope.names.get(name.split(".", maxsplit=1)[0])
        for part in name.split(".")[1:]:
            value = vars(value).get(part) if isinstance(value, type) else None
        return value if isinstance(value, (type, Opaque)) else Opaque(name)

    def _cases(self, subject: Subject, suite: Suite) -> list[Case]:
        calls: list[Call] = []
        cases, contradictions = example_cases(self.run, self.scope, self._writer, subject, calls)
        if subject.definition is not None and subject.way in {"function", "static"} and not contradictions:
            line = subject.definition.node.lineno
            own = [call for call in calls if call.routine.node is subject.definition.node]
            self.known.calls.setdefault(line, []).extend(own)
        suite.contradictions += contradictions
        findings, setup = self._findings(subject)
        written: list[Case] = []
        reason = findings.reason
        for found in findings.probes:
            try:
                written.append(self._writer.case(subject, found))
                extra = frozen_case(self._writer, subject, found) if len(written) == 1 else None
                written += [extra] if extra else []
            except (Unwritable, NotUnderstood) as unwritable:
                reason = reason or f"the result is {unwritable}"
        returns = any(not case.raises for case in (*written, *cases))
        if self._is_waiting(subject, returns=returns, reason=reason):
            written.append(self._writer.waiting(subject, setup, findings.first, _why(subject, reason)))
        return [*cases, *written]

    def first(self, subject: Subject) -> dict[str, Any]:
        """A typical argument for each parameter that one is known for."""
        return self._prepared.first(subject)

    def written(self, value: Any) -> str:
        """The short source of a value.

        Raises:
            Unwritable: it has none.
        """
        return self._writer.writer.write(value)

    def probes(self, subject: Subject) -> list[Probe]:
        """The calls of a subject that were understood and are worth showing."""
        return self._findings(subject)[0].probes

    def sample(self, subject: Subject, found: Probe) -> tuple[str, str, str | None]:
        """A call with its arguments in place, what it gives, and what it raises instead.

        Raises:
            Unwritable: one of them has no short source.
        """
        call = self._writer.inline(subject, found)
        error = found.outcome.error
        if error is not None:
            return call, message_of(error) if found.outcome.explicit else "", type(error).__name__
        value = found.outcome.value
        if isinstance(value, Stream):
            return f"list({call})", self._writer.writer.write(value.items), None
        return call, self._writer.writer.write(value), None

    def _is_waiting(self, subject: Subject, *, returns: bool, reason: str) -> bool:
        if subject.way in {"construct", "members"} or returns or not reason:
            return False
        return subject.member not in self.known.mentioned

    def _findings(self, subject: Subject) -> tuple[Findings, Any]:
        if isinstance(subject.value, Opaque):
            return Findings([], subject.value.name, self._prepared.first(subject)), None
        if subject.definition is not None and is_stub(subject.definition.node):
            return Findings([], "its body is a stub", self._prepared.first(subject)), next(
                iter(self._prepared.setups(subject)), None
            )
        pools = self._prepared.pools(subject, subject.parameters)
        setups = self._prepared.setups(subject)
        if subject.definition is None and subject.member in self.known.mentioned:
            return Findings([], "", {}), None
        findings = probe(self.run, subject, setups, pools, self._coverage(subject))
        return findings, setups[0] if setups else None

    def _coverage(self, subject: Subject) -> Coverage:
        """What existing tests reach of a subject."""
        line = subject.definition.node.lineno if subject.definition else 0
        calls = self.known.calls.get(line, [])
        if not calls:
            return Coverage(frozenset(self.known.reached), names=self.scope.names)
        met = {"typical", *(("raises", call.error) for call in calls if call.error)}
        replayed = []
        if subject.way in {"function", "static"}:
            replayed = [given for given in (_given(subject, call) for call in calls) if given is not None]
        return Coverage(
            frozenset({*self.known.reached, *met}),
            replayed,
            methods=subject.way not in {"function", "static"},
            names=self.scope.names,
        )


def _given(subject: Subject, call: Call) -> dict[str, Any] | None:
    """The arguments of a call by parameter; None where they cannot be told."""
    arguments = (
        call.arguments[1:]
        if subject.definition and subject.definition.kind == "classmethod"
        else call.arguments
    )
    listed = [item for item in subject.parameters if item.kind in {"positional_only", "positional"}]
    if len(arguments) > len(listed):
        return None
    given: dict[str, Any] = {item.name: OMITTED for item in subject.parameters if not item.required}
    given |= {item.name: value for item, value in zip(listed, arguments, strict=False)}
    return {**given, **call.keywords}


def _is_wanted(item: Definition, wanted: frozenset[str] | None) -> bool:
    return item.is_public and item.name != "main" if wanted is None else item.qualified in wanted


def _touches(node: ast.ClassDef, selection: Selection) -> bool:
    return node.lineno <= selection.end_line and (node.end_lineno or node.lineno) >= selection.start_line


def _line(subject: Subject) -> int:
    if subject.definition is not None:
        return subject.definition.node.lineno
    return 0


def _why(subject: Subject, reason: str) -> str:
    what = reason or "it"
    del subject
    return f"say what is expected; the code alone does not tell ({what})"[:160]


def _rename_twins(cases: list[Case]) -> None:
    seen: dict[str, int] = {}
    for case in cases:
        count = seen[case.name] = seen.get(case.name, 0) + 1
        if count > 1:
            while f"{case.name}_{count}" in seen:
                count += 1
            case.name = f"{case.name}_{count}"
            seen[case.name] = 1
