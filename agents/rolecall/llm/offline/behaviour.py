"""What code does, in no language's terms: the facts that requirements, stories and Gherkin are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.llm.offline.limits import Limit
    from rolecall.llm.offline.source.raises import Raised
    from rolecall.llm.offline.study import Sample


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A function or method, as a caller sees it.

    Attributes:
        name: alone; ``qualified`` has its type in front.
        line: where it begins, from 1.
        doc: what its author says of it, as prose; empty where there is nothing.
        said: the sentence of it that tells what is done or given.
        result: what its author says of the result, where that stands apart.
        gives: whether ``said`` may name the result instead of an act.
        refusals: name, condition (perhaps empty) and line of each documented or raised error.
        raised: the errors that its body raises.
        defaults: parameters that may be left out, with the value used instead.
        limits: numbers that limit something by the documentation.
        samples: computed calls, where the language allows them.
        limit: computed calls around a limit, likewise.
    """

    name: str
    qualified: str
    line: int
    doc: str = ""
    said: str = ""
    result: str = ""
    gives: bool = False
    refusals: tuple[tuple[str, str, int], ...] = ()
    raised: tuple[Raised, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    limits: tuple[int, ...] = ()
    samples: tuple[Sample, ...] = ()
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A target as the analyst reads it.

    Attributes:
        path: workspace path of the target.
        title: what it is called in headings and file names.
        home: folder of the project it belongs to.
        paths: files that exist already.
        behaviours: what is selected, else what is public.
        about: what the file or its types say of themselves.
        todos: line and text of what is left to decide.
        questions: what code and documentation disagree on.
        documentation: what this language calls a comment on a function.
    """

    path: str
    title: str
    home: str
    paths: Collection[str]
    behaviours: tuple[Behaviour, ...]
    about: str = ""
    todos: tuple[tuple[int, str], ...] = ()
    questions: tuple[str, ...] = ()
    documentation: str = "docstring"
