"""Turning calls that were understood into test cases, independent of the test framework."""

from __future__ import annotations

import dataclasses
import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.kinds import kind_of
from rolecall.llm.offline.evaluation.streams import Stream
from rolecall.llm.offline.testing.candidates import OMITTED
from rolecall.llm.offline.testing.outcomes import public_state
from rolecall.llm.offline.testing.subjects import OPERATIONS, Recipe
from rolecall.llm.offline.testing.values import Unwritable, Writer, quoted
from rolecall.llm.offline.testing.wording import snake, test_name

if TYPE_CHECKING:
    from rolecall.llm.offline.source.reading import Parameter
    from rolecall.llm.offline.testing.names import Names
    from rolecall.llm.offline.testing.probing import Probe
    from rolecall.llm.offline.testing.subjects import Subject

_MAX_MESSAGE = 80
_SHOWN_OF_ENDLESS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """``actual`` compared with ``expected``: by ``==``, by ``is`` or by ``isinstance``."""

    actual: str
    expected: str
    way: str = "=="


@dataclass(slots=True)
class Case:
    """One test.

    Attributes:
        name: of the test function.
        arrange: statements that prepare the call.
        call: the expression under test.
        result: the variable that takes its result; None where it has none.
        checks: what is asserted, in order.
        raises: source of the expected exception and the literal start of its message.
        waiting: why the expectation is still to be filled in; None for a complete test.
        prints: the expected standard output.
        expected_failure: why the code is expected to contradict its documentation.
        note: a comment above the expectation.
    """

    name: str
    arrange: list[str]
    call: str
    result: str | None = None
    checks: list[Check] = field(default_factory=list[Check])
    raises: tuple[str, str] | None = None
    waiting: str | None = None
    prints: str | None = None
    expected_failure: str | None = None
    note: str | None = None
    statement: bool = False


@dataclass(slots=True)
class CaseWriter:
    """Writes the cases of one test file."""

    writer: Writer
    names: Names

    def case(self, subject: Subject, found: Probe) -> Case:
        """A complete test for one call.

        Raises:
            Unwritable: its arguments or its outcome have no short source.
        """
        used: set[str] = set()
        arrange, receiver = self._receiver(subject, found.setup, used)
        lines, locals_by_name = self._arguments(subject.parameters, found.arguments, used)
        call = self._call(
            subject, receiver, self._listed(subject.parameters, found.arguments, locals_by_name)
        )
        case = Case(test_name(subject, found), [*arrange, *lines], call)
        outcome = found.outcome
        if outcome.error is not None:
            case.raises = self._raises(outcome.error, explicit=outcome.explicit)
            if outcome.while_iterating:
                case.call = f"list({case.call})"
            if not outcome.explicit:
                case.note = "no guard in the code: decide whether this error is wanted"
            return case
        self._expect(case, subject, found, receiver, locals_by_name)
        return case

    def inline(self, subject: Subject, found: Probe) -> str:
        """The call with its arguments in place.

        Raises:
            Unwritable: an argument has no short source.
        """
        if isinstance(found.setup, Recipe) and found.setup.steps:
            raise Unwritable("a receiver that takes several lines")
        receiver = "" if found.setup is None else self.writer.write(found.setup)
        given = {name: value for name, value in found.arguments.items() if value is not OMITTED}
        written = {name: self.writer.write(value) for name, value in given.items()}
        empty = {"()", "{}"}
        local = {name: text for name, text in written.items() if text not in empty}
        return self._call(subject, receiver, self._listed(subject.parameters, found.arguments, local))

    def waiting(self, subject: Subject, setup: Any, arguments: dict[str, Any], reason: str) -> Case:
        """A test with the call in place, whose expectation a person has to fill in."""
        used: set[str] = set()
        try:
            arrange, receiver = self._receiver(subject, setup, used)
        except Unwritable:
            arrange, receiver = self._stand_in(subject, used)
        lines: list[str] = []
        locals_by_name: dict[str, str] = {}
        given: dict[str, Any] = {}
        for parameter in subject.parameters:
            value = arguments.get(parameter.name, OMITTED)
            if value is OMITTED and not parameter.required:
                continue
            given[parameter.name] = value
            local = locals_by_name[parameter.name] = self.names.local(parameter.name, used)
            lines.append(f"{local} = {self._value_or_mock(parameter, value)}")
        call = self._call(subject, receiver, self._listed(subject.parameters, given, locals_by_name))
        name = f"test_{snake(subject.name) or 'call'}"
        case = Case(name, [*arrange, *lines], call, result=self.names.local("result", used), waiting=reason)
        case.result = "result"
        return case

    def _value_or_mock(self, parameter: Parameter, value: Any) -> str:
        if value is not OMITTED:
            try:
                return self.writer.write(value)
            except (Unwritable, NotUnderstood):
                pass
        self.names.need("from unittest import mock")
        wanted = f"  # TODO(rolecall): a real {parameter.annotation}" if parameter.annotation else ""
        return f"mock.MagicMock(name={quoted(parameter.name)}){wanted.replace(chr(10), ' ')}"

    def _receiver(self, subject: Subject, setup: Any, used: set[str]) -> tuple[list[str], str]:
        if subject.way not in {"method", "property"}:
            return [], ""
        if setup is None:
            raise Unwritable("a receiver that cannot be made")
        label = snake((subject.definition.owner if subject.definition else None) or "receiver").rsplit(
            ".", 1
        )[-1]
        source = self.writer.write(setup)
        name = self.names.local(label if label.isidentifier() else "receiver", used)
        lines = [f"{name} = {source}"]
        for step in setup.steps if isinstance(setup, Recipe) else ():
            given = {key: value for key, value in step.arguments.items() if value is not OMITTED}
            written = {key: self.writer.write(value) for key, value in given.items() if value not in ((), {})}
            lines.append(
                self._call(step.subject, name, self._listed(step.subject.parameters, given, written))
            )
        return lines, name

    def _stand_in(self, subject: Subject, used: set[str]) -> tuple[list[str], str]:
        owner = (subject.definition.owner if subject.definition else None) or subject.name
        name = self.names.local(snake(owner), used)
        return [f"{name} = {self.names.symbol(owner)}()  # TODO(rolecall): its arguments"], name

    def _arguments(
        self, listed: tuple[Parameter, ...], arguments: dict[str, Any], used: set[str]
    ) -> tuple[list[str], dict[str, str]]:
        lines: list[str] = []
        locals_by_name: dict[str, str] = {}
        for parameter in listed:
            value = arguments.get(parameter.name, OMITTED)
            if value is OMITTED or (parameter.kind.startswith("var_") and not value):
                continue
            local = locals_by_name[parameter.name] = self.names.local(parameter.name, used)
            lines.append(f"{local} = {self.writer.write(value)}")
        return lines, locals_by_name

    def _listed(self, listed: tuple[Parameter, ...], arguments: dict[str, Any], local: dict[str, str]) -> str:
        parts: list[str] = []
        gap = False
        for parameter in listed:
            value = arguments.get(parameter.name, OMITTED)
            name = local.get(parameter.name)
            if name is None:
                gap = gap or (value is OMITTED and parameter.kind in {"positional", "positional_only"})
            elif parameter.kind == "var_positional":
                parts.append(f"*{name}")
            elif parameter.kind == "var_keyword":
                parts.append(f"**{name}")
            elif parameter.kind == "keyword_only" or (gap and parameter.kind == "positional"):
                parts.append(f"{parameter.name}={name}")
            else:
                parts.append(name)
        return ", ".join(parts)

    def _call(self, subject: Subject, receiver: str, listed: str) -> str:
        if subject.way == "members":
            return f"{{member.name: member.value for member in {self.names.symbol(subject.name)}}}"
        if subject.way == "property":
            return f"{receiver}.{subject.member}"
        if subject.way == "method":
            template = OPERATIONS.get(subject.member)
            call = template.format(receiver, listed) if template else f"{receiver}.{subject.member}({listed})"
        else:
            call = f"{self.names.symbol(subject.name)}({listed})"
        if subject.definition is not None and subject.definition.is_async:
            self.names.need("import asyncio")
            return f"asyncio.run({call})"
        return call

    def _raises(self, error: Exception, *, explicit: bool) -> tuple[str, str]:
        cls = type(error)
        if cls in self.writer.run.classes:
            name = self.names.symbol(cls.__qualname__, cls.__module__)
        elif cls.__module__ == "builtins":
            name = cls.__name__
        else:
            module = cls.__module__
            self.names.need(f"import {module}")
            name = f"{module}.{cls.__qualname__}"
        return name, message_of(error) if explicit else ""

    def _expect(
        self, case: Case, subject: Subject, found: Probe, receiver: str, local: dict[str, str]
    ) -> None:
        outcome = found.outcome
        if outcome.printed:
            case.prints = outcome.printed
        case.checks += self._changes(found, receiver, local)
        if subject.way == "construct":
            self._expect_instance(case, subject, outcome.value)
            return
        quiet = outcome.value is None and (case.checks or outcome.printed)
        if quiet:
            case.statement = True
            return
        case.result = "result"
        case.checks[:0] = self._result_checks(
            case, outcome.value, returns_receiver=outcome.returns_receiver, receiver=receiver
        )

    def _result_checks(self, case: Case, value: Any, *, returns_receiver: bool, receiver: str) -> list[Check]:
        if returns_receiver:
            return [Check("result", receiver, "is")]
        if isinstance(value, Stream):
            self._collect(case, value)
            value = value.items[:_SHOWN_OF_ENDLESS] if _is_endless(value) else value.items
            return [Check("result", self.writer.write(value, approximate=True))]
        if value is None or isinstance(value, bool):
            return [Check("result", repr(value), "is")]
        if isinstance(value, enum.Enum):
            return [Check("result", self.writer.write(value), "is")]
        try:
            return [Check("result", self.writer.write(value, approximate=True))]
        except Unwritable:
            return self._attributes("result", value)

    def _collect(self, case: Case, value: Stream) -> None:
        if _is_endless(value):
            self.names.need("import itertools")
            case.call = f"list(itertools.islice({case.call}, {min(len(value.items), _SHOWN_OF_ENDLESS)}))"
        else:
            case.call = f"list({case.call})"

    def _attributes(self, variable: str, value: Any) -> list[Check]:
        """An instance without a source of its own is checked by its class and its public attributes."""
        cls = kind_of(value)
        if cls not in self.writer.run.classes:
            raise Unwritable(f"a {cls.__name__}")
        checks = [Check(variable, self.writer.write(cls), "isinstance")]
        for name, item in public_state(value).items():
            try:
                checks.append(self._attribute(f"{variable}.{name}", item))
            except Unwritable:
                continue
        return checks

    def _attribute(self, actual: str, value: Any) -> Check:
        way = "is" if value is None or isinstance(value, (bool, enum.Enum)) else "=="
        return Check(actual, self.writer.write(value, approximate=True), way)

    def _changes(self, found: Probe, receiver: str, local: dict[str, str]) -> list[Check]:
        checks: list[Check] = []
        for name, value in found.outcome.changed.items():
            if name in local and not isinstance(found.arguments.get(name), Recipe):
                checks.append(Check(local[name], self.writer.write(value, approximate=True)))
        state = {name: value for name, value in found.outcome.state.items() if name.isidentifier()}
        public = {name: value for name, value in state.items() if not name.startswith("_")}
        seen = public or (state if found.outcome.value is None else {})
        for name, value in seen.items():
            try:
                checks.append(self._attribute(f"{receiver}.{name}", value))
            except Unwritable:
                continue
        if (found.outcome.changed or seen) and not checks and found.outcome.value is None:
            raise Unwritable("a change that cannot be written down")
        return checks

    def _expect_instance(self, case: Case, subject: Subject, value: Any) -> None:
        case.result = "result"
        if isinstance(value, enum.Enum):
            case.checks = [Check("result", self.writer.write(value), "is")]
            return
        checks = self._attributes("result", value)[1:]
        if isinstance(value, Exception) and kind_of(value).__str__ is Exception.__str__:
            checks.insert(0, Check("str(result)", self.writer.write(str(value))))
        if not checks:
            raise Unwritable(f"{subject.name} shows nothing of what it was given")
        case.checks = checks


def frozen_case(writer: CaseWriter, subject: Subject, found: Probe) -> Case | None:
    """A test that a frozen dataclass refuses to be changed; None for other classes."""
    cls: Any = subject.cls
    options: Any = getattr(cls, "__dataclass_params__", None)
    if subject.way != "construct" or options is None or not options.frozen or found.outcome.error:
        return None
    fields = [item.name for item in dataclasses.fields(cls)]
    if not fields:
        return None
    made = writer.case(subject, found)
    made.arrange.append(f"instance = {made.call}")
    writer.names.need("import dataclasses")
    return Case(
        f"test_{snake(subject.name)}_cannot_be_changed",
        made.arrange,
        f"instance.{fields[0]} = None",
        raises=("dataclasses.FrozenInstanceError", ""),
        statement=True,
    )


def _is_endless(value: Stream) -> bool:
    return isinstance(value.ending, NotUnderstood)


def message_of(error: Exception) -> str:
    """The start of the message, as far as a test can rely on it."""
    try:
        text = str(error)
    except (NotUnderstood, Exception):  # noqa: BLE001 - a message that fails is no message
        return ""
    line = text.split("\n", 1)[0]
    if " at 0x" in line or not line.isprintable():
        return ""
    return line if len(line) <= _MAX_MESSAGE else line[:_MAX_MESSAGE].rsplit(" ", 1)[0]


def pattern(message: str) -> str:
    """A regular expression, as source, for the start of a message."""
    escaped = re.escape(message).replace("\\ ", " ").replace("\\-", "-")
    if "\\" in escaped and '"' not in escaped and not escaped.endswith("\\"):
        return f'r"{escaped}"'
    return quoted(escaped)
