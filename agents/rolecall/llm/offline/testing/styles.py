"""Writing cases as test functions of pytest or methods of unittest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.llm.offline.testing.cases import Case, Check, pattern
from rolecall.llm.offline.testing.values import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rolecall.llm.offline.testing.names import Names

_FILL_IN = '"TODO(rolecall): the expected value"'


class Style:
    """How a test framework wants its tests written."""

    def prepare(self, names: Names, cases: Iterable[Case]) -> None:
        """Import what the cases need."""
        raise NotImplementedError

    def write(self, cases: list[Case], title: str) -> list[str]:
        """The lines of the tests; ``title`` names their class, where there is one."""
        raise NotImplementedError

    def check(self, check: Check) -> str:
        """One assertion."""
        raise NotImplementedError

    def raises(self, error: str, message: str) -> str:
        """The line that opens the block in which the error is expected."""
        raise NotImplementedError

    def printed(self, text: str) -> str:
        """The assertion on the standard output."""
        raise NotImplementedError

    def act(self, case: Case) -> list[str]:
        """The lines that make the call."""
        return [case.call if case.statement or case.result is None else f"{case.result} = {case.call}"]

    def body(self, case: Case) -> list[str]:
        """Arrange, act, assert."""
        lines: list[str] = ["# Arrange", *case.arrange, ""] if case.arrange else []
        note = [f"# {case.note}"] if case.note else []
        if case.raises:
            return [*lines, "# Act / Assert", *note, self.raises(*case.raises), f"    {case.call}"]
        lines += ["# Act", *self.act(case), "", "# Assert", *note]
        if case.waiting:
            return [*lines, self.check(Check("result", _FILL_IN))]
        lines += [self.printed(case.prints)] if case.prints else []
        return lines + [self.check(item) for item in case.checks]


class PytestStyle(Style):
    """Plain functions. ``typed`` adds annotations, for code that has them."""

    def __init__(self, *, typed: bool) -> None:
        self._typed = typed

    def prepare(self, names: Names, cases: Iterable[Case]) -> None:
        """Import pytest where a case uses it."""
        for case in cases:
            if case.raises or case.waiting or case.expected_failure or (case.prints and self._typed):
                names.need("import pytest")

    def write(self, cases: list[Case], title: str) -> list[str]:
        """One function a case, two blank lines between them."""
        del title
        lines: list[str] = []
        for case in cases:
            lines += ["", "", *self._function(case)] if lines else self._function(case)
        return lines

    def _function(self, case: Case) -> list[str]:
        lines: list[str] = []
        if case.waiting:
            lines.append(f"@pytest.mark.skip(reason={_reason(case)})")
        if case.expected_failure:
            lines.append(f"@pytest.mark.xfail(strict=True, reason={quoted(case.expected_failure)})")
        fixture = ("capsys: pytest.CaptureFixture[str]" if self._typed else "capsys") if case.prints else ""
        lines.append(f"def {case.name}({fixture}){' -> None' if self._typed else ''}:")
        return lines + [f"    {line}" if line else "" for line in self.body(case)]

    def check(self, check: Check) -> str:
        """An ``assert`` statement."""
        if check.way == "isinstance":
            return f"assert isinstance({check.actual}, {check.expected})"
        return f"assert {check.actual} {check.way} {check.expected}"

    def raises(self, error: str, message: str) -> str:
        """``with pytest.raises(...)``."""
        return (
            f"with pytest.raises({error}, match={pattern(message)}):"
            if message
            else f"with pytest.raises({error}):"
        )

    def printed(self, text: str) -> str:
        """What the fixture ``capsys`` saw."""
        return f"assert capsys.readouterr().out == {quoted(text)}"


class UnittestStyle(Style):
    """Methods of one test case class."""

    def prepare(self, names: Names, cases: Iterable[Case]) -> None:
        """Import unittest, and what captures output where a case prints."""
        names.need("import unittest")
        if any(case.prints for case in cases):
            names.need("import contextlib")
            names.need("import io")

    def write(self, cases: list[Case], title: str) -> list[str]:
        """One class with one method a case."""
        lines = [f"class {title}(unittest.TestCase):"]
        for index, case in enumerate(cases):
            lines += [""] if index else []
            lines += [f"    {line}" if line else "" for line in self._method(case)]
        return lines

    def _method(self, case: Case) -> list[str]:
        lines: list[str] = []
        if case.waiting:
            lines.append(f"@unittest.skip({_reason(case)})")
        if case.expected_failure:
            lines += [f"# {case.expected_failure}", "@unittest.expectedFailure"]
        lines.append(f"def {case.name}(self):")
        return lines + [f"    {line}" if line else "" for line in self.body(case)]

    def act(self, case: Case) -> list[str]:
        """The call, with its output captured where that is expected."""
        lines = super().act(case)
        if case.prints is None:
            return lines
        return [
            "with contextlib.redirect_stdout(io.StringIO()) as output:",
            *(f"    {line}" for line in lines),
        ]

    def check(self, check: Check) -> str:
        """A call of an assert method."""
        if check.way == "isinstance":
            return f"self.assertIsInstance({check.actual}, {check.expected})"
        method = "assertIs" if check.way == "is" else "assertEqual"
        return f"self.{method}({check.actual}, {check.expected})"

    def raises(self, error: str, message: str) -> str:
        """``with self.assertRaises(...)``."""
        if message:
            return f"with self.assertRaisesRegex({error}, {pattern(message)}):"
        return f"with self.assertRaises({error}):"

    def printed(self, text: str) -> str:
        """What was captured."""
        return f"self.assertEqual(output.getvalue(), {quoted(text)})"


def _reason(case: Case) -> str:
    return quoted(f"TODO(rolecall): {case.waiting}")
