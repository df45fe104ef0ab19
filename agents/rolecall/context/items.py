"""What was gathered for one request, before the budget decides what the model gets to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rolecall.task import Diagnostic, OmittedContext, Selection

ItemKind = Literal["target", "file", "open", "counterpart", "import"]


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One whole file.

    Attributes:
        path: workspace path.
        text: the whole text, with its own line endings.
        kind: why it is here.
        selections: the lines that were named, in the order of the file, within its length.
    """

    path: str
    text: str
    kind: ItemKind
    selections: tuple[Selection, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file that says how the project is built, run or described.

    Attributes:
        path: workspace path.
        kind: ``python``, ``node``, ``go``, ``rust``, ``jvm``, ``dotnet``, ``ruby``, ``php``, ``make``,
            ``container``, ``ci``, ``kubernetes``, ``infrastructure``, ``docs``, or ``entry`` for code that
            a program starts from.
        text: the whole text.
        details: what it says, as names and values of one line each, secrets masked.
        broken: whether it does not parse, so that its presence tells nothing.
    """

    path: str
    kind: str
    text: str
    details: tuple[tuple[str, str], ...] = ()
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """The workspace in outline.

    Attributes:
        name: of the workspace folder, or folders.
        languages: with their number of files, most files first.
        manifests: those nearest the target first.
        test_runners: with the file that tells, those nearest the target first.
        package_managers: likewise.
        conventions: what the target's part of the workspace uses, by label, in one line each; says
            so where nothing was found. Empty where no workspace was looked at.
        unread: manifests that nothing is told of, with the reason.
        paths: the files of the workspace, shallow ones first.
        more: whether there are more files than ``paths``.
    """

    name: str = ""
    languages: tuple[tuple[str, int], ...] = ()
    manifests: tuple[Manifest, ...] = ()
    test_runners: tuple[str, ...] = ()
    package_managers: tuple[str, ...] = ()
    conventions: tuple[tuple[str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    more: bool = False

    @property
    def test_runner(self) -> str | None:
        """The test runner's name alone: ``pytest``."""
        return self.test_runners[0].rpartition(" (")[0] if self.test_runners else None

    @property
    def package_manager(self) -> str | None:
        """The package manager's name alone: ``uv``."""
        return self.package_managers[0].rpartition(" (")[0] if self.package_managers else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that may go into the prompt.

    Attributes:
        facts: the workspace in outline.
        items: files, the target among them, each path once.
        diagnostics: of the target, where the settings let them in.
        omitted: what was asked for or found, and could not be read.
    """

    facts: Facts = field(default_factory=Facts)
    items: tuple[ContextItem, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    omitted: tuple[OmittedContext, ...] = ()

    @property
    def target(self) -> ContextItem | None:
        """The file the work is about."""
        return next((item for item in self.items if item.kind == "target"), None)

    def of(self, kind: ItemKind) -> tuple[ContextItem, ...]:
        """The items of one kind, in the order they were found."""
        return tuple(item for item in self.items if item.kind == kind)
