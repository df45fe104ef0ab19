"""A strict reader of Gherkin: what it takes, runners take (the grammar of the Cucumber reference, English words)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

STEP = re.compile(r"(Given|When|Then|And|But|\*) \S")
SECTION = re.compile(
    r"(Feature|Rule|Background|Scenario|Example|Scenario Outline|Scenario Template|Examples|Scenarios):"
)


class GherkinError(ValueError):
    """The text is no Gherkin; says the line."""


@dataclass
class Scenario:
    """One scenario: its name, steps, and the rows of its examples without their header."""

    name: str
    outline: bool = False
    steps: list[str] = field(default_factory=list)
    examples: list[list[str]] = field(default_factory=list)
    header: list[str] = field(default_factory=list)


@dataclass
class Feature:
    """One feature file."""

    name: str
    background: list[str] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)


def parse(text: str) -> Feature:
    """Read one feature.

    Raises:
        GherkinError: a line stands where the grammar has no place for it, a table is ragged, a placeholder has
            no column, an outline has no examples, or there is no scenario.
    """
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            reader.take(line.strip())
        except GherkinError as error:
            raise GherkinError(f"line {number}: {error}") from None
    return reader.finished()


class _Reader:
    def __init__(self) -> None:
        self.feature: Feature | None = None
        self.place = "start"
        self.width = 0
        self.docstring = ""

    def take(self, line: str) -> None:
        if self.docstring:
            self.docstring = "" if line == self.docstring else self.docstring
        elif line in {'"""', "```"} and self.place == "steps":
            self.docstring = line
        elif not line or line.startswith(("#", "@")):
            return
        elif line.startswith("|"):
            self.row(line)
        elif section := SECTION.match(line):
            self.section(section.group(1), line[section.end() :].strip())
        elif STEP.match(line):
            self.step(line)
        elif self.place != "description":
            raise GherkinError(f"unexpected {line[:40]!r}")

    def section(self, word: str, name: str) -> None:
        self.width = 0
        if word == "Feature":
            if self.feature is not None:
                raise GherkinError("a second feature")
            self.feature, self.place = Feature(name), "description"
            return
        if self.feature is None:
            raise GherkinError(f"{word} before Feature")
        if word in {"Examples", "Scenarios"}:
            if not (self.feature.scenarios and self.feature.scenarios[-1].outline):
                raise GherkinError("Examples without an outline")
            self.place = "examples"
        elif word == "Background":
            if self.feature.scenarios:
                raise GherkinError("Background after a scenario")
            self.place = "background"
        elif word != "Rule":
            self.feature.scenarios.append(Scenario(name, "Outline" in word or "Template" in word))
            self.place = "steps"

    def step(self, line: str) -> None:
        if self.feature is None or self.place not in {"steps", "background"}:
            raise GherkinError(f"a step in no scenario: {line[:40]!r}")
        steps = self.feature.background if self.place == "background" else self.feature.scenarios[-1].steps
        if not steps and line.startswith(("And ", "But ")):
            raise GherkinError("the first step continues nothing")
        steps.append(line)
        self.width = 0

    def row(self, line: str) -> None:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.endswith("|") or (self.width and len(cells) != self.width):
            raise GherkinError("a ragged table")
        if self.place == "examples":
            assert self.feature
            scenario = self.feature.scenarios[-1]
            if self.width:
                scenario.examples.append(cells)
            else:
                scenario.header = cells
        elif self.place not in {"steps", "background"}:
            raise GherkinError("a table in no step")
        self.width = len(cells)

    def finished(self) -> Feature:
        if self.docstring:
            raise GherkinError("an open docstring")
        if self.feature is None or not self.feature.scenarios:
            raise GherkinError("no scenario")
        for scenario in self.feature.scenarios:
            used = set(re.findall(r"<([^<>]+)>", "\n".join(scenario.steps)))
            if not scenario.steps:
                raise GherkinError(f"{scenario.name} has no step")
            if scenario.outline and (not scenario.examples or not used <= set(scenario.header)):
                raise GherkinError(f"{scenario.name} has placeholders without examples")
        return self.feature
